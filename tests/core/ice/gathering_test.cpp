#include "core/ice/gathering.hpp"

#include <gtest/gtest.h>

#include "tests/core/ice/endpoint_support.hpp"

namespace culver::ice {
namespace {

struct GatheringTest : testing::Test {
  LocalCandidates local;
  Gathering gathering;
  std::uint32_t last = 0;

  BaseId open(std::string_view text) {
    const auto* base = local.add_host(WireId{++last}, at(text));
    gathering.base_added(*base);
    return base->id;
  }
  void server(std::string_view text) { gathering.server_named(at(text, 3478), local.bases()); }
  std::size_t asked() {
    std::size_t count = 0;
    for (; gathering.wants_to_ask(); ++count) gathering.next();
    return count;
  }
};

TEST_F(GatheringTest, EveryBaseAsksEveryServerOfItsFamilyInEitherOrder) {
  open("192.0.2.1");
  server("198.51.100.1");
  open("192.0.2.2");
  open("2001:db8::1");
  server("2001:db8:5::1");
  server("198.51.100.1");
  EXPECT_EQ(asked(), 3U);
}

TEST_F(GatheringTest, LoopbackAsksLoopbackOnly) {
  open("127.0.0.1");
  open("192.0.2.1");
  server("198.51.100.1");
  EXPECT_EQ(asked(), 1U);
  server("127.0.0.1");
  EXPECT_EQ(asked(), 1U);
}

TEST_F(GatheringTest, IsOverWhenBothListsAreAndAllWasAsked) {
  open("192.0.2.1");
  gathering.no_more_bases();
  EXPECT_FALSE(gathering.all_asked());
  server("198.51.100.1");
  gathering.no_more_servers();
  EXPECT_FALSE(gathering.all_asked());
  EXPECT_EQ(asked(), 1U);
  EXPECT_TRUE(gathering.all_asked());
  gathering.begin_anew(local.bases());
  EXPECT_FALSE(gathering.all_asked());
}

TEST_F(GatheringTest, ALostBaseAsksNoMore) {
  const auto base = open("192.0.2.1");
  server("198.51.100.1");
  gathering.base_lost(base);
  EXPECT_EQ(asked(), 0U);
}

TEST_F(GatheringTest, ServersAreBounded) {
  open("192.0.2.1");
  for (int i = 0; i < 50; ++i) server("198.51.100." + std::to_string(i));
  EXPECT_EQ(asked(), Gathering::most_servers);
}

}  // namespace
}  // namespace culver::ice
