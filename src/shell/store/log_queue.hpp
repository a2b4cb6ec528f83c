// Where the loop leaves its questions to the event log and the log's thread leaves the answers.
// Holds the only lock between the two.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "core/relay/directory.hpp"

namespace culver::store {

struct LogBounds {
  /// Unanswered at once. Of a question beyond these only the number is kept, and its turn is
  /// answered by store_failed.
  std::size_t questions = std::size_t{1} << 20;
  std::size_t bytes = std::size_t{512} << 20;
  /// Of one batch, with the pages that it may ask for. A single question may be larger.
  std::size_t batch_questions = 4'096;
  std::size_t batch_bytes = std::size_t{16} << 20;
};

/// Called on the loop, in the order of the questions.
using LogSink = std::function<void(std::uint64_t number, relay::Answer answer)>;

/// Shared by its thread and by the handlers that are on their way to the loop.
class LogQueue : public std::enable_shared_from_this<LogQueue> {
 public:
  static std::shared_ptr<LogQueue> make(boost::asio::io_context& loop, LogSink sink,
                                        LogBounds bounds);

  // ---- on the loop ----
  /// The log's thread is woken at the end of the turn, once for all that the turn asks.
  void ask(std::uint64_t number, relay::Question question);
  std::size_t unanswered() const { return unanswered_; }
  /// Nothing reaches the sink any more. take() hands out what is left, then ends.
  void close();

  // ---- on the log's thread ----
  /// What waits, up to the bounds of a batch. Waits for something, and for the loop to have picked
  /// up the answers before. Empty: closed, and nothing is left.
  std::vector<relay::Question> take();
  /// Of what take() gave.
  static void put(const std::shared_ptr<LogQueue>& queue,
                  std::vector<std::optional<relay::Answer>> answers);

 private:
  /// Formed while it waits, so that taking it is a move.
  struct Batch {
    std::vector<relay::Question> questions;
    std::size_t held = 0;   ///< bytes of the questions
    std::size_t bytes = 0;  ///< and of the pages that may be their answers
  };
  using Refusal = std::optional<relay::Answer> (*)();
  /// Everything that was asked and not answered, in order: of what did not fit only this is kept.
  struct Turn {
    std::uint64_t number;
    Refusal refusal;  ///< null if it fits
  };
  struct Settled {
    std::uint64_t number;
    std::optional<relay::Answer> answer;
  };

  LogQueue(boost::asio::io_context& loop, LogSink sink, LogBounds bounds);
  /// Called with the lock held.
  void settle(std::vector<std::optional<relay::Answer>> answers);
  void pick_up();

  boost::asio::io_context& loop_;
  const LogBounds bounds_;

  // Touched by the loop alone.
  LogSink sink_;
  std::size_t unanswered_ = 0;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::vector<Settled> picked_;
  bool wakes_ = false;  ///< the wake-up is on its way

  // The only mutex: it guards what follows.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> waiting_;
  std::size_t taken_held_ = 0;  ///< of the batch at the log
  std::size_t taken_bytes_ = 0;
  std::deque<Turn> turns_;
  std::size_t fitting_ = 0;        ///< questions waiting or at the log
  std::size_t fitting_bytes_ = 0;  ///< that they hold
  std::vector<Settled> settled_;
  std::size_t settled_bytes_ = 0;  ///< theirs, as far as they fitted
  bool woken_ = false;
  bool closed_ = false;
};

}  // namespace culver::store
