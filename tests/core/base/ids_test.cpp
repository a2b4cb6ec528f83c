#include "core/base/ids.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace culver {
namespace {

using Two = Bytes<struct TwoTag, 2>;

constexpr std::string_view device = "550e8400-e29b-41d4-a716-446655440000";
constexpr std::string_view event = "018f2b5c-7a10-7c3e-9b1d-0123456789ab";

TEST(Hex, IsLowerCaseOutAndEitherCaseIn) {
  EXPECT_EQ(print_hex(as_bytes("\x01\xab")), "01ab");
  EXPECT_EQ(print_upper_hex(as_bytes("\x01\xab")), "01AB");
  EXPECT_EQ(print_hex({}), "");
  EXPECT_EQ(as_text(parse_hex<Two>("4a4B")->view()), "JK");
}

TEST(Hex, IsExactlySoManyDigits) {
  for (const std::string_view bad : {"", "4a4", "4a4b4", "4a4b4c", "4a4g", "0x4a", " 4a4b", "4a4 ",
                                     "4a4/", "4a4:", "4a4@", "4a4`", "-1-1", "4a4b\n"})
    EXPECT_FALSE(parse_hex<Two>(bad)) << bad;
  EXPECT_FALSE(parse_hex<Two>(std::string_view("4a\0b", 4)));
}

RC_GTEST_PROP(Hex, GoesThereAndBack, (const std::vector<std::uint8_t>& raw)) {
  const ByteView bytes = std::as_bytes(std::span(raw));
  const auto text = print_hex(bytes);
  ByteVector back(bytes.size());
  RC_ASSERT(detail::decode_hex(text, back));
  RC_ASSERT(std::equal(back.begin(), back.end(), bytes.begin(), bytes.end()));
  back.emplace_back();
  RC_ASSERT(!detail::decode_hex(text, back));
}

TEST(Uuid, HasOneValueForEachSpelling) {
  const auto lower = parse_device_id(device);
  ASSERT_TRUE(lower);
  EXPECT_EQ(parse_device_id("550E8400-E29B-41D4-A716-446655440000"), lower);
  EXPECT_EQ(print_uuid(lower->view()), device);
  EXPECT_EQ(print_uuid(parse_event_id(event)->view()), event);
}

TEST(Uuid, HasTheVersionAndTheVariantOfItsKind) {
  EXPECT_FALSE(parse_device_id(event));
  EXPECT_FALSE(parse_event_id(device));
  for (char variant : std::string_view("0123456789abcdef")) {
    std::string text(event);
    text[19] = variant;
    const bool is_ours = std::string_view("89ab").find(variant) != std::string_view::npos;
    EXPECT_EQ(parse_event_id(text).has_value(), is_ours) << text;
  }
}

TEST(Uuid, HasItsDashesWhereTheyBelong) {
  for (const std::string_view bad :
       {"", "550e8400e29b41d4a716446655440000", "{550e8400-e29b-41d4-a716-446655440000}",
        "550e8400-e29b-41d4-a716-44665544000", "550e8400-e29b-41d4-a716-4466554400000",
        "550e8400-e29b-41d4-a716_446655440000", "550e840-0e29b-41d4-a716-446655440000",
        "550e8400-e29b-41d4-a7-16446655440000", "550e8400-e29b-41d4-a716-44665544000g",
        "550e8400-e29b-41d4-a716--46655440000", " 50e8400-e29b-41d4-a716-446655440000"})
    EXPECT_FALSE(parse_device_id(bad)) << bad;
}

}  // namespace
}  // namespace culver
