// Counting at the door, limits per socket and per address, oversize, the drain; and random
// schedules under which nothing may break.
#include "core/relay/hub.hpp"

#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/relay/hub_invariants.hpp"
#include "tests/core/relay/room_support.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string slow_down(int seconds) {
  return R"({"type":"error","message":"Rate limit exceeded. Please slow down.","retryAfter":)" +
         std::to_string(seconds) + "}\n";
}
const std::string pong = "{\"type\":\"pong\"}\n";
const std::string ping = R"({"type":"ping"})";

// ---- at the door --------------------------------------------------------------------------------

TEST(Hub, The51stConnectionOfAnAddressIsToldAndClosed1013) {
  Limits limits;
  limits.connections_per_address = 50;
  Room room(limits);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(room.closed(room.connect("home")), std::nullopt);
  const auto refused = room.accept("home");
  EXPECT_EQ(room.closed(refused), std::nullopt) << "it is told by a close frame, after the upgrade";
  room.deliver(SocketOpened{refused, "home"});
  ASSERT_TRUE(room.closed(refused));
  EXPECT_EQ(room.closed(refused)->code, 1013);
  EXPECT_EQ(room.read(refused), "");
  EXPECT_EQ(room.closed(room.connect("elsewhere")), std::nullopt);
}

TEST(Hub, FarAboveTheLimitOfAnAddressNobodyIsLetInAtAll) {
  Limits limits;
  limits.connections_per_address = 50;
  Room room(limits);
  for (int i = 0; i < 58; ++i) EXPECT_EQ(room.closed(room.accept("home")), std::nullopt);
  EXPECT_TRUE(room.closed(room.accept("home")));
  EXPECT_EQ(room.hub.sockets(), 58u);
}

TEST(Hub, UnregisteredSocketsCountAtAccept_Z192l) {
  Limits limits;
  limits.connections = 3;
  Room room(limits);
  for (const auto* address : {"a", "b", "c"}) room.accept(address);
  const auto fourth = room.accept("d");
  ASSERT_TRUE(room.closed(fourth));
  EXPECT_EQ(room.closed(fourth)->fault, Fault::too_many_connections);
}

TEST(Hub, AConnectionThatEndsMakesRoom) {
  Limits limits;
  limits.connections = 1;
  Room room(limits);
  room.hang_up(room.connect());
  EXPECT_EQ(room.closed(room.connect()), std::nullopt);
}

TEST(Hub, BehindAProxyTheAddressCountsOnceItIsKnown_Z192k) {
  Limits limits;
  limits.connections_per_address = 1;
  Room room(limits);
  const auto open = [&](const Address& client) {
    const auto id = room.accept("");
    room.deliver(SocketOpened{id, client});
    return id;
  };
  EXPECT_EQ(room.closed(open("ana")), std::nullopt);
  EXPECT_EQ(room.closed(open("bob")), std::nullopt) << "the proxy is not one client";
  EXPECT_TRUE(room.closed(open("ana")));
}

// ---- limits -------------------------------------------------------------------------------------

TEST(Hub, AHundredMessagesAMinuteThenErrorsButTheSocketStays_Z191_9) {
  Room room;
  const auto a = room.connect();
  for (int i = 0; i < 100; ++i) {
    room.say(a, ping);
    EXPECT_EQ(room.read(a), pong);
  }
  room.say(a, ping);
  EXPECT_EQ(room.read(a), slow_down(1));
  EXPECT_EQ(room.closed(a), std::nullopt);
  room.pass(600ms);
  room.say(a, ping);
  EXPECT_EQ(room.read(a), pong);
}

TEST(Hub, MalformedMessagesCountToo) {
  Room room;
  const auto a = room.connect();
  for (int i = 0; i < 100; ++i) room.say(a, "{");
  room.read(a);
  room.say(a, ping);
  EXPECT_EQ(room.read(a), slow_down(1));
}

TEST(Hub, TenPairRequestsAMinute) {
  Room room;
  const auto a = room.join("AAAAAA", 1);
  for (int i = 0; i < 10; ++i) room.ask(a, "ZZZZZZ");
  room.read(a);
  room.ask(a, "ZZZZZZ");
  EXPECT_EQ(room.read(a), slow_down(6));
  room.pass(6s);
  room.ask(a, "ZZZZZZ");
  EXPECT_THAT(room.read(a), HasSubstr("pair_error"));
}

