#include "core/connection/waiting_frames.hpp"

#include <gtest/gtest.h>

namespace culver::connection {
namespace {

std::size_t kept(std::size_t size, std::size_t tries) {
  WaitingFrames early;
  std::size_t count = 0;
  for (std::size_t i = 0; i < tries; ++i)
    count += early.keep(ChannelData{ChannelId{2}, ByteVector(size)});
  EXPECT_EQ(std::move(early).take().size(), count);
  return count;
}

TEST(WaitingFrames, EmptyOnesAreBoundedToo) {
  EXPECT_LE(kept(0, 200'000), 5'000U);
  EXPECT_GE(kept(0, 200'000), 1'000U) << "what a sender may have sent before it was proven";
}

TEST(WaitingFrames, LargeOnesAreBoundedByTheirBytes) {
  EXPECT_EQ(kept(std::size_t{1} << 18, 100), 4U);
}

}  // namespace
}  // namespace culver::connection
