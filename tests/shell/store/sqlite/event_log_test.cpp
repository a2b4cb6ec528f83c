#include "shell/store/sqlite/event_log.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include "shell/store/sqlite/database.hpp"
#include "tests/shell/host/temporary_folder.hpp"
#include "tests/shell/store/memory_log.hpp"
#include "tests/shell/store/questions_support.hpp"

namespace culver::store::sqlite {
namespace {

using namespace store::test;

class EventLogFile : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_ / "gateway.db"; }
  EventLog open() {
    auto log = EventLog::open(file());
    EXPECT_TRUE(log) << log.error().sentence;
    return std::move(*log);
  }
  void expect_unusable() {
    const auto log = EventLog::open(file());
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().fault, Fault::store_failed);
    EXPECT_NE(log.error().sentence.find(file().string()), std::string::npos);
  }
  std::string said(const relay::Question& question) { return ask(log_, question); }
  void reopen() {
    log_ = std::move(*EventLog::open(folder_ / "other.db"));  // closes the first one
    log_ = open();
  }
  /// Devices 1 and 2 of account 1, device 3 of account 2.
  void admit_three() {
    said(admit(1, 1));
    said(admit(1, 2));
    said(admit(2, 3));
  }
  TemporaryFolder folder_;
  EventLog log_ = open();
};

// ---- admission ----------------------------------------------------------------------------------

using Admission = EventLogFile;

TEST_F(Admission, FoundsAnAccountAndJoinsIt) {
  EXPECT_EQ(said(admit(1, 1, "Ana", 10)),
            "device 1 of 1 'Ana' type - since 10 seen 10, seq 0 cursor 0 head 0");
  EXPECT_EQ(said(admit(1, 2, nullptr, 20)),
            "device 2 of 1 '' type - since 20 seen 20, seq 0 cursor 0 head 0");
  EXPECT_EQ(said(relay::ListDevices{user(1)}),
            "device 1 of 1 'Ana' type - since 10 seen 10; "
            "device 2 of 1 '' type - since 20 seen 20; ");
  EXPECT_EQ(said(relay::ListDevices{user(9)}), "");
}

TEST_F(Admission, OfAKnownDeviceTellsWhereItIs) {
  admit_three();
  said(append(1, 1, 7));
  said(append(1, 2, 8));
  said(relay::SaveCursor{device(1), 1, 30});
  auto again = admit(1, 1, nullptr, 40);
  again.type = relay::DeviceType::desktop;
  EXPECT_EQ(said(again), "device 1 of 1 '' type 1 since 0 seen 40, seq 7 cursor 1 head 2");
}

TEST_F(Admission, NeedsTheKeyThatTheDeviceCameWithFirst) {
  admit_three();
  EXPECT_EQ(said(admit(2, 1)), "device_of_another");
  EXPECT_EQ(said(admit(9, 1)), "device_of_another");
  EXPECT_EQ(said(relay::ListDevices{user(9)}), "");
}

TEST_F(Admission, IsRefusedForEverOnceRevoked) {
  admit_three();
  EXPECT_EQ(said(relay::RevokeDevice{user(2), device(1), 5}), "device_unknown");
  EXPECT_EQ(said(relay::RevokeDevice{user(1), device(1), 5}),
            "device 1 of 1 '' type - since 0 seen 0 revoked");
  EXPECT_EQ(said(admit(1, 1)), "device_revoked");
  EXPECT_EQ(said(admit(1, 9)), "device_revoked") << "the same key as a new device";
  EXPECT_EQ(said(append(1, 1, 1)), "device_revoked");
  reopen();
  EXPECT_EQ(said(admit(1, 1)), "device_revoked");
  EXPECT_EQ(said(admit(2, 1)), "device_of_another");
  EXPECT_EQ(said(relay::FindDevice{device(1)}), "device 1 of 1 '' type - since 0 seen 0 revoked");
}

TEST_F(Admission, IsLimitedPerAccountByDevicesThatAreNotRevoked) {
  for (int i = 1; i <= 4; ++i) said(admit(1, i));
  EXPECT_EQ(said(admit(1, 5)), "too_many_devices");
  EXPECT_NE(said(admit(1, 4)), "too_many_devices");  // known ones come and go
  EXPECT_NE(said(admit(2, 6)), "too_many_devices");
  said(relay::RevokeDevice{user(1), device(2), 0});
  EXPECT_NE(said(admit(1, 5)), "too_many_devices");
}

/// What the log has written since it was opened or its file last absorbed it.
class Writes : public EventLogFile {
 protected:
  std::uintmax_t written() const { return std::filesystem::file_size(file().string() + "-wal"); }
  /// How much one batch adds.
  std::uintmax_t cost(const std::vector<relay::Question>& batch) {
    const auto before = written();
    log_.answer(batch);
    return written() - before;
  }
};
constexpr WallTime minute = 60'000;

