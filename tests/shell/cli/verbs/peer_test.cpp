#include "shell/cli/verbs/peer.hpp"

#include <gtest/gtest.h>

#include "core/crypto/hash.hpp"
#include "core/crypto/keys.hpp"
#include "shell/cli/verbs/peers.hpp"
#include "shell/store/sqlite/outbox.hpp"
#include "tests/shell/cli/scene.hpp"
#include "tests/shell/host/temporary_folder.hpp"
#include "tests/support/keys.hpp"

namespace culver::cli {
namespace {

using test::key;

class BookVerbTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(book_.remember({key(1), Plaintext("Ana"), true}, "monday"));
    ASSERT_TRUE(book_.remember({key(2), Plaintext("Ben"), true}, "tuesday"));
    ASSERT_TRUE(book_.remember({key(3), Plaintext("BEN"), true}, "friday"));
  }
  void begin(PeerOptions options, Output output = Output::text) {
    exit_.reset();
    const auto done = [this](int code) {
      EXPECT_FALSE(exit_) << "done twice";
      exit_ = code;
    };
    verb_.emplace(std::move(options), PeerOfBook::Context{book_, key(99), scene_.screen(),
                                                          scene_.console(), output, done});
    verb_->start();
    scene_.settle();
  }
  store::KnownPeer row(int number) {
    const auto peers = book_.all();
    EXPECT_TRUE(peers);
    for (const auto& peer : *peers)
      if (peer.key == key(number)) return peer;
    ADD_FAILURE() << number << " is gone";
    return {};
  }
  void expect_said(const std::string& text) const {
    EXPECT_NE(scene_.out().find(text), std::string::npos) << scene_.out();
  }
  void expect_complaint(const std::string& text) const {
    EXPECT_NE(scene_.err().find(text), std::string::npos) << scene_.err();
  }

  Scene scene_{Scene::Person::present};
  TemporaryFolder folder_;
  store::sqlite::PeerBook book_ = *store::sqlite::PeerBook::open(folder_ / "peers.db");
  std::optional<PeerOfBook> verb_;
  std::optional<int> exit_;
};

const Plaintext ana_name("ana");

TEST_F(BookVerbTest, ShowsTheSafetyNumberAndTakesAYes) {
  begin(VerifyPeer{ana_name, std::nullopt});
  expect_said("Safety number with Ana:");
  expect_said(show_safety_number(crypto::safety_number(key(99), key(1))));
  expect_complaint("Do they match? [y/N]");
  EXPECT_FALSE(exit_);
  EXPECT_FALSE(row(1).is_verified);
  scene_.type("y\n");
  EXPECT_EQ(exit_, 0);
  expect_said("Ana is verified.");
  EXPECT_TRUE(row(1).is_verified);
  EXPECT_FALSE(row(2).is_verified);
}

TEST_F(BookVerbTest, VerifiesNothingOnANo) {
  begin(VerifyPeer{ana_name, std::nullopt});
  scene_.type("n\n");
  EXPECT_EQ(exit_, 1);
  EXPECT_FALSE(row(1).is_verified);
  expect_complaint("Nothing was changed.");
}

TEST_F(BookVerbTest, VerifiesWithoutAPersonAndTakesItBack) {
  begin(VerifyPeer{ana_name, true});
  EXPECT_EQ(exit_, 0);
  EXPECT_TRUE(row(1).is_verified);
  begin(VerifyPeer{ana_name, false});
  EXPECT_EQ(exit_, 0);
  expect_said("Ana is not verified.");
  EXPECT_FALSE(row(1).is_verified);
}

TEST_F(BookVerbTest, KnowsNobodyOfThatName) {
  begin(BlockPeer{Plaintext("Cem"), true});
  EXPECT_EQ(exit_, 8);
  expect_complaint("nobody of that name");
  begin(BlockPeer{Plaintext("Cem"), true}, Output::json);
  expect_said(R"({"v":1,"type":"failed","data":{"code":"no_such_peer")");
}

TEST_F(BookVerbTest, AsksToSayWhichOfSeveral) {
  begin(BlockPeer{Plaintext("ben"), true});
  EXPECT_EQ(exit_, 8);
  expect_complaint("Ben@" + crypto::fingerprint(key(2)).substr(0, 4));
  expect_complaint("BEN@" + crypto::fingerprint(key(3)).substr(0, 4));
  EXPECT_FALSE(row(2).is_blocked || row(3).is_blocked);
  begin(BlockPeer{Plaintext("ben@" + crypto::fingerprint(key(3)).substr(0, 4)), true});
  EXPECT_EQ(exit_, 0);
  EXPECT_TRUE(row(3).is_blocked && !row(2).is_blocked);
}

