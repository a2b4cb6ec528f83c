#include "core/connection/frame_memory.hpp"

#include <gtest/gtest.h>

#include "core/connection/sealed_channel.hpp"
#include "tests/core/connection/connection_support.hpp"
#include "tests/support/seeded.hpp"

namespace culver::connection {
namespace {

using test::SeededRng;

struct Frames {
  SeededRng random{1};
  SealedChannel from{key_of(7), random.rng()};
  SealedChannel to{key_of(7), random.rng()};
  Nonce next() { return to.open(*from.seal({}))->nonce; }
};

TEST(FrameMemory, TakesEachFrameOnceHoweverManyComeInBetween) {
  Frames frames;
  FrameMemory memory;
  std::vector<Nonce> taken;
  for (int i = 0; i < 10'050; ++i) {
    taken.push_back(frames.next());
    ASSERT_TRUE(memory.take(taken.back()));
  }
  for (const auto& nonce : taken) ASSERT_EQ(memory.take(nonce).error(), Fault::replayed);
}

TEST(FrameMemory, TakesWhatComesLateWithinTheWindow) {
  Frames frames;
  FrameMemory memory;
  std::vector<Nonce> late;
  for (int i = 0; i < 8'192; ++i) {
    const auto nonce = frames.next();
    if (i % 2 == 0)
      ASSERT_TRUE(memory.take(nonce));
    else
      late.push_back(nonce);
  }
  std::size_t refused = 0;
  for (const auto& nonce : late) refused += memory.take(nonce) ? 0 : 1;
  EXPECT_EQ(refused, late.size() - FrameMemory::window / 2 - 1) << "older than the window";
  for (const auto& nonce : late) ASSERT_FALSE(memory.take(nonce));
}

TEST(FrameMemory, TakesAJumpAndStillKnowsWhatWasBefore) {
  FrameMemory memory;
  const auto nonce = [](std::uint32_t number) {
    Nonce n;
    for (std::size_t i = 8; i < Nonce::size; ++i, number >>= 8)
      n.data[i] = static_cast<std::byte>(number & 0xFF);
    return n;
  };
  for (const std::uint32_t number : {0U, 5U, 5'000U, 4'294'967'295U}) {
    EXPECT_TRUE(memory.take(nonce(number))) << number;
    EXPECT_FALSE(memory.take(nonce(number))) << number;
  }
  EXPECT_FALSE(memory.take(nonce(5)));
  EXPECT_TRUE(memory.take(nonce(4'294'967'000U)));
}

TEST(FrameMemory, RemembersRandomNoncesAllOfThem) {
  SeededRng random(3);
  FrameMemory memory;
  std::vector<Nonce> taken;
  for (int i = 0; i < 20'000; ++i) {
    taken.push_back(Nonce{random.rng().bytes<Nonce::size>()});
    ASSERT_TRUE(memory.take(taken.back()));
  }
  for (const auto& nonce : taken) ASSERT_FALSE(memory.take(nonce));
}

TEST(SeenFrames, TakesNoMoreThanItCanRemember) {
  auto seen = SeenFrames::none();
  SeededRng random(4);
  for (std::size_t i = 0; i < SeenFrames::most; ++i)
    ASSERT_TRUE(seen.take(Nonce{random.rng().bytes<Nonce::size>()}));
  EXPECT_EQ(seen.take(Nonce{random.rng().bytes<Nonce::size>()}).error(), Fault::key_worn_out);
}

}  // namespace
}  // namespace culver::connection
