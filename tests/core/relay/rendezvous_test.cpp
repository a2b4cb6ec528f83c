// Rendezvous as a value: who finds what, for how long, and what is never erased.
#include "core/relay/rendezvous.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/wire/signaling.hpp"
#include "tests/core/relay/parts_support.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
namespace sig = wire::signaling;

Rendezvous::Peer peer(const PairingCode& at, int number, Address address = "home") {
  return {at, {key(number), Unproven{}}, std::move(address)};
}
Owner unproven(int number) { return {key(number), Unproven{}}; }
sig::RegisterRendezvous at_points(std::set<std::string> points,
                                  std::map<std::string, std::string> drops = {}) {
  return {"unread", "", std::move(points), {}, std::move(drops)};
}
sig::RegisterRendezvous with_tokens(std::set<std::string> tokens, std::string relay_id = "") {
  return {"unread", std::move(relay_id), {}, std::move(tokens), {}};
}
Rendezvous::Found visit(Rendezvous& rendezvous, const Rendezvous::Peer& who,
                        const sig::RegisterRendezvous& asked, TimePoint now = start) {
  return rendezvous.visit(who, asked, now, 0);
}
std::vector<sig::DeadDrop> drops_at(Rendezvous& rendezvous, const Rendezvous::Peer& who,
                                    const std::string& point, TimePoint now = start) {
  return visit(rendezvous, who, at_points({point}), now).result.drops;
}

// ---- dead drops ---------------------------------------------------------------------------------

TEST(Rendezvous, ADropIsFoundByOthersAndSaysWhere) {
  Rendezvous rendezvous(Limits{});
  auto brought = at_points({"p", "q"}, {{"p", "for p"}, {"q", "for q"}});
  brought.relay_id = "rly";
  EXPECT_FALSE(visit(rendezvous, peer(a, 1), brought).is_full);
  const auto found = visit(rendezvous, peer(b, 2), at_points({"p", "x"}));
  EXPECT_THAT(found.result.drops, ElementsAre(sig::DeadDrop{a, "for p", "rly", "p"}));
  EXPECT_THAT(found.result.live, IsEmpty());
  EXPECT_THAT(found.pushes, IsEmpty());
  EXPECT_THAT(drops_at(rendezvous, peer(c, 1), "p"), IsEmpty()) << "the same key is not another";
}

TEST(Rendezvous, ADropIsFoundAsOftenAsSomebodyAsks) {
  Rendezvous rendezvous(Limits{});
  visit(rendezvous, peer(a, 1), at_points({"p"}, {{"p", "x"}}));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(drops_at(rendezvous, peer(b, 2), "p").size(), 1u);
}

TEST(Rendezvous, RegisteringAgainWithoutADropErasesNothing_Z192m) {
  Rendezvous rendezvous(Limits{});
  visit(rendezvous, peer(a, 1), at_points({"p"}, {{"p", "x"}}));
  visit(rendezvous, peer(a, 1), at_points({"p"}), start + 1s);
  visit(rendezvous, peer(a, 1), at_points({"p", "q"}, {{"q", "y"}}), start + 2s);
  EXPECT_THAT(drops_at(rendezvous, peer(b, 2), "p"), ElementsAre(sig::DeadDrop{a, "x", "", "p"}));
}

TEST(Rendezvous, ADropStaysWhenItsOwnerLeaves_Z192m) {
  Rendezvous rendezvous(Limits{});
  visit(rendezvous, peer(a, 1), at_points({"p"}, {{"p", "x"}}));
  rendezvous.withdraw(a);
  EXPECT_EQ(drops_at(rendezvous, peer(b, 2), "p").size(), 1u);
}

TEST(Rendezvous, OnlyTheSameKeyReplacesADrop) {
  Rendezvous rendezvous(Limits{});
  visit(rendezvous, peer(a, 1), at_points({"p"}, {{"p", "old"}}));
  visit(rendezvous, peer(a, 2), at_points({"p"}, {{"p", "other"}}));
  EXPECT_THAT(
      drops_at(rendezvous, peer(b, 3), "p"),
      UnorderedElementsAre(sig::DeadDrop{a, "old", "", "p"}, sig::DeadDrop{a, "other", "", "p"}))
      << "the code is the same, but it has another owner by now";
  visit(rendezvous, peer(c, 1), at_points({"p"}, {{"p", "new"}}));
  EXPECT_THAT(
      drops_at(rendezvous, peer(b, 3), "p"),
      UnorderedElementsAre(sig::DeadDrop{c, "new", "", "p"}, sig::DeadDrop{a, "other", "", "p"}));
}