TEST(Hub, ReconnectingDoesNotResetThePairRequestsOfAnAddress_Z192i) {
  Limits limits;
  limits.pair_requests_per_address = {60, 60s};
  Room room(limits);
  std::size_t processed = 0;
  for (int socket = 0; socket < 20; ++socket) {
    const auto a = room.join("AAAAAA", 1);
    for (int i = 0; i < 10; ++i) {
      room.ask(a, "ZZZZZZ");
      processed += room.read(a).find("pair_error") != std::string::npos;
    }
    room.hang_up(a);
  }
  EXPECT_EQ(processed, 60u);
  const auto other = room.join("BBBBBB", 2, "elsewhere");
  room.ask(other, "ZZZZZZ");
  EXPECT_THAT(room.read(other), HasSubstr("pair_error")) << "others are not affected";
}

TEST(Hub, ReconnectingDoesNotResetTheRegistersOfAnAddress_Z192i) {
  Limits limits;
  limits.registers_per_address = {120, 60s};
  Room room(limits);
  std::size_t granted = 0;
  for (int i = 0; i < 200; ++i) {
    const auto a = room.connect();
    room.enroll(a, "AAAAAA", 1);
    granted += room.read(a).find("registered") != std::string::npos;
    room.hang_up(a);
  }
  EXPECT_EQ(granted, 120u);
}

TEST(Hub, TheMessagesOfAnAddressAreLimitedTogether_Z192i) {
  Limits limits;
  limits.messages_per_address = {150, 60s};
  Room room(limits);
  const auto a = room.connect(), b = room.connect();
  for (int i = 0; i < 100; ++i) room.say(a, ping);
  for (int i = 0; i < 50; ++i) room.say(b, ping);
  room.read(b);
  room.say(b, ping);
  EXPECT_EQ(room.read(b), slow_down(1));
}

// ---- oversize -----------------------------------------------------------------------------------

TEST(Hub, OversizeGetsAReasonBeforeTheClose_Z192j) {
  Room room;
  const auto a = room.connect();
  room.deliver(Oversized{a});
  ASSERT_EQ(room.last.size(), 2u);
  EXPECT_EQ(std::get<Send>(room.last[0]).text,
            "{\"type\":\"error\",\"message\":\"Message too large\"}");
  EXPECT_EQ(std::get<Close>(room.last[1]).code, 1009);
  room.say(a, ping);
  EXPECT_TRUE(room.last.empty()) << "it is deaf from then on";
}

