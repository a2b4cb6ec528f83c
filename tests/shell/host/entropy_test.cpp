#include "shell/host/entropy.hpp"

#include <gtest/gtest.h>

namespace culver::host {
namespace {

TEST(Entropy, DoesNotRepeatItself) {
  auto rng = system_rng();
  EXPECT_NE(rng.bytes<32>(), rng.bytes<32>());
}

}  // namespace
}  // namespace culver::host
