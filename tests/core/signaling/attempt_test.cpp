#include "core/signaling/attempt.hpp"

#include <gtest/gtest.h>

#include "tests/core/signaling/signaling_support.hpp"

namespace culver::signaling {
namespace {

using namespace std::chrono_literals;
using namespace testing;
namespace sig = wire::signaling;

const PairingCode peer = code("ABC234");
const TimePoint start{1'000s};

/// One step of one machine.
template <class M>
PairingEffects step(typename M::State& state, typename M::Event event, TimePoint now = start) {
  PairingContext context{now};
  PairingEffects effects;
  state = fsm::step<M>(std::move(state), std::move(event), context, effects);
  return effects;
}

Ask::State asking() { return Asking{peer, start + reply_time, start + ask_time, std::nullopt}; }
Request::State undecided() { return Undecided{peer, key_of(1), {}, start + 120s}; }
Request::State accepted() { return Accepted{peer, key_of(1), {}, start + match_time}; }
Request::State declined() { return Declined{peer, key_of(1), start + match_time}; }

template <class State>
bool settled(const State& state) {
  return std::holds_alternative<Settled>(state);
}

void expect_failed(const PairingEffects& effects, Fault fault) {
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(std::get<Failed>(effects[0]).peer, peer);
  EXPECT_EQ(std::get<Failed>(effects[0]).fault, fault);
}

TEST(Asking, MatchSettles) {
  auto state = asking();
  const auto effects = step<Ask>(state, Match{key_of(1), true});
  ASSERT_EQ(effects.size(), 1U);
  const auto& matched = std::get<Matched>(effects[0]);
  EXPECT_EQ(matched.peer, peer);
  EXPECT_EQ(matched.key, key_of(1));
  EXPECT_TRUE(matched.initiator);
  EXPECT_TRUE(settled(state));
}

TEST(Asking, EndSettlesWithItsFault) {
  auto state = asking();
  expect_failed(step<Ask>(state, Ended{Fault::pair_refused}), Fault::pair_refused);
  EXPECT_TRUE(settled(state));
}

TEST(Asking, CrossedAcceptsAndWaitsOnForTheSameKey) {
  auto state = asking();
  const auto effects = step<Ask>(state, Crossed{key_of(1), {}});
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(std::get<SendMessage>(effects[0]).message,
            sig::ClientMessage(sig::PairResponse{peer, true}));
  EXPECT_FALSE(settled(state));
  expect_failed(step<Ask>(state, Match{key_of(2), true}), Fault::key_mismatch);
  EXPECT_TRUE(settled(state));
}

TEST(Asking, ExpiresAfter125Seconds) {
  auto state = asking();
  EXPECT_TRUE(step<Ask>(state, Tick{}, start + 125s - 1ns).empty());
  EXPECT_FALSE(settled(state));
  expect_failed(step<Ask>(state, Tick{}, start + 125s), Fault::pair_expired);
  EXPECT_TRUE(settled(state));
}

TEST(Asking, NothingHappensOnceSettled) {
  Ask::State state = Settled{};
  EXPECT_TRUE(step<Ask>(state, Match{key_of(1), true}).empty());
  EXPECT_TRUE(step<Ask>(state, Ended{Fault::server_lost}).empty());
  EXPECT_TRUE(step<Ask>(state, Crossed{key_of(1), {}}).empty());
  EXPECT_TRUE(step<Ask>(state, Tick{}, start + 1h).empty());
}

TEST(Undecided, AnswersAreSent) {
  for (const bool yes : {true, false}) {
    auto state = undecided();
    const auto effects = step<Request>(state, Answer{yes});
    ASSERT_EQ(effects.size(), 1U);
    EXPECT_EQ(std::get<SendMessage>(effects[0]).message,
              sig::ClientMessage(sig::PairResponse{peer, yes}));
    EXPECT_EQ(std::holds_alternative<Accepted>(state), yes);
    EXPECT_EQ(std::holds_alternative<Declined>(state), !yes);
    EXPECT_EQ(fsm::deadline_of(state), start + 15s);
  }
}

TEST(Undecided, EndOrExpiryWithdraws) {
  auto state = undecided();
  EXPECT_EQ(all<Withdrawn>(step<Request>(state, Ended{Fault::pair_left})).size(), 1U);
  EXPECT_TRUE(settled(state));
  state = undecided();
  EXPECT_TRUE(step<Request>(state, Tick{}, start + 119s).empty());
  EXPECT_EQ(all<Withdrawn>(step<Request>(state, Tick{}, start + 120s)).size(), 1U);
  EXPECT_TRUE(settled(state));
}

TEST(Undecided, MatchBeforeAnAnswerIsIgnored) {
  auto state = undecided();
  EXPECT_TRUE(step<Request>(state, Match{key_of(1), false}).empty());
  EXPECT_TRUE(std::holds_alternative<Undecided>(state));
}

TEST(Accepted, MatchSettles) {
  auto state = accepted();
  const auto effects = step<Request>(state, Match{key_of(1), false});
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_FALSE(std::get<Matched>(effects[0]).initiator);
  EXPECT_TRUE(settled(state));
}

TEST(Accepted, AMatchUnderAnotherKeyFails) {
  auto state = accepted();
  expect_failed(step<Request>(state, Match{key_of(2), false}), Fault::key_mismatch);
}

TEST(Accepted, EndFails) {
  auto state = accepted();
  expect_failed(step<Request>(state, Ended{Fault::server_lost}), Fault::server_lost);
}

TEST(Accepted, NoMatchWithinFifteenSecondsMeansThatThePeerLeft) {
  auto state = accepted();
  EXPECT_TRUE(step<Request>(state, Tick{}, start + 14s).empty());
  expect_failed(step<Request>(state, Tick{}, start + 15s), Fault::pair_left);
  EXPECT_TRUE(settled(state));
}

TEST(Accepted, ASecondAnswerIsIgnored) {
  auto state = accepted();
  EXPECT_TRUE(step<Request>(state, Answer{false}).empty());
  EXPECT_TRUE(std::holds_alternative<Accepted>(state));
}

TEST(Declined, EndsWithoutAWord) {
  auto state = declined();
  EXPECT_TRUE(step<Request>(state, Match{key_of(1), false}).empty());
  EXPECT_TRUE(step<Request>(state, Tick{}, start + 14s).empty());
  EXPECT_TRUE(std::holds_alternative<Declined>(state));
  EXPECT_TRUE(step<Request>(state, Tick{}, start + 15s).empty());
  EXPECT_TRUE(settled(state));
  state = declined();
  EXPECT_TRUE(step<Request>(state, Ended{Fault::pair_left}).empty());
  EXPECT_TRUE(settled(state));
}

TEST(AttemptTables, NameTheExits) {
  EXPECT_NE(fsm::table<Ask>().find("| Asking | Crossed | Asking |"), std::string::npos);
  EXPECT_NE(fsm::table<Request>().find("| Undecided | Answer | Accepted | Declined |"),
            std::string::npos);
  EXPECT_EQ(fsm::table<Request>().find("| Declined | Match |"), std::string::npos);
}

}  // namespace
}  // namespace culver::signaling
