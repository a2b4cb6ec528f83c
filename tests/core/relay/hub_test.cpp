// Counting at the door, limits per socket and per address, oversize, the drain; and random
// schedules under which nothing may break.
#include "core/relay/hub.hpp"

#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/relay/hub_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"

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
  HubFixture fixture(limits);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(fixture.closed(fixture.connect("home")), std::nullopt);
  const auto refused = fixture.accept("home");
  EXPECT_EQ(fixture.closed(refused), std::nullopt)
      << "it is told by a close frame, after the upgrade";
  fixture.deliver(SocketOpened{refused, "home"});
  ASSERT_TRUE(fixture.closed(refused));
  EXPECT_EQ(fixture.closed(refused)->code, 1013);
  EXPECT_EQ(fixture.read(refused), "");
  EXPECT_EQ(fixture.closed(fixture.connect("elsewhere")), std::nullopt);
}

TEST(Hub, FarAboveTheLimitOfAnAddressNobodyIsLetInAtAll) {
  Limits limits;
  limits.connections_per_address = 50;
  HubFixture fixture(limits);
  for (int i = 0; i < 58; ++i) EXPECT_EQ(fixture.closed(fixture.accept("home")), std::nullopt);
  EXPECT_TRUE(fixture.closed(fixture.accept("home")));
  EXPECT_EQ(fixture.hub.sockets(), 58u);
}

TEST(Hub, UnregisteredSocketsCountAtAccept_Z192l) {
  Limits limits;
  limits.connections = 3;
  HubFixture fixture(limits);
  for (const auto* address : {"a", "b", "c"}) fixture.accept(address);
  const auto fourth = fixture.accept("d");
  ASSERT_TRUE(fixture.closed(fourth));
  EXPECT_EQ(fixture.closed(fourth)->fault, Fault::too_many_connections);
}

TEST(Hub, AConnectionThatEndsMakesRoom) {
  Limits limits;
  limits.connections = 1;
  HubFixture fixture(limits);
  fixture.hang_up(fixture.connect());
  EXPECT_EQ(fixture.closed(fixture.connect()), std::nullopt);
}

TEST(Hub, BehindAProxyTheAddressCountsOnceItIsKnown_Z192k) {
  Limits limits;
  limits.connections_per_address = 1;
  HubFixture fixture(limits);
  const auto open = [&](const Address& client) {
    const auto id = fixture.accept("");
    fixture.deliver(SocketOpened{id, client});
    return id;
  };
  EXPECT_EQ(fixture.closed(open("ana")), std::nullopt);
  EXPECT_EQ(fixture.closed(open("bob")), std::nullopt) << "the proxy is not one client";
  EXPECT_TRUE(fixture.closed(open("ana")));
}

// ---- limits -------------------------------------------------------------------------------------

TEST(Hub, AHundredMessagesAMinuteThenErrorsButTheSocketStays_Z191_9) {
  HubFixture fixture;
  const auto a = fixture.connect();
  for (int i = 0; i < 100; ++i) {
    fixture.say(a, ping);
    EXPECT_EQ(fixture.read(a), pong);
  }
  fixture.say(a, ping);
  EXPECT_EQ(fixture.read(a), slow_down(1));
  EXPECT_EQ(fixture.closed(a), std::nullopt);
  fixture.pass(600ms);
  fixture.say(a, ping);
  EXPECT_EQ(fixture.read(a), pong);
}

TEST(Hub, MalformedMessagesCountToo) {
  HubFixture fixture;
  const auto a = fixture.connect();
  for (int i = 0; i < 100; ++i) fixture.say(a, "{");
  fixture.read(a);
  fixture.say(a, ping);
  EXPECT_EQ(fixture.read(a), slow_down(1));
}

TEST(Hub, TenPairRequestsAMinute) {
  HubFixture fixture;
  const auto a = fixture.join("AAAAAA", 1);
  for (int i = 0; i < 10; ++i) fixture.ask(a, "ZZZZZZ");
  fixture.read(a);
  fixture.ask(a, "ZZZZZZ");
  EXPECT_EQ(fixture.read(a), slow_down(6));
  fixture.pass(6s);
  fixture.ask(a, "ZZZZZZ");
  EXPECT_THAT(fixture.read(a), HasSubstr("pair_error"));
}

