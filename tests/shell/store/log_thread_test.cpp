#include "shell/store/log_thread.hpp"

#include <atomic>
#include <semaphore>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shell/store/questions_support.hpp"

namespace culver::store {
namespace {

using namespace test;
using testing::Each;
using testing::ElementsAre;
using testing::Le;

/// What the log under the thread does, seen from outside. Guarded by the gate and by the end of the
/// thread.
struct Gate {
  std::counting_semaphore<> may_begin{0};
  std::counting_semaphore<> has_begun{0};
  std::vector<std::size_t> batches;
  std::atomic<bool> is_open = false;
};

/// Answers each append by its own number as cursor, when the gate lets a batch pass.
struct GatedLog {
  Gate* gate;
  std::vector<std::optional<relay::Answer>> answer(std::span<const relay::Question> batch) {
    gate->has_begun.release();
    if (!gate->is_open) gate->may_begin.acquire();
    gate->batches.push_back(batch.size());
    std::vector<std::optional<relay::Answer>> answers;
    for (const auto& question : batch) {
      auto& answer = answers.emplace_back();
      if (const auto* append = std::get_if<relay::AppendEvent>(&question))
        answer = tl::expected<relay::Appended, relay::AppendRefused>(
            relay::Appended{{append->device_seq, 1, ""}, false});
      else if (std::holds_alternative<relay::FetchPage>(question))
        answer = Result<relay::Page>(relay::Page{{}, 0, false, std::nullopt});
    }
    return answers;
  }
};

class LogThreadOnALoop : public testing::Test {
 protected:
  void start(LogBounds bounds = {}) {
    thread_.emplace(
        loop_, GatedLog{&gate_},
        [this](std::uint64_t number, const relay::Answer& answer) {
          heard_.push_back(std::to_string(number) + " " + text(answer));
          if (on_answer_) on_answer_(number);
        },
        bounds);
  }
  void ask(int number) { thread_->ask(static_cast<std::uint64_t>(number), append(1, 1, number)); }
  /// The log's thread hears of questions at the end of the turn that asks them.
  void end_turn() { loop_.poll(); }
  void open_gate() {
    gate_.is_open = true;
    gate_.may_begin.release(1'000);
  }
  boost::asio::io_context loop_{1};
  Gate gate_;
  std::vector<std::string> heard_;
  std::function<void(std::uint64_t)> on_answer_;
  std::optional<LogThread<GatedLog>> thread_;
};

TEST_F(LogThreadOnALoop, GathersABatchWhileTheLogIsBusyAndAnswersInOrder) {
  start();
  ask(1);
  end_turn();
  gate_.has_begun.acquire();
  for (int i = 2; i <= 5; ++i) ask(i);
  EXPECT_EQ(thread_->unanswered(), 5u);
  EXPECT_TRUE(heard_.empty());
  open_gate();
  loop_.run();  // until nothing is unanswered
  EXPECT_THAT(heard_, ElementsAre("1 1/1 ", "2 2/1 ", "3 3/1 ", "4 4/1 ", "5 5/1 "));
  EXPECT_EQ(thread_->unanswered(), 0u);
  thread_.reset();
  EXPECT_THAT(gate_.batches, ElementsAre(1, 4));
}

TEST_F(LogThreadOnALoop, WhatOneTurnAsksIsOneBatch) {
  start();
  open_gate();
  for (int i = 1; i <= 3; ++i) ask(i);
  loop_.run();
  thread_.reset();
  EXPECT_THAT(gate_.batches, ElementsAre(3));
}

TEST_F(LogThreadOnALoop, DeliversNothingForQuestionsWithoutAnswer) {
  start();
  open_gate();
  thread_->ask(1, relay::SaveCursor{device(1), 1, 0});
  ask(2);
  thread_->ask(3, relay::Prune{0, 0, 1});
  loop_.run();
  EXPECT_THAT(heard_, ElementsAre("2 2/1 "));
  EXPECT_EQ(thread_->unanswered(), 0u);
}

TEST_F(LogThreadOnALoop, RefusesWhatDoesNotFitWhenItsTurnComes) {
  LogBounds bounds;
  bounds.questions = 2;
  start(bounds);
  for (int i = 1; i <= 3; ++i) ask(i);
  thread_->ask(4, relay::SaveCursor{device(1), 1, 0});
  thread_->ask(5, fetch(1, 1));
  thread_->ask(6, admit(1, 1));
  open_gate();
  loop_.run();
  EXPECT_THAT(heard_, ElementsAre("1 1/1 ", "2 2/1 ", "3 store_failed", "5 store_failed",
                                  "6 store_failed"));
  heard_.clear();
  loop_.restart();
  ask(7);  // there is room again
  loop_.run();
  EXPECT_THAT(heard_, ElementsAre("7 7/1 "));
}

TEST_F(LogThreadOnALoop, CountsBytesButTakesOneQuestionOfAnySize) {
  LogBounds bounds;
  bounds.bytes = 10'000;
  bounds.batch_bytes = 10'000;
  start(bounds);
  const auto large = [](int number) {
    auto question = append(1, 1, number);
    question.body.assign(20'000, 'x');
    return question;
  };
  thread_->ask(1, large(1));
  thread_->ask(2, large(2));
  open_gate();
  loop_.run();
  EXPECT_THAT(heard_, ElementsAre("1 1/1 ", "2 store_failed"));
}

TEST_F(LogThreadOnALoop, CutsBatchesAtTheirBounds) {
  LogBounds bounds;
  bounds.batch_questions = 3;
  start(bounds);
  for (int i = 1; i <= 100; ++i) ask(i);
  open_gate();
  loop_.run();
  ASSERT_EQ(heard_.size(), 100u);
  for (int i = 1; i <= 100; ++i)
    EXPECT_EQ(heard_[static_cast<std::size_t>(i - 1)],
              std::to_string(i) + " " + std::to_string(i) + "/1 ");
  thread_.reset();
  EXPECT_THAT(gate_.batches, Each(Le(3u)));
}

TEST_F(LogThreadOnALoop, MakesNoPagesThatTheLoopDoesNotPickUp) {
  LogBounds bounds;
  bounds.batch_bytes = 1'000'000;
  start(bounds);
  open_gate();
  for (std::uint64_t i = 1; i <= 3; ++i) thread_->ask(i, fetch(1, 1));  // of up to 1 MB each
  end_turn();
  gate_.has_begun.acquire();
  // The next may not begin before the loop runs; that it never does cannot be seen, only that
  // nothing is stuck afterwards.
  loop_.run();
  EXPECT_EQ(heard_.size(), 3u);
  thread_.reset();
  EXPECT_THAT(gate_.batches, ElementsAre(1, 1, 1));
}

TEST_F(LogThreadOnALoop, TheSinkMayAsk) {
  start();
  open_gate();
  on_answer_ = [this](std::uint64_t number) {
    if (number < 50) ask(static_cast<int>(number) + 1);
  };
  ask(1);
  loop_.run();
  EXPECT_EQ(heard_.size(), 50u);
}

TEST_F(LogThreadOnALoop, EndsOnlyWhenEverythingAskedIsDone) {
  LogBounds bounds;
  bounds.batch_questions = 2;
  start(bounds);
  for (int i = 1; i <= 5; ++i) ask(i);
  end_turn();
  gate_.has_begun.acquire();
  open_gate();
  thread_.reset();
  std::size_t done = 0;
  for (const auto batch : gate_.batches) done += batch;
  EXPECT_EQ(done, 5u);
  loop_.run();  // a wake-up may be on its way: it finds nobody
  EXPECT_TRUE(heard_.empty());
}

}  // namespace
}  // namespace culver::store
