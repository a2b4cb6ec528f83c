// Of one key one connection is left, whatever still hangs on the others.
#include <gtest/gtest.h>

#include "tests/pair/main_job.hpp"

namespace culver::test {
namespace {

using namespace engine;

// The first connection still hangs up behind a text that nobody takes, when a third one comes: the
// second makes room for that as well.
TEST(Replaced, EveryOlderConnectionMakesRoom) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    MainJob job(seed);
    job.bob.react = nullptr;
    job.go_online_and_pair();
    job.simulation.settle();
    for (std::uint64_t n = 1; n <= 2; ++n) {
      job.alice.command(SendText{job.alice.last<Connected>()->connection, TextId{n},
                                 Plaintext("nobody takes it")});
      job.bob.restart();
      job.bob.command(GoOnline{});
      job.simulation.settle();
      job.bob.command(Pair{job.alice.last<Online>()->code});
      job.simulation.settle();
      ASSERT_EQ(job.alice.count<Connected>(), n + 1) << "seed " << seed;
      EXPECT_EQ(live(job.alice), 1u) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace culver::test
