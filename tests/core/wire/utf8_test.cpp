#include "core/wire/utf8.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace culver::wire::utf8 {
namespace {

TEST(Utf8, AcceptsTheEndsOfEveryRange) {
  for (const std::string_view good :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_valid(good)) << good;
}

TEST(Utf8, RefusesWhatRfc3629Refuses) {
  for (const std::string_view bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "a\xe2\x82", "\xf0\x9f\x91"})
    EXPECT_FALSE(is_valid(bad));
}

TEST(Utf8, IsCutBetweenCharacters) {
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("abc", 2), "ab");
  EXPECT_EQ(cut("a\xe2\x82\xac", 3), "a");
  EXPECT_EQ(cut("\xf0\x9f\x91\x8b", 3), "");
}

TEST(Utf8, LosesControlCharacters) {
  EXPECT_EQ(printable("a\n\x1b[1m\x7f\xc2\x85z\xc2\xa0", 100), "a[1mz\xc2\xa0");
  EXPECT_EQ(printable("aaaa\xe2\x82\xac", 5), "aaaa");
}

TEST(Utf8, CountsAsJavaScriptDoes) {
  EXPECT_EQ(utf16_length("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x91\x8b"), 5u);
}

RC_GTEST_PROP(Utf8, StaysValidWhenCut, (std::size_t bytes)) {
  const auto text =
      *rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                        "a", "\n", "\xc3\xa9", "\xc2\x85", "\xe2\x82\xac", "\xf0\x9f\x91\x8b")),
                    [](const auto& parts) {
                      std::string all;
                      for (const auto& part : parts) all += part;
                      return all;
                    });
  bytes %= 64;
  RC_ASSERT(is_valid(cut(text, bytes)));
  RC_ASSERT(cut(text, bytes).size() <= bytes);
  RC_ASSERT(is_valid(printable(text, bytes)));
  RC_ASSERT(printable(text, bytes).size() <= bytes);
}

}  // namespace
}  // namespace culver::wire::utf8
