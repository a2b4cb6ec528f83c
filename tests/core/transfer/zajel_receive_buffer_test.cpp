#include "core/transfer/zajel_receive_buffer.hpp"

#include <gtest/gtest.h>

#include "tests/core/transfer/transfer_support.hpp"

namespace culver::transfer::test {
namespace {

struct Fed {
  Fed(std::uint64_t size, std::size_t length, bool accepted)
      : chunk(length),
        buffer({file_id(), Plaintext("x"), size, chunk_count(size, length)}, accepted) {}

  /// The effects of one more whole chunk.
  Effects take() {
    Effects effects;
    EXPECT_TRUE(buffer.take({file_id(), index++, content(chunk)}, effects));
    return effects;
  }
  std::size_t chunk;
  std::uint64_t index = 0;
  ZajelReceiveBuffer buffer;
};

TEST(ZajelReceiveBuffer, GathersChunksIntoBlocks) {
  Fed fed(10 * block_size, 16'384, true);
  for (int i = 0; i < 15; ++i) EXPECT_EQ(count<WriteBlock>(fed.take()), 0u);
  const auto effects = fed.take();
  ASSERT_EQ(count<WriteBlock>(effects), 1u);
  EXPECT_EQ(find<WriteBlock>(effects)->bytes.size(), block_size);
}

TEST(ZajelReceiveBuffer, NoBlockIsLargerThanABlock) {
  Fed fed(std::uint64_t{10} * block_size, 60'000, true);
  for (int i = 0; i < 20; ++i) {
    const auto effects = fed.take();
    if (const auto* block = find<WriteBlock>(effects)) {
      EXPECT_EQ(block->bytes.size(), 240'000u);
    }
  }
}

TEST(ZajelReceiveBuffer, HandsTheRestOverAtTheEndAndComparesTheChecksum) {
  Fed fed(100, 50, true);
  fed.take();
  Effects effects;
  EXPECT_EQ(fed.buffer.complete(std::nullopt, effects).error(), Fault::file_protocol);
  fed.take();
  ByteVector whole = content(50);
  whole.insert(whole.end(), whole.begin(), whole.begin() + 50);
  const auto arrived = fed.buffer.complete(crypto::sha256(whole), effects);
  ASSERT_TRUE(arrived);
  EXPECT_TRUE(arrived->confirmed);
  EXPECT_EQ(arrived->unwritten, 100u);
  ASSERT_EQ(count<WriteBlock>(effects), 1u);
  EXPECT_EQ(find<WriteBlock>(effects)->bytes, whole);
}

TEST(ZajelReceiveBuffer, RefusesAWrongChecksumAndWritesNoMore) {
  Fed fed(50, 50, true);
  fed.take();
  Effects effects;
  EXPECT_EQ(fed.buffer.complete(Digest{}, effects).error(), Fault::file_damaged);
  EXPECT_EQ(count<WriteBlock>(effects), 0u);
}

TEST(ZajelReceiveBuffer, PausesAboveHighWaterAndResumesBelowLow) {
  Fed fed(std::uint64_t{1} << 30, 65'536, true);
  std::size_t blocks = 0;
  while (!fed.buffer.paused()) blocks += count<WriteBlock>(fed.take());
  EXPECT_EQ(blocks * block_size, ZajelReceiveBuffer::high_water + block_size);
  Effects effects;
  fed.buffer.written(ZajelReceiveBuffer::high_water + block_size - ZajelReceiveBuffer::low_water,
                     effects);
  EXPECT_TRUE(effects.empty());
  fed.buffer.written(block_size, effects);
  EXPECT_EQ(count<PauseConnection>(effects), 1u);
  EXPECT_FALSE(fed.buffer.paused());
}

TEST(ZajelReceiveBuffer, ReleasesOnce) {
  Fed fed(std::uint64_t{1} << 30, 65'536, true);
  while (!fed.buffer.paused()) fed.take();
  Effects effects;
  fed.buffer.release(effects);
  fed.buffer.release(effects);
  EXPECT_EQ(count<PauseConnection>(effects), 1u);
}

TEST(ZajelReceiveBuffer, ABusyDiskKeepsThePauseAfterTheDecision) {
  Fed fed(std::uint64_t{1} << 30, 65'536, false);
  while (!fed.buffer.paused()) fed.take();
  Effects effects;
  fed.buffer.accept(effects);
  EXPECT_TRUE(fed.buffer.paused());
  EXPECT_EQ(count<PauseConnection>(effects), 0u);
}

}  // namespace
}  // namespace culver::transfer::test
