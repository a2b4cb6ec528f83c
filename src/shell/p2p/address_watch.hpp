// Tells when the addresses of this machine may have changed: rtnetlink(7). What they are now, who
// wants to know asks local_addresses.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace culver::p2p {

/// All on the io_context's thread. Where the kernel refuses the socket it never tells anything.
class AddressWatch {
 public:
  /// Called by the loop, once for a burst of changes. It may call `remove`, also of itself.
  using Sink = std::function<void()>;
  using Id = std::size_t;

  explicit AddressWatch(boost::asio::io_context& io);
  ~AddressWatch();
  AddressWatch(const AddressWatch&) = delete;
  AddressWatch& operator=(const AddressWatch&) = delete;

  Id add(Sink sink);
  void remove(Id id) { sinks_.erase(id); }

 private:
  void wait();
  bool drain();
  void tell();

  std::optional<boost::asio::posix::stream_descriptor> descriptor_;
  std::map<Id, Sink> sinks_;
  Id last_ = 0;
  std::shared_ptr<AddressWatch*> alive_;  ///< a handler that was queued may run after the watch
};

}  // namespace culver::p2p
