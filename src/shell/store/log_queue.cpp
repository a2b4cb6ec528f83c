#include "shell/store/log_queue.hpp"

#include <type_traits>
#include <utility>

#include <boost/asio/post.hpp>

#include "shell/store/failed_answer.hpp"

namespace culver::store {
namespace {

using relay::Answer;
using relay::Question;

std::size_t held_bytes(const Question& question) {
  auto bytes = sizeof question;
  if (const auto* append = std::get_if<relay::AppendEvent>(&question)) bytes += append->body.size();
  if (const auto* find = std::get_if<relay::FindEvent>(&question)) bytes += find->beginning.size();
  if (const auto* keep = std::get_if<relay::KeepDrops>(&question))
    for (const auto& drop : keep->drops)
      bytes += sizeof drop + drop.point.size() + drop.relay_id.size() + drop.text.size();
  return bytes;
}

/// How large its answer may be.
std::size_t page_bytes(const Question& question) {
  const auto* fetch = std::get_if<relay::FetchPage>(&question);
  return fetch ? fetch->bytes : 0;
}

}  // namespace

LogQueue::LogQueue(boost::asio::io_context& loop, LogSink sink, LogBounds bounds)
    : loop_(loop), bounds_(bounds), sink_(std::move(sink)) {}

std::shared_ptr<LogQueue> LogQueue::make(boost::asio::io_context& loop, LogSink sink,
                                         LogBounds bounds) {
  return std::shared_ptr<LogQueue>(new LogQueue(loop, std::move(sink), bounds));
}

// ---- on the loop --------------------------------------------------------------------------------

void LogQueue::ask(std::uint64_t number, Question question) {
  if (unanswered_++ == 0) work_.emplace(loop_.get_executor());
  const std::size_t held = held_bytes(question);
  const std::size_t bytes = held + page_bytes(question);
  const std::lock_guard lock(mutex_);
  if (fitting_ > 0 && (fitting_ >= bounds_.questions || fitting_bytes_ + held > bounds_.bytes)) {
    // put() comes by here: those who fill the queue have yet to be answered.
    turns_.push_back({number, std::visit(
                                  [](const auto& asked) -> Refusal {
                                    return &failed<std::decay_t<decltype(asked)>>;
                                  },
                                  question)});
    return;
  }
  turns_.push_back({number, nullptr});
  ++fitting_;
  fitting_bytes_ += held;
  if (waiting_.empty() || waiting_.back().questions.size() >= bounds_.batch_questions ||
      waiting_.back().bytes + bytes > bounds_.batch_bytes)
    waiting_.emplace_back();
  waiting_.back().questions.push_back(std::move(question));
  waiting_.back().bytes += bytes;
  waiting_.back().held += held;
  if (std::exchange(wakes_, true)) return;
  boost::asio::post(loop_, [self = shared_from_this()] {
    self->wakes_ = false;
    self->changed_.notify_one();
  });
}

void LogQueue::pick_up() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    woken_ = false;
    picked_.swap(settled_);
    settled_bytes_ = 0;
    changed_.notify_one();
  }
  unanswered_ -= picked_.size();
  if (unanswered_ == 0) work_.reset();
  for (auto& turn : picked_)
    if (turn.answer) sink_(turn.number, std::move(*turn.answer));
  picked_.clear();
}

void LogQueue::close() {
  work_.reset();
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_one();
}

// ---- on the log's thread ------------------------------------------------------------------------

std::vector<Question> LogQueue::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return closed_ || (!waiting_.empty() && settled_bytes_ < bounds_.batch_bytes);
  });
  if (waiting_.empty()) return {};
  auto batch = std::move(waiting_.front());
  waiting_.pop_front();
  taken_bytes_ = batch.bytes;
  taken_held_ = batch.held;
  return std::move(batch.questions);
}

void LogQueue::put(const std::shared_ptr<LogQueue>& queue,
                   std::vector<std::optional<Answer>> answers) {
  const std::lock_guard lock(queue->mutex_);
  if (queue->closed_) return;
  queue->settle(std::move(answers));
  if (queue->woken_) return;
  queue->woken_ = true;
  boost::asio::post(queue->loop_, [queue] { queue->pick_up(); });
}

void LogQueue::settle(std::vector<std::optional<Answer>> answers) {
  fitting_ -= answers.size();
  fitting_bytes_ -= std::exchange(taken_held_, 0);
  settled_bytes_ += std::exchange(taken_bytes_, 0);
  for (auto& answer : answers) {
    settled_.push_back({turns_.front().number, std::move(answer)});
    turns_.pop_front();
    for (; !turns_.empty() && turns_.front().refusal; turns_.pop_front())
      settled_.push_back({turns_.front().number, turns_.front().refusal()});
  }
}

}  // namespace culver::store
