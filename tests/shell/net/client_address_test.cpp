#include "shell/net/client_address.hpp"

#include <gtest/gtest.h>

namespace culver::net_ {
namespace {

auto address(const char* text) { return boost::asio::ip::make_address(text); }

Proxies proxies(const std::vector<std::string>& networks) {
  Proxies all;
  for (const auto& text : networks) all.push_back(Network::parse(text).value());
  return all;
}

std::string client(const std::vector<std::string>& hops,
                   const std::vector<std::string>& networks = {"10.0.0.1"}) {
  const auto found = client_address(hops, proxies(networks));
  return found ? found->to_string() : "unknown";
}

TEST(ClientAddress, IsTheLastHopThatIsNoProxy) {
  EXPECT_EQ(client({"203.0.113.1"}), "203.0.113.1");
  EXPECT_EQ(client({"1.1.1.1", "203.0.113.1"}), "203.0.113.1");
  EXPECT_EQ(client({"203.0.113.1", "10.0.0.1"}), "203.0.113.1");
  EXPECT_EQ(client({"nonsense", "203.0.113.1"}), "203.0.113.1");
  EXPECT_EQ(client({"203.0.113.1", "::ffff:10.0.0.1"}), "203.0.113.1");
  EXPECT_EQ(client({"203.0.113.1", "192.0.2.7", "10.9.9.9"}, {"10.0.0.0/8", "192.0.2.0/24"}),
            "203.0.113.1");
  EXPECT_EQ(client({"10.1.1.1", "10.2.2.2"}, {"10.0.0.0/8"}), "10.1.1.1") << "all are proxies";
}

TEST(ClientAddress, IsUnknownWhereThatHopCannotBeRead) {
  EXPECT_EQ(client({}), "unknown");
  for (const auto* hop : {"", "unknown", "_hidden", "nonsense", "203.0.113.1:x", "[2001:db8::1",
                          "[2001:db8::1]x", "0.0.0.0", "::", "%eth0", "203.0.113.256"})
    EXPECT_EQ(client({"203.0.113.1", hop}), "unknown") << hop;
}

TEST(ClientAddress, IsReadInEverySpelling) {
  for (const auto* hop : {"203.0.113.1", "203.0.113.1:5000", " 203.0.113.1 ", "\"203.0.113.1\"",
                          "\"203.0.113.1:5000\"", "[203.0.113.1]:5000", "203.0.113.1:_port"})
    EXPECT_EQ(client({hop}), "203.0.113.1") << hop;
  for (const auto* hop :
       {"2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443", "2001:DB8::1", "\"[2001:db8::1]:443\"",
        "2001:db8::1%eth0", "[2001:db8::1%eth0]:443", "2001:db8:0:0:0:0:0:1:443"})
    EXPECT_EQ(client({hop}), "2001:db8::1") << hop;
  EXPECT_EQ(client({"fe80::1%eth0"}), "fe80::1");
  EXPECT_EQ(address_key(parse_hop("::ffff:203.0.113.1").value()),
            address_key(address("203.0.113.1")));
}

TEST(AddressKey, CountsAnIpv6HouseholdTogetherAndNobodyElse) {
  EXPECT_EQ(address_key(address("2001:db8::1")), address_key(address("2001:db8::ffff:2")));
  EXPECT_NE(address_key(address("2001:db8::1")), address_key(address("2001:db8:0:1::1")));
  EXPECT_EQ(address_key(address("::ffff:192.0.2.1")), address_key(address("192.0.2.1")));
  EXPECT_NE(address_key(address("192.0.2.1")), address_key(address("192.0.2.2")));
  EXPECT_NE(address_key(address("fe80::1")), address_key(address("fe80::2")));
  EXPECT_NE(address_key(address("64:ff9b::192.0.2.1")), address_key(address("64:ff9b::192.0.2.2")));
}

TEST(Network, HoldsTheAddressesOfItsPrefix) {
  const auto holds = [](const char* network, const char* one) {
    return Network::parse(network).value().contains(address(one));
  };
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(holds("10.1.2.3/8", "10.9.9.9")) << "whatever stands behind the prefix";
  EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(holds("192.0.2.128/25", "192.0.2.100"));
  EXPECT_TRUE(holds("10.0.0.0/8", "::ffff:10.0.0.1"));
  EXPECT_TRUE(holds("::ffff:10.0.0.0/104", "10.2.3.4"));
  EXPECT_TRUE(holds("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(holds("2001:db8::/32", "10.0.0.1"));
  EXPECT_TRUE(holds("fe80::1%eth0", "fe80::1"));
  for (const auto* none : {"", "x", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x",
                           "0.0.0.0/0", "10.0.0.0/0", "2001:db8::/129", "10.0.0.0/8/8", "/8"})
    EXPECT_FALSE(Network::parse(none)) << none;
}

}  // namespace
}  // namespace culver::net_
