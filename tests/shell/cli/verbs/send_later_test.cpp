#include "shell/cli/verbs/send_later.hpp"

#include <gtest/gtest.h>

#include "shell/host/fault_text.hpp"
#include "tests/shell/cli/scene.hpp"

namespace culver::cli {
namespace {

using namespace std::chrono_literals;

const LetterId letter{7};
const PublicKey ben_key{};

class LaterVerb : public testing::Test {
 protected:
  void begin(std::chrono::seconds wait = 60s) {
    verb_ = std::make_unique<SendLater>(Plaintext("hello"), Addressee{ben_key, Plaintext("Ben")},
                                        wait, scene_.context());
    verb_->start();
  }
  void hear(engine::Notice notice) { verb_->on(notice); }
  void connect() {
    hear(engine::Online{code("K7MW2Q")});
    hear(engine::Connected{
        peer_connection, ben_key, Plaintext("Ben"), connection::PathKind::direct, {}});
  }
  bool has_said(std::string_view words) const {
    return scene_.out_of_peers().find(words) != std::string::npos;
  }
  Scene scene_;
  std::unique_ptr<SendLater> verb_;
};

TEST_F(LaterVerb, KeepsFirstAndDialsAfterwards) {
  begin();
  EXPECT_EQ(scene_.only<engine::QueueText>()->text, Plaintext("hello"));
  EXPECT_FALSE(scene_.only<engine::GoOnline>());
  hear(engine::TextQueued{ben_key, letter});
  EXPECT_TRUE(scene_.only<engine::GoOnline>());
  connect();
  EXPECT_EQ(scene_.only<engine::LookFor>()->key, ben_key);
  hear(engine::LetterDelivered{ben_key, letter, true});
  hear(engine::NothingWaits{peer_connection, ben_key});
  EXPECT_EQ(scene_.only<engine::CloseConnection>()->connection, peer_connection);
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_.exit, 0);
  EXPECT_TRUE(has_said(
      R"({"v":1,"type":"textDelivered","data":{"peer":"Ben","message":7,"isConfirmed":true}})"));
  EXPECT_FALSE(has_said("textQueued"));
}

TEST_F(LaterVerb, WithoutAWaitNobodyIsDialled) {
  begin(0s);
  hear(engine::TextQueued{ben_key, letter});
  EXPECT_EQ(scene_.exit, 0);
  EXPECT_FALSE(scene_.only<engine::GoOnline>());
  EXPECT_EQ(scene_.out_of_peers(),
            "{\"v\":1,\"type\":\"textQueued\",\"data\":{\"peer\":\"Ben\",\"message\":7}}\n");
}

TEST_F(LaterVerb, WhyAPeerTakesNothingIsSaidOnce) {
  begin();
  hear(engine::TextQueued{ben_key, letter});
  for (int round = 0; round < 3; ++round) {
    connect();
    hear(engine::Closed{peer_connection, Fault::peer_store_failed, true});
  }
  const std::string why(host::fault_text(Fault::peer_store_failed).sentence);
  const auto first = scene_.err().find(why);
  ASSERT_NE(first, std::string::npos) << scene_.err();
  EXPECT_EQ(scene_.err().find(why, first + 1), std::string::npos) << scene_.err();
  EXPECT_FALSE(scene_.exit) << "it may take it yet";
}

TEST_F(LaterVerb, WhoNamesThePeersKeyAndIsRefusedIsTold) {
  begin();
  hear(engine::TextQueued{ben_key, letter});
  hear(engine::Online{code("K7MW2Q")});
  hear(engine::ClaimFailed{ben_key, Plaintext("Ben"), Fault::peer_downgraded});
  EXPECT_TRUE(has_said(R"("code":"peer_downgraded","message":"Ben: )")) << scene_.out();
  verb_->stop(Fault::interrupted);
  EXPECT_EQ(scene_.exit, host::fault_text(Fault::interrupted).exit_code);
}

TEST_F(LaterVerb, OfAServerWithAnotherIdentityItIsSaidWhatToDo) {
  begin();
  hear(engine::TextQueued{ben_key, letter});
  hear(engine::Offline{Fault::server_identity_changed, false});
  EXPECT_EQ(scene_.exit, 0) << "the text is kept";
  EXPECT_NE(scene_.err().find("Ask who runs it."), std::string::npos) << scene_.err();
  EXPECT_NE(scene_.err().find("culver trust-server"), std::string::npos) << scene_.err();
  EXPECT_TRUE(has_said(R"("type":"failed","data":{"code":"server_identity_changed")"));
}

TEST_F(LaterVerb, AServerThatCannotBeReachedIsToldToProgramsOnce) {
  begin();
  hear(engine::TextQueued{ben_key, letter});
  hear(engine::Offline{Fault::server_unreachable, true});
  EXPECT_TRUE(has_said(R"("type":"failed","data":{"code":"server_unreachable")"));
  const auto said = scene_.out().size();
  hear(engine::Offline{Fault::server_unreachable, true});
  EXPECT_EQ(scene_.out().size(), said);
  EXPECT_FALSE(scene_.exit);
}

TEST_F(LaterVerb, WhatTheSystemSaysOfTheBookIsTold) {
  auto context = scene_.context();
  context.trouble_of_books = [](Fault) {
    return host::Trouble{Fault::no_space, "The disk is full."};
  };
  SendLater verb(Plaintext("hello"), Addressee{ben_key, Plaintext("Ben")}, 0s, std::move(context));
  verb.start();
  verb.on(engine::TextNotQueued{ben_key, Fault::store_failed});
  EXPECT_EQ(scene_.exit, 12);
  EXPECT_TRUE(has_said(R"("code":"no_space","message":"The disk is full.")")) << scene_.out();
}

TEST_F(LaterVerb, WhoDoesNotComeIsNoFailure) {
  begin(5s);
  hear(engine::TextQueued{ben_key, letter});
  hear(engine::Online{code("K7MW2Q")});
  for (int second = 0; second < 5; ++second) {
    EXPECT_FALSE(scene_.exit);
    EXPECT_EQ(scene_.alarm_time, Duration(1s));
    scene_.alarm();
  }
  EXPECT_EQ(scene_.exit, 0);
  EXPECT_TRUE(has_said("textQueued"));
}

TEST_F(LaterVerb, WhoeverInterruptsItIsToldWhatBecomesOfTheText) {
  begin();
  hear(engine::TextQueued{ben_key, letter});
  verb_->stop(Fault::interrupted);
  EXPECT_EQ(scene_.exit, 130);
  EXPECT_TRUE(has_said(R"("type":"textQueued","data":{"peer":"Ben","message":7)"));
}

TEST_F(LaterVerb, WhoeverInterruptsItIsToldThatAnotherHasDelivered) {
  begin();
  hear(engine::TextQueued{ben_key, letter});
  scene_.waits = false;
  verb_->stop(Fault::terminated);
  EXPECT_EQ(scene_.exit, 143);
  EXPECT_TRUE(has_said("textDelivered"));
  EXPECT_FALSE(has_said("textQueued"));
}

TEST_F(LaterVerb, BeforeTheDiskHasAnsweredNobodyKnows) {
  begin();
  verb_->stop(Fault::interrupted);
  EXPECT_EQ(scene_.exit, 130);
  EXPECT_FALSE(has_said("letter_"));
  EXPECT_NE(scene_.err().find("see culver outbox"), std::string::npos);
}

TEST_F(LaterVerb, AnotherProcessMayBeTheOneThatDelivers) {
  begin();
  hear(engine::TextQueued{ben_key, letter});
  scene_.alarm();
  EXPECT_FALSE(scene_.exit);
  scene_.waits = false;
  scene_.alarm();
  EXPECT_EQ(scene_.exit, 0);
  EXPECT_TRUE(has_said("textDelivered"));
  EXPECT_FALSE(has_said("textQueued"));
}

TEST_F(LaterVerb, NeitherIsAServerThatIsNotThere) {
  begin();
  hear(engine::TextQueued{ben_key, letter});
  hear(engine::Offline{Fault::server_lost, true});
  EXPECT_FALSE(scene_.exit);
  hear(engine::Offline{Fault::server_unreachable, false});
  EXPECT_EQ(scene_.exit, 0);
  EXPECT_TRUE(has_said("textQueued"));
}

TEST_F(LaterVerb, AFullOutboxIs) {
  begin();
  hear(engine::TextNotQueued{ben_key, Fault::outbox_full});
  EXPECT_EQ(scene_.exit, 12);
}

TEST_F(LaterVerb, APeerThatLeavesTooEarlyIsWaitedForAgain) {
  begin();
  hear(engine::TextQueued{ben_key, letter});
  connect();
  hear(engine::Closed{peer_connection, Fault::peer_gone, true});
  EXPECT_FALSE(scene_.exit);
  connect();
  hear(engine::NothingWaits{peer_connection, ben_key});
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_.exit, 0) << "another process has delivered it";
}

TEST_F(LaterVerb, ShowsWhatComesMeanwhile) {
  begin();
  hear(engine::LetterReceived{HeldId{3}, ben_key, Plaintext("Ben"), {{}, 4}, 0, Plaintext("hi")});
  EXPECT_EQ(scene_.only<engine::Displayed>()->held, HeldId{3});
  EXPECT_TRUE(has_said(R"("text":"hi","message":"00000000000000000000000000000000-4",)"
                       R"("writtenMs":0)"));
}

}  // namespace
}  // namespace culver::cli
