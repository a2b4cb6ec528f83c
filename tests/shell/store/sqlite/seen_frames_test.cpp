#include "shell/store/sqlite/seen_frames.hpp"

#include <gtest/gtest.h>

#include "tests/shell/host/temporary_folder.hpp"

namespace culver::store::sqlite {
namespace {

engine::KeepFrame frame(std::uint8_t key, std::uint8_t nonce) {
  engine::KeepFrame frame{};
  frame.key.data.fill(std::byte{key});
  frame.nonce.data.fill(std::byte{nonce});
  return frame;
}

TEST(SeenFrames, TellWhatAnotherProcessHasTaken) {
  const TemporaryFolder folder;
  auto one = SeenFrames::open(folder.path() / "frames.db");
  auto other = SeenFrames::open(folder.path() / "frames.db");
  ASSERT_TRUE(one && other);
  const std::array first{frame(1, 1), frame(1, 2), frame(2, 1)};
  EXPECT_EQ(one->keep(first), (std::vector<bool>{true, true, true}));
  const std::array again{frame(1, 3), frame(1, 2), frame(2, 2), frame(2, 2)};
  EXPECT_EQ(other->keep(again), (std::vector<bool>{true, false, true, false}));
  const auto taken = one->of(frame(1, 0).key);
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->size(), 3u);
}

}  // namespace
}  // namespace culver::store::sqlite
