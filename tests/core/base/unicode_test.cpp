#include "core/base/unicode.hpp"

#include <string>

#include <gtest/gtest.h>

namespace culver::unicode {
namespace {

TEST(Unicode, DecodesEachLength) {
  const auto expect = [](std::string_view text, char32_t value) {
    const auto point = first(text);
    EXPECT_TRUE(point.valid) << text;
    EXPECT_EQ(point.value, value);
    EXPECT_EQ(point.size, text.size());
  };
  expect("A", U'A');
  expect("\xC2\x80", 0x80);
  expect("ß", 0xDF);
  expect("€", 0x20AC);
  expect("😀", 0x1F600);
  expect("\xF4\x8F\xBF\xBF", 0x10FFFF);
}

TEST(Unicode, TakesOneByteOfWhatIsNotUtf8) {
  for (const std::string_view bad :
       {"\x80", "\xC3", "\xC3(", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
        "\xF0\x9F\x98", "\xFF", "\xF8\x88\x80\x80\x80"}) {
    const auto point = first(bad);
    EXPECT_FALSE(point.valid);
    EXPECT_EQ(point.size, 1u);
    EXPECT_EQ(point.value, static_cast<unsigned char>(bad[0]));
  }
}

TEST(Unicode, KnowsWhatDrivesATerminal) {
  for (const char32_t c : {0x00, 0x07, 0x1B, 0x7F, 0x85, 0x9B, 0x061C, 0x200E, 0x202A, 0x202E,
                           0x2028, 0x2066, 0x2069, 0xFFF9, 0xFFFE, 0x1FFFF, 0xE0041})
    EXPECT_TRUE(is_control(c)) << std::hex << static_cast<unsigned>(c);
  for (const char32_t c : {0x20, 0x41, 0xA0, 0xDF, 0x200D, 0x20AC, 0x1F600})
    EXPECT_FALSE(is_control(c)) << std::hex << static_cast<unsigned>(c);
}

TEST(Unicode, KnowsWhatLeavesNoMark) {
  for (const char32_t c : {0x00AD, 0x200B, 0x200D, 0x2060, 0xFE0F, 0xFEFF, 0x1B, 0x202E})
    EXPECT_TRUE(is_invisible(c)) << std::hex << unsigned(c);
  for (const char32_t c : {U'a', U' ', U'ä', U'日', U'😀'})
    EXPECT_FALSE(is_invisible(c)) << std::hex << unsigned(c);
}

TEST(Unicode, ALabelIsOneLineWithoutBlanksAtItsEnds) {
  EXPECT_EQ(label(" \xC2\xA0"
                  "A\x1b[1mn\xFFn\na  ",
                  {}),
            "A[1mnna");
  EXPECT_EQ(label("\t \x7F", {}), "");
  EXPECT_EQ(label("a b", {.characters = 2}), "a") << "cut at a blank";
  EXPECT_EQ(label("\u3164x\u115f\u3164", {}), "x") << "letters that are seen as blanks";
  EXPECT_EQ(label("\xC3\xA9\xC3\xA9", {.characters = 1}), "\xC3\xA9");
  EXPECT_EQ(label("a\xC3\xA9", {.bytes = 2}), "a") << "no half characters";
}

}  // namespace
}  // namespace culver::unicode