TEST_F(Writes, AKnownDeviceThatComesAgainCostsNone) {
  said(admit(1, 1, "Ana", 5));
  EXPECT_EQ(cost({admit(1, 1, "Ana", 6), admit(1, 1, "Ana", 5 + minute - 1)}), 0u);
  EXPECT_EQ(said(relay::ListDevices{user(1)}), "device 1 of 1 'Ana' type - since 5 seen 60004; ");
  EXPECT_GT(cost({admit(1, 1, "Ana", 5 + minute)}), 0u) << "a minute is worth it";
  EXPECT_EQ(cost({admit(1, 1, "Ana", 6 + minute)}), 0u);
  EXPECT_GT(cost({admit(1, 1, "Ana", 5)}), 0u) << "so is a clock that was set back";
  EXPECT_GT(cost({admit(1, 1, "Bea", 8)}), 0u);
  auto typed = admit(1, 1, "Bea", 9);
  typed.type = relay::DeviceType::mobile;
  EXPECT_GT(cost({typed}), 0u);
  EXPECT_EQ(cost({typed}), 0u);
  reopen();
  EXPECT_EQ(said(admit(1, 1, nullptr, 10)),
            "device 1 of 1 'Bea' type 0 since 5 seen 10, seq 0 cursor 0 head 0");
}

TEST_F(Writes, ManyCursorsOfADeviceAreOneRow) {
  admit_three();
  std::vector<relay::Question> events, cursors;
  for (int i = 1; i <= 64; ++i) events.emplace_back(append(1, 2, i));
  log_.answer(events);
  const auto one = cost({relay::SaveCursor{device(1), 1, 0}});
  for (std::uint64_t i = 2; i <= 64; ++i) cursors.emplace_back(relay::SaveCursor{device(1), i, 0});
  EXPECT_GT(one, 0u);
  EXPECT_EQ(cost(cursors), one);
  EXPECT_EQ(cost(cursors), 0u) << "the device stands there already";
  reopen();
  EXPECT_EQ(said(admit(1, 1)), "device 1 of 1 '' type - since 0 seen 0, seq 0 cursor 64 head 64");
}

// ---- names --------------------------------------------------------------------------------------

class Names : public EventLogFile {
 protected:
  std::string name_of(const relay::Question& question) {
    const auto text = said(question);
    const auto begin = text.find('\'');
    if (begin == std::string::npos) return text;
    return text.substr(begin + 1, text.find('\'', begin + 1) - begin - 1);
  }
};

TEST_F(Names, AreMadeUniqueWithinAnAccount) {
  EXPECT_EQ(name_of(admit(1, 1, "Laptop")), "Laptop");
  EXPECT_EQ(name_of(admit(1, 2, "Laptop")), "Laptop (2)");
  EXPECT_EQ(name_of(admit(1, 3, "Laptop")), "Laptop (3)");
  EXPECT_EQ(name_of(admit(1, 2, "Laptop")), "Laptop (2)");
  EXPECT_EQ(name_of(admit(2, 4, "Laptop")), "Laptop");
  said(relay::RevokeDevice{user(1), device(1), 0});
  EXPECT_EQ(name_of(relay::LinkDevice{device(4), user(1), 4, 0}), "Laptop") << "it is free again";
}

TEST_F(Names, StayWithinFiftyCharactersWithTheirNumber) {
  std::string longest;
  for (int i = 0; i < 50; ++i) longest += "\u00e9";
  EXPECT_EQ(name_of(admit(1, 1, longest.c_str())), longest);
  EXPECT_EQ(name_of(admit(1, 2, longest.c_str())), longest.substr(0, 2 * 46) + " (2)");
  EXPECT_EQ(name_of(admit(2, 3, (longest + "x").c_str())), longest);
}

/// A label that a program has from its user locks nobody out.
TEST_F(Names, AreWithoutWhatCannotBeShown) {
  EXPECT_EQ(name_of(admit(1, 1, "a\nb")), "ab");
  EXPECT_EQ(name_of(admit(2, 2, "\xff\u202e \u200fphone\t ")), "phone");
  EXPECT_EQ(name_of(admit(3, 3, "\u3000 ")), name_of(admit(4, 4))) << "none";
}

TEST_F(Names, GivenBySomebodyElseStayUntilTheDeviceWantsAnother) {
  said(admit(1, 1, "host"));
  said(admit(1, 2, "phone"));
  EXPECT_EQ(name_of(relay::RenameDevice{user(1), device(1), Plaintext("Study")}), "Study");
  EXPECT_EQ(name_of(admit(1, 1, "host")), "Study");
  EXPECT_EQ(name_of(admit(1, 1)), "Study");
  EXPECT_EQ(name_of(admit(1, 1, "phone")), "phone (2)");
  EXPECT_EQ(said(relay::RenameDevice{user(1), device(1), Plaintext("phone")}),
            "device_name_refused");
  EXPECT_EQ(said(relay::RenameDevice{user(1), device(1), Plaintext("")}), "device_name_refused");
  EXPECT_EQ(said(relay::RenameDevice{user(2), device(1), Plaintext("x")}), "device_unknown");
}

// ---- linking ------------------------------------------------------------------------------------

using Linking = EventLogFile;

