#include "core/wire/json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/wire/limits.hpp"
#include "tests/core/wire/generators_support.hpp"

namespace culver::wire::json {
namespace {

bool parses(std::string_view frame) {
  Document document;
  return document.parse(frame).has_value();
}

std::string nested(std::size_t depth) {
  return "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

TEST(Json, IsOneObject) {
  EXPECT_TRUE(parses("{}"));
  EXPECT_TRUE(parses(" {\"a\" : [1, null] }\n"));
  for (const std::string_view bad :
       {"", " ", "null", "42", "[]", "\"x\"", "{", "{}x", "{}{}", "{a:1}", "{\"a\":1,}",
        "{\"a\":01}", "{'a':1}", "{\"a\":NaN}", "// x\n{}", "{\"a\":\"\x01\"}", "\xef\xbb\xbf{}"})
    EXPECT_FALSE(parses(bad)) << bad;
}

TEST(Json, IsUtf8WithoutNul) {
  EXPECT_FALSE(parses("{\"a\":\"\xff\"}"));
  EXPECT_FALSE(parses("{\"a\":\"\xed\xa0\x80\"}"));
  EXPECT_FALSE(parses("{\"a\":\"\xc0\x80\"}"));
  EXPECT_FALSE(parses("{\"a\":\"\\ud800\"}"));
  EXPECT_FALSE(parses(std::string_view("{\"a\":1}\0", 8)));
  EXPECT_FALSE(parses(std::string_view("{\"a\":\"\0\"}", 9)));
  Document document;
  EXPECT_EQ(document.parse("{\"a\":\"\\u0000\"}")->text("a").error(), Fault::malformed);
}

TEST(Json, HasBoundedDepth) {
  EXPECT_TRUE(parses(nested(limits::json_depth - 1)));
  EXPECT_FALSE(parses(nested(limits::json_depth)));
  EXPECT_FALSE(parses(nested(100'000)));
}

TEST(Json, TakesTheLastOfEqualKeys) {
  Document document;
  EXPECT_EQ(document.parse(R"({"a":"first","b":1,"a":"last"})")->text("a"), "last");
}

TEST(Json, TellsMissingFromWrong) {
  Document document;
  const auto fields = *document.parse(R"({"n":null,"s":"x","b":true,"i":7,"o":{"k":"v"}})");
  EXPECT_EQ(fields.text("none").error(), Fault::missing_field);
  EXPECT_EQ(fields.boolean("none").error(), Fault::missing_field);
  EXPECT_EQ(fields.object("none").error(), Fault::missing_field);
  EXPECT_EQ(fields.number("none", 9, Fault::usage).error(), Fault::missing_field);
  for (const auto key : {"n", "b", "i", "o"})
    EXPECT_EQ(fields.text(key).error(), Fault::wrong_type);
  for (const auto key : {"n", "s", "i", "o"})
    EXPECT_EQ(fields.boolean(key).error(), Fault::wrong_type);
  for (const auto key : {"n", "s", "b", "o"})
    EXPECT_EQ(fields.number(key, 9, Fault::usage).error(), Fault::wrong_type);
  for (const auto key : {"n", "s", "b", "i"})
    EXPECT_EQ(fields.object(key).error(), Fault::wrong_type);
  EXPECT_EQ(fields.object("o")->text("k"), "v");
  EXPECT_TRUE(fields.is_null_or_absent("n"));
  EXPECT_TRUE(fields.is_null_or_absent("none"));
  EXPECT_FALSE(fields.is_null_or_absent("s"));
  EXPECT_EQ(fields.raw("o"), R"({"k":"v"})");
  EXPECT_EQ(fields.raw("none"), std::nullopt);
  EXPECT_EQ(fields.raw("n"), "null");
}

TEST(Json, TakesWholeNumbersHoweverWritten) {
  Document document;
  const auto fields =
      *document.parse(R"({"a":5,"b":5.0,"c":5e0,"d":5.5,"e":-5,"f":1e30,"g":18446744073709551615,)"
                      R"("i":-0.0,"j":99999999999999999999999})");
  for (const auto key : {"a", "b", "c"})
    EXPECT_EQ(fields.number(key, 5, Fault::file_protocol), 5u) << key;
  EXPECT_EQ(fields.number("i", 5, Fault::file_protocol), 0u);
  for (const auto key : {"d", "e", "f", "g", "j"})
    EXPECT_EQ(fields.number(key, ~std::uint64_t{0}, Fault::file_protocol).error(),
              Fault::file_protocol)
        << key;
  EXPECT_EQ(fields.number("a", 4, Fault::file_protocol).error(), Fault::file_protocol);
  EXPECT_EQ(fields.integer_if_any("e"), -5);
  EXPECT_EQ(fields.integer_if_any("g"), std::nullopt);
}

TEST(Json, WhatIsGreaterThanTheGreatestMayMeanIt) {
  Document document;
  const auto fields = *document.parse(
      R"({"a":5,"b":6.0,"c":9007199254740993,"d":1e30,"e":18446744073709551615,"f":1e300,)"
      R"("g":-1,"h":5.5,"i":"9","j":-1e300,"k":9223372036854775807,"l":-0.0})");
  for (const auto key : {"a", "b", "c", "d", "e", "f", "k"})
    EXPECT_EQ(fields.number_or_largest(key, 5, Fault::usage), 5u) << key;
  EXPECT_EQ(fields.number_or_largest("b", 9, Fault::usage), 6u);
  EXPECT_EQ(fields.number_or_largest("l", 9, Fault::usage), 0u);
  for (const auto key : {"g", "h", "j"})
    EXPECT_EQ(fields.number_or_largest(key, 5, Fault::usage).error(), Fault::usage) << key;
  EXPECT_EQ(fields.number_or_largest("i", 5, Fault::usage).error(), Fault::wrong_type);
  EXPECT_EQ(fields.number_or_largest("none", 5, Fault::usage).error(), Fault::missing_field);
}

// They would be passed on as what is no JSON.
TEST(Json, HasNoNumberThatNoDoubleHolds) {
  for (const std::string_view bad : {"1e400", "-1e400", "1e999", "[1e400]", R"([{"b":[-2e308]}])"})
    EXPECT_FALSE(parses(R"({"a":)" + std::string(bad) + "}")) << bad;
  for (const std::string_view good : {"1e308", "-1.7e308", "1e-400", "99999999999999999999999"})
    EXPECT_TRUE(parses(R"({"a":)" + std::string(good) + "}")) << good;
  Document document;
  EXPECT_EQ(document.parse(R"({"a":{"b":1,"b":1.50}})")->raw("a"), R"({"b":1.5E0})");
}

TEST(Json, WritesFieldsInOrder) {
  Writer out;
  out.text("t", "a\"b\\c\n\r\t\x01/").number("n", 1).integer("i", -2).boolean("b", false).null("z");
  out.raw("r", "[1]");
  EXPECT_EQ(std::move(out).finish(),
            R"({"t":"a\"b\\c\n\r\t\u0001/","n":1,"i":-2,"b":false,"z":null,"r":[1]})");
  EXPECT_EQ(Writer().finish(), "{}");
}

RC_GTEST_PROP(Json, ReadsTheTextsThatItWrote, ()) {
  const auto text = *culver::testing::utf8_text(200, {"\n", "\x1f", "\x7f", "\xc2\x85"});
  Writer out;
  out.text("key", text);
  Document document;
  const std::string frame = std::move(out).finish();
  const auto fields = document.parse(frame);
  RC_ASSERT(fields.has_value());
  RC_ASSERT(*fields->text("key") == text);
}

}  // namespace
}  // namespace culver::wire::json
