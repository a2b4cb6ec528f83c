#include "shell/net/client_address.hpp"

#include <gtest/gtest.h>

namespace culver::net_ {
namespace {

auto address(const char* text) { return boost::asio::ip::make_address(text); }
const auto proxy = address("10.0.0.1");

std::string client(const char* peer, std::string_view hops) {
  return client_address(address(peer), hops, proxy).to_string();
}

TEST(ClientAddress, IsTheLastHopBeforeTheProxy) {
  EXPECT_EQ(client("10.0.0.1", "203.0.113.1"), "203.0.113.1");
  EXPECT_EQ(client("10.0.0.1", "1.1.1.1, 203.0.113.1"), "203.0.113.1");
  EXPECT_EQ(client("10.0.0.1", "203.0.113.1, 10.0.0.1"), "203.0.113.1");
  EXPECT_EQ(client("::ffff:10.0.0.1", "2001:db8::1"), "2001:db8::1");
}

TEST(ClientAddress, IsThePeerWhenTheHeaderMeansNothing) {
  EXPECT_EQ(client("192.0.2.1", "203.0.113.1"), "192.0.2.1");
  for (const auto* hops : {"", ",", "unknown", "203.0.113.1, nonsense", "10.0.0.1"})
    EXPECT_EQ(client("10.0.0.1", hops), "10.0.0.1") << hops;
}

TEST(AddressKey, CountsAnIpv6HouseholdTogether) {
  EXPECT_EQ(address_key(address("2001:db8::1")), address_key(address("2001:db8::ffff:2")));
  EXPECT_NE(address_key(address("2001:db8::1")), address_key(address("2001:db8:0:1::1")));
  EXPECT_EQ(address_key(address("::ffff:192.0.2.1")), address_key(address("192.0.2.1")));
  EXPECT_NE(address_key(address("192.0.2.1")), address_key(address("192.0.2.2")));
}

}  // namespace
}  // namespace culver::net_