TEST_F(Linking, MovesTheDeviceAndLeavesItsEvents) {
  admit_three();
  said(append(2, 3, 1));
  said(append(1, 1, 2));
  said(relay::SaveCursor{device(3), 1, 0});
  const relay::LinkDevice link{device(3), user(1), 4, 9};
  EXPECT_EQ(said(link), "device 3 of 1 '' type - since 0 seen 9, seq 1 cursor 0 head 1");
  EXPECT_EQ(said(link), "device 3 of 1 '' type - since 0 seen 9, seq 1 cursor 0 head 1");
  EXPECT_EQ(said(fetch(1, 3)), "1/1 body 2, cursor 1");
  EXPECT_EQ(said(append(2, 3, 3)), "device_unknown");
  EXPECT_EQ(said(append(1, 3, 3)), "2/2 body 3");
  EXPECT_EQ(said(append(1, 3, 1)), "device_seq_taken");
  EXPECT_EQ(said(fetch(2, 9)), "1/1 body 1, cursor 1");
  EXPECT_EQ(said(admit(2, 3)), "device 3 of 1 '' type - since 0 seen 0, seq 3 cursor 0 head 2");
}

TEST_F(Linking, IsRefusedWhereItCannotBe) {
  admit_three();
  EXPECT_EQ(said(relay::LinkDevice{device(9), user(1), 4, 0}), "device_unknown");
  EXPECT_EQ(said(relay::LinkDevice{device(3), user(9), 4, 0}), "device_unknown");
  EXPECT_EQ(said(relay::LinkDevice{device(3), user(1), 2, 0}), "too_many_devices");
  said(relay::RevokeDevice{user(2), device(3), 0});
  EXPECT_EQ(said(relay::LinkDevice{device(3), user(1), 4, 0}), "device_revoked");
}

// ---- append -------------------------------------------------------------------------------------

using Append = EventLogFile;

TEST_F(Append, CountsCursorsPerAccountAndNumbersPerStream) {
  admit_three();
  EXPECT_EQ(said(append(1, 1, 1)), "1/1 body 1");
  EXPECT_EQ(said(append(1, 2, 2)), "2/2 body 2");
  EXPECT_EQ(said(append(2, 3, 1)), "1/1 body 1");  // an id belongs to an account
  auto other = append(1, 1, 3);
  other.stream = "files";
  EXPECT_EQ(said(other), "3/1 body 3");
}

TEST_F(Append, StoresAnEventOnceAndADuplicateBurnsNothing) {
  admit_three();
  said(append(1, 1, 1));
  EXPECT_EQ(said(append(1, 1, 1)), "1/1 duplicate");
  EXPECT_EQ(said(append(1, 1, 2)), "2/2 body 2");
  EXPECT_EQ(said(append(1, 1, 1)), "1/1 duplicate");
  reopen();
  EXPECT_EQ(said(append(1, 1, 2)), "2/2 duplicate");
  EXPECT_EQ(said(append(1, 1, 3)), "3/3 body 3");
}

TEST_F(Append, RefusesTakenIdsAndNumbers) {
  admit_three();
  said(append(1, 1, 5));
  EXPECT_EQ(said(append(1, 2, 5)), "event_id_taken");
  auto renumbered = append(1, 1, 5);
  renumbered.device_seq = 6;
  EXPECT_EQ(said(renumbered), "event_id_taken");
  auto renamed = append(1, 1, 5);
  renamed.event = event(6);
  EXPECT_EQ(said(renamed), "device_seq_taken");
  EXPECT_EQ(said(append(1, 1, 4)), "2/2 body 4");  // a gap may be filled later
}

TEST_F(Append, NeedsADeviceOfTheAccount) {
  admit_three();
  EXPECT_EQ(said(append(1, 9, 1)), "device_unknown");
  EXPECT_EQ(said(append(1, 3, 1)), "device_unknown");
}

TEST_F(Append, RefusesWhatHasExpired) {
  admit_three();
  auto late = append(1, 1, 1, 100);
  late.expires_at = 100;
  EXPECT_EQ(said(late), "event_expired");
  late.expires_at = 101;
  EXPECT_EQ(said(late), "1/1 body 1");
  late.now = 200;
  EXPECT_EQ(said(late), "1/1 duplicate");
}

TEST_F(Append, IsLimitedByCountAndBytesAndSaysWhenItMayBeTriedAgain) {
  admit_three();
  const auto limited = [](int number, std::optional<WallTime> expires_at, WallTime now) {
    auto question = append(1, 1, number, now);
    question.expires_at = expires_at;
    question.events_per_user = 3;
    question.bytes_per_user = 35;
    return question;
  };
  said(limited(1, std::nullopt, 0));
  said(limited(2, 70, 0));
  EXPECT_EQ(said(limited(3, 50, 0)), "3/3 body 3");
  EXPECT_EQ(said(limited(4, std::nullopt, 0)), "too_many_stored_events until 50");
  EXPECT_EQ(said(limited(4, std::nullopt, 50)), "4/4 body 4");  // instead of the expired one
  auto large = limited(5, std::nullopt, 70);
  large.payload_size = 16;
  EXPECT_EQ(said(large), "too_many_stored_bytes");  // though the other expired one went
  EXPECT_EQ(said(limited(5, std::nullopt, 70)), "5/5 body 5");
  EXPECT_EQ(said(fetch(1, 2, 0, 70)), "1/1 body 1, 4/4 body 4, 5/5 body 5, cursor 5");
  reopen();
  EXPECT_EQ(said(limited(6, std::nullopt, 70)), "too_many_stored_events");
}

