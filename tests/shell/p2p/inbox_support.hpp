// Where GLib's thread leaves what happened to a path, and where the engine's thread picks it up.
// Holds the only lock of the transport.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "shell/p2p/path.hpp"

namespace culver::p2p::test {

/// Owned by the path and by the agent, whose callbacks may outlive the path: hence shared.
class Inbox {
 public:
  static std::shared_ptr<Inbox> make(boost::asio::io_context& io, PathSink sink);

  // On any thread. Each leaves one thing, and one wake-up for all until they are picked up.
  static void put(const std::shared_ptr<Inbox>& inbox, PathEvent event);
  static void put(const std::shared_ptr<Inbox>& inbox, Datagram datagram);

  /// On the engine's thread: nothing reaches the sink any more, nor the io_context.
  void close();

 private:
  Inbox(boost::asio::io_context& io, PathSink sink);
  /// Called with the lock held.
  static void wake(const std::shared_ptr<Inbox>& inbox);
  void pick_up();

  boost::asio::io_context& io_;

  // Touched by the engine's thread alone.
  PathSink sink_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<PathEvent> picked_events_;
  Batch picked_datagrams_;

  // The only mutex: it guards what follows, and is held for an append or a swap.
  std::mutex mutex_;
  std::vector<PathEvent> events_;
  Batch datagrams_;
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace culver::p2p::test
