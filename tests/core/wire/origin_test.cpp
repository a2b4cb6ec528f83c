#include "core/wire/origin.hpp"

#include <gtest/gtest.h>

namespace culver::wire {
namespace {

TEST(Origin, IsTheSameHoweverItIsWritten) {
  const auto same = [](std::string_view one, std::string_view other) {
    const auto a = Origin::parse(one), b = Origin::parse(other);
    return a && b && *a == *b;
  };
  EXPECT_TRUE(same("https://Example.ORG", "HTTPS://example.org:443"));
  EXPECT_TRUE(same("http://[::1]:80", "http://[::1]"));
  EXPECT_TRUE(same("null", "NULL"));
  EXPECT_FALSE(same("https://example.org", "http://example.org"));
  EXPECT_FALSE(same("https://example.org", "https://example.org:8443"));
  EXPECT_FALSE(same("https://example.org", "https://example.org.evil.net"));
}

TEST(Origin, IsNothingElse) {
  for (const auto* text :
       {"", "*", "example.org", "https://", "https:///", "https://a/", "https://a/b", "https://a:0",
        "https://a:65536", "https://a:", "https://a:80x", "https://a b", "https://u@a", "1http://a",
        "://a", "https://[::1", "https://a?", "https://*.a"})
    EXPECT_FALSE(Origin::parse(text)) << text;
  EXPECT_FALSE(Origin::parse("https://" + std::string(300, 'a')));
  EXPECT_TRUE(Origin::parse("app://desk"));
  EXPECT_TRUE(Origin::parse("chrome-extension://abcdef"));
}

TEST(AllowedOrigins, WithoutAnyNobodyReadsAndEverybodyOpens) {
  const AllowedOrigins none;
  EXPECT_TRUE(none.may_open("https://anywhere.net"));
  EXPECT_FALSE(none.answer("https://anywhere.net"));
}

TEST(AllowedOrigins, ThoseThatAreNamedMayAndProgramsToo) {
  const auto some = AllowedOrigins::parse({"https://a.org", "http://localhost:5173"});
  ASSERT_TRUE(some);
  EXPECT_TRUE(some->varies());
  EXPECT_TRUE(some->may_open("https://A.org:443"));
  EXPECT_TRUE(some->may_open(""));
  EXPECT_FALSE(some->may_open("https://b.org"));
  EXPECT_FALSE(some->may_open("null"));
  EXPECT_FALSE(some->may_open("not an origin"));
  EXPECT_EQ(some->answer("http://localhost:5173"), "http://localhost:5173");
  EXPECT_FALSE(some->answer("http://localhost"));
  EXPECT_FALSE(some->answer(""));
}

TEST(AllowedOrigins, AStarIsEverybody) {
  const auto all = AllowedOrigins::parse({"https://a.org", "*"});
  ASSERT_TRUE(all);
  EXPECT_FALSE(all->varies());
  EXPECT_TRUE(all->may_open("https://b.org"));
  EXPECT_EQ(all->answer("https://b.org"), "*");
}

TEST(AllowedOrigins, WhatIsNoneIsRefused) {
  EXPECT_FALSE(AllowedOrigins::parse({"https://a.org/"}));
  EXPECT_FALSE(
      AllowedOrigins::parse(std::vector<std::string>(AllowedOrigins::most + 1, "https://a.org")));
}

}  // namespace
}  // namespace culver::wire
