#include "shell/p2p/early_data.hpp"

#include <gtest/gtest.h>

namespace culver::p2p {
namespace {

using namespace std::chrono_literals;

struct EarlyDataTest : testing::Test {
  EarlyData early;
  TimePoint now{1h};

  static ice::Way way(std::uint16_t port) {
    return {ice::BaseId{1}, *Endpoint::parse("192.0.2.1", port)};
  }
  void keep(std::uint16_t port, char what, std::size_t size = 1) {
    early.keep(way(port), ByteVector(size, static_cast<std::byte>(what)), now);
  }
  std::string taken_of(std::uint16_t port) {
    std::string all;
    for (const auto& bytes : early.take([&](auto& w) { return w == way(port); }, now))
      all += static_cast<char>(bytes[0]);
    return all;
  }
};

TEST_F(EarlyDataTest, GivesBackWhatCameByThatWayOnceAndInOrder) {
  keep(1, 'a');
  keep(2, 'x');
  keep(1, 'b');
  EXPECT_EQ(taken_of(3), "");
  EXPECT_EQ(taken_of(1), "ab");
  EXPECT_EQ(taken_of(1), "");
  EXPECT_EQ(taken_of(2), "x");
  EXPECT_TRUE(early.empty());
}

TEST_F(EarlyDataTest, IsBoundedAndAStrangersFloodDoesNotKeepThePeerOut) {
  for (std::uint16_t port = 1; port <= 1'000; ++port) keep(port, 'j');
  keep(2'000, 'p');
  keep(2'000, 'q', 1'501);
  EXPECT_EQ(taken_of(2'000), "p");
  for (int i = 0; i < 100; ++i) keep(2'001, 'r');
  EXPECT_EQ(taken_of(2'001), "rrrrrrrr");
  std::size_t ways = 0;
  for (std::uint16_t port = 1; port <= 1'000; ++port) ways += !taken_of(port).empty();
  EXPECT_LE(ways, EarlyData::most_ways);
}

TEST_F(EarlyDataTest, ForgetsWhatIsOld) {
  keep(1, 'a');
  now += EarlyData::lifetime;
  EXPECT_EQ(taken_of(1), "");
  EXPECT_TRUE(early.empty());
}

}  // namespace
}  // namespace culver::p2p