TEST(Hub, ReconnectingDoesNotResetThePairRequestsOfAnAddress_Z192i) {
  Limits limits;
  limits.pair_requests_per_address = {60, 60s};
  HubFixture fixture(limits);
  std::size_t processed = 0;
  for (int socket = 0; socket < 20; ++socket) {
    const auto a = fixture.join("AAAAAA", 1);
    for (int i = 0; i < 10; ++i) {
      fixture.ask(a, "ZZZZZZ");
      processed += fixture.read(a).find("pair_error") != std::string::npos;
    }
    fixture.hang_up(a);
  }
  EXPECT_EQ(processed, 60u);
  const auto other = fixture.join("BBBBBB", 2, "elsewhere");
  fixture.ask(other, "ZZZZZZ");
  EXPECT_THAT(fixture.read(other), HasSubstr("pair_error")) << "others are not affected";
}

TEST(Hub, ReconnectingDoesNotResetTheRegistersOfAnAddress_Z192i) {
  Limits limits;
  limits.registers_per_address = {120, 60s};
  HubFixture fixture(limits);
  std::size_t granted = 0;
  for (int i = 0; i < 200; ++i) {
    const auto a = fixture.connect();
    fixture.enroll(a, "AAAAAA", 1);
    granted += fixture.read(a).find("registered") != std::string::npos;
    fixture.hang_up(a);
  }
  EXPECT_EQ(granted, 120u);
}

TEST(Hub, TheMessagesOfAnAddressAreLimitedTogether_Z192i) {
  Limits limits;
  limits.messages_per_address = {150, 60s};
  HubFixture fixture(limits);
  const auto a = fixture.connect(), b = fixture.connect();
  for (int i = 0; i < 100; ++i) fixture.say(a, ping);
  for (int i = 0; i < 50; ++i) fixture.say(b, ping);
  fixture.read(b);
  fixture.say(b, ping);
  EXPECT_EQ(fixture.read(b), slow_down(1));
}

// ---- oversize -----------------------------------------------------------------------------------

TEST(Hub, OversizeGetsAReasonBeforeTheClose_Z192j) {
  HubFixture fixture;
  const auto a = fixture.connect();
  fixture.deliver(Oversized{a});
  ASSERT_EQ(fixture.last.size(), 2u);
  EXPECT_EQ(std::get<SendToSocket>(fixture.last[0]).text,
            "{\"type\":\"error\",\"message\":\"Message too large\"}");
  EXPECT_EQ(std::get<Close>(fixture.last[1]).code, 1009);
  fixture.say(a, ping);
  EXPECT_TRUE(fixture.last.empty()) << "it is deaf from then on";
}