TEST(Rendezvous, ADropLivesForTwoDaysFromWhenItWasLeft) {
  Rendezvous rendezvous(Limits{});
  visit(rendezvous, peer(a, 1), at_points({"p"}, {{"p", "x"}}));
  visit(rendezvous, peer(b, 2), at_points({"p"}, {{"p", "y"}}), start + 1h);
  EXPECT_EQ(rendezvous.deadline(), start + 48h);
  EXPECT_EQ(drops_at(rendezvous, peer(c, 3), "p", start + 48h - 1ns).size(), 2u);
  EXPECT_THAT(drops_at(rendezvous, peer(c, 3), "p", start + 48h),
              ElementsAre(sig::DeadDrop{b, "y", "", "p"}));
  visit(rendezvous, peer(b, 2), at_points({"p"}, {{"p", "z"}}), start + 48h);
  EXPECT_EQ(rendezvous.deadline(), start + 96h) << "a new drop has its own time";
  rendezvous.sweep(start + 96h);
  EXPECT_EQ(rendezvous.drops().size(), 0u);
}

TEST(Rendezvous, WhatIsKeptIsForTheStoreAndComesBack) {
  Limits limits;
  limits.dead_drops.values_per_address = 2;
  constexpr WallTime wall = 1'700'000'000'000, day = 86'400'000;
  std::vector<StoredDrop> kept;
  {
    Rendezvous rendezvous(limits);
    auto asked = at_points({"p", "q", "r"}, {{"p", "x"}, {"q", "y"}, {"r", "z"}});
    asked.relay_id = "rly";
    const auto found = rendezvous.visit(peer(a, 1), asked, start, wall);
    EXPECT_TRUE(found.is_full);
    kept = found.kept;
  }
  EXPECT_EQ(kept, (std::vector<StoredDrop>{{"p", unproven(1), a, "rly", "x", wall + 2 * day},
                                           {"q", unproven(1), a, "rly", "y", wall + 2 * day}}));
  kept[1].expires_at = wall + 5 * day;
  kept.push_back({"p", unproven(7), c, "", "over", wall + day});
  Rendezvous later(limits);
  for (const auto& drop : kept) later.restore(drop, start, wall + day);
  EXPECT_THAT(drops_at(later, peer(b, 2), "p"), ElementsAre(sig::DeadDrop{a, "x", "rly", "p"}));
  EXPECT_EQ(later.drops().values_of("home"), 0u) << "nobody's address was stored";
  EXPECT_EQ(later.drops().at("p").at(unproven(1)).expires, start + 24h);
  EXPECT_EQ(later.drops().at("q").at(unproven(1)).expires, start + 48h) << "the clock was set back";
  EXPECT_FALSE(visit(later, peer(a, 1), at_points({"p"}, {{"p", "new"}})).is_full);
  EXPECT_EQ(drops_at(later, peer(b, 2), "p").front().text, "new");
}

// ---- tokens -------------------------------------------------------------------------------------

TEST(Rendezvous, TwoWhoAreThereMeetByTheirToken) {
  Rendezvous rendezvous(Limits{});
  EXPECT_THAT(visit(rendezvous, peer(a, 1), with_tokens({"t", "u"}, "rly")).result.live, IsEmpty());
  const auto found = visit(rendezvous, peer(b, 2), with_tokens({"t", "v"}));
  EXPECT_THAT(found.result.live, ElementsAre(sig::LiveMatch{a, "rly", "t"}));
  ASSERT_EQ(found.pushes.size(), 1u);
  EXPECT_EQ(found.pushes[0].to, a);
  EXPECT_EQ(found.pushes[0].match, (sig::RendezvousMatch{{b, "", "t"}}));
}

TEST(Rendezvous, APeerIsToldOncePerTokenThatMatches) {
  Rendezvous rendezvous(Limits{});
  visit(rendezvous, peer(a, 1), with_tokens({"t", "u"}));
  visit(rendezvous, peer(a, 1), with_tokens({"t"}), start + 1s);
  const auto found = visit(rendezvous, peer(b, 2), with_tokens({"t", "u"}), start + 2s);
  ASSERT_EQ(found.pushes.size(), 2u);
  EXPECT_EQ(found.pushes[0].match.match.token, "t");
  EXPECT_EQ(found.pushes[1].match.match.token, "u");
  EXPECT_EQ(found.result.live.size(), 2u);
}

