#include "shell/net/inbox.hpp"

#include <cstring>

#include <gtest/gtest.h>

namespace culver::net_ {
namespace {

/// Gives the bytes as they are asked for; true if told that they are too many.
bool fill(Inbox& inbox, std::string_view bytes, std::size_t most = std::string_view::npos) {
  bool told = false;
  do {
    const auto room = inbox.room(bytes.size());
    EXPECT_GT(room.size(), 0u);
    const auto size = std::min({room.size(), bytes.size(), most});
    std::memcpy(room.data(), bytes.data(), size);
    bytes.remove_prefix(size);
    told = inbox.commit(size) || told;
  } while (!bytes.empty());
  return told;
}

TEST(Inbox, GivesWholeMessagesAndThenHoldsNothing) {
  Inbox inbox(100'000);
  for (const std::size_t size : {0u, 1u, 512u, 513u, 5'000u, 100'000u}) {
    for (const std::size_t most : {7u, 1'000u, 100'000u}) {
      std::string message(size, 'a');
      for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<char>(i % 251);
      EXPECT_FALSE(fill(inbox, message, most));
      EXPECT_EQ(inbox.take(), message);
      EXPECT_EQ(inbox.held(), 0u);
    }
  }
}

TEST(Inbox, AnAnnouncementAloneCostsLittle) {
  Inbox inbox(1'000'000);
  fill(inbox, "x");
  EXPECT_EQ(inbox.room(1'000'000).size(), Inbox::next_room);
  EXPECT_EQ(inbox.held(), 1u);
}

TEST(Inbox, TellsOnceOfAMessageThatIsTooLongAndKeepsTheNext) {
  Inbox inbox(1'000);
  EXPECT_FALSE(fill(inbox, std::string(1'000, 'x')));
  EXPECT_TRUE(inbox.take());
  EXPECT_TRUE(fill(inbox, std::string(1'001, 'x')));
  EXPECT_EQ(inbox.held(), 0u);
  EXPECT_FALSE(fill(inbox, std::string(1'001, 'x')));
  EXPECT_EQ(inbox.take(), std::nullopt);
  EXPECT_FALSE(fill(inbox, "short"));
  EXPECT_EQ(inbox.take(), "short");
  EXPECT_TRUE(fill(inbox, std::string(1'001, 'x'))) << "told of each";
}

TEST(Inbox, WhatIsDroppedIsThrownAwayToItsEnd) {
  Inbox inbox(10'000);
  fill(inbox, std::string(5'000, 'x'));
  inbox.drop();
  EXPECT_EQ(inbox.held(), 0u);
  EXPECT_FALSE(fill(inbox, std::string(9'000, 'x'))) << "nobody is told";
  EXPECT_EQ(inbox.held(), 0u);
  EXPECT_EQ(inbox.take(), std::nullopt);
}

}  // namespace
}  // namespace culver::net_
