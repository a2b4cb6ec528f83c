#include "core/engine/peer.hpp"

#include <gtest/gtest.h>

namespace culver::engine::peer {
namespace {

constexpr TimePoint start{std::chrono::seconds(100)};

PublicKey key(std::uint8_t value) {
  PublicKey made{};
  made.data.front() = std::byte{value};
  return made;
}

class PeerTest : public testing::Test {
 protected:
  void take(Machine::Event event) {
    effects_.clear();
    state_ = fsm::step<Machine>(std::move(state_), std::move(event), context_, effects_);
  }
  template <class E>
  const E* effect() const {
    for (const auto& one : effects_)
      if (const auto* found = std::get_if<E>(&one)) return found;
    return nullptr;
  }
  template <class S>
  bool is() const {
    return std::holds_alternative<S>(state_);
  }
  static connection::Established proven() {
    return {.path = connection::PathKind::direct,
            .username = {},
            .file_acks = true,
            .is_culver = true,
            .largest_message = 1'000};
  }

  Context context_{start};
  Effects effects_;
  Machine::State state_ = Establishing{};
};

TEST_F(PeerTest, AWelcomePeerIsWrittenDownAndThenConnected) {
  take(Welcomed{proven(), key(7)});
  ASSERT_TRUE(is<AwaitingPeerBook>());
  EXPECT_EQ(fsm::deadline_of(state_), start + book_patience);
  EXPECT_TRUE(effect<PauseReading>()->paused);
  EXPECT_EQ(effect<WriteDown>()->instead_of, key(7));
  EXPECT_FALSE(is_sending(state_)) << "it was not told yet";
  waiting(state_)->kept.emplace_back(connection::EverythingSent{});
  take(Written{});
  ASSERT_TRUE(is<Connected>());
  EXPECT_TRUE(std::get<Connected>(state_).is_culver);
  EXPECT_EQ(sending(state_)->largest_message, 1'000U);
  EXPECT_FALSE(effect<PauseReading>()->paused);
  EXPECT_EQ(effect<GiveKept>()->effects.size(), 1U);
}

TEST_F(PeerTest, WhatWasSentToAClaimIsStillUnderWayWhenItIsProven) {
  take(Claim{500});
  sending(state_)->texts.push_back(TextId{1});
  take(Claim{600});
  EXPECT_EQ(sending(state_)->largest_message, 600U);
  take(Welcomed{proven(), {}});
  EXPECT_TRUE(is_claimed(state_)) << "as long as it is told as nothing else";
  sending(state_)->texts.push_back(TextId{2});
  take(Written{});
  EXPECT_EQ(sending(state_)->texts, (std::vector{TextId{1}, TextId{2}}));
  EXPECT_FALSE(is_claimed(state_));
}

TEST_F(PeerTest, APersonSaysWhoseNameItIs) {
  take(NameTaken{proven(), key(3)});
  ASSERT_TRUE(is<AwaitingName>());
  EXPECT_EQ(fsm::deadline_of(state_), start + name_patience);
  EXPECT_EQ(effect<AskWhoseName>()->namesake, key(3));
  EXPECT_EQ(effect<WriteDown>(), nullptr);
  waiting(state_)->kept.emplace_back(connection::EverythingSent{});
  take(Written{});
  ASSERT_TRUE(is<AwaitingName>()) << "nothing was asked of the book";
  take(ToldApart{});
  ASSERT_TRUE(is<AwaitingPeerBook>());
  EXPECT_EQ(effect<PauseReading>(), nullptr) << "it is paused";
  EXPECT_EQ(waiting(state_)->kept.size(), 1U);
}

TEST_F(PeerTest, WhoeverIsTurnedAwayIsHeardNoMore) {
  for (const Machine::Event& before :
       {Machine::Event(Claim{500}), Machine::Event(NameTaken{proven(), key(3)}),
        Machine::Event(Welcomed{proven(), {}})}) {
    state_ = Establishing{};
    take(before);
    take(Rejected{Fault::peer_key_changed, key(3)});
    ASSERT_TRUE(is<Refused>());
    EXPECT_EQ(std::get<Refused>(state_).namesake, key(3));
    EXPECT_EQ(effect<EndConnection>()->fault, Fault::peer_key_changed);
    EXPECT_EQ(effect<GiveKept>(), nullptr);
    EXPECT_EQ(sending(state_), nullptr);
    EXPECT_FALSE(was_connected(state_));
    take(Rejected{Fault::peer_blocked, {}});
    EXPECT_TRUE(effects_.empty()) << "the connection ends already";
    take(Written{});
    EXPECT_TRUE(is<Refused>()) << "the book answers late";
  }
}

TEST_F(PeerTest, AnEndIsToldOnce) {
  take(Welcomed{proven(), {}});
  take(EndTold{});
  ASSERT_TRUE(is<AwaitingPeerBook>()) << "what it said before is still to be told";
  take(Written{});
  take(Rejected{Fault::peer_blocked, {}});
  EXPECT_TRUE(was_connected(state_));
  take(EndTold{});
  ASSERT_TRUE(is<Ended>());
  EXPECT_TRUE(was_connected(state_));
  take(Rejected{Fault::peer_blocked, {}});
  EXPECT_TRUE(is<Ended>());
  EXPECT_TRUE(effects_.empty());
}

}  // namespace
}  // namespace culver::engine::peer
