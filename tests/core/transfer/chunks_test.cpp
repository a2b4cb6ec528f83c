#include "core/transfer/chunks.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace culver::transfer {
namespace {

TEST(Chunks, CountsThem) {
  EXPECT_EQ(chunk_count(0, 10), 0u);
  EXPECT_EQ(chunk_count(1, 10), 1u);
  EXPECT_EQ(chunk_count(10, 10), 1u);
  EXPECT_EQ(chunk_count(11, 10), 2u);
  EXPECT_EQ(chunk_count(wire::limits::file_size, wire::limits::chunk_out), std::uint64_t{1} << 30);
}

RC_GTEST_PROP(Chunks, AnyHonestSenderIsUnderstood, ()) {
  const auto size = *rc::gen::inRange<std::uint64_t>(1, 200'000);
  const auto length = *rc::gen::inRange<std::uint64_t>(1, 65'537);
  const auto chunks = chunk_count(size, length);
  RC_PRE(chunks <= 5'000);
  ChunkOrder order(size, chunks);
  for (std::uint64_t i = 0; i < chunks; ++i) {
    RC_ASSERT(!order.complete());
    RC_ASSERT(order.take(i, std::min(length, size - i * length)).has_value());
  }
  RC_ASSERT(order.complete());
  RC_ASSERT(!order.take(chunks, 1).has_value());
}

TEST(Chunks, ARefusedOneChangesNothing) {
  ChunkOrder order(25, 3);
  EXPECT_FALSE(order.take(0, 5));
  EXPECT_TRUE(order.take(0, 10));
  EXPECT_FALSE(order.take(0, 10));
  EXPECT_FALSE(order.take(1, 9));
  EXPECT_EQ(order.received(), 10u);
  EXPECT_TRUE(order.take(1, 10));
  EXPECT_TRUE(order.take(2, 5));
  EXPECT_TRUE(order.complete());
}

}  // namespace
}  // namespace culver::transfer