TEST_F(BookVerbTest, GivesAndTakesAnAlias) {
  begin(RenamePeer{ana_name, Plaintext("Sister")});
  EXPECT_EQ(exit_, 0);
  expect_said("Ana is called Sister from now on.");
  EXPECT_EQ(row(1).alias, Plaintext("Sister"));
  begin(RenamePeer{Plaintext("SISTER"), std::nullopt});
  EXPECT_EQ(exit_, 0);
  EXPECT_FALSE(row(1).alias);
}

TEST_F(BookVerbTest, CallsNobodyByTheNameOfAnother) {
  begin(RenamePeer{ana_name, Plaintext("bEn")});
  EXPECT_EQ(exit_, 1);
  EXPECT_FALSE(row(1).alias);
  begin(RenamePeer{ana_name, Plaintext("ANA")});
  EXPECT_EQ(exit_, 0);
}

TEST_F(BookVerbTest, BlocksAndUnblocks) {
  begin(BlockPeer{ana_name, true}, Output::json);
  EXPECT_EQ(exit_, 0);
  expect_said(R"("peer":"Ana")");
  expect_said(R"("isBlocked":true)");
  EXPECT_TRUE(row(1).is_blocked);
  begin(BlockPeer{ana_name, false});
  expect_said("Ana is not blocked any more.");
  EXPECT_FALSE(row(1).is_blocked);
  begin(BlockPeer{ana_name, false});
  expect_said("Ana was not blocked.");
}

TEST_F(BookVerbTest, WhatIsNotForgottenDoesNotReadLikeWhatIs) {
  begin(ForgetPeer{ana_name, false}, Output::json);
  scene_.type("n\n");
  EXPECT_EQ(exit_, 1);
  EXPECT_EQ(
      scene_.out(),
      R"({"v":1,"type":"failed","data":{"code":"cancelled","message":"Nothing was changed."}})"
      "\n");
}

TEST_F(BookVerbTest, ForgetsOnAYesOnly) {
  begin(ForgetPeer{ana_name, false});
  expect_said(crypto::fingerprint(key(1)));
  scene_.type("\n");
  EXPECT_EQ(exit_, 1);
  EXPECT_EQ(book_.all()->size(), 3U);
  begin(ForgetPeer{ana_name, true}, Output::json);
  EXPECT_EQ(exit_, 0);
  expect_said(R"("peer":"Ana")");
  EXPECT_EQ(book_.all()->size(), 2U);
}

TEST_F(BookVerbTest, SaysHowManyTextsAreForgottenWithAPeer) {
  auto outbox = store::sqlite::Outbox::open(folder_.path(), Secret<32>{});
  ASSERT_TRUE(outbox);
  for (const auto& [peer, count] : {std::pair{1, 2}, {2, 1}})
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(outbox->post(key(static_cast<std::uint8_t>(peer)), Plaintext("hi"), 1));
  begin(ForgetPeer{ana_name, false});
  expect_complaint("Forget this peer, and drop 2 texts that wait for it? [y/N] ");
  scene_.type("y\n");
  expect_said("Ana is forgotten, and with it 2 texts that wait for it.");
  begin(ForgetPeer{Plaintext(crypto::fingerprint(key(2))), true}, Output::json);
  expect_complaint("a text that waits for it");
  begin(ForgetPeer{Plaintext("BEN"), true});
  expect_said("BEN is forgotten.");
}

TEST_F(BookVerbTest, SaysWhatWaitsForTheOldKey) {
  auto outbox = store::sqlite::Outbox::open(folder_.path(), Secret<32>{});
  ASSERT_TRUE(outbox);
  ASSERT_TRUE(outbox->post(key(1), Plaintext("hi"), 1));
  ASSERT_TRUE(book_.keep_offered(key(1), key(7), engine::KeyStanding::claimed));
  begin(TrustPeer{ana_name, true, std::nullopt});
  expect_said("For the old key a text waits and stays: see culver outbox");
  EXPECT_EQ(*book_.letters_to(key(1)), 1U);
}