TEST(Rendezvous, TokensAddUpAndEndWithTheirSocket_Z192m) {
  Rendezvous rendezvous(Limits{});
  visit(rendezvous, peer(a, 1), with_tokens({"t"}));
  visit(rendezvous, peer(a, 1), with_tokens({"u"}));
  EXPECT_EQ(visit(rendezvous, peer(b, 2), with_tokens({"t", "u"})).result.live.size(), 2u);
  rendezvous.withdraw(a);
  EXPECT_THAT(visit(rendezvous, peer(b, 2), with_tokens({"t", "u"})).result.live, IsEmpty());
}

TEST(Rendezvous, ATokenLivesForThreeHours) {
  Rendezvous rendezvous(Limits{});
  visit(rendezvous, peer(a, 1), with_tokens({"t"}));
  EXPECT_EQ(rendezvous.deadline(), start + 3h);
  const auto live = [&](TimePoint now) {
    return visit(rendezvous, peer(b, 2), with_tokens({"t"}), now).result.live.size();
  };
  EXPECT_EQ(live(start + 3h - 1ns), 1u);
  EXPECT_EQ(live(start + 3h), 0u);
}

TEST(Rendezvous, NobodyMeetsHimself) {
  Rendezvous rendezvous(Limits{});
  visit(rendezvous, peer(a, 1), with_tokens({"t"}));
  for (const auto& own : {a, b}) {
    const auto found = visit(rendezvous, peer(own, 1), with_tokens({"t"}));
    EXPECT_THAT(found.result.live, IsEmpty());
    EXPECT_THAT(found.pushes, IsEmpty());
  }
}

// ---- bounds -------------------------------------------------------------------------------------

TEST(Rendezvous, WhatFindsNoRoomIsSaidAndTheRestIsDone) {
  Limits limits;
  limits.dead_drops.values_per_owner = 1;
  limits.rendezvous_tokens.values_per_owner = 1;
  Rendezvous rendezvous(limits);
  visit(rendezvous, peer(b, 2), at_points({"q"}, {{"q", "from b"}}));
  visit(rendezvous, peer(b, 2), with_tokens({"u"}));
  auto asked = at_points({"p", "q"}, {{"p", "x"}, {"q", "y"}});
  asked.tokens = {"t", "u"};
  const auto found = visit(rendezvous, peer(a, 1), asked);
  EXPECT_TRUE(found.is_full);
  EXPECT_EQ(found.result.drops.size(), 1u);
  EXPECT_EQ(found.result.live.size(), 1u) << "it meets those for whose token it had no room";
  EXPECT_EQ(found.pushes.size(), 1u);
  EXPECT_EQ(drops_at(rendezvous, peer(c, 3), "p").size(), 1u);
  EXPECT_EQ(drops_at(rendezvous, peer(c, 3), "q").size(), 1u);
}

TEST(Rendezvous, AFullServerStillReplaces) {
  Limits limits;
  limits.dead_drops.values = 1;
  Rendezvous rendezvous(limits);
  EXPECT_FALSE(visit(rendezvous, peer(a, 1), at_points({"p"}, {{"p", "x"}})).is_full);
  EXPECT_TRUE(visit(rendezvous, peer(b, 2), at_points({"p"}, {{"p", "y"}})).is_full);
  EXPECT_FALSE(visit(rendezvous, peer(a, 1), at_points({"p"}, {{"p", "z"}})).is_full);
  EXPECT_THAT(drops_at(rendezvous, peer(c, 3), "p"), ElementsAre(sig::DeadDrop{a, "z", "", "p"}));
}

TEST(Rendezvous, WhatWasLeftAtOnePointFitsIntoOneAnswer) {
  const Limits limits;
  Rendezvous rendezvous(limits);
  const std::string point(128, '\x01'), drop(4096, '\x01');
  for (int i = 0; i < 20; ++i) {
    const std::string at{"AAAA", 4};
    const auto owner = code(at + "ABCDEFGHJKLMNPQRSTUVWXYZ"[i] + "A");
    sig::RegisterRendezvous asked{"unread", point, {point}, {}, {{point, drop}}};
    visit(rendezvous, peer(owner, i, "address" + std::to_string(i)), asked);
  }
  const auto result = visit(rendezvous, peer(b, 99), at_points({point})).result;
  EXPECT_EQ(result.drops.size(), limits.dead_drops.owners_per_key);
  const auto read = sig::parse_server(print(result));
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<sig::RendezvousResult>(*read), result);
}

}  // namespace
}  // namespace culver::relay
