#include "core/base/strong.hpp"

#include <set>

#include <gtest/gtest.h>

namespace culver {
namespace {

TEST(PairingCode, IsSixOfTheAlphabetExactly) {
  EXPECT_TRUE(PairingCode::parse("K7MW2Q"));
  for (auto bad : {"", "K7MW2", "K7MW2QA", "k7mw2q", "K7MW2I", "K7MW2O", "K7MW20", "K7MW21",
                   "K7MW2 ", " K7MW2", "K7M\0W2"})
    EXPECT_EQ(PairingCode::parse(bad).error(), Fault::bad_pairing_code) << bad;
}

TEST(PairingCode, IsTypedWithBlanksDashesAndEitherCase) {
  EXPECT_EQ(PairingCode::parse_typed(" k7m-w2q\n")->text(), "K7MW2Q");
  EXPECT_FALSE(PairingCode::parse_typed("k7m w2q a"));
  EXPECT_FALSE(PairingCode::parse_typed(""));
}

TEST(PairingCode, UsesEverySymbolOfTheAlphabetOnce) {
  std::set<char> seen;
  for (int i = 0; i < 256; ++i) {
    std::array<std::byte, PairingCode::length> random{};
    random[0] = static_cast<std::byte>(i);
    const auto code = PairingCode::from_random(random);
    EXPECT_TRUE(PairingCode::parse(code.text()));
    seen.insert(code.text()[0]);
  }
  EXPECT_EQ(seen.size(), 32u);
}

TEST(PairingCode, ShowsOnlyItsEndsInLogs) {
  EXPECT_EQ(PairingCode::parse("K7MW2Q")->masked(), "K****Q");
}

TEST(LinkCode, IsElevenCharactersOrSixDigits) {
  EXPECT_EQ(LinkCode::parse("K7MW2QPABCD")->text(), "K7MW2QPABCD");
  EXPECT_EQ(LinkCode::parse_typed("k7m-w2qp abcd")->text(), "K7MW2QPABCD");
  EXPECT_EQ(LinkCode::parse("K7MW2QPABCD")->spoken(), "K7M-W2QP-ABCD");
  EXPECT_EQ(LinkCode::parse("K7MW2QPABC").error(), Fault::bad_link_code);
  EXPECT_EQ(LinkCode::parse("012345")->text(), "012345");
  for (auto bad : {"", "12345", "1234567", "12345a", " 12345", "+12345"})
    EXPECT_EQ(LinkCode::parse(bad).error(), Fault::bad_link_code) << bad;
}

TEST(LinkCode, IsTypedWithBlanksAndDashes) {
  EXPECT_EQ(LinkCode::parse_typed(" 012-345\n")->text(), "012345");
  EXPECT_EQ(LinkCode::parse_typed("012 345 6").error(), Fault::bad_link_code);
  EXPECT_EQ(LinkCode::parse_typed("").error(), Fault::bad_link_code);
}

}  // namespace
}  // namespace culver
