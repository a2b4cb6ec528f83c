#include "shell/library/event_queue.hpp"

#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <poll.h>

namespace culver::library {
namespace {

using std::chrono::milliseconds;
using v1::Event;
using v1::Online;
using v1::Peer;
using v1::TextReceived;
using v1::TransferProgress;

constexpr milliseconds at_once(0);

/// Texts as the disk would have them.
v1::Result<std::string> text_on_disk(HeldId held) { return "text " + std::to_string(held.value); }

std::unique_ptr<EventQueue> made(EventQueue::ReadText read = text_on_disk) {
  return EventQueue::make(std::move(read));
}

bool is_readable(const EventQueue& queue) {
  pollfd waited{queue.fd(), POLLIN, 0};
  return poll(&waited, 1, 0) == 1;
}

TextReceived text(const std::string& words) { return {Peer{"Ana", "AB"}, "m", words, 1}; }

const std::string& words_of(const std::optional<Event>& event) {
  return std::get<TextReceived>(event->data).text;
}

TEST(EventQueue, GivesEventsInTheirOrderAndNumbersThem) {
  const auto queue = made();
  queue->push(Online{"AAAAAA", "s"}, 5);
  queue->push_held(text("hello"), HeldId{7}, true, 6);
  const auto first = queue->next(), second = queue->next();
  EXPECT_EQ(std::get<Online>(first->data).code, "AAAAAA");
  EXPECT_EQ(first->seq, 1u);
  EXPECT_EQ(first->at_ms, 5);
  EXPECT_FALSE(first->is_durable);
  EXPECT_EQ(words_of(second), "hello");
  EXPECT_EQ(second->seq, 2u);
  EXPECT_TRUE(second->is_durable);
  EXPECT_TRUE(second->is_redelivered);
  EXPECT_FALSE(queue->next(at_once));
}

TEST(EventQueue, ItsDescriptorIsReadableAsLongAsThereIsSomething) {
  const auto queue = made();
  EXPECT_FALSE(is_readable(*queue));
  queue->push(Online{}, 0);
  queue->push(Online{}, 0);
  EXPECT_TRUE(is_readable(*queue));
  (void)queue->next();
  EXPECT_TRUE(is_readable(*queue));
  (void)queue->next();
  EXPECT_FALSE(is_readable(*queue));
}

TEST(EventQueue, AWakeIsGivenOnceAlsoIfNobodyWaited) {
  const auto queue = made();
  queue->push(Online{}, 0);
  queue->wake();
  EXPECT_TRUE(is_readable(*queue));
  EXPECT_FALSE(queue->next());
  EXPECT_TRUE(queue->next());
  EXPECT_FALSE(is_readable(*queue));
  queue->wake();
  EXPECT_FALSE(queue->next());
  EXPECT_FALSE(is_readable(*queue));
}

EventQueue* waked = nullptr;

TEST(EventQueue, ASignalHandlerMayWake) {
  const auto queue = made();
  waked = queue.get();
  const auto before = std::signal(SIGUSR1, [](int) { waked->wake(); });
  std::thread other([thread = pthread_self()] { pthread_kill(thread, SIGUSR1); });
  EXPECT_FALSE(queue->next());
  other.join();
  std::signal(SIGUSR1, before);
}

TEST(EventQueue, AcknowledgesEverythingUpToAnEvent) {
  const auto queue = made();
  queue->push_held(text("a"), HeldId{1}, false, 0);
  queue->push(Online{}, 0);
  queue->push_held(text("b"), HeldId{2}, false, 0);
  queue->push_held(text("c"), HeldId{3}, false, 0);
  const auto a = queue->next(), online = queue->next(), b = queue->next();
  EXPECT_EQ(queue->ack(online->seq), (std::vector{HeldId{1}}));
  EXPECT_EQ(queue->ack(a->seq), std::vector<HeldId>());
  EXPECT_EQ(queue->ack(b->seq), (std::vector{HeldId{2}}));
  EXPECT_EQ(queue->ack(UINT64_MAX), std::vector<HeldId>()) << "c was given to nobody yet";
  EXPECT_EQ(words_of(queue->next()), "c");
  EXPECT_EQ(queue->ack(UINT64_MAX), (std::vector{HeldId{3}}));
}

TEST(EventQueue, TextsThatNobodyTakesLeaveMemoryAndAreReadFromTheDisk) {
  const auto queue = made();
  const std::string large(EventQueue::bytes_in_memory / 2, 'x');
  for (int n = 1; n <= 4; ++n) queue->push_held(text(large), HeldId{n}, false, 0);
  EXPECT_EQ(words_of(queue->next()), large);
  EXPECT_EQ(words_of(queue->next()), large);
  EXPECT_EQ(words_of(queue->next()), "text 3");
  queue->push_held(text("small"), HeldId{5}, false, 0);
  EXPECT_EQ(words_of(queue->next()), "text 4");
  EXPECT_EQ(words_of(queue->next()), "small");
}

/// It is told again by the next client, so it may not be acknowledged with what comes behind it.
TEST(EventQueue, WhatCannotBeReadBackIsToldAndStaysOnTheDisk) {
  const v1::Error unreadable{"store_failed", v1::Blame::us, "no", {}, {}};
  const auto queue = made([&](HeldId) { return unreadable; });
  queue->push_held(text(std::string(EventQueue::bytes_in_memory, 'x')), HeldId{1}, false, 0);
  queue->push_held(text("y"), HeldId{2}, false, 0);
  queue->push(Online{}, 0);
  (void)queue->next();
  const auto failed = queue->next(), online = queue->next();
  EXPECT_EQ(std::get<v1::TextFailed>(failed->data).error.code, "store_failed");
  EXPECT_FALSE(failed->is_durable);
  EXPECT_EQ(queue->ack(online->seq), (std::vector{HeldId{1}}));
}

TEST(EventQueue, MergesProgressThatNobodyHasSeen) {
  const auto queue = made();
  for (std::uint64_t n = 1; n <= 3; ++n) {
    queue->push(TransferProgress{"1", n, 9}, 0);
    queue->push(TransferProgress{"2", 10 * n, 90}, 0);
  }
  EXPECT_EQ(std::get<TransferProgress>(queue->next()->data).bytes, 3u);
  EXPECT_EQ(std::get<TransferProgress>(queue->next()->data).bytes, 30u);
  EXPECT_FALSE(queue->next(at_once));
  queue->push(TransferProgress{"1", 4, 9}, 0);
  EXPECT_EQ(std::get<TransferProgress>(queue->next()->data).bytes, 4u);
}

TEST(EventQueue, DropsAndCountsWhatDoesNotFitButNoText) {
  const auto queue = made();
  constexpr auto most = EventQueue::transient_at_most;
  for (std::size_t n = 0; n < most + 10; ++n) queue->push(Online{}, 0);
  queue->push_held(text("kept"), HeldId{1}, false, 0);
  for (std::size_t n = 0; n < 5; ++n) queue->push(Online{}, 0);
  for (std::size_t n = 0; n < most; ++n)
    ASSERT_TRUE(std::holds_alternative<Online>(queue->next()->data));
  EXPECT_EQ(std::get<v1::TransientDropped>(queue->next()->data).count, 15u);
  EXPECT_EQ(words_of(queue->next()), "kept");
  EXPECT_FALSE(queue->next(at_once));
  queue->push(Online{}, 0);
  EXPECT_TRUE(std::holds_alternative<Online>(queue->next()->data));
}

TEST(EventQueue, AfterTheEndWhatIsThereIsGivenAndThenNothing) {
  const auto queue = made();
  queue->push(Online{}, 0);
  queue->end();
  queue->push(Online{}, 0);
  EXPECT_TRUE(queue->next());
  EXPECT_FALSE(queue->next());
  EXPECT_TRUE(is_readable(*queue));
}

TEST(EventQueue, ClosingLetsEverybodyGo) {
  const auto queue = made();
  std::vector<std::thread> waiting;
  std::atomic<int> given = 0;
  for (int n = 0; n < 4; ++n)
    waiting.emplace_back([&] { given += queue->next().has_value() ? 1 : 0; });
  queue->close();
  for (auto& thread : waiting) thread.join();
  EXPECT_EQ(given, 0);
}

TEST(EventQueue, GivesEachEventToOneOfThoseThatAsk) {
  constexpr int events = 2'000, readers = 4;
  const auto queue = made();
  std::mutex mutex;
  std::multiset<std::uint64_t> seen;
  std::vector<std::thread> asking;
  for (int n = 0; n < readers; ++n)
    asking.emplace_back([&] {
      while (const auto event = queue->next()) {
        (void)queue->ack(event->seq);
        const std::lock_guard lock(mutex);
        seen.insert(event->seq);
      }
    });
  for (int n = 1; n <= events; ++n)
    if (n % 2 == 0)
      queue->push_held(text("t"), HeldId{n}, false, 0);
    else
      queue->push(Online{}, 0);
  queue->end();
  for (auto& thread : asking) thread.join();
  ASSERT_LE(seen.size(), static_cast<std::size_t>(events));
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), seen.size());
  EXPECT_TRUE(queue->ack(events).empty());
}

TEST(EventQueue, WaitsNoLongerThanItWasAsked) {
  const auto queue = made();
  EXPECT_FALSE(queue->next(milliseconds(1)));
  EXPECT_FALSE(queue->next(milliseconds(-5)));
}

}  // namespace
}  // namespace culver::library
