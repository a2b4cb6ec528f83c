// Texts that are the same in another spelling, or to the eye.
#include "core/base/fold.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/look_alikes.hpp"

namespace culver::unicode {
namespace {

TEST(Fold, IsNfkcCasefold) {
  const std::pair<const char*, const char*> pairs[] = {
      {"Ana", "ana"},
      {"JOSE\u0301", "jos\u00e9"},
      {"\uff21\uff11", "a1"},
      {"\ufb01", "fi"},
      {"Stra\u00dfe", "strasse"},
      {"\u03a3\u03c2", "\u03c3\u03c3"},
      {"A\u200b\u00adn\ufe0fa\xff", "ana"},
      {" \u2003A \u00a0 b\u2800\n", "a b"},
      {"q\u0307\u0323", "q\u0323\u0307"},
      {"", ""},
      {"\u200b\xff", ""},
      {"\u0410\u043d\u0430", "\u0430\u043d\u0430"}};
  for (const auto& [text, plain] : pairs) EXPECT_EQ(folded(text), plain) << text;
}

TEST(Fold, HasOneSkeletonForWhatLooksAlike) {
  const std::pair<const char*, const char*> pairs[] = {
      {"Aha", "\u0410\u043d\u0430"},
      {"Paypal", "\u0420\u0430\u0443\u0440\u0430\u04cf"},
      {"Ian", "lan"},
      {"Ian", "1an"},
      {"Ian", "|an"},
      {"Otto", "0tt0"},
      {"\u0130an", "ian"},
      {"iris", "\u0131\u0307ris"},
      {"\u0451", "e\u0308"},
      {"O'Neil-2", "\u041e\u2019Neil\u20132"},
      {"h", "\u0570"},
      {"Sos", "\u054f\u0585\u0455"},
      {"Rea", "\u13a1\u0435a"},
      {"LEO", "\ua4e1\ua4f0\ua4f3"}};
  for (const auto& [one, other] : pairs) {
    EXPECT_EQ(skeleton(one), skeleton(other)) << one << " " << other;
  }
  EXPECT_EQ(skeleton("\u039d\u0399\u039a\u039f\u03a4"), skeleton("NIKOT"));
  EXPECT_EQ(skeleton_of_capitals("\u03bd\u03b9\u03ba\u03bf\u03c4"), skeleton("NIKOT"));
}

TEST(Fold, KeepsApartWhatDoesNotLookAlike) {
  const std::pair<const char*, const char*> pairs[] = {
      {"Jose", "Jos\u00e9"}, {"Arno", "Amo"},  {"Ana", "Anna"},      {"S1", "51"},
      {"Ben", "8en"},        {"Hina", "Nina"}, {"\u65e5", "\u672c"}, {"Ana", "A na"}};
  for (const auto& [one, other] : pairs) {
    EXPECT_NE(skeleton(one), skeleton(other)) << one << " " << other;
    EXPECT_NE(skeleton_of_capitals(one), skeleton_of_capitals(other)) << one << " " << other;
  }
}

TEST(Fold, KeepsTheDigitsOfWhatIsReadAsLatin) {
  EXPECT_EQ(in_latin("\uff21na\uff20\u0430\u0435 10 Ol"), "ana@ae 10 ol");
}

TEST(Fold, IsBounded) {
  const std::string wide = [] {
    std::string text;
    for (int i = 0; i < 1'000; ++i) text += "\ufdfa";  // becomes 18 characters
    return text;
  }();
  const std::string marks = "a" + [] {
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += i % 2 == 0 ? "\u0301" : "\u0316";
    return text;
  }();
  for (const auto& text : {wide, marks, std::string(1'000'000, 'x')})
    for (const auto& result :
         {folded(text), in_latin(text), skeleton(text), skeleton_of_capitals(text)}) {
      EXPECT_LE(result.size(), longest_folded);
      EXPECT_FALSE(result.empty());
    }
}

void expect_settled(const std::string& text) {
  RC_ASSERT(folded(folded(text)) == folded(text));
  RC_ASSERT(in_latin(in_latin(text)) == in_latin(text));
  RC_ASSERT(skeleton(skeleton(text)) == skeleton(text));
  RC_ASSERT(skeleton(folded(text)).size() <= longest_folded);
}

RC_GTEST_PROP(Fold, IsItsOwnFold, (const std::string& text)) { expect_settled(text); }

std::string utf8(char32_t c) {
  const auto put = [](char32_t byte) { return static_cast<char>(byte); };
  if (c < 0x80) return {put(c)};
  if (c < 0x800) return {put(0xC0 | c >> 6), put(0x80 | (c & 0x3F))};
  if (c < 0x10000)
    return {put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F))};
  return {put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)),
          put(0x80 | (c & 0x3F))};
}

RC_GTEST_PROP(Fold, IsItsOwnFoldInEveryScript, ()) {
  const auto points = *rc::gen::container<std::vector<int>>(
      rc::gen::oneOf(rc::gen::inRange(0x20, 0x600), rc::gen::inRange(0x300, 0x370),
                     rc::gen::inRange(0x1C00, 0x2C00), rc::gen::inRange(0xA000, 0xD7FF),
                     rc::gen::inRange(0xF900, 0x1F000)));
  std::string text;
  for (const auto point : points) text += utf8(static_cast<char32_t>(point));
  expect_settled(text);
}

TEST(Fold, EveryCharacterSettlesAtOnce) {
  for (char32_t c = 1; c < 0x20000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const auto text = utf8(c);
    ASSERT_EQ(folded(folded(text)), folded(text)) << std::hex << unsigned(c);
    ASSERT_EQ(skeleton(skeleton(text)), skeleton(text)) << std::hex << unsigned(c);
    ASSERT_EQ(skeleton(folded(skeleton(text))), skeleton(text)) << std::hex << unsigned(c);
  }
}

}  // namespace
}  // namespace culver::unicode
