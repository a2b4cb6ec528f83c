#include "core/transfer/intake.hpp"

#include <gtest/gtest.h>

#include "tests/core/transfer/transfer_support.hpp"

namespace culver::transfer::test {
namespace {

struct Fed {
  Fed(std::uint64_t size, std::size_t length, bool accepted)
      : chunk(length),
        intake({file_id(), Plaintext("x"), size, chunk_count(size, length)}, accepted) {}

  /// The effects of one more whole chunk.
  Effects take() {
    Effects effects;
    EXPECT_TRUE(intake.take({file_id(), index++, content(chunk)}, effects));
    return effects;
  }
  std::size_t chunk;
  std::uint64_t index = 0;
  Intake intake;
};

TEST(Intake, GathersChunksIntoBlocks) {
  Fed fed(10 * block_size, 16'384, true);
  for (int i = 0; i < 15; ++i) EXPECT_EQ(count<WriteBlock>(fed.take()), 0u);
  const auto effects = fed.take();
  ASSERT_EQ(count<WriteBlock>(effects), 1u);
  EXPECT_EQ(find<WriteBlock>(effects)->bytes.size(), block_size);
}

TEST(Intake, NoBlockIsLargerThanABlock) {
  Fed fed(std::uint64_t{10} * block_size, 60'000, true);
  for (int i = 0; i < 20; ++i) {
    const auto effects = fed.take();
    if (const auto* block = find<WriteBlock>(effects)) {
      EXPECT_EQ(block->bytes.size(), 240'000u);
    }
  }
}

TEST(Intake, HandsTheRestOverAtTheEndAndComparesTheChecksum) {
  Fed fed(100, 50, true);
  fed.take();
  Effects effects;
  EXPECT_EQ(fed.intake.complete(std::nullopt, effects).error(), Fault::file_protocol);
  fed.take();
  ByteVector whole = content(50);
  whole.insert(whole.end(), whole.begin(), whole.begin() + 50);
  const auto arrived = fed.intake.complete(crypto::sha256(whole), effects);
  ASSERT_TRUE(arrived);
  EXPECT_TRUE(arrived->confirmed);
  EXPECT_EQ(arrived->unwritten, 100u);
  ASSERT_EQ(count<WriteBlock>(effects), 1u);
  EXPECT_EQ(find<WriteBlock>(effects)->bytes, whole);
}

TEST(Intake, RefusesAWrongChecksumAndWritesNoMore) {
  Fed fed(50, 50, true);
  fed.take();
  Effects effects;
  EXPECT_EQ(fed.intake.complete(Digest{}, effects).error(), Fault::file_damaged);
  EXPECT_EQ(count<WriteBlock>(effects), 0u);
}

TEST(Intake, PausesAboveHighWaterAndResumesBelowLow) {
  Fed fed(std::uint64_t{1} << 30, 65'536, true);
  std::size_t blocks = 0;
  while (!fed.intake.paused()) blocks += count<WriteBlock>(fed.take());
  EXPECT_EQ(blocks * block_size, Intake::high_water + block_size);
  Effects effects;
  fed.intake.written(Intake::high_water + block_size - Intake::low_water, effects);
  EXPECT_TRUE(effects.empty());
  fed.intake.written(block_size, effects);
  EXPECT_EQ(count<PauseLink>(effects), 1u);
  EXPECT_FALSE(fed.intake.paused());
}

TEST(Intake, ReleasesOnce) {
  Fed fed(std::uint64_t{1} << 30, 65'536, true);
  while (!fed.intake.paused()) fed.take();
  Effects effects;
  fed.intake.release(effects);
  fed.intake.release(effects);
  EXPECT_EQ(count<PauseLink>(effects), 1u);
}

TEST(Intake, ABusyDiskKeepsThePauseAfterTheDecision) {
  Fed fed(std::uint64_t{1} << 30, 65'536, false);
  while (!fed.intake.paused()) fed.take();
  Effects effects;
  fed.intake.accept(effects);
  EXPECT_TRUE(fed.intake.paused());
  EXPECT_EQ(count<PauseLink>(effects), 0u);
}

}  // namespace
}  // namespace culver::transfer::test
