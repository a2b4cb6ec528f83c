// What is left of an event log when its disk is full, and when its process is killed.
#include <csignal>
#include <map>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shell/store/log_thread.hpp"
#include "shell/store/sqlite/event_log.hpp"
#include "tests/shell/host/temporary_folder.hpp"
#include "tests/shell/store/questions_support.hpp"
#include "tests/support/seeded.hpp"

namespace culver::store::sqlite {
namespace {

using namespace store::test;

EventLog open(const TemporaryFolder& folder) {
  return std::move(EventLog::open(folder / "gateway.db").value());
}

/// While it lives no file of this process grows beyond so many bytes.
class FullDisk {
 public:
  explicit FullDisk(std::uint64_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    auto limit = before_;
    limit.rlim_cur = bytes;
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

/// Every write of a batch is the one that fails, in turn; the batch is then tried again.
TEST(EventLogOnAFullDisk, LeavesNothingHalfDone) {
  const TemporaryFolder folder;
  auto log = open(folder);
  ask(log, admit(1, 1));
  int failures = 0, stored = 0;
  for (int round = 0; round < 60; ++round) {
    const int first = 1 + 4 * round;
    auto expiring = append(1, 1, first + 3);
    expiring.expires_at = 1'000;
    const std::vector<relay::Question> batch{admit(1, 1, nullptr, round + 1),
                                             append(1, 1, first),
                                             append(1, 1, first + 1),
                                             append(1, 1, first + 2),
                                             expiring,
                                             fetch(1, 2)};
    const auto before = ask(log, fetch(1, 2)) + ask(log, relay::FindDevice{device(1)});
    std::vector<std::optional<relay::Answer>> answers;
    {
      const auto used = std::filesystem::file_size(folder / "gateway.db-wal");
      const FullDisk full(used + static_cast<std::uint64_t>(round % 30) * 3'000);
      answers = log.answer(batch);
      ASSERT_EQ(answers.size(), batch.size());
    }
    const auto next = "/" + std::to_string(first) + " body " + std::to_string(first);
    if (text(answers.front()) == "store_failed") {
      ++failures;
      for (const auto& answer : answers) EXPECT_EQ(text(answer), "store_failed");
      EXPECT_EQ(ask(log, fetch(1, 2)) + ask(log, relay::FindDevice{device(1)}), before);
      answers = log.answer(batch);
    } else {
      ++stored;
    }
    EXPECT_EQ(text(answers[1]), std::to_string(first) + next);
  }
  EXPECT_GT(failures, 10);
  EXPECT_GT(stored, 10);
  const auto all = ask(log, fetch(1, 2));
  log = EventLog::open(folder / "other.db").value();
  EXPECT_EQ(ask(*std::make_unique<EventLog>(open(folder)), fetch(1, 2)), all);
}

TEST(EventLogOnAFullDisk, StillAnswersWhatOnlyReads) {
  const TemporaryFolder folder;
  auto log = open(folder);
  ask(log, admit(1, 1));
  ask(log, append(1, 1, 1));
  const FullDisk full(1);
  EXPECT_EQ(ask(log, fetch(1, 2)), "1/1 body 1, cursor 1");
  EXPECT_EQ(ask(log, append(1, 1, 1)), "1/1 duplicate");
  EXPECT_EQ(ask(log, append(1, 1, 2)), "store_failed");
}

// ---- kill -9 ------------------------------------------------------------------------------------

/// Appends events from `first` on for ever, 64 at once, and writes each acknowledged one to a pipe.
[[noreturn]] void append_for_ever(const TemporaryFolder& folder, int first, int acknowledged) {
  boost::asio::io_context loop{1};
  std::optional<LogThread<EventLog>> log;
  int next = first;
  const auto ask_next = [&] {
    const int number = next++;
    log->ask(static_cast<std::uint64_t>(number), append(1, 1, number));
  };
  log.emplace(loop, open(folder), [&](std::uint64_t number, const relay::Answer& answer) {
    const auto* appended =
        std::get_if<tl::expected<relay::Appended, relay::AppendRefused>>(&answer);
    if (!appended) return;  // the admission
    if (!*appended) _exit(2);
    const auto told = static_cast<int>(number);
    if (write(acknowledged, &told, sizeof told) != sizeof told) _exit(3);
    ask_next();
  });
  log->ask(0, admit(1, 1));
  for (int i = 0; i < 64; ++i) ask_next();
  loop.run();
  _exit(4);
}

/// Kills the process that appends after so many acknowledgements; the last event that it had told.
int appended_until_killed(const TemporaryFolder& folder, int first, std::uint64_t kill_after) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    append_for_ever(folder, first, ends[1]);
  }
  close(ends[1]);
  int last = first - 1, told = 0;
  for (std::uint64_t heard = 0; read(ends[0], &told, sizeof told) == sizeof told; ++heard) {
    EXPECT_EQ(told, last + 1);
    last = told;
    if (heard == kill_after) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
  return last;
}

TEST(EventLogKilled, HasEveryAcknowledgedEventOnce) {
  const TemporaryFolder folder;
  culver::test::SeededRng rng(20'261);
  int acknowledged = 0;
  for (int round = 0; round < 25; ++round) {
    acknowledged = appended_until_killed(folder, acknowledged + 1, rng.below(400));
    auto log = open(folder);
    auto everything = fetch(1, 2);
    everything.limit = 100'000;
    everything.bytes = 100'000'000;
    const auto answers = log.answer(std::vector<relay::Question>{everything});
    const auto& page = std::get<Result<relay::Page>>(*answers.front()).value();
    // Event n was the n-th: none is missing in between, none is there twice.
    for (std::size_t i = 0; i < page.events.size(); ++i) {
      ASSERT_EQ(page.events[i].cursor, i + 1);
      ASSERT_EQ(page.events[i].stream_seq, i + 1);
      ASSERT_EQ(page.events[i].body, "body " + std::to_string(i + 1));
    }
    ASSERT_GE(page.events.size(), static_cast<std::size_t>(acknowledged)) << "round " << round;
    ASSERT_LE(page.events.size(), static_cast<std::size_t>(acknowledged) + 64) << "round " << round;
  }
}

}  // namespace
}  // namespace culver::store::sqlite
