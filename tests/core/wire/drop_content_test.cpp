#include "core/wire/drop_content.hpp"

#include <string>

#include <gtest/gtest.h>

namespace culver::wire {
namespace {

PublicKey some_key() {
  PublicKey key;
  key.data.fill(std::byte{7});
  return key;
}

std::string with_time(const std::string& time) {
  return R"({"pubkey":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=","timestamp":")" + time + "\"}";
}

TEST(DropContent, IsReadAsItWasPrinted) {
  for (const WallTime at :
       {WallTime{0}, WallTime{1'764'000'000'123}, WallTime{1'709'251'199'999}}) {
    const DropContent note{some_key(), at};
    EXPECT_EQ(parse_drop_content(print(note)).value(), note);
  }
  EXPECT_EQ(print({some_key(), 1'764'000'000'123}),
            R"({"pubkey":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=","fallbackRelays":[],)"
            R"("timestamp":"2025-11-24T16:00:00.123Z"})");
}

TEST(DropContent, TimesOfOthersAreRead) {
  for (const std::string time : {"2025-11-24T16:00:00Z", "2025-11-24T16:00:00.000000Z",
                                 "2025-11-24T16:00:00+00:00", "2025-11-24T16:00:00.000+00:00"}) {
    const auto note = parse_drop_content(with_time(time));
    ASSERT_TRUE(note) << time;
    EXPECT_EQ(note->at, 1'764'000'000'000) << time;
  }
  EXPECT_EQ(parse_drop_content(with_time("2025-11-24T16:00:00.5Z"))->at, 1'764'000'000'500);
}

TEST(DropContent, WhatIsNoTimeIsRefused) {
  for (const std::string time :
       {"", "2025-11-24", "2025-11-24T16:00:00", "2025-02-29T16:00:00Z", "2025-11-24T24:00:00Z",
        "2025-11-24T16:60:00Z", "2025-11-24T16:00:00+01:00", "2025-11-24T16:00:00.Z",
        "2025-11-24 16:00:00Z", "2025-11-24T16:00:00.0000000001Z", "x025-11-24T16:00:00Z"}) {
    const auto note = parse_drop_content(with_time(time));
    ASSERT_FALSE(note) << time;
    EXPECT_EQ(note.error(), Fault::malformed) << time;
  }
}

TEST(DropContent, FaultsAreTold) {
  EXPECT_EQ(parse_drop_content("[]").error(), Fault::malformed);
  EXPECT_EQ(parse_drop_content("{}").error(), Fault::missing_field);
  EXPECT_EQ(parse_drop_content(R"({"pubkey":"AAAA"})").error(), Fault::bad_public_key);
  EXPECT_EQ(parse_drop_content(R"({"pubkey":1})").error(), Fault::wrong_type);
}

}  // namespace
}  // namespace culver::wire
