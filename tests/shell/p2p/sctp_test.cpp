#include "shell/p2p/sctp.hpp"

#include <array>
#include <deque>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "shell/p2p/path.hpp"

namespace culver::p2p {
namespace {

using Clock = std::chrono::steady_clock;

/// Two associations joined by memory, by a wire that may lose packets and take its time.
struct SctpTest : testing::Test {
  struct Packet {
    ByteVector bytes;
    Clock::time_point arrives;
  };
  struct Side {
    std::deque<Packet> out;
    std::optional<Association> sctp;
    std::vector<SctpEvent> events;
    bool reads = true;
    std::size_t largest = 0;  ///< packet that it sent
  };
  Side a, b;
  double loss = 0;
  std::chrono::milliseconds delay{0};  ///< one way
  std::mt19937 random{3};

  void connect(std::size_t datagram = base_datagram) {
    for (auto* side : {&a, &b})
      side->sctp.emplace(5000, datagram, [this, side](ByteView p) {
        side->largest = std::max(side->largest, p.size());
        side->out.push_back({{p.begin(), p.end()}, Clock::now() + delay});
      });
    ASSERT_TRUE(until([&] { return up(a) && up(b); }));
  }
  static bool up(const Side& side) {
    return !side.events.empty() && std::holds_alternative<AssociationUp>(side.events[0]);
  }
  void carry(Side& from, Side& to) {
    while (!from.out.empty() && from.out.front().arrives <= Clock::now()) {
      const auto packet = std::move(from.out.front().bytes);
      from.out.pop_front();
      const bool lost = std::uniform_real_distribution<>(0, 1)(random) < loss;
      if (!lost) to.sctp->input(packet);
    }
    while (to.reads) {
      auto event = to.sctp->next();
      if (!event) break;
      to.events.push_back(std::move(*event));
    }
    to.sctp->pump();
  }
  // In real time: usrsctp compares its ticks with the wall clock, so they cannot run ahead of it.
  bool until(const std::function<bool()>& done,
             std::chrono::seconds limit = std::chrono::seconds(30)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < end) {
      carry(a, b);
      carry(b, a);
      if (done()) return true;
      if (a.out.empty() && b.out.empty()) std::this_thread::yield();
      tick_usrsctp(std::chrono::steady_clock::now());
    }
    return false;
  }
  template <class Event>
  static std::size_t count(const Side& side) {
    return static_cast<std::size_t>(
        std::count_if(side.events.begin(), side.events.end(),
                      [](const auto& event) { return std::holds_alternative<Event>(event); }));
  }
};

TEST_F(SctpTest, BothConnectAndHaveTheStreams) {
  connect();
  EXPECT_EQ(std::get<AssociationUp>(a.events[0]).streams, 1'024);
  EXPECT_EQ(std::get<AssociationUp>(b.events[0]).streams, 1'024);
}

/// A path of 50 ms and 64 MB/s holds 3.2 MB; nobody holds more than most_room for any path.
TEST_F(SctpTest, ALongPathHasRoomForWhatItHolds) {
  delay = std::chrono::milliseconds(25);
  connect();
  EXPECT_GE(std::min(a.sctp->room(), b.sctp->room()), 3'200'000u);
  EXPECT_LE(std::max(a.sctp->room(), b.sctp->room()), Association::most_room);
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(a.sctp->send({0, 51, ByteVector(65'536)}));
  EXPECT_TRUE(until([&] { return count<SctpMessage>(b) == 64 && a.sctp->buffered() == 0; }));
}

TEST_F(SctpTest, KeepsMessagesStreamsAndIdentifiers) {
  connect();
  for (auto stream : std::to_array<std::uint16_t>({0, 1, 1023}))
    ASSERT_TRUE(a.sctp->send({stream, 51u + stream, ByteVector(100'000, std::byte{7})}));
  ASSERT_TRUE(until([&] { return count<SctpMessage>(b) == 3; }));
  const auto& last = std::get<SctpMessage>(b.events.back());
  EXPECT_EQ(last.bytes, ByteVector(100'000, std::byte{7}));
  EXPECT_EQ(last.ppid, 51u + last.stream);
  EXPECT_TRUE(until([&] { return a.sctp->buffered() == 0; }));
}

struct SctpSizes : SctpTest, testing::WithParamInterface<std::size_t> {};

// With what DTLS puts around a packet.
TEST_P(SctpSizes, PacketsFillTheDatagrams) {
  connect(GetParam());
  ASSERT_TRUE(a.sctp->send({0, 51, ByteVector(200'000)}));
  ASSERT_TRUE(until([&] { return count<SctpMessage>(b) == 1; }));
  EXPECT_LE(a.largest, GetParam() - 37);
  EXPECT_GE(a.largest, GetParam() - 37 - 8);
}
INSTANTIATE_TEST_SUITE_P(Datagrams, SctpSizes,
                         testing::Values(base_datagram, std::size_t{1'452}, std::size_t{16'376}));

TEST_F(SctpTest, GrowsAndShrinksWhileItSends) {
  connect();
  const auto send = [&] {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(a.sctp->send({0, 51, ByteVector(65'536)}));
  };
  send();
  a.sctp->set_datagram(16'376);
  ASSERT_TRUE(until([&] { return count<SctpMessage>(b) == 20; }));
  EXPECT_GT(a.largest, 8'000u);
  EXPECT_LE(a.largest, 16'376u - 37);
  send();
  a.sctp->set_datagram(base_datagram);
  ASSERT_TRUE(until([&] { return count<SctpMessage>(b) == 40 && a.sctp->buffered() == 0; }));
  a.largest = 0;
  send();
  ASSERT_TRUE(until([&] { return count<SctpMessage>(b) == 60; }));
  EXPECT_LE(a.largest, base_datagram - 37);
}

// What was cut into large pieces still goes, as it was cut.
TEST_F(SctpTest, NothingIsLostWhenItShrinks) {
  connect(16'376);
  for (int i = 0; i < 60; ++i)
    ASSERT_TRUE(a.sctp->send({0, 51, ByteVector(65'536, static_cast<std::byte>(i))}));
  ASSERT_TRUE(until([&] { return count<SctpMessage>(b) >= 5; }));
  a.sctp->set_datagram(base_datagram);
  ASSERT_TRUE(until([&] { return count<SctpMessage>(b) == 60; }));
  for (std::size_t i = 0; i < 60; ++i)
    EXPECT_EQ(std::get<SctpMessage>(b.events[i + 1]).bytes,
              ByteVector(65'536, static_cast<std::byte>(i)));
}

TEST_F(SctpTest, APauseClosesTheWindowAndNothingIsLost) {
  connect();
  b.sctp->pause(true);
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(a.sctp->send({0, 51, ByteVector(65'536, static_cast<std::byte>(i))}));
  until([] { return false; }, std::chrono::seconds(2));
  EXPECT_EQ(count<SctpMessage>(b), 0u);
  EXPECT_GE(a.sctp->buffered(), 100 * 65'536u - Association::most_room - Association::least_room);
  EXPECT_TRUE(b.sctp->has_unread());
  b.sctp->pause(false);
  ASSERT_TRUE(until([&] { return count<SctpMessage>(b) == 100; }));
  for (std::size_t i = 0; i < 100; ++i)
    EXPECT_EQ(std::get<SctpMessage>(b.events[i + 1]).bytes[0], static_cast<std::byte>(i));
}

TEST_F(SctpTest, ATextDoesNotWaitForTheFileBesideIt) {
  connect();
  const std::size_t frames = 128;
  for (std::size_t i = 0; i < frames; ++i) ASSERT_TRUE(a.sctp->send({2, 53, ByteVector(65'536)}));
  ASSERT_TRUE(a.sctp->send({0, 51, ByteVector(100)}));
  for (std::size_t i = 0; i < frames; ++i) ASSERT_TRUE(a.sctp->send({4, 53, ByteVector(65'536)}));
  const auto text = [&] {
    return std::find_if(b.events.begin(), b.events.end(), [](const auto& event) {
      const auto* message = std::get_if<SctpMessage>(&event);
      return message && message->stream == 0;
    });
  };
  ASSERT_TRUE(until([&] { return text() != b.events.end(); }));
  // What usrsctp had taken before, 1 MiB, was already on its way.
  EXPECT_LE(text() - b.events.begin(), 24);
  ASSERT_TRUE(until([&] { return count<SctpMessage>(b) == 2 * frames + 1; }));
  // And the two long ones shared: neither was last by all of its messages.
  std::size_t fours_in_first_half = 0;
  for (std::size_t i = 0; i <= frames; ++i)
    if (const auto* m = std::get_if<SctpMessage>(&b.events[i]))
      fours_in_first_half += m->stream == 4;
  EXPECT_GE(fours_in_first_half, frames / 4);
}

TEST_F(SctpTest, RepairsAWireThatLosesPackets) {
  connect();
  loss = 0.03;
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(a.sctp->send({0, 51, ByteVector(20'000)}));
  EXPECT_TRUE(until([&] { return count<SctpMessage>(b) == 30 && a.sctp->buffered() == 0; }));
}

TEST_F(SctpTest, TheQueueHasAHardCap) {
  connect();
  b.reads = false;
  std::size_t taken = 0;
  while (a.sctp->send({0, 51, ByteVector(65'536)})) taken += 65'536;
  EXPECT_GE(taken, Association::queue_limit);
  EXPECT_LE(taken, Association::queue_limit + (std::size_t{6} << 20));
}

TEST_F(SctpTest, AResetReachesTheOtherSide) {
  connect();
  a.sctp->reset(4);
  a.sctp->reset(6);  // while the first is under way
  const auto reset = [](const Side& side, bool incoming) {
    std::vector<std::uint16_t> streams;
    for (const auto& event : side.events)
      if (const auto* r = std::get_if<StreamsReset>(&event); r && r->incoming == incoming)
        streams.insert(streams.end(), r->streams.begin(), r->streams.end());
    return streams;
  };
  const std::vector<std::uint16_t> both{4, 6};
  EXPECT_TRUE(until([&] { return reset(b, true) == both && reset(a, false) == both; }));
}

TEST_F(SctpTest, AnAbortIsHeardAtOnceAndNothingAfterIt) {
  connect();
  a.sctp.reset();
  while (!a.out.empty()) {
    b.sctp->input(a.out.front().bytes);
    a.out.pop_front();
  }
  auto event = b.sctp->next();
  ASSERT_TRUE(event);
  EXPECT_TRUE(std::holds_alternative<AssociationEnded>(*event));
  EXPECT_EQ(b.sctp->next(), std::nullopt);
}

TEST_F(SctpTest, AShutdownIsHeard) {
  connect();
  a.sctp->shutdown();
  EXPECT_TRUE(until([&] { return count<AssociationEnded>(b) == 1; }));
}

TEST_F(SctpTest, WhatUsrsctpSaysOfADeadAddressIsDropped) {
  connect();
  void* dead = nullptr;
  {
    struct Quiet final : SctpCallbacks {
      void on_packet(ByteView) override { FAIL(); }
      void on_wakeup() override { FAIL(); }
    } quiet;
    const SctpAddress address(quiet);
    dead = address.value();
    EXPECT_EQ(SctpAddress::find(dead), &quiet);
  }
  EXPECT_EQ(SctpAddress::find(dead), nullptr);
}

}  // namespace
}  // namespace culver::p2p