TEST_F(BookVerbTest, ShowsBothKeysBeforeItTrustsTheNewOne) {
  ASSERT_TRUE(book_.set_verified(key(1), true));
  ASSERT_TRUE(book_.rename(key(1), Plaintext("Sister")));
  ASSERT_TRUE(book_.keep_offered(key(1), key(7), engine::KeyStanding::claimed));
  begin(TrustPeer{Plaintext("sister"), false, std::nullopt});
  expect_said(crypto::fingerprint(key(1)));
  expect_said(crypto::fingerprint(key(7)));
  expect_said(show_safety_number(crypto::safety_number(key(99), key(7))));
  EXPECT_FALSE(exit_);
  scene_.type("n\n");
  EXPECT_EQ(exit_, 1);
  EXPECT_EQ(row(1).offered, std::vector{key(7)});
}

TEST_F(BookVerbTest, TrustsTheKeyThatWaits) {
  ASSERT_TRUE(book_.set_verified(key(1), true));
  ASSERT_TRUE(book_.keep_offered(key(1), key(7), engine::KeyStanding::claimed));
  begin(TrustPeer{ana_name, true, std::nullopt}, Output::json);
  EXPECT_EQ(exit_, 0);
  expect_said(R"("isVerified":false)");
  EXPECT_EQ(row(7).first_seen, "monday");
  EXPECT_FALSE(row(7).is_verified);
  EXPECT_TRUE(row(7).offered.empty());
  EXPECT_EQ(book_.all()->size(), 3U);
}

TEST_F(BookVerbTest, TrustsTheKeyThatWasAskedForAndNoOther) {
  ASSERT_TRUE(book_.keep_offered(key(1), key(7), engine::KeyStanding::claimed));
  begin(TrustPeer{ana_name, true, crypto::sha256(key(8).view())});
  EXPECT_EQ(exit_, 4) << "--yes does not change that";
  EXPECT_EQ(row(1).offered, std::vector{key(7)});
  begin(TrustPeer{ana_name, false, crypto::sha256(key(7).view())});
  EXPECT_EQ(exit_, 0);
  EXPECT_EQ(row(7).name, Plaintext("Ana"));
}

TEST_F(BookVerbTest, SaysThatNoKeyWaits) {
  begin(TrustPeer{ana_name, true, std::nullopt});
  EXPECT_EQ(exit_, 1);
  expect_complaint("nothing to trust");
}

TEST_F(BookVerbTest, TrustsTheKeyThatThePersonHasReadAndNoneThatCameMeanwhile) {
  ASSERT_TRUE(book_.keep_offered(key(1), key(7), engine::KeyStanding::claimed));
  begin(TrustPeer{ana_name, false, std::nullopt});
  ASSERT_TRUE(book_.keep_offered(key(1), key(8), engine::KeyStanding::claimed));
  scene_.type("y\n");
  EXPECT_EQ(exit_, 0);
  EXPECT_TRUE(row(7).offered.empty());
}

TEST_F(BookVerbTest, DoesNotGuessWhichOfSeveralKeysIsRight) {
  for (const auto n : {7, 8})
    ASSERT_TRUE(book_.keep_offered(key(1), key(static_cast<std::uint8_t>(n)),
                                   engine::KeyStanding::claimed));
  begin(TrustPeer{ana_name, true, std::nullopt});
  EXPECT_EQ(exit_, 4) << "--yes does not say which";
  expect_said(crypto::fingerprint(key(7)));
  expect_said(crypto::fingerprint(key(8)));
  expect_complaint("--fingerprint");
  EXPECT_EQ(row(1).offered.size(), 2U);
  begin(TrustPeer{ana_name, false, crypto::sha256(key(8).view())});
  EXPECT_EQ(exit_, 0);
  EXPECT_TRUE(row(8).offered.empty()) << "what else came is forgotten";
}

TEST_F(BookVerbTest, EndsWithASignalOnce) {
  begin(VerifyPeer{ana_name, std::nullopt});
  verb_->stop(Fault::interrupted);
  verb_->stop(Fault::terminated);
  EXPECT_EQ(exit_, 130);
  EXPECT_FALSE(row(1).is_verified);
}

TEST(PeerOfBook, CountsNobodyAsANo) {
  Scene scene;
  TemporaryFolder folder;
  auto book = *store::sqlite::PeerBook::open(folder / "peers.db");
  ASSERT_TRUE(book.remember({key(1), Plaintext("Ana"), true}, "1"));
  std::optional<int> exit;
  PeerOfBook verb(ForgetPeer{ana_name, false}, {book, key(99), scene.screen(), scene.console(),
                                                Output::text, [&](int code) { exit = code; }});
  verb.start();
  scene.settle();
  EXPECT_EQ(exit, 1);
  EXPECT_EQ(book.all()->size(), 1U);
  EXPECT_NE(scene.err().find("--yes"), std::string::npos);
}

}  // namespace
}  // namespace culver::cli
