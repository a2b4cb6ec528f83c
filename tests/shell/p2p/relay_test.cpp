// Whole transports through a TURN server that others wrote, over UDP, TCP and TLS.
#include <gtest/gtest.h>

#include "tests/shell/p2p/coturn_support.hpp"
#include "tests/shell/p2p/pair_support.hpp"

namespace culver::p2p {
namespace {

using test::frame;
using test::Pair;
using Transport = IceServer::Transport;

StackConfig behind(const test::Coturn& relay, Transport transport) {
  StackConfig config = Pair::on_loopback();
  const auto port = transport == Transport::tls ? relay.tls_port() : relay.port();
  config.ice_servers = {{IceServer::Kind::turn, "localhost", port, std::string(test::coturn_user),
                         std::string(test::coturn_password), transport, relay.ca_file()}};
  return config;
}

struct Relay : testing::TestWithParam<Transport> {
  void SetUp() override {
    if (!test::coturn_is_installed()) GTEST_SKIP() << "turnserver is not installed";
  }
};

TEST_P(Relay, CarriesWhatHasNoOtherWay) {
  const test::Coturn relay;
  Pair pair(behind(relay, GetParam()));
  pair.a.tells_only = pair.b.tells_only = wire::sdp::CandidateType::relayed;
  ASSERT_TRUE(pair.open());
  EXPECT_EQ(pair.a.path, connection::PathKind::relayed);
  EXPECT_EQ(pair.b.path, connection::PathKind::relayed);
  const auto channel = pair.a.channel("messages");
  for (auto* end : {&pair.a, &pair.b})
    for (int i = 0; i < 8; ++i) end->send(channel, frame, 'r');
  ASSERT_TRUE(pair.until([&] { return pair.a.data.size() == 8 && pair.b.data.size() == 8; }));
  EXPECT_EQ(pair.a.data[7], ByteVector(frame, std::byte{'r'}));
  pair.a.perform(connection::HangUp{});
  EXPECT_TRUE(
      pair.until([&] { return pair.a.saw("TransportClosed") && pair.b.saw("TransportClosed"); }));
}

std::string transport_name(const testing::TestParamInfo<Transport>& instance) {
  if (instance.param == Transport::udp) return "udp";
  return instance.param == Transport::tcp ? "tcp" : "tls";
}

INSTANTIATE_TEST_SUITE_P(Over, Relay,
                         testing::Values(Transport::udp, Transport::tcp, Transport::tls),
                         transport_name);

// A relay that is not there costs its candidates only, and the end of gathering still comes.
TEST(Relays, ThatAreNotThereStopNothing) {
  StackConfig config = Pair::on_loopback();
  for (const auto transport : {Transport::udp, Transport::tcp, Transport::tls})
    config.ice_servers.push_back(
        {IceServer::Kind::turn, "127.0.0.1", 9, "ana", "secret", transport});
  Pair pair(config);
  EXPECT_TRUE(pair.open());
  EXPECT_EQ(pair.a.path, connection::PathKind::direct);
  EXPECT_TRUE(
      pair.until([&] { return pair.a.saw("GatheringDone") && pair.b.saw("GatheringDone"); }));
}

}  // namespace
}  // namespace culver::p2p