/// What has expired makes room, whoever's it is; what has not stays, whoever wants the room.
TEST_F(Append, AllAccountsTogetherAreLimitedByWhatTheyTakeOnTheDisk) {
  admit_three();
  const auto limited = [](relay::AppendEvent question, std::optional<WallTime> expires_at = {}) {
    question.payload_size = 300;
    question.expires_at = expires_at;
    question.bytes_in_all = 2 * (512 + 400);
    return question;
  };
  EXPECT_EQ(log_.stored_bytes(), 0u);
  EXPECT_EQ(said(limited(append(1, 1, 1))), "1/1 body 1");
  EXPECT_EQ(said(limited(append(2, 3, 1), 50)), "1/1 body 1");
  EXPECT_EQ(log_.stored_bytes(), 1'824u);
  EXPECT_EQ(said(limited(append(1, 1, 2))), "too_many_stored_bytes until 60000");
  EXPECT_EQ(said(limited(append(2, 3, 2))), "too_many_stored_bytes until 60000");
  EXPECT_EQ(said(limited(append(1, 1, 1))), "1/1 duplicate") << "what is there is there";
  reopen();
  EXPECT_EQ(log_.stored_bytes(), 1'824u);
  EXPECT_EQ(said(limited(append(1, 1, 2, 49))), "too_many_stored_bytes until 60049");
  EXPECT_EQ(said(limited(append(1, 1, 2, 50))), "2/2 body 2") << "the other account's has expired";
  EXPECT_EQ(said(fetch(1, 2, 0, 50)), "1/1 body 1, 2/2 body 2, cursor 2");
  EXPECT_EQ(said(limited(append(2, 3, 2, 50))), "too_many_stored_bytes until 60050");
  said(relay::Prune{40, 60, 10});
  EXPECT_EQ(log_.stored_bytes(), 912u) << "the first one was too old";
  EXPECT_EQ(said(limited(append(2, 3, 2, 60))), "2/2 body 2");
}

TEST_F(Append, WhatCouldNotBeStoredDoesNotCount) {
  admit_three();
  said(append(1, 1, 1));
  const auto before = log_.stored_bytes();
  ASSERT_TRUE(Database::open(file())->execute("ALTER TABLE event RENAME TO moved"));
  EXPECT_EQ(said(append(1, 1, 2)), "store_failed");
  EXPECT_EQ(log_.stored_bytes(), before);
}

TEST_F(Append, AnAccountHasNoMoreStreamsThanEvents) {
  admit_three();
  for (int i = 1; i <= 3; ++i) {
    auto question = append(1, 1, i);
    question.events_per_user = i < 3 ? 2 : 3;
    question.stream = std::to_string(i);
    EXPECT_EQ(said(question), std::to_string(i) + "/1 body " + std::to_string(i));
    said(relay::Prune{1, 1, 10});
  }
  auto fourth = append(1, 1, 4);
  fourth.events_per_user = 3;
  fourth.stream = "4";
  EXPECT_EQ(said(fourth), "too_many_stored_events");
  fourth.stream = "3";
  EXPECT_EQ(said(fourth), "4/2 body 4");
}

// ---- pages --------------------------------------------------------------------------------------

using Pages = EventLogFile;

TEST_F(Pages, LeaveOutOwnSkippedAndExpiredEventsAndMovePastThem) {
  admit_three();
  for (int i = 1; i <= 8; ++i) {
    auto question = append(1, i <= 2 || i == 8 ? 1 : 2, i);
    if (i == 7) question.expires_at = 50;
    said(question);
  }
  EXPECT_EQ(said(fetch(1, 1)),
            "3/3 body 3, 4/4 body 4, 5/5 body 5, 6/6 body 6, 7/7 body 7, cursor 8");
  EXPECT_EQ(said(fetch(1, 1, 5, 50)), "6/6 body 6, cursor 8");
  EXPECT_EQ(said(fetch(1, 1, 6, 50)), "cursor 8");
  auto skipping = fetch(1, 1, 0, 50);
  skipping.skip_after = 3;
  skipping.skip_to = 5;
  EXPECT_EQ(said(skipping), "3/3 body 3, 6/6 body 6, cursor 8");
  skipping.skip_to = 100;
  EXPECT_EQ(said(skipping), "3/3 body 3, cursor 8");
  EXPECT_EQ(said(fetch(1, 1, 1'000)), "cursor 8");
  EXPECT_EQ(said(fetch(1, 1, ~std::uint64_t{0})), "cursor 8");
  EXPECT_EQ(said(fetch(9, 1)), "cursor 0");
}

TEST_F(Pages, HaveMoreOnlyIfThereIsMoreForThisDevice) {
  admit_three();
  for (int i = 1; i <= 5; ++i) said(append(1, i == 4 ? 1 : 2, i));
  auto page = fetch(1, 1);
  page.limit = 3;
  EXPECT_EQ(said(page), "1/1 body 1, 2/2 body 2, 3/3 body 3, cursor 4 and more");
  page.limit = 4;
  EXPECT_EQ(said(page), "1/1 body 1, 2/2 body 2, 3/3 body 3, 5/5 body 5, cursor 5");
  page.after = 4;
  page.limit = 1;
  EXPECT_EQ(said(page), "5/5 body 5, cursor 5");
}

TEST_F(Pages, AreLimitedInBytesButNeverEmptyForThat) {
  admit_three();
  for (int i = 1; i <= 3; ++i) said(append(1, 2, i));
  auto page = fetch(1, 1);
  page.bytes = 12;
  EXPECT_EQ(said(page), "1/1 body 1, 2/2 body 2, cursor 2 and more");
  page.bytes = 1;
  EXPECT_EQ(said(page), "1/1 body 1, cursor 1 and more");
  page.after = 2;
  EXPECT_EQ(said(page), "3/3 body 3, cursor 3");
}

TEST_F(Pages, SeeWhatTheSameBatchStoredBefore) {
  const std::vector<relay::Question> batch{admit(1, 1),     admit(1, 2),
                                           append(1, 1, 1), fetch(1, 2),
                                           append(1, 1, 2), relay::SaveCursor{device(2), 1, 0},
                                           admit(1, 2)};
  const auto answers = log_.answer(batch);
  ASSERT_EQ(answers.size(), batch.size());
  EXPECT_EQ(text(answers[3]), "1/1 body 1, cursor 1");
  EXPECT_FALSE(answers[5]);
  EXPECT_EQ(text(answers[6]), "device 2 of 1 '' type - since 0 seen 0, seq 0 cursor 1 head 2");
}

TEST_F(EventLogFile, CursorsNeverMoveBackNorBeyondTheHead) {
  admit_three();
  for (int i = 1; i <= 3; ++i) said(append(1, 1, i));
  const auto cursor_after = [&](std::uint64_t cursor) {
    said(relay::SaveCursor{device(2), cursor, 0});
    const auto text = said(admit(1, 2));
    return text.substr(text.find("cursor "));
  };
  EXPECT_EQ(cursor_after(2), "cursor 2 head 3");
  EXPECT_EQ(cursor_after(1), "cursor 2 head 3");
  EXPECT_EQ(cursor_after(99), "cursor 3 head 3");
  EXPECT_EQ(said(relay::SaveCursor{device(9), 1, 0}), "");
}

// ---- pruning ------------------------------------------------------------------------------------

using Pruning = EventLogFile;

TEST_F(Pruning, TellsWhatRetentionRemovedButNotWhatExpired) {
  admit_three();
  for (int i = 1; i <= 6; ++i) {
    auto question = append(1, i == 3 ? 1 : 2, i, 10 * i);
    if (i == 2 || i == 5) question.expires_at = 80;
    said(question);
  }
  said(relay::Prune{0, 90, 100});
  EXPECT_EQ(said(fetch(1, 1, 0, 0)), "1/1 body 1, 4/4 body 4, 6/6 body 6, cursor 6");
  said(relay::Prune{20, 90, 100});
  EXPECT_EQ(said(fetch(1, 1)), "4/4 body 4, 6/6 body 6, cursor 6 lost 1");
  said(relay::Prune{31, 90, 100});  // its own: lost to others only
  EXPECT_EQ(said(fetch(1, 1)), "4/4 body 4, 6/6 body 6, cursor 6 lost 1");
  EXPECT_EQ(said(fetch(1, 9)), "4/4 body 4, 6/6 body 6, cursor 6 lost 3");
  EXPECT_EQ(said(fetch(1, 9, 3)), "4/4 body 4, 6/6 body 6, cursor 6");
  said(relay::Prune{41, 90, 100});
  reopen();
  EXPECT_EQ(said(fetch(1, 1)), "6/6 body 6, cursor 6 lost 4");
  EXPECT_EQ(said(fetch(1, 1, 4)), "6/6 body 6, cursor 6");
  auto told_live = fetch(1, 1, 1);
  told_live.skip_after = 0;
  told_live.skip_to = 4;
  EXPECT_EQ(said(told_live), "6/6 body 6, cursor 6");
}

TEST_F(Pruning, MakesRoomAndKeepsTheCounts) {
  admit_three();
  for (int i = 1; i <= 3; ++i) said(append(1, 1, i, i));
  said(relay::Prune{100, 100, 100});
  auto question = append(1, 1, 4, 200);
  question.events_per_user = 1;
  question.bytes_per_user = 10;
  EXPECT_EQ(said(question), "4/4 body 4");
  EXPECT_EQ(said(append(1, 1, 2, 200)), "device_seq_taken");  // gone, and not stored twice
  EXPECT_EQ(said(admit(1, 1)), "device 1 of 1 '' type - since 0 seen 0, seq 4 cursor 0 head 4");
}

TEST_F(Pruning, StopsAtItsLimit) {
  admit_three();
  for (int i = 1; i <= 5; ++i) {
    auto question = append(1, 1, i, i);
    if (i == 5) question.expires_at = 50;
    said(question);
  }
  said(append(2, 3, 1, 1));
  said(relay::Prune{100, 100, 3});
  EXPECT_EQ(said(fetch(1, 2)), "3/3 body 3, 4/4 body 4, cursor 5 lost 2");
  EXPECT_EQ(said(fetch(2, 9)), "1/1 body 1, cursor 1");
  said(relay::Prune{100, 100, 2});
  said(relay::Prune{100, 100, 2});
  EXPECT_EQ(said(fetch(1, 2)), "cursor 5 lost 4");
  EXPECT_EQ(said(fetch(2, 9)), "cursor 1 lost 1");
}

// ---- time, and requests -------------------------------------------------------------------------

using RunTimes = EventLogFile;

TEST_F(RunTimes, TheTimeThatHasRunIsKeptAndNeverGoesBack) {
  EXPECT_EQ(log_.time()->ran, 0);
  said(relay::KeepTime{5'000, 70});
  said(relay::KeepTime{4'000, 60});
  EXPECT_EQ(log_.time()->ran, 5'000);
  EXPECT_EQ(log_.time()->wall, 60);
  reopen();
  EXPECT_EQ(log_.time()->ran, 5'000);
  admit_three();
  said(append(1, 1, 1, 9'000));
  reopen();
  EXPECT_EQ(log_.time()->ran, 9'000) << "a process that was killed has run as long as that";
}

TEST_F(RunTimes, WhatAnOlderVersionHasStoredByItsClockIsNotOverAtOnce) {
  admit_three();
  said(append(1, 1, 1, 1'000));  // from 1970
  auto expiring = append(1, 1, 2, 4'000'000'000'000);
  expiring.expires_at = 4'000'000'000'001;
  said(expiring);
  log_ = std::move(*EventLog::open(folder_ / "other.db"));
  ASSERT_TRUE(Database::open(file())->execute(
      "DROP TABLE run; DROP TABLE request; PRAGMA user_version = 2"));
  log_ = open();
  EXPECT_EQ(log_.time()->ran, 0);
  said(relay::Prune{-1, 1, 100});
  EXPECT_EQ(said(fetch(1, 2)), "1/1 body 1, 2/2 body 2, cursor 2");
}

using SignedRequests = EventLogFile;

TEST_F(SignedRequests, ANonceIsSpentOnceWhateverProcessAsks) {
  admit_three();
  wire::gateway::RequestNonce one{}, two{};
  two.data[0] = std::byte{1};
  EXPECT_EQ(said(relay::SpendNonce{device(1), one, 2}), said(relay::FindDevice{device(1)}));
  EXPECT_EQ(said(relay::SpendNonce{device(1), one, 2}), "stale_request");
  reopen();
  EXPECT_EQ(said(relay::SpendNonce{device(1), one, 2}), "stale_request");
  EXPECT_EQ(said(relay::SpendNonce{device(2), one, 2}), said(relay::FindDevice{device(2)}));
  EXPECT_EQ(said(relay::SpendNonce{device(9), one, 2}), "device_unknown");
  said(relay::RevokeDevice{user(2), device(3), 5});
  EXPECT_EQ(said(relay::SpendNonce{device(3), one, 2}), "device_revoked");
}

TEST_F(SignedRequests, OfEachDeviceTheLastAreRemembered) {
  admit_three();
  std::vector<wire::gateway::RequestNonce> nonces(4);
  for (std::size_t i = 0; i < nonces.size(); ++i) {
    nonces[i].data[0] = static_cast<std::byte>(i);
    said(relay::SpendNonce{device(1), nonces[i], 2});
  }
  EXPECT_EQ(said(relay::SpendNonce{device(1), nonces[3], 2}), "stale_request");
  EXPECT_EQ(said(relay::SpendNonce{device(1), nonces[2], 2}), "stale_request");
  EXPECT_EQ(said(relay::SpendNonce{device(1), nonces[0], 2}), said(relay::FindDevice{device(1)}));
}

// ---- an event that is sent back -----------------------------------------------------------------

using Echoes = EventLogFile;

TEST_F(Echoes, AreHeldIfTheyAreTheSame) {
  admit_three();
  said(append(1, 1, 7, 10));
  const auto find = [&](int user_number, int device_number, int number, const char* beginning) {
    return said(relay::FindEvent{user(user_number), device(device_number), event(number),
                                 static_cast<std::uint64_t>(number), beginning});
  };
  EXPECT_EQ(find(1, 1, 7, "body"), "held");
  EXPECT_EQ(find(1, 1, 7, "other"), "not held");
  EXPECT_EQ(find(1, 1, 8, "body"), "not held");
  EXPECT_EQ(find(2, 3, 7, "body"), "not held");
  said(relay::Prune{100, 100, 100});
  EXPECT_EQ(find(1, 1, 7, "body"), "held") << "it has left its number";
  EXPECT_EQ(find(2, 1, 7, "body"), "not held");
}

// ---- dead drops ---------------------------------------------------------------------------------

using DeadDrops = EventLogFile;

TEST_F(DeadDrops, AreKeptByPointAndOwnerUntilTheyExpire) {
  EXPECT_EQ(said(relay::ListDrops{0}), "");
  EXPECT_EQ(said(relay::KeepDrops{{drop("p", 1, "x", 300), drop("q", 1, "y", 200)}}), "kept");
  EXPECT_EQ(said(relay::KeepDrops{{drop("p", 2, "of another", 100)}}), "kept");
  EXPECT_EQ(said(relay::KeepDrops{{drop("q", 1, "newer", 400)}}), "kept");
  EXPECT_EQ(said(relay::ListDrops{100}),
            "p/1 AAAAAB rly 'x' until 300; q/1 AAAAAB rly 'newer' until 400; ");
  reopen();
  EXPECT_EQ(said(relay::ListDrops{99}),
            "p/2 AAAAAC rly 'of another' until 100; p/1 AAAAAB rly 'x' until 300; "
            "q/1 AAAAAB rly 'newer' until 400; ");
}

TEST_F(DeadDrops, AreReplacedByWhoHasProvenTheKeyAndThenByNobodyElse) {
  said(relay::KeepDrops{{drop("p", 1, "unproven", 100), drop("q", 1, "elsewhere", 100)}});
  said(relay::KeepDrops{{drop("p", 1, "proven", 200, 7)}});
  const std::string elsewhere = "q/1 AAAAAB rly 'elsewhere' until 100; ";
  EXPECT_EQ(said(relay::ListDrops{0}), elsewhere + "p/1! AAAAAB rly 'proven' until 200; ");
  said(relay::KeepDrops{{drop("p", 1, "a thief's", 300), drop("p", 1, "another's", 400, 8)}});
  reopen();
  EXPECT_EQ(said(relay::ListDrops{150}),
            "p/1! AAAAAB rly 'proven' until 200; p/1! AAAAAB rly 'another's' until 400; ")
      << "the second of these has a proof, and takes the place of the first";
  said(relay::KeepDrops{{drop("p", 1, "newer", 500, 7)}});
  EXPECT_EQ(said(relay::ListDrops{150}),
            "p/1! AAAAAB rly 'another's' until 400; p/1! AAAAAB rly 'newer' until 500; ");
}

TEST_F(DeadDrops, ArePrunedWithinTheLimitWhenTheyHaveExpired) {
  for (int i = 1; i <= 5; ++i) said(relay::KeepDrops{{drop("p", i, "x", 10 * i)}});
  said(relay::Prune{0, 30, 2});
  EXPECT_EQ(said(relay::ListDrops{0}),
            "p/3 AAAAAD rly 'x' until 30; p/4 AAAAAE rly 'x' until 40; "
            "p/5 AAAAAF rly 'x' until 50; ");
  said(relay::Prune{0, 40, 2});
  EXPECT_EQ(said(relay::ListDrops{0}), "p/5 AAAAAF rly 'x' until 50; ");
}

TEST_F(DeadDrops, HoldAnyText) {
  const std::string point(128, '\''), body = "\x01\"\xc3\xa9%_" + std::string(4'000, 'x');
  said(relay::KeepDrops{{drop(point, 1, body, 9)}});
  EXPECT_EQ(said(relay::ListDrops{0}), point + "/1 AAAAAB rly '" + body + "' until 9; ");
}

// ---- against the model --------------------------------------------------------------------------

/// Between two questions: so long that every sign of life is written, and known after a restart.
constexpr WallTime pause = 60'000;

/// A question from the digits of a number, out of so few values that they meet.
relay::Question question_of(std::uint64_t digits, WallTime now) {
  const auto next = [&digits](std::uint64_t bound) {
    const auto digit = digits % bound;
    digits /= bound;
    return static_cast<int>(digit);
  };
  const auto kind = next(22);
  const auto who = user(next(3)), other = user(next(3));
  const auto which = device(next(5));
  const auto name = Plaintext(std::string(1, static_cast<char>('a' + next(2))));
  const auto cursor = static_cast<std::uint64_t>(next(12));
  if (kind < 4) {
    relay::AdmitDevice admission{who, which, std::nullopt, std::nullopt, now, 3};
    if (next(2)) admission.name = name;
    if (next(2)) admission.type = static_cast<relay::DeviceType>(next(3));
    return admission;
  }
  if (kind < 11) {
    relay::AppendEvent append{who,
                              which,
                              event(next(40)),
                              cursor + 1,
                              name.expose(),
                              "body",
                              static_cast<std::uint64_t>(next(9)),
                              std::nullopt,
                              now,
                              8,
                              40};
    append.body += std::to_string(digits % 1'000);
    if (next(3) == 0) append.expires_at = now + pause * next(20) - 2 * pause;
    return append;
  }
  switch (kind) {
    case 11:
      return relay::SaveCursor{which, cursor, now};
    case 12:
      return relay::ListDevices{who};
    case 13:
      return relay::RenameDevice{who, which, name};
    case 14:
      if (next(3) == 0) return relay::RevokeDevice{who, which, now};
      return relay::FindDevice{which};
    case 15:
      return relay::LinkDevice{which, other, 3, now};
    case 16:
      return relay::Prune{now - pause * next(40), now, 1'000};
    case 17:
      return relay::ListDrops{now};
    case 18:
    case 19: {
      const auto expires_at = now + pause * next(20);
      return relay::KeepDrops{
          {drop(name.expose(), next(4), std::to_string(cursor), expires_at, next(3)),
           drop("c", next(4), "body", expires_at + pause, next(3))}};
    }
    default:
      return relay::FetchPage{who,
                              which,
                              cursor,
                              static_cast<std::uint64_t>(next(8)),
                              static_cast<std::uint64_t>(next(8)),
                              static_cast<std::uint32_t>(1 + next(4)),
                              static_cast<std::size_t>(next(30)),
                              now};
  }
}

RC_GTEST_PROP(EventLogModel, AnswersAsTheModelDoesHoweverItIsCutIntoBatches, ()) {
  // Enough for everything to meet: what RapidCheck calls the size grows to 100.
  const auto digits =
      *rc::gen::scale(4.0, rc::gen::container<std::vector<std::uint64_t>>(
                               rc::gen::resize(100, rc::gen::arbitrary<std::uint64_t>())));
  const auto batch_size = *rc::gen::inRange<std::size_t>(8, 40);
  const TemporaryFolder folder;
  std::optional<EventLog> log = std::move(*EventLog::open(folder / "gateway.db"));
  MemoryLog model;
  WallTime now = 0;
  std::vector<relay::Question> batch;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    batch.push_back(question_of(digits[i], now += pause));
    if (batch.size() < batch_size && i + 1 < digits.size()) continue;
    const auto said = log->answer(batch), expected = model.answer(batch);
    RC_ASSERT(said.size() == batch.size());
    for (std::size_t q = 0; q < batch.size(); ++q) RC_ASSERT(text(said[q]) == text(expected[q]));
    batch.clear();
    if (digits[i] % 4 != 0) continue;
    log.reset();
    log = std::move(*EventLog::open(folder / "gateway.db"));
  }
}

// ---- the file -----------------------------------------------------------------------------------

TEST_F(EventLogFile, IsForItsOwnerOnly) {
  admit_three();
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u) << entry.path();
  }
}

TEST_F(EventLogFile, IsHeldByOne) {
  admit_three();
  expect_unusable();
  EXPECT_EQ(said(append(1, 1, 1)), "1/1 body 1");
}

TEST_F(EventLogFile, DamagedIsNotUsedAndNotReplaced) {
  const auto damaged = folder_ / "damaged.db";
  write_file(damaged, std::string(4096, 'x'));
  EXPECT_FALSE(EventLog::open(damaged));
  EXPECT_EQ(read_file(damaged), std::string(4096, 'x'));
}

TEST_F(EventLogFile, OfTheTimeBeforeDeadDropsIsBroughtUpToDate) {
  const auto older = folder_ / "older.db";
  {
    auto log = EventLog::open(older);
    ask(*log, admit(1, 1));
    ask(*log, append(1, 1, 1));
  }
  ASSERT_TRUE(
      Database::open(older)->execute("DROP TABLE dead_drop; DROP TABLE run;"
                                     " DROP TABLE request; PRAGMA user_version = 1"));
  auto log = EventLog::open(older);
  ASSERT_TRUE(log);
  EXPECT_EQ(ask(*log, fetch(1, 2)), "1/1 body 1, cursor 1");
  EXPECT_EQ(ask(*log, relay::KeepDrops{{drop("p", 1, "x", 9)}}), "kept");
}

TEST_F(EventLogFile, OfTheTimeBeforeProofsKeepsItsDropsAsUnproven) {
  const auto older = folder_ / "unproven.db";
  ASSERT_TRUE(EventLog::open(older));
  ASSERT_TRUE(Database::open(older)->execute(
      "DROP TABLE dead_drop;"
      "CREATE TABLE dead_drop (id INTEGER PRIMARY KEY, point TEXT NOT NULL,"
      " owner BLOB NOT NULL CHECK (length(owner) = 32), code TEXT NOT NULL,"
      " relay_id TEXT NOT NULL, body TEXT NOT NULL, expires_at INTEGER NOT NULL,"
      " UNIQUE (point, owner));"
      "CREATE INDEX dead_drop_expiry ON dead_drop (expires_at);"
      "INSERT INTO dead_drop VALUES (3, 'p', zeroblob(32), 'AAAAAA', 'rly', 'left', 9);"
      "PRAGMA user_version = 3"));
  auto log = EventLog::open(older);
  ASSERT_TRUE(log);
  EXPECT_EQ(ask(*log, relay::ListDrops{0}), "p/0 AAAAAA rly 'left' until 9; ");
}

TEST_F(EventLogFile, OfANewerCulverIsLeftAlone) {
  const auto newer = folder_ / "newer.db";
  ASSERT_TRUE(Database::open(newer)->execute("PRAGMA user_version = 99"));
  EXPECT_FALSE(EventLog::open(newer));
}

}  // namespace
}  // namespace culver::store::sqlite