TEST(Hub, AFrameOfTheLargestSizeIsTakenAndOneByteMoreIsNot_Z191_8) {
  Room room;
  const auto a = room.connect();
  const std::string head = R"({"type":"ping","p":")", tail = "\"}";
  room.say(a, head + std::string(262'144 - head.size() - tail.size(), 'a') + tail);
  EXPECT_EQ(room.read(a), pong);
  room.say(a, head + std::string(262'145 - head.size() - tail.size(), 'a') + tail);
  EXPECT_THAT(room.read(a), HasSubstr("Message too large"));
  ASSERT_TRUE(room.closed(a));
  EXPECT_EQ(room.closed(a)->code, 1009);
}

// ---- drain --------------------------------------------------------------------------------------

TEST(Hub, TheDrainClosesEverySocketAndLetsNobodyIn) {
  Room room;
  const auto connecting = room.accept(), waiting = room.connect();
  const auto a = room.join("AAAAAA", 1), b = room.join("BBBBBB", 2);
  room.pair(a, "AAAAAA", b, "BBBBBB");
  room.deliver(Drain{});
  for (const auto socket : {connecting, waiting, a, b}) {
    ASSERT_TRUE(room.closed(socket));
    EXPECT_EQ(room.closed(socket)->code, 1001);
    EXPECT_EQ(room.read(socket), "");
  }
  EXPECT_TRUE(room.closed(room.accept()));
  for (const auto socket : {connecting, waiting, a, b}) room.hang_up(socket);
  EXPECT_EQ(room.hub.sockets(), 0u);
  EXPECT_EQ(room.hub.deadline(), std::nullopt);
}

// ---- random schedules ---------------------------------------------------------------------------

/// Every request that vanished in this step ended in exactly one outcome for each side still here.
void expect_one_outcome_each(const std::map<PairingBook::Route, PairingBook::Request>& before,
                             const Room& room) {
  const auto told = [&](const PairingCode& whom, const PairingCode& about) {
    const auto socket = room.hub.registry().socket_of(whom);
    std::size_t count = 0;
    for (const auto& effect : room.last)
      if (const auto* send = std::get_if<Send>(&effect); send && send->socket == socket)
        for (const std::string type : {"pair_matched", "pair_rejected", "pair_timeout"})
          count += send->text.starts_with("{\"type\":\"" + type + "\",\"peerCode\":\"" +
                                          std::string(about.text()));
    return count;
  };
  for (const auto& [route, request] : before) {
    const auto& [requester, target] = route;
    if (room.hub.book().requests().contains(route)) continue;
    if (room.hub.registry().socket_of(requester)) {
      EXPECT_EQ(told(requester, target), 1u);
    }
    EXPECT_LE(told(target, requester), 1u);
  }
}

struct RoomSchedule {
  explicit RoomSchedule(unsigned seed) : random(seed) {}

  std::size_t below(std::size_t limit) { return random() % limit; }
  std::string code_text() { return std::string("AAAAA") + "ABCDEF"[below(6)]; }

  void step(Room& room) {
    const auto socket = sockets.empty() ? SocketId{0} : sockets[below(sockets.size())];
    switch (below(13)) {
      case 0:
      case 1:
        if (sockets.size() < 12)
          sockets.push_back(room.connect("address" + std::to_string(below(3))));
        break;
      case 2:
      case 3: {
        const auto number = below(6);
        const auto owner = static_cast<int>(below(10) == 0 ? 99 : number);
        room.enroll(socket, std::string("AAAAA") + "ABCDEF"[number], owner);
        break;
      }
      case 4:
      case 5:
        room.ask(socket, code_text());
        break;
      case 6:
      case 7:
        room.answer(socket, code_text(), below(3) != 0);
        break;
      case 8:
        room.offer(socket, code_text());
        break;
      case 9:
        if (below(2) == 0) room.deliver(Oversized{socket});
        break;
      case 10:
        room.hang_up(socket, below(2) == 0);
        std::erase(sockets, socket);
        break;
      case 11:
        room.say(socket, R"({"type":"register_rendezvous","peerId":")" + code_text() +
                             R"(","hourlyTokens":["t)" + std::to_string(below(3)) +
                             R"("],"dailyPoints":["p)" + std::to_string(below(3)) +
                             R"("],"deadDrop":"x"})");
        break;
      default:
        room.now += std::chrono::milliseconds(below(20'000));
        room.deliver(Tick{});
    }
  }

  std::mt19937 random;
  std::vector<SocketId> sockets;
};

TEST(Hub, NothingBreaksUnderRandomSchedules) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Limits limits;
    limits.pending_per_target = 3;
    limits.messages_per_socket = {10'000, 60s};
    limits.messages_per_address = {10'000, 60s};
    limits.registers_per_address = {10'000, 60s};
    limits.pair_requests_per_socket = {10'000, 60s};
    limits.pair_requests_per_address = {10'000, 60s};
    limits.rendezvous_per_socket = {10'000, 60s};
    limits.rendezvous_per_address = {10'000, 60s};
    limits.dead_drops = {6, 20, 2, 5, 15, 3, 2};
    limits.rendezvous_tokens = {8, 100, 2, 5, 100, 3, 2};
    Room room(limits);
    RoomSchedule schedule(seed);
    for (int i = 0; i < 400; ++i) {
      const auto before = room.hub.book().requests();
      schedule.step(room);
      ASSERT_EQ(broken(room.hub), "") << "seed " << seed << " step " << i;
      expect_one_outcome_each(before, room);
      ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed << " step " << i;
    }
    for (const auto socket : schedule.sockets) room.hang_up(socket);
    room.pass(10min);
    room.deliver(Tick{});
    EXPECT_EQ(room.hub.sockets(), 0u);
    EXPECT_EQ(room.hub.addresses().size(), 0u) << "counters are swept";
    EXPECT_EQ(room.hub.deadline(), room.hub.next_prune());
    EXPECT_TRUE(room.hub.registry().claims().empty());
  }
}

}  // namespace
}  // namespace culver::relay
