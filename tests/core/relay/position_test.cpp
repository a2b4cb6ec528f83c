// Cursors: pushed once, acknowledged forward only, never beyond what was sent.
#include "core/relay/position.hpp"

#include <gtest/gtest.h>

namespace culver::relay {
namespace {

using Saved = std::optional<std::uint64_t>;

TEST(Position, PushesEachCursorOnceAndInOrder) {
  Position position(5, 5);
  EXPECT_FALSE(position.push(5, 1)) << "it was there before the session";
  EXPECT_TRUE(position.push(6, 2));
  EXPECT_FALSE(position.push(6, 2));
  EXPECT_TRUE(position.push(9, 3));
  EXPECT_FALSE(position.push(8, 4));
}

TEST(Position, AcknowledgementsNeverMoveBackAndNeverLie) {
  Position position(5, 8);
  EXPECT_EQ(*position.acknowledge(7), Saved(7));
  EXPECT_EQ(*position.acknowledge(6), Saved());
  EXPECT_EQ(*position.acknowledge(7), Saved());
  EXPECT_EQ(position.acknowledge(9).error(), Fault::bad_cursor);
  EXPECT_TRUE(position.push(9, 1));
  EXPECT_EQ(*position.acknowledge(9), Saved(9));
  EXPECT_EQ(position.acknowledged(), 9u);
}

TEST(Position, ANumberOfADeviceStandsForEverythingPushedBefore) {
  Position position(5, 5);
  for (std::uint64_t i = 1; i <= 3; ++i) EXPECT_TRUE(position.push(5 + i, 100 + i));
  EXPECT_EQ(position.acknowledge_event(102), Saved(7));
  EXPECT_EQ(position.acknowledge_event(101), Saved()) << "behind us";
  EXPECT_EQ(position.acknowledge_event(999), Saved()) << "never pushed";
  EXPECT_EQ(position.acknowledge_event(103), Saved(8));
}

TEST(Position, ANumberSavesNothingWhileOlderEventsLieUnsent_B8) {
  Position position(5, 8);
  EXPECT_TRUE(position.push(9, 1));
  EXPECT_EQ(position.acknowledge_event(1), Saved()) << "6 to 8 would be lost";
  EXPECT_EQ(position.turn_page(9, false), Saved(9)) << "now nothing lies unsent before it";
  EXPECT_TRUE(position.push(10, 2));
  EXPECT_EQ(position.acknowledge_event(2), Saved(10));
}

TEST(Position, AReplayLeavesOutWhatWasPushed) {
  Position position(5, 8);
  EXPECT_TRUE(position.push(9, 1));
  EXPECT_TRUE(position.push(11, 2));
  EXPECT_EQ(position.skip_after(), 8u);
  EXPECT_EQ(position.skip_to(), 11u);
  EXPECT_EQ(position.turn_page(7, true), Saved());
  EXPECT_EQ(position.skip_to(), 11u) << "until the last page";
  EXPECT_EQ(position.turn_page(12, false), Saved()) << "what was pushed is not acknowledged";
  EXPECT_EQ(position.skip_after(), 12u);
  EXPECT_EQ(position.skip_to(), 12u);
  EXPECT_FALSE(position.push(12, 3)) << "it was in the page";
  EXPECT_TRUE(position.push(13, 4));
}

// A client that asks twice gets a page twice, and acknowledges each event as often as it came. Then
// another device's event of the same number is on its way, and not read.
TEST(Position, WhatWasSentTwiceIsAcknowledgedTwice_B8) {
  Position position(0, 3);
  const std::vector<Position::Sent> page{{1, 1}, {2, 2}, {3, 3}};
  EXPECT_EQ(position.turn_page(2, true, {page.begin(), page.begin() + 2}), Saved());
  EXPECT_EQ(position.turn_page(3, false, page), Saved());
  EXPECT_TRUE(position.push(4, 1));
  EXPECT_EQ(position.acknowledge_event(1), Saved());
  EXPECT_EQ(position.acknowledge_event(2), Saved());
  EXPECT_EQ(position.read_page(2), Saved(2));
  EXPECT_EQ(position.acknowledge_event(1), Saved());
  EXPECT_EQ(position.acknowledge_event(2), Saved());
  EXPECT_EQ(position.acknowledge_event(3), Saved(3)) << "the pushed one is not read";
  EXPECT_EQ(position.acknowledge_event(1), Saved(4));
}

// A device may keep what is pushed until the last page has come, and lose it with the connection.
TEST(Position, APageDoesNotAcknowledgeWhatWasPushed) {
  Position position(0, 3);
  EXPECT_TRUE(position.push(4, 1));
  EXPECT_EQ(position.turn_page(2, true, {{11, 1}, {12, 2}}), Saved());
  EXPECT_EQ(position.read_page(2), Saved(2));
  EXPECT_EQ(position.turn_page(5, true, {{13, 3}, {15, 5}}), Saved());
  EXPECT_EQ(position.read_page(5), Saved(3)) << "4 was pushed, and nobody has acknowledged it";
  EXPECT_EQ(position.read_page(5), Saved());
  EXPECT_EQ(position.turn_page(7, true, {{16, 6}, {17, 7}}), Saved());
  EXPECT_EQ(position.acknowledge_event(1), Saved()) << "the pages were sent later";
  EXPECT_EQ(position.read_page(7), Saved(7));
}

TEST(Position, ACursorAcknowledgesAlsoWhatWasPushed) {
  Position position(0, 3);
  EXPECT_TRUE(position.push(4, 1));
  EXPECT_EQ(position.turn_page(5, true, {{11, 1}, {12, 2}, {13, 3}, {15, 5}}), Saved());
  EXPECT_EQ(*position.acknowledge(4), Saved(4));
  EXPECT_EQ(position.read_page(5), Saved(5));
}

TEST(Position, APageDoesNotAcknowledgeAPushThatIsForgotten) {
  Position position(0, 3);
  EXPECT_TRUE(position.push(4, 1));
  for (std::uint64_t i = 1; i <= Position::remembered; ++i)
    EXPECT_EQ(position.turn_page(4 + i, true, {{i + 100, 4 + i}}), Saved());
  EXPECT_EQ(position.read_page(3), Saved());
  EXPECT_EQ(position.read_page(10), Saved());
  EXPECT_EQ(*position.acknowledge(4), Saved(4));
  EXPECT_EQ(position.read_page(10), Saved(10));
}

TEST(Position, RemembersABoundedNumberOfEvents) {
  Position position(0, 0);
  for (std::uint64_t i = 1; i <= Position::remembered + 1; ++i) EXPECT_TRUE(position.push(i, i));
  EXPECT_EQ(position.acknowledge_event(1), Saved());
  EXPECT_EQ(position.acknowledge_event(2), Saved(2));
}

TEST(Position, NobodyAsksForWhatDoesNotExist) {
  Position position(5, 8);
  EXPECT_TRUE(position.may_ask_after(8));
  EXPECT_FALSE(position.may_ask_after(9));
}

}  // namespace
}  // namespace culver::relay
