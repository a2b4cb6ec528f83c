#include "shell/p2p/path.hpp"

#include <gtest/gtest.h>

namespace culver::p2p {
namespace {

TEST(Batch, KeepsTheBordersOfDatagramsEvenOfEmptyOnes) {
  Batch batch;
  EXPECT_TRUE(batch.empty());
  for (std::string_view text : {"one", "", "three"}) batch.append(as_bytes(text));
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch.bytes(), 8u);
  const auto views = batch.views();
  EXPECT_EQ(as_text(views[0]), "one");
  EXPECT_TRUE(views[1].empty());
  EXPECT_EQ(as_text(views[2]), "three");
  batch.clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_TRUE(batch.views().empty());
}

}  // namespace
}  // namespace culver::p2p
