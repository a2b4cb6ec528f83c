#include "shell/p2p/local_addresses.hpp"

#include <algorithm>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "shell/p2p/udp_wires.hpp"
#include "tests/shell/p2p/own_network_support.hpp"
#include "tests/shell/p2p/pair_support.hpp"

namespace culver::p2p {
namespace {

Endpoint at(std::string_view text) { return *Endpoint::parse(text, 0); }

std::vector<std::string> texts(const std::vector<Endpoint>& addresses) {
  std::vector<std::string> all;
  for (const auto& address : addresses) all.push_back(address.address_text());
  return all;
}

TEST(LocalAddresses, LeavesOutWhatIsOfNoUseAndPutsLoopbackLast) {
  const InterfaceAddress found[] = {
      {at("127.0.0.1"), true},   {at("::1"), true},         {at("192.0.2.1"), true},
      {at("192.0.2.2"), false},  {at("169.254.1.1"), true}, {at("fe80::1"), true},
      {at("2001:db8::1"), true}, {at("192.0.2.1"), true},   {at("0.0.0.0"), true},
  };
  EXPECT_EQ(
      texts(usable(found, true)),
      (std::vector<std::string>{"2001:db8::1", "192.0.2.1", "169.254.1.1", "127.0.0.1", "::1"}));
  EXPECT_EQ(texts(usable(found, false)),
            (std::vector<std::string>{"2001:db8::1", "192.0.2.1", "169.254.1.1"}));
}

/// Sixteen of one family, as the kernel tells them, and behind them what leads out.
TEST(LocalAddresses, FamiliesTakeTurnsAndWhatLeadsOutIsFirst) {
  std::vector<InterfaceAddress> found;
  for (int i = 1; i <= 20; ++i) found.push_back({at("169.254.0." + std::to_string(i)), true});
  for (int i = 1; i <= 20; ++i) found.push_back({at("10.0.0." + std::to_string(i)), true});
  found.push_back({at("2001:db8::7"), true});
  auto chosen = texts(usable(found, true));
  EXPECT_EQ(chosen.size(), local_address_limit);
  EXPECT_NE(std::find(chosen.begin(), chosen.end(), "2001:db8::7"), chosen.end());
  const Endpoint first[] = {at("10.0.0.20"), at("192.0.2.99")};
  chosen = texts(usable(found, true, first));
  EXPECT_EQ(chosen.front(), "10.0.0.20") << "and what no interface has is not invented";
  EXPECT_EQ(chosen[1], "2001:db8::7");
  EXPECT_EQ(std::count(chosen.begin(), chosen.end(), "10.0.0.20"), 1);
}

TEST(LocalAddresses, AreBounded) {
  std::vector<InterfaceAddress> found;
  for (int i = 1; i <= 100; ++i) found.push_back({at("10.0.0." + std::to_string(i)), true});
  EXPECT_EQ(usable(found, true).size(), local_address_limit);
}

TEST(LocalAddresses, OnlyTheNamedOnesIfSomeAreNamed) {
  const std::string only[] = {"127.0.0.1", "not an address", "2001:db8::7", "127.0.0.1"};
  EXPECT_EQ(texts(local_addresses(false, only)),
            (std::vector<std::string>{"127.0.0.1", "2001:db8::7"}));
}

TEST(LocalAddresses, OfThisMachineHaveLoopbackLast) {
  const auto all = local_addresses(true, {});
  ASSERT_FALSE(all.empty());
  EXPECT_TRUE(all.back().is_loopback());
  EXPECT_TRUE(std::is_partitioned(all.begin(), all.end(),
                                  [](const Endpoint& e) { return !e.is_loopback(); }));
  const auto some = local_addresses(false, {});
  EXPECT_TRUE(
      std::none_of(some.begin(), some.end(), [](const Endpoint& e) { return e.is_loopback(); }));
}

TEST(LocalAddresses, TheSourceIsWhatTheRoutesSay) {
  EXPECT_EQ(source_towards(at("127.0.0.1")), at("127.0.0.1"));
  const bool allowed = test::in_own_network([] {
    EXPECT_FALSE(source_towards(at("203.0.113.9"))) << "no way there";
    for (int i = 1; i <= 17; ++i) test::ip("addr add 10.1." + std::to_string(i) + ".1/24 dev lo");
    test::ip("route add 203.0.113.0/24 dev lo src 10.1.17.1");
    EXPECT_EQ(source_towards(at("203.0.113.9")), at("10.1.17.1"));
    const Endpoint places[] = {at("203.0.113.9")};
    EXPECT_EQ(local_addresses(true, {}, sources_towards(places)).front(), at("10.1.17.1"));
    const auto all = local_addresses(true, {}, sources_towards({}));
    EXPECT_EQ(std::count(all.begin(), all.end(), at("10.1.17.1")), 0) << "one too many";
    test::ip("route add default dev lo src 10.1.17.1");
    EXPECT_EQ(local_addresses(true, {}, sources_towards({})).front(), at("10.1.17.1"));
  });
  if (!allowed) GTEST_SKIP() << "needs a network namespace";
}

/// What the peer tells may show that an address is missing.
TEST(LocalAddresses, AnAddressThatLeadsToThePeerIsAddedToAFullList) {
  const bool allowed = test::in_own_network([] {
    for (int i = 1; i <= 17; ++i) test::ip("addr add 10.1." + std::to_string(i) + ".1/24 dev lo");
    boost::asio::io_context io;
    UdpWires wires(io, std::make_shared<SharedUdp>(io), true, {}, {[](auto, auto) {}, [] {}});
    EXPECT_EQ(wires.update().size(), local_address_limit);
    EXPECT_FALSE(wires.lead_to(*Endpoint::parse("10.1.1.9", 5))) << "there already";
    ASSERT_TRUE(wires.lead_to(*Endpoint::parse("10.1.17.9", 5)));
    const auto news = wires.update();
    ASSERT_EQ(news.size(), 1u);
    const auto opened = std::get<ice::WireOpened>(news[0]);
    EXPECT_EQ(opened.local.with_port(0), at("10.1.17.1"));
    EXPECT_EQ(opened.subnet_bits, 24);
    EXPECT_FALSE(wires.lead_to(*Endpoint::parse("10.1.17.9", 5)));
    EXPECT_TRUE(wires.update().empty());
  });
  if (!allowed) GTEST_SKIP() << "needs a network namespace";
}

/// A cable between two machines, and nobody who gives out addresses.
TEST(LocalAddresses, LinkLocalOnesAreEnoughToConnect) {
  const bool allowed = test::in_own_network([] {
    test::ip("addr add 169.254.7.1/16 dev lo");
    StackConfig config;
    config.loopback = false;
    test::Pair pair(config, config);
    EXPECT_TRUE(pair.open());
  });
  if (!allowed) GTEST_SKIP() << "needs a network namespace";
}

}  // namespace
}  // namespace culver::p2p
