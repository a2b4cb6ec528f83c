#include "core/engine/roster.hpp"

#include <gtest/gtest.h>

namespace culver::engine {
namespace {

constexpr TimePoint start{std::chrono::seconds(1'000)};

PublicKey key_of(std::uint32_t value) {
  PublicKey made{};
  made.data[0] = static_cast<std::byte>(value & 0xFF);
  made.data[1] = static_cast<std::byte>(value >> 8);
  return made;
}

/// One that waits for an offer until then.
Peer waiting_until(std::uint32_t n, TimePoint until) {
  connection::Awaiting awaiting{
      {key_of(n), crypto::KeyPair::from_private(Secret<32>()), connection::Demand::any, start},
      {},
      until};
  return {*PairingCode::parse("ABCDEF"), key_of(n),          {}, start, false, {},
          peer::Establishing{},          std::move(awaiting)};
}

/// A thousand that wait, the first for the longest.
struct Thousand : testing::Test {
  Thousand() {
    for (std::uint32_t n = 0; n < 1'000; ++n)
      roster.add(ConnectionId{n}, waiting_until(n, start + std::chrono::seconds(1'000 - n)));
    roster.settle();
  }
  Roster roster;
};

// What an event costs that is for one of them.
TEST_F(Thousand, OnlyWhoWasChangedIsAskedWhenItIsDue) {
  const auto before = roster.asked();
  for (std::uint32_t n = 0; n < 100; ++n) {
    EXPECT_EQ(roster.deadline(), start + std::chrono::seconds(1));
    (void)roster.find(ConnectionId{n});
    (void)roster.edit(ConnectionId{n});
    (void)roster.edit(ConnectionId{n});
    roster.settle();
    roster.settle();
  }
  EXPECT_EQ(roster.asked() - before, 100u);
}

TEST_F(Thousand, OnlyThoseThatAreDueAreTaken) {
  const auto before = roster.asked();
  const auto now = start + std::chrono::seconds(3);
  std::vector<ConnectionId> due;
  while (const auto id = roster.take_due(now)) due.push_back(*id);
  EXPECT_EQ(due, (std::vector{ConnectionId{999}, ConnectionId{998}, ConnectionId{997}}));
  EXPECT_EQ(roster.deadline(), start + std::chrono::seconds(4));
  roster.settle();
  EXPECT_EQ(roster.asked() - before, 3u);
  EXPECT_EQ(roster.deadline(), start + std::chrono::seconds(1)) << "nothing was done about them";
}

TEST_F(Thousand, WhoIsGoneIsNotDue) {
  (void)roster.edit(ConnectionId{999});
  roster.remove(ConnectionId{999});
  roster.settle();
  EXPECT_EQ(roster.deadline(), start + std::chrono::seconds(2));
}

TEST_F(Thousand, WhatAPeerWaitsForIsTheEarliestOfAll) {
  roster.edit(ConnectionId{0})->unkept.add(Nonce{}, start);
  roster.settle();
  EXPECT_EQ(roster.deadline(), start);
  EXPECT_TRUE(roster.find(ConnectionId{0})->is_owing());
}

TEST_F(Thousand, AnEndIsLookedAtUntilThePeerIsRemoved) {
  EXPECT_TRUE(roster.ending().empty());
  roster.edit(ConnectionId{7})->connection = connection::Closed{};
  roster.edit(ConnectionId{8})->connection = connection::Refusing{Fault::replaced, start};
  roster.edit(ConnectionId{9})->connection = connection::Refusing{Fault::peer_blocked, start};
  roster.settle();
  EXPECT_EQ(roster.ending(), (std::set{ConnectionId{7}, ConnectionId{8}}));
  roster.remove(ConnectionId{7});
  EXPECT_EQ(roster.ending(), (std::set{ConnectionId{8}}));
}

}  // namespace
}  // namespace culver::engine
