#include "shell/p2p/local_addresses.hpp"

#include <algorithm>

#include <gtest/gtest.h>

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
  EXPECT_EQ(texts(usable(found, true)),
            (std::vector<std::string>{"192.0.2.1", "2001:db8::1", "127.0.0.1", "::1"}));
  EXPECT_EQ(texts(usable(found, false)), (std::vector<std::string>{"192.0.2.1", "2001:db8::1"}));
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

}  // namespace
}  // namespace culver::p2p
