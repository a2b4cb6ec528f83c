#include "shell/net/outbox.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace culver::net_ {
namespace {

/// What the kernel would be given, taking `most` bytes at a time.
std::string drain(Outbox& outbox, std::size_t most) {
  std::string written;
  while (!outbox.empty()) {
    std::string front;
    for (const auto& buffer : outbox.front())
      front.append(static_cast<const char*>(buffer.data()), buffer.size());
    const auto size = std::min(most, front.size());
    written.append(front, 0, size);
    outbox.consume(size);
  }
  return written;
}

TEST(Outbox, GivesEverythingInOrderHoweverLittleIsTaken) {
  for (const std::size_t most : {1u, 7u, 16'384u, 100'000u}) {
    Outbox outbox;
    std::string expected;
    for (std::size_t size : {5u, 100u, 20'000u, 3u, 70'000u, 0u}) {
      const std::string payload(size, static_cast<char>('a' + size % 26));
      outbox.append("head");
      outbox.append(payload);
      expected += "head" + payload;
    }
    EXPECT_EQ(outbox.bytes(), expected.size());
    EXPECT_EQ(drain(outbox, most), expected);
    EXPECT_EQ(outbox.bytes(), 0u);
    EXPECT_TRUE(outbox.front().empty());
  }
}

TEST(Outbox, SmallMessagesShareAPiece) {
  Outbox outbox;
  for (int i = 0; i < 100; ++i) outbox.append("small");
  EXPECT_EQ(outbox.front().size(), 1u);
}

TEST(Outbox, GrowsNoLongerWhenItNeverRunsDry) {
  Outbox outbox;
  const std::string large(Outbox::piece_size, 'x');
  outbox.append(large);
  for (int i = 0; i < 1'000; ++i) {
    outbox.append(large);
    outbox.consume(large.size());
    EXPECT_EQ(outbox.bytes(), large.size());
    EXPECT_LE(outbox.front().size(), 2u);
  }
}

TEST(Outbox, GivesAtMostWhatOneCallTakes) {
  Outbox outbox;
  for (std::size_t i = 0; i < 2 * Outbox::most_pieces; ++i)
    outbox.append(std::string(Outbox::piece_size, 'x'));
  EXPECT_EQ(outbox.front().size(), Outbox::most_pieces);
}

}  // namespace
}  // namespace culver::net_
