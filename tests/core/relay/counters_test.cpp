// The counters say what has happened, each fault by itself, and what is under way comes back to
// nothing.
#include "core/relay/counters.hpp"

#include <gtest/gtest.h>

#include "tests/core/relay/gateway_fixture_support.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;

TEST(FaultCounts, CountEachFaultByItself) {
  FaultCounts counts;
  for (std::size_t i = 0; i < fault_count; ++i)
    for (std::size_t times = 0; times <= i; ++times) counts.add(static_cast<Fault>(i));
  for (std::size_t i = 0; i < fault_count; ++i)
    EXPECT_EQ(counts.of(static_cast<Fault>(i)), i + 1) << info(static_cast<Fault>(i)).name;
  EXPECT_EQ(counts.all(), fault_count * (fault_count + 1) / 2);
}

class CountersOf : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Versions, CountersOf, testing::Values(1U, 2U));

TEST_P(CountersOf, AHandshakeIsUnderWayUntilItIsOver) {
  GatewayFixture gateway;
  Phone phone(1, GetParam());
  gateway.dial(phone);
  EXPECT_EQ(gateway.hub.counters().handshakes_under_way, 0u) << "nothing has been said";
  gateway.to_server(phone);
  EXPECT_EQ(gateway.hub.counters().handshakes_under_way, 1u);
  gateway.settle();
  const auto& counters = gateway.hub.counters();
  EXPECT_EQ(counters.handshakes, 1u);
  EXPECT_EQ(counters.handshakes_under_way, 0u);
  EXPECT_EQ(counters.established[GetParam() - 1], 1u);
  EXPECT_EQ(counters.established[2 - GetParam()], 0u);
  EXPECT_EQ(counters.sessions, 1u);
  EXPECT_EQ(counters.accounts, 1u);
  EXPECT_EQ(counters.questions, 0u);
  gateway.hang_up(phone);
  EXPECT_EQ(gateway.hub.counters().sessions, 0u);
  EXPECT_EQ(gateway.hub.counters().connections, 0u);
}

TEST_P(CountersOf, AHandshakeThatIsBrokenOffIsNotUnderWay) {
  GatewayFixture gateway;
  Phone lost(1, GetParam()), late(2, GetParam());
  for (auto* phone : {&lost, &late}) {
    gateway.dial(*phone);
    gateway.to_server(*phone);
  }
  EXPECT_EQ(gateway.hub.counters().handshakes_under_way, 2u);
  gateway.hang_up(lost);
  EXPECT_EQ(gateway.hub.counters().handshakes_under_way, 1u);
  gateway.pass(30s);
  EXPECT_EQ(gateway.hub.counters().handshakes_under_way, 0u);
  EXPECT_EQ(gateway.hub.counters().handshakes_refused.of(Fault::gateway_timeout), 1u);
  EXPECT_EQ(gateway.hub.counters().closed.of(Fault::gateway_timeout), 1u);
  EXPECT_EQ(gateway.hub.counters().handshakes_refused.all(), 1u);
}

TEST_P(CountersOf, ARefusalIsCountedByItsFaultAndIsNoHandshake) {
  Limits limits;
  limits.handshakes_per_address = {1, 60s};
  GatewayFixture gateway(limits);
  Phone first(1, GetParam()), second(2, GetParam());
  gateway.connect(first);
  gateway.connect(second);
  const auto& counters = gateway.hub.counters();
  EXPECT_EQ(counters.handshakes, 1u);
  EXPECT_EQ(counters.handshakes_refused.of(Fault::too_many_handshakes), 1u);
  EXPECT_EQ(counters.closed.of(Fault::too_many_handshakes), 1u);
}

}  // namespace
}  // namespace culver::relay
