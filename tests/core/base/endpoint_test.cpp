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

}  // namespace
}  // namespace culver
