// Runs an event log on a thread of its own: the loop asks and goes on, all that gathered while the
// disk was busy becomes one batch, and the answers come back to the loop in the order asked.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "shell/store/log_queue.hpp"
#include "shell/store/ports.hpp"

namespace culver::store {

template <EventLog Log>
class LogThread {
 public:
  /// The sink is called on the loop, in the order asked, never inside of ask(). It may ask, but not
  /// destroy this. While an answer is due the loop does not run dry.
  LogThread(boost::asio::io_context& loop, Log log, LogSink sink, LogBounds bounds = {})
      : queue_(LogQueue::make(loop, std::move(sink), bounds)),
        thread_([queue = queue_, log = std::move(log)]() mutable { run(queue, log); }) {}
  /// Returns when everything that was asked has been done and is on disk. No answer follows.
  ~LogThread() {
    queue_->close();
    thread_.join();
  }
  LogThread(const LogThread&) = delete;
  LogThread& operator=(const LogThread&) = delete;

  /// On the loop. A question that finds too many before it is answered by store_failed when its
  /// turn comes; one that has no answer is forgotten then.
  void ask(std::uint64_t number, relay::Question question) {
    queue_->ask(number, std::move(question));
  }
  /// Questions whose turn has not come; on the loop.
  std::size_t unanswered() const { return queue_->unanswered(); }

 private:
  static void run(const std::shared_ptr<LogQueue>& queue, Log& log) {
    while (true) {
      const auto batch = queue->take();
      if (batch.empty()) return;
      LogQueue::put(queue, log.answer(batch));
    }
  }

  std::shared_ptr<LogQueue> queue_;
  std::thread thread_;
};

}  // namespace culver::store