TEST(Hub, AFrameOfTheLargestSizeIsTakenAndOneByteMoreIsNot_Z191_8) {
  HubFixture fixture;
  const auto a = fixture.connect();
  const std::string head = R"({"type":"ping","p":")", tail = "\"}";
  fixture.say(a, head + std::string(262'144 - head.size() - tail.size(), 'a') + tail);
  EXPECT_EQ(fixture.read(a), pong);
  fixture.say(a, head + std::string(262'145 - head.size() - tail.size(), 'a') + tail);
  EXPECT_THAT(fixture.read(a), HasSubstr("Message too large"));
  ASSERT_TRUE(fixture.closed(a));
  EXPECT_EQ(fixture.closed(a)->code, 1009);
}

// ---- drain --------------------------------------------------------------------------------------

TEST(Hub, TheDrainClosesEverySocketAndLetsNobodyIn) {
  HubFixture fixture;
  const auto connecting = fixture.accept(), waiting = fixture.connect();
  const auto a = fixture.join("AAAAAA", 1), b = fixture.join("BBBBBB", 2);
  fixture.pair(a, "AAAAAA", b, "BBBBBB");
  fixture.deliver(Drain{});
  for (const auto socket : {connecting, waiting, a, b}) {
    ASSERT_TRUE(fixture.closed(socket));
    EXPECT_EQ(fixture.closed(socket)->code, 1001);
    EXPECT_EQ(fixture.read(socket), "");
  }
  EXPECT_TRUE(fixture.closed(fixture.accept()));
  for (const auto socket : {connecting, waiting, a, b}) fixture.hang_up(socket);
  EXPECT_EQ(fixture.hub.sockets(), 0u);
  EXPECT_EQ(fixture.hub.deadline(), std::nullopt);
}

// ---- random schedules ---------------------------------------------------------------------------

/// Every request that vanished in this step ended in exactly one outcome for each side still here.
void expect_one_outcome_each(const std::map<PairingBook::Route, PairingBook::Request>& before,
                             const HubFixture& fixture) {
  const auto told = [&](const PairingCode& whom, const PairingCode& about) {
    const auto socket = fixture.hub.registry().socket_of(whom);
    std::size_t count = 0;
    for (const auto& effect : fixture.last)
      if (const auto* send = std::get_if<SendToSocket>(&effect); send && send->socket == socket)
        for (const std::string type : {"pair_matched", "pair_rejected", "pair_timeout"})
          count += send->text.starts_with("{\"type\":\"" + type + "\",\"peerCode\":\"" +
                                          std::string(about.text()));
    return count;
  };
  for (const auto& [route, request] : before) {
    const auto& [requester, target] = route;
    if (fixture.hub.book().requests().contains(route)) continue;
    if (fixture.hub.registry().socket_of(requester)) {
      EXPECT_EQ(told(requester, target), 1u);
    }
    EXPECT_LE(told(target, requester), 1u);
  }
}

struct RoomSchedule {
  explicit RoomSchedule(unsigned seed) : random(seed) {}

  std::size_t below(std::size_t limit) { return random() % limit; }
  std::string code_text() { return std::string("AAAAA") + "ABCDEF"[below(6)]; }

  void step(HubFixture& fixture) {
    const auto socket = sockets.empty() ? SocketId{0} : sockets[below(sockets.size())];
    switch (below(13)) {
      case 0:
      case 1:
        if (sockets.size() < 12)
          sockets.push_back(fixture.connect("address" + std::to_string(below(3))));
        break;
      case 2:
      case 3: {
        const auto number = below(6);
        const auto owner = static_cast<int>(below(10) == 0 ? 99 : number);
        fixture.enroll(socket, std::string("AAAAA") + "ABCDEF"[number], owner);
        break;
      }
      case 4:
      case 5:
        fixture.ask(socket, code_text());
        break;
      case 6:
      case 7:
        fixture.answer(socket, code_text(), below(3) != 0);
        break;
      case 8:
        fixture.offer(socket, code_text());
        break;
      case 9:
        if (below(2) == 0) fixture.deliver(Oversized{socket});
        break;
      case 10:
        fixture.hang_up(socket, below(2) == 0);
        std::erase(sockets, socket);
        break;
      case 11:
        fixture.say(socket, R"({"type":"register_rendezvous","peerId":")" + code_text() +
                                R"(","hourlyTokens":["t)" + std::to_string(below(3)) +
                                R"("],"dailyPoints":["p)" + std::to_string(below(3)) +
                                R"("],"deadDrop":"x"})");
        break;
      default:
        fixture.now += std::chrono::milliseconds(below(20'000));
        fixture.deliver(Tick{});
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
    HubFixture fixture(limits);
    RoomSchedule schedule(seed);
    for (int i = 0; i < 400; ++i) {
      const auto before = fixture.hub.book().requests();
      schedule.step(fixture);
      ASSERT_EQ(broken(fixture.hub), "") << "seed " << seed << " step " << i;
      expect_one_outcome_each(before, fixture);
      ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed << " step " << i;
    }
    for (const auto socket : schedule.sockets) fixture.hang_up(socket);
    fixture.pass(10min);
    fixture.deliver(Tick{});
    EXPECT_EQ(fixture.hub.sockets(), 0u);
    EXPECT_EQ(fixture.hub.addresses().size(), 0u) << "counters are swept";
    EXPECT_EQ(fixture.hub.deadline(), fixture.hub.next_prune());
    EXPECT_TRUE(fixture.hub.registry().claims().empty());
  }
}

}  // namespace
}  // namespace culver::relay
