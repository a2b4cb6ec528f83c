#include "core/connection/candidates.hpp"

#include <gtest/gtest.h>

#include "core/wire/limits.hpp"
#include "tests/core/connection/connection_support.hpp"
#include "tests/support/seeded.hpp"

namespace culver::connection {
namespace {

struct Sorter {
  test::SeededRng random{1};
  Env env{TimePoint{}, random.rng()};
  Candidates::State state = Candidates::Holding{};
  Candidates::Effects effects;

  void feed(Candidates::Event event) {
    state = fsm::step<Candidates>(std::move(state), std::move(event), env, effects);
  }
  std::vector<std::uint16_t> ports() const {
    std::vector<std::uint16_t> all;
    for (const auto& effect : effects)
      if (const auto* add = std::get_if<AddCandidate>(&effect)) all.push_back(add->candidate.port);
    return all;
  }
};

TEST(Candidates, HoldsWhatComesBeforeTheDescription) {
  Sorter sorter;
  sorter.feed(CandidateArrived{candidate(1)});
  sorter.feed(CandidateArrived{candidate(2)});
  EXPECT_TRUE(sorter.effects.empty());
  sorter.feed(DescriptionKnown{{"ufrag", "password-of-22-or-more"}, {candidate(9)}, false});
  ASSERT_TRUE(std::holds_alternative<SetRemoteIce>(sorter.effects.front()));
  EXPECT_EQ(sorter.ports(), (std::vector<std::uint16_t>{9, 1, 2}));
  sorter.feed(CandidateArrived{candidate(3)});
  EXPECT_EQ(sorter.ports().back(), 3);
}

TEST(Candidates, AnEarlyEndIsToldAfterTheCandidates) {
  Sorter sorter;
  sorter.feed(CandidateArrived{candidate(1)});
  sorter.feed(CandidatesEnded{});
  sorter.feed(DescriptionKnown{{"ufrag", "password-of-22-or-more"}, {}, false});
  EXPECT_TRUE(std::holds_alternative<RemoteCandidatesDone>(sorter.effects.back()));
  sorter.feed(CandidateArrived{candidate(2)});
  EXPECT_EQ(sorter.ports(), (std::vector<std::uint16_t>{1, 2})) << "the peer's machine has moved";
}

// A peer with more addresses than fit, the one that leads out the last: it is kept all the same.
TEST(Candidates, OneOfAnotherFamilyBehindAHundredIsKept) {
  Sorter sorter;
  for (std::uint16_t i = 1; i <= 200; ++i) sorter.feed(CandidateArrived{candidate(i)});
  auto other = candidate(999);
  other.address = "2001:db8::1";
  sorter.feed(CandidateArrived{other});
  sorter.feed(DescriptionKnown{{"ufrag", "password-of-22-or-more"}, {}, false});
  EXPECT_EQ(sorter.ports().size(), wire::limits::candidates);
  EXPECT_EQ(sorter.ports().back(), 999);
  EXPECT_EQ(sorter.ports().front(), 1);
}

TEST(Candidates, AreBoundedBeforeAndAfter) {
  Sorter sorter;
  for (int i = 0; i < 300; ++i) sorter.feed(CandidateArrived{candidate(1)});
  sorter.feed(DescriptionKnown{{"ufrag", "password-of-22-or-more"}, {candidate(7)}, false});
  for (int i = 0; i < 50; ++i) sorter.feed(CandidateArrived{candidate(2)});
  sorter.feed(CandidatesEnded{});
  EXPECT_EQ(sorter.ports().size(), wire::limits::candidates + 51);
  for (int i = 0; i < 900; ++i) sorter.feed(CandidateArrived{candidate(2)});
  EXPECT_EQ(sorter.ports().size(), Candidates::most_passed);
}

}  // namespace
}  // namespace culver::connection
