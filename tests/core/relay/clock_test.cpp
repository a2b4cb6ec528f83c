// The time that has run, and a clock on the wall that is set both ways: by a second, three hours, a
// month and fifty years.
#include "core/relay/clock.hpp"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/relay/gateway_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
namespace gateway = wire::gateway;

constexpr WallTime hour = 3'600'000;
constexpr std::array<WallTime, 8> steps{1'000,          -1'000,         3 * hour,
                                        -3 * hour,      30 * 24 * hour, -30 * 24 * hour,
                                        438'000 * hour, -438'000 * hour};

TEST(RunClock, CountsOverProcessesAndNotBetweenThem) {
  RunClock clock;
  const TimePoint begin{500h};
  EXPECT_EQ(clock.ran(begin), 0);
  EXPECT_EQ(clock.ran(begin + 5s), 5'000);
  RunClock later;
  later.resume(5'000);
  EXPECT_EQ(later.ran(begin - 400h), 5'000);
  EXPECT_EQ(later.ran(begin - 400h + 1ms), 5'001);
}

TEST(RunClock, SaysWhatTheClockWasSetBy) {
  for (const auto step : steps) {
    RunClock clock;
    EXPECT_EQ(clock.look(TimePoint{1h}, 1'000), std::nullopt);
    EXPECT_EQ(clock.look(TimePoint{2h}, 1'000 + hour), std::nullopt) << "it went along";
    EXPECT_EQ(clock.look(TimePoint{2h}, 1'000 + hour + step), milliseconds(step));
    EXPECT_EQ(clock.look(TimePoint{3h}, 1'000 + 2 * hour + step), std::nullopt) << "told once";
  }
}

class SetClock : public testing::TestWithParam<WallTime> {
 protected:
  void SetUp() override {
    const DeviceRecord row{ana.account.user, bob.account.user, bob.id(), {}, {}, 0, 0, false};
    gateway.store.devices.emplace(bob.id(), MemoryStore::Known{row, 0, 0});
    gateway.connect(ana);
  }
  void TearDown() override { EXPECT_EQ(broken(gateway.hub), ""); }
  void set_clock(WallTime by) {
    gateway.set_by += by;
    gateway.deliver(Tick{});
  }
  std::size_t replayed() {
    gateway.connect(bob);
    gateway.say(bob, R"({"type":"replay_request","cursor":0})");
    const auto pages = bob.take("replay_response");
    if (pages.size() != 1) return 999;
    return pages[0].at("payload").as_object().at("events").as_array().size();
  }
  GatewayFixture gateway;
  Phone ana{1, 2}, bob{2, 2};
};

INSTANTIATE_TEST_SUITE_P(By, SetClock, testing::ValuesIn(steps));

TEST_P(SetClock, RemovesNoEvent_B8) {
  for (int i = 0; i < 3; ++i) gateway.publish(ana);
  auto expiring = ana.make_event();
  expiring.expires_at = gateway.wall() + 2 * hour;
  gateway.say(ana, gateway::print(expiring));
  set_clock(GetParam());
  EXPECT_EQ(gateway.stepped, std::vector{milliseconds(GetParam())}) << "and says so";
  gateway.pass(25min);
  EXPECT_EQ(gateway.store.events.size(), 4u);
  EXPECT_EQ(replayed(), 4u);
  set_clock(-GetParam());
  gateway.pass(25min);
  EXPECT_EQ(replayed(), 4u);
  gateway.pass(2h);
  EXPECT_EQ(replayed(), 3u) << "what has expired is over by the time that has run";
  gateway.pass(24h * 30);
  gateway.pass(11min);
  EXPECT_EQ(gateway.store.events.size(), 0u);
}

TEST_P(SetClock, ANewEventLivesAsLongAsItSays) {
  set_clock(GetParam());
  auto expiring = ana.make_event();
  expiring.expires_at = gateway.wall() + hour;
  gateway.say(ana, gateway::print(expiring));
  gateway.pass(50min);
  EXPECT_EQ(replayed(), 1u);
  gateway.pass(20min);
  EXPECT_EQ(replayed(), 0u);
}

TEST_P(SetClock, ACodeAndASessionLiveAsLongAsBefore) {
  gateway.say(ana, R"({"type":"initiate_pairing"})");
  set_clock(GetParam());
  gateway.pass(299s);
  EXPECT_EQ(gateway.hub.link_codes().size(), 1u);
  EXPECT_FALSE(ana.closed);
  gateway.pass(1s);
  EXPECT_EQ(gateway.hub.link_codes().size(), 0u);
}

TEST_P(SetClock, ARequestIsNotServedTwice_D10) {
  const auto request = gateway.signed_request(ana, "GET", "/api/devices");
  EXPECT_EQ(gateway.request(request).status, 200u);
  EXPECT_EQ(gateway.request(request).status, 401u);
  set_clock(GetParam());
  gateway.pass(10min);
  EXPECT_EQ(gateway.request(request).status, 401u);
  // Back to the very moment at which it was signed.
  gateway.set_by -= GetParam() + 10 * 60'000;
  EXPECT_EQ(gateway.request(request).status, 401u);
  EXPECT_EQ(gateway.request(gateway.signed_request(ana, "GET", "/api/devices")).status, 200u);
}

TEST(RestoredDrops, LiveByTheTimeThatHasRun) {
  GatewayFixture gateway;
  const StoredDrop drop{"point", Owner{}, *PairingCode::parse("AAAAAA"),
                        "rly",   "text",  1'000 + 3'600'000};
  gateway.hub.restore({drop}, Env{gateway.now, gateway.random.rng(), 4'000'000'000'000}, 1'000);
  EXPECT_EQ(gateway.hub.rendezvous().drops().size(), 1u);
  EXPECT_EQ(gateway.hub.rendezvous().deadline(), gateway.now + 1h);
}

}  // namespace
}  // namespace culver::relay
