// Notices at once that nobody reads standard output any more, also while there is nothing to say:
// `culver receive | head -1`.
#pragma once

#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace culver::cli {

class OutputWatch {
 public:
  /// `left` is called on the loop, once, if standard output is a pipe or a socket whose reader
  /// goes.
  OutputWatch(boost::asio::io_context& loop, std::function<void()> left);
  /// Not watched any more: the loop may run dry.
  void cancel();

 private:
  boost::asio::posix::stream_descriptor leaving_;  ///< readable when it has left
};

}  // namespace culver::cli
