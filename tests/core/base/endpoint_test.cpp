#include "core/base/endpoint.hpp"

#include <gtest/gtest.h>

namespace culver {
namespace {

Endpoint at(std::string_view address, std::uint16_t port = 1) {
  const auto endpoint = Endpoint::parse(address, port);
  EXPECT_TRUE(endpoint) << address;
  return endpoint.value_or(Endpoint());
}

TEST(Endpoint, ReadsLiteralsAndPrintsThemShort) {
  EXPECT_EQ(at("192.0.2.1").address_text(), "192.0.2.1");
  EXPECT_EQ(at("2001:0db8:0:0:0:0:0:0001").address_text(), "2001:db8::1");
  EXPECT_EQ(at("192.0.2.1").family(), Endpoint::Family::v4);
  EXPECT_EQ(at("::").family(), Endpoint::Family::v6);
  EXPECT_EQ(at("192.0.2.1", 65535).port(), 65535);
}

TEST(Endpoint, ReadsNothingElse) {
  for (std::string_view text :
       {"", "localhost", "192.0.2", "192.0.2.256", "192.0.2.1 ", " 192.0.2.1", "0x7f.0.0.1",
        "[::1]", "::1%lo", "fe80::1%1", ":::", "1:2:3:4:5:6:7:8:9", "192.0.2.1:80"})
    EXPECT_FALSE(Endpoint::parse(text, 1)) << text;
  EXPECT_FALSE(Endpoint::parse(std::string_view("192.0.2.1\0x", 11), 1));
  EXPECT_FALSE(Endpoint::parse(std::string_view("::1\0", 4), 1));
}

TEST(Endpoint, TheSamePlaceHasOneValue) {
  EXPECT_EQ(at("::ffff:192.0.2.1"), at("192.0.2.1"));
  EXPECT_EQ(at("::ffff:192.0.2.1").family(), Endpoint::Family::v4);
  EXPECT_NE(at("::192.0.2.1"), at("192.0.2.1"));
  std::array<std::byte, 16> mapped{};
  mapped[10] = mapped[11] = std::byte{0xff};
  mapped[12] = std::byte{127};
  EXPECT_EQ(Endpoint::v6(mapped, 1).address_text(), "127.0.0.0");
}

TEST(Endpoint, AnAddressHasFourOrSixteenBytes) {
  EXPECT_EQ(at("1.2.3.4").address().size(), 4u);
  EXPECT_EQ(at("1.2.3.4").address()[3], std::byte{4});
  EXPECT_EQ(at("::5").address().size(), 16u);
  EXPECT_EQ(at("::5").address()[15], std::byte{5});
}

TEST(Endpoint, KnowsWhatIsOnlyHere) {
  EXPECT_TRUE(at("127.0.0.1").is_loopback());
  EXPECT_TRUE(at("127.255.0.9").is_loopback());
  EXPECT_TRUE(at("::1").is_loopback());
  EXPECT_FALSE(at("128.0.0.1").is_loopback());
  EXPECT_FALSE(at("::2").is_loopback());
  EXPECT_FALSE(at("1::1").is_loopback());
  EXPECT_TRUE(at("169.254.0.1").is_link_local());
  EXPECT_TRUE(at("fe80::1").is_link_local());
  EXPECT_TRUE(at("febf::1").is_link_local());
  EXPECT_FALSE(at("fec0::1").is_link_local());
  EXPECT_FALSE(at("169.253.0.1").is_link_local());
  EXPECT_TRUE(at("0.0.0.0").is_unspecified());
  EXPECT_TRUE(at("::").is_unspecified());
  EXPECT_TRUE(Endpoint().is_unspecified());
  EXPECT_FALSE(at("0.0.0.1").is_unspecified());
}

TEST(Endpoint, AnotherPortIsAnotherEndpointOfTheSameAddress) {
  const auto one = at("192.0.2.1", 1);
  const auto other = one.with_port(2);
  EXPECT_NE(one, other);
  EXPECT_EQ(other.port(), 2);
  EXPECT_EQ(one.with_port(1), one);
  EXPECT_TRUE(one.same_address(other));
  EXPECT_FALSE(at("0.0.0.0").same_address(at("::")));
  EXPECT_FALSE(one.same_address(at("192.0.2.2", 1)));
}

TEST(Endpoint, KnowsWhatOneMachineMayHave) {
  for (const char* text :
       {"192.0.2.1", "10.0.0.255", "127.0.0.1", "169.254.1.1", "223.255.255.255", "::1",
        "2001:db8::1", "fe80::1", "fd00::1", "64:ff9b::192.0.2.1", "2002:c000:201::1"})
    EXPECT_TRUE(Endpoint::parse(text, 1)->is_unicast()) << text;
  for (const char* text : {"0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1",
                           "255.255.255.255", "::", "ff02::1", "::ffff:224.0.0.1", "::192.0.2.1",
                           "64:ff9b::255.255.255.255", "64:ff9b::127.0.0.1", "2002:e000:1::"})
    EXPECT_FALSE(Endpoint::parse(text, 1)->is_unicast()) << text;
}

TEST(Endpoint, KnowsTheBroadcastOfASubnet) {
  const auto is = [](const char* address, const char* local, unsigned bits) {
    return Endpoint::parse(address, 1)->is_broadcast_of(*Endpoint::parse(local, 2), bits);
  };
  EXPECT_TRUE(is("192.0.2.255", "192.0.2.7", 24));
  EXPECT_TRUE(is("192.0.2.0", "192.0.2.7", 24));
  EXPECT_TRUE(is("192.0.2.15", "192.0.2.9", 29));
  EXPECT_FALSE(is("192.0.2.14", "192.0.2.9", 29));
  EXPECT_FALSE(is("192.0.3.255", "192.0.2.7", 24));
  EXPECT_FALSE(is("192.0.2.1", "192.0.2.0", 31)) << "RFC 3021 has none";
  EXPECT_FALSE(is("192.0.2.255", "192.0.2.7", 0));
  EXPECT_FALSE(is("2001:db8::ffff", "2001:db8::1", 24));
}

}  // namespace
}  // namespace culver
