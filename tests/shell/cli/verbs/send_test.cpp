#include "shell/cli/verbs/send.hpp"

#include <gtest/gtest.h>

#include "shell/host/fault_text.hpp"
#include "tests/shell/cli/scene.hpp"

namespace culver::cli {
namespace {

using namespace std::chrono_literals;

const auto target = code("AAAAAA");

class SendVerb : public testing::Test {
 protected:
  void begin(Send::SendRequest request, std::optional<PairingCode> given = target,
             Scene::Person person = Scene::Person::absent) {
    scene_ = std::make_unique<Scene>(person);
    verb_ = std::make_unique<Send>(std::move(request), given, 120s, scene_->context());
    verb_->start();
    scene_->settle();
  }
  void hear(engine::Notice notice) {
    verb_->on(notice);
    scene_->settle();
  }
  void connect() {
    hear(engine::Online{own_code});
    EXPECT_EQ(scene_->only<engine::Pair>()->code, target);
    hear(engine::Connecting{peer_connection, target});
    hear(engine::Connected{
        peer_connection, {}, Plaintext("Ben"), connection::PathKind::relayed, {}});
    hear(engine::NothingWaits{peer_connection, {}});
  }
  void accept_file(std::uint32_t id) {
    hear(engine::FileStarted{peer_connection, TransferId{id}, true, Plaintext("a.pdf"), 1000});
    hear(engine::FileSent{TransferId{id}, Digest{}, true});
  }
  std::unique_ptr<Scene> scene_;
  std::unique_ptr<Send> verb_;
};

Send::SendRequest text() { return {Plaintext("hello"), {}}; }
Send::SendRequest files(std::deque<std::filesystem::path> paths) { return {{}, std::move(paths)}; }

TEST_F(SendVerb, ATextThatIsNeverConfirmedIsWaitedForBehindTheFiles) {
  begin({Plaintext("hello"), {"/out/a.pdf"}});
  connect();
  EXPECT_EQ(scene_->alarm_time, Send::patience_with_answer);
  accept_file(1);
  EXPECT_EQ(scene_->alarm_time, 5s);
  scene_->alarm();
  EXPECT_NE(scene_->err().find("Waiting for confirmation: Ben has not said yet"),
            std::string::npos);
  EXPECT_EQ(scene_->alarm_time, 40s);
  scene_->alarm();
  EXPECT_TRUE(scene_->only<engine::CloseConnection>());
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, host::fault_text(Fault::not_confirmed).exit_code);
}

TEST_F(SendVerb, ATextThatIsNeverConfirmedIsNotWaitedForForEver) {
  begin(text());
  connect();
  EXPECT_TRUE(scene_->only<engine::SendText>());
  EXPECT_EQ(scene_->alarm_time, 5s);
  scene_->alarm();
  EXPECT_NE(scene_->err().find("Waiting for confirmation: Ben has not said yet"),
            std::string::npos);
  EXPECT_EQ(scene_->alarm_time, 40s);
  scene_->alarm();
  EXPECT_TRUE(scene_->only<engine::CloseConnection>());
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, host::fault_text(Fault::not_confirmed).exit_code);
}

TEST_F(SendVerb, SendsTextThenFilesInOrderAndClosesWhenAllHasArrived) {
  begin({Plaintext("hello"), {"/out/a.pdf", "/out/b.pdf"}});
  connect();
  EXPECT_EQ(scene_->only<engine::SendText>()->text, Plaintext("hello"));
  EXPECT_EQ(scene_->only<engine::SendFile>()->name, Plaintext("a.pdf"));
  accept_file(1);
  EXPECT_EQ(scene_->count<engine::SendFile>(), 2u);
  accept_file(2);
  EXPECT_FALSE(scene_->only<engine::CloseConnection>()) << "the text is still on its way";
  hear(engine::TextDelivered{peer_connection, TextId{1}, true});
  EXPECT_EQ(scene_->only<engine::CloseConnection>()->connection, peer_connection);
  EXPECT_FALSE(scene_->exit);
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, 0);
}

TEST_F(SendVerb, SendsAtOnceToWhoClaimsTheKeyOfTheCode) {
  begin(files({"/out/a.pdf"}));
  hear(engine::Online{own_code});
  hear(engine::Connecting{peer_connection, target});
  hear(
      engine::Unproven{peer_connection, {}, Plaintext("Ben"), connection::PathKind::direct, false});
  EXPECT_TRUE(scene_->only<engine::SendFile>());
  hear(engine::Connected{peer_connection, {}, Plaintext("Ben"), connection::PathKind::direct, {}});
  EXPECT_TRUE(scene_->only<engine::SendFile>()) << "once";
  accept_file(1);
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, 0);
}

TEST_F(SendVerb, ReportsInLinesOfJson) {
  begin(files({"/out/a.pdf"}));
  connect();
  accept_file(1);
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(
      scene_->out_of_peers(),
      R"({"v":1,"type":"peerConnected","data":{"peer":"Ben","path":"relayed","setupMs":0,"isCulver":false}})"
      "\n"
      R"({"v":1,"type":"transferState","data":{"peer":"Ben","name":"a.pdf","size":1000,)"
      R"("path":"/out/a.pdf","state":"started"}})"
      "\n"
      R"({"v":1,"type":"fileSent","data":{"peer":"Ben","name":"a.pdf","size":1000,)"
      R"("path":"/out/a.pdf","sha256":")" +
          std::string(64, '0') +
          R"(","isConfirmed":true}})"
          "\n"
          R"({"v":1,"type":"peerDisconnected","data":{"peer":"Ben"}})"
          "\n");
}

TEST_F(SendVerb, HowThePeerLeavesAfterwardsIsNoFailure) {
  begin(text());
  connect();
  hear(engine::TextDelivered{peer_connection, TextId{1}, true});
  hear(engine::Closed{peer_connection, Fault::peer_gone, true});
  EXPECT_EQ(scene_->exit, 0);
}

TEST_F(SendVerb, AsksForTheCodeUntilItIsOne) {
  begin(text(), std::nullopt, Scene::Person::present);
  EXPECT_EQ(scene_->err(), "Pairing code: ");
  EXPECT_TRUE(scene_->commands.empty()) << "nothing is dialled before";
  scene_->type("nonsense\n");
  scene_->type("aaa-aaa\n");
  connect();
}

TEST_F(SendVerb, GivesUpAfterThreeBadCodes) {
  begin(text(), std::nullopt, Scene::Person::present);
  for (int i = 0; i < 3; ++i) scene_->type("K7MW20\n");
  EXPECT_EQ(scene_->exit, 8);
  EXPECT_TRUE(scene_->commands.empty());
}

TEST_F(SendVerb, WithoutATerminalForTheCodeIsWrongUse) {
  begin(text(), std::nullopt);
  EXPECT_EQ(scene_->exit, 1);
  EXPECT_NE(scene_->err().find("--code-file"), std::string::npos);
  begin(text(), std::nullopt, Scene::Person::present);
  scene_->leave();
  EXPECT_EQ(scene_->exit, 1);
}

TEST_F(SendVerb, EndsWithTheOutcomeOfThePairing) {
  for (const auto& [fault, exit] :
       {std::pair(Fault::pair_refused, 10), std::pair(Fault::pair_unknown, 8),
        std::pair(Fault::pair_expired, 7), std::pair(Fault::pair_left, 7)}) {
    begin(text());
    hear(engine::Online{own_code});
    hear(engine::PairFailed{target, fault});
    EXPECT_EQ(scene_->exit, exit);
    EXPECT_NE(scene_->err().find(host::fault_text(fault).sentence), std::string::npos);
  }
}

TEST_F(SendVerb, EndsWithTheServersFaultWhileItNeedsTheServer) {
  begin(text());
  hear(engine::Offline{Fault::server_unreachable, true});
  EXPECT_EQ(scene_->exit, 3);
  begin(text());
  hear(engine::Online{own_code});
  hear(engine::Offline{Fault::server_lost, true});
  EXPECT_EQ(scene_->exit, 3);
  begin(text());
  connect();
  hear(engine::Offline{Fault::server_lost, true});
  EXPECT_FALSE(scene_->exit);
}

TEST_F(SendVerb, AServerThatSaysNothingIsNotWaitedForLongerThanThePeer) {
  begin(text());
  EXPECT_EQ(scene_->alarm_time, 120s);
  scene_->alarm();
  EXPECT_EQ(scene_->exit, host::fault_text(Fault::server_silent).exit_code);
  begin(text());
  hear(engine::Offline{Fault::too_many_handshakes, true});
  hear(engine::Offline{Fault::too_many_handshakes, true});
  scene_->alarm();
  EXPECT_NE(scene_->out().find("too_many_handshakes"), std::string::npos);
}

TEST_F(SendVerb, WhoDoesNotAnswerIsSpokenOfAndThenGivenUp) {
  begin(text());
  hear(engine::Online{own_code});
  EXPECT_NE(scene_->err().find("120 s at most"), std::string::npos);
  EXPECT_EQ(scene_->alarm_time, 20s);
  scene_->alarm();
  EXPECT_NE(scene_->err().find("No answer yet"), std::string::npos);
  EXPECT_FALSE(scene_->exit);
  EXPECT_EQ(scene_->alarm_time, 100s);
  scene_->alarm();
  EXPECT_EQ(scene_->exit, host::fault_text(Fault::pair_expired).exit_code);
}

TEST_F(SendVerb, WhoHasAnsweredIsNotHurried) {
  begin(text());
  hear(engine::Online{own_code});
  hear(engine::Connecting{peer_connection, target});
  scene_->alarm();
  EXPECT_EQ(scene_->err().find("No answer yet"), std::string::npos);
  EXPECT_FALSE(scene_->exit);
}

TEST_F(SendVerb, AServerThatIsBusyIsAwaited) {
  begin(text());
  hear(engine::Offline{Fault::too_many_handshakes, true});
  EXPECT_FALSE(scene_->exit);
  EXPECT_NE(scene_->err().find("Trying again."), std::string::npos);
  hear(engine::Online{own_code});
  EXPECT_TRUE(scene_->only<engine::Pair>());
  begin(text());
  hear(engine::Offline{Fault::too_many_handshakes, true});
  scene_->alarm();
  EXPECT_EQ(scene_->exit, 3) << "not for ever";
}

TEST_F(SendVerb, WhatTheServersLimitsMakeItWaitForIsSaid) {
  begin(text());
  hear(engine::Online{own_code});
  hear(engine::Paced{41'500ms});
  EXPECT_NE(scene_->err().find("going on in 42 s"), std::string::npos);
}

TEST_F(SendVerb, EndsWithTheFaultOfTheLink) {
  for (const auto fault : {Fault::ice_failed, Fault::key_mismatch, Fault::dtls_timeout}) {
    begin(text());
    hear(engine::Online{own_code});
    hear(engine::Connecting{peer_connection, target});
    hear(engine::Closed{peer_connection, fault, false});
    EXPECT_EQ(scene_->exit, host::fault_text(fault).exit_code);
  }
}

TEST_F(SendVerb, AGoodbyeBeforeAllHasArrivedIsAFailure) {
  begin(text());
  connect();
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, 7);
}

TEST_F(SendVerb, GoesOnWithTheNextFileAndEndsWithTheFirstFailure) {
  begin(files({"/out/a", "/out/gone", "/out/c"}));
  scene_->unreadable = {"/out/gone"};
  connect();
  hear(engine::FileFailed{TransferId{1}, Fault::peer_no_space});
  EXPECT_EQ(scene_->count<engine::SendFile>(), 2u);
  EXPECT_NE(scene_->err().find("culver: /out/gone: The file cannot be read."), std::string::npos);
  accept_file(2);
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, 12);
}

TEST_F(SendVerb, ATextThatCouldNotBeSentIsAFailure) {
  begin(text());
  connect();
  hear(engine::TextFailed{peer_connection, TextId{1}, Fault::not_connected});
  EXPECT_TRUE(scene_->only<engine::CloseConnection>());
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, 7);
}

TEST_F(SendVerb, WhoeverRequiresAConfirmationIsToldThatThereIsNone) {
  for (const bool required : {true, false}) {
    auto request = files({"/out/a"});
    request.require_confirmation = required;
    begin(std::move(request));
    connect();
    hear(engine::FileStarted{peer_connection, TransferId{1}, true, Plaintext("a"), 1000});
    hear(engine::FileSent{TransferId{1}, Digest{}, false});
    EXPECT_TRUE(scene_->only<engine::CloseConnection>());
    hear(engine::Closed{peer_connection, {}, true});
    EXPECT_EQ(scene_->exit, required ? 7 : 0);
  }
}

TEST_F(SendVerb, RefusedFilesEndWithTen) {
  begin(files({"/out/a"}));
  connect();
  hear(engine::FileFailed{TransferId{1}, Fault::file_refused});
  EXPECT_TRUE(scene_->only<engine::CloseConnection>());
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, 10);
}

TEST_F(SendVerb, DamagedFilesEndWithTwo) {
  begin(files({"/out/a"}));
  connect();
  hear(engine::FileFailed{TransferId{1}, Fault::file_damaged});
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, 2);
}

TEST_F(SendVerb, LetsOnlyItsOwnPeerInAndTakesNothing) {
  begin(text());
  hear(engine::Online{own_code});
  hear(engine::PairRequested{code("BBBBBB"), {}, {}});
  EXPECT_FALSE(scene_->only<engine::AnswerPair>()->accepted);
  scene_->commands.clear();
  hear(engine::PairRequested{target, {}, {}});
  EXPECT_TRUE(scene_->only<engine::AnswerPair>()->accepted);
  hear(engine::FileOffered{peer_connection, TransferId{5}, Plaintext("x"), 1});
  EXPECT_FALSE(scene_->only<engine::AnswerFile>()->accepted);
}

TEST_F(SendVerb, EndsOnSignals) {
  begin(text(), std::nullopt, Scene::Person::present);
  verb_->stop(Fault::interrupted);
  EXPECT_EQ(scene_->exit, 130);
  begin(text());
  connect();
  verb_->stop(Fault::terminated);
  EXPECT_EQ(scene_->exit, 143);
}

// ---- to a known peer ----------------------------------------------------------------------------

const Addressee ben{{}, Plaintext("Ben")};

class SendToKnown : public SendVerb {
 protected:
  void begin_with(Send::SendRequest request) {
    scene_ = std::make_unique<Scene>();
    verb_ =
        std::make_unique<Send>(std::move(request), Send::Known{ben, 60s, 120s}, scene_->context());
    verb_->start();
    hear(engine::Online{own_code});
  }
  void come(ConnectionId with) {
    hear(engine::Connecting{with, target, ben.key});
    hear(engine::Connected{with, ben.key, Plaintext("Ben"), connection::PathKind::direct, {}});
    hear(engine::NothingWaits{with, ben.key});
  }
};

TEST_F(SendToKnown, LooksForItAndSendsWhenItHasCome) {
  begin_with(text());
  EXPECT_EQ(scene_->only<engine::LookFor>()->key, ben.key);
  EXPECT_EQ(scene_->count<engine::Pair>(), 0u);
  EXPECT_EQ(scene_->alarm_time, std::chrono::seconds(60));
  come(peer_connection);
  EXPECT_EQ(scene_->only<engine::SendText>()->connection, peer_connection);
  EXPECT_FALSE(scene_->only<engine::StopLooking>()) << "it may be lost";
  hear(engine::TextDelivered{peer_connection, TextId{1}, true});
  EXPECT_TRUE(scene_->only<engine::StopLooking>());
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, 0);
  EXPECT_TRUE(
      scene_->out().starts_with(R"({"v":1,"type":"waiting","data":{"peer":"Ben","fingerprint":)"));
  EXPECT_NE(scene_->out().find(R"("isVerified":false,"waitMs":60000)"), std::string::npos);
}

TEST_F(SendToKnown, OfAVerifiedPeerItIsSaidFromTheStart) {
  scene_ = std::make_unique<Scene>();
  scene_->book = {{ben.key, ben.name, {}, false, true, true}};
  verb_ = std::make_unique<Send>(text(), Send::Known{ben, 60s, 120s}, scene_->context());
  verb_->start();
  hear(engine::Online{own_code});
  EXPECT_NE(scene_->out().find(R"("isVerified":true,"waitMs":60000)"), std::string::npos)
      << scene_->out();
  scene_->alarm();
  EXPECT_NE(scene_->out().find(R"("code":"peer_away","message":"Ben: )"), std::string::npos)
      << scene_->out();
}

TEST_F(SendToKnown, FilesWaitForWhoOnlyClaimsToBeTheOneThatIsLookedFor) {
  for (const bool is_proven : {true, false}) {
    auto request = text();
    request.files.emplace_back("/out/a.pdf");
    begin_with(std::move(request));
    hear(engine::Connecting{peer_connection, target, ben.key});
    hear(engine::Unproven{peer_connection, ben.key, Plaintext("Ben"), connection::PathKind::direct,
                          true});
    EXPECT_TRUE(scene_->only<engine::SendText>()) << "sealed for the key that is claimed";
    EXPECT_EQ(scene_->count<engine::SendFile>(), 0u);
    hear(engine::TextDelivered{peer_connection, TextId{1}, false});
    EXPECT_FALSE(scene_->exit);
    if (is_proven) {
      hear(engine::Connected{
          peer_connection, ben.key, Plaintext("Ben"), connection::PathKind::direct, {}});
      EXPECT_TRUE(scene_->only<engine::SendFile>());
    } else {
      scene_->alarm();
      EXPECT_EQ(scene_->exit, host::fault_text(Fault::peer_unproven).exit_code);
    }
  }
}

TEST_F(SendToKnown, WhoDoesNotComeIsAway) {
  begin_with(text());
  scene_->alarm();
  EXPECT_EQ(scene_->exit, host::fault_text(Fault::peer_away).exit_code);
}

TEST_F(SendToKnown, AConnectionThatFailsIsAwaitedAgain) {
  begin_with(text());
  hear(engine::Connecting{peer_connection, target, ben.key});
  hear(engine::Closed{peer_connection, Fault::ice_failed, false});
  EXPECT_FALSE(scene_->exit);
  come(ConnectionId{2});
  EXPECT_EQ(scene_->only<engine::SendText>()->connection, ConnectionId{2});
}

TEST_F(SendToKnown, WhoCameWithLessAndWasRefusedIsTheCauseOfTheEnd) {
  for (const bool comes_after_all : {false, true}) {
    begin_with(text());
    hear(engine::Connecting{peer_connection, target, ben.key});
    hear(engine::ClaimFailed{ben.key, Plaintext("Ben"), Fault::peer_downgraded});
    hear(engine::Closed{peer_connection, Fault::peer_downgraded, false});
    const std::string why(host::fault_text(Fault::peer_downgraded).sentence);
    EXPECT_NE(scene_->err().find("Ben: " + why), std::string::npos) << scene_->err();
    EXPECT_FALSE(scene_->exit) << "the peer itself may come";
    if (comes_after_all) {
      come(ConnectionId{2});
      hear(engine::TextDelivered{ConnectionId{2}, TextId{1}, true});
      hear(engine::Closed{ConnectionId{2}, {}, true});
      EXPECT_EQ(scene_->exit, 0);
    } else {
      scene_->alarm();
      EXPECT_EQ(scene_->exit, host::fault_text(Fault::peer_downgraded).exit_code);
      EXPECT_NE(scene_->out().find(R"("code":"peer_downgraded","message":"Ben: )"),
                std::string::npos)
          << scene_->out();
    }
  }
}

TEST_F(SendToKnown, WhatIsBeingEstablishedComesToItsEnd) {
  begin_with(text());
  hear(engine::Connecting{peer_connection, target, ben.key});
  scene_->alarm();
  EXPECT_FALSE(scene_->exit);
  hear(engine::Closed{peer_connection, Fault::ice_failed, false});
  EXPECT_EQ(scene_->exit, host::fault_text(Fault::peer_away).exit_code);
}

TEST_F(SendToKnown, WhoDiesWhileItIsBeingEstablishedIsNotAwaitedForLong) {
  begin_with(text());
  hear(engine::Connecting{peer_connection, target, ben.key});
  scene_->alarm();
  EXPECT_EQ(scene_->alarm_time, 10s);
  scene_->alarm();
  EXPECT_EQ(scene_->exit, host::fault_text(Fault::peer_away).exit_code);
}

TEST_F(SendToKnown, AServerThatComesBackIsAwaitedToo) {
  begin_with(text());
  hear(engine::Offline{Fault::server_lost, true});
  EXPECT_FALSE(scene_->exit);
  hear(engine::Online{own_code});
  EXPECT_EQ(scene_->count<engine::LookFor>(), 1u);
  come(peer_connection);
  EXPECT_TRUE(scene_->only<engine::SendText>());
}

TEST_F(SendToKnown, ItIsSaidWhenItWasHere) {
  begin_with(text());
  scene_->wall = 100'000;
  hear(engine::WasHere{ben.key, 35'000});
  EXPECT_NE(scene_->err().find("Ben is not online now, and was there 1:05 ago."), std::string::npos)
      << scene_->err();
  EXPECT_FALSE(scene_->exit);
}

TEST_F(SendToKnown, OfATimeThatNoNoteCanHaveNothingIsSaid) {
  begin_with(text());
  scene_->wall = 100'000 + 51LL * 365 * 24 * 3'600'000;
  hear(engine::WasHere{ben.key, 35'000});
  EXPECT_NE(scene_->err().find("Ben is not online now.\n"), std::string::npos) << scene_->err();
  EXPECT_FALSE(scene_->exit);
}

TEST_F(SendToKnown, GoesOnWhenALostPeerIsBack) {
  begin_with({Plaintext("hello"), {"/out/a.pdf", "/out/b.pdf"}, 2000});
  come(peer_connection);
  hear(engine::TextDelivered{peer_connection, TextId{1}, true});
  accept_file(1);
  hear(engine::FileStarted{peer_connection, TransferId{2}, true, Plaintext("b.pdf"), 1000});
  hear(engine::FileFailed{TransferId{2}, Fault::peer_gone});
  hear(engine::Closed{peer_connection, Fault::peer_gone, true});
  EXPECT_FALSE(scene_->exit);
  EXPECT_EQ(scene_->out().find(R"("event":"failed")"), std::string::npos) << "nothing has failed";
  EXPECT_NE(scene_->err().find("The connection with Ben is lost"), std::string::npos);
  EXPECT_EQ(scene_->count<engine::LookFor>(), 2u);
  EXPECT_EQ(scene_->alarm_time, std::chrono::seconds(60));
  scene_->commands.clear();
  come(ConnectionId{2});
  EXPECT_EQ(scene_->count<engine::SendText>(), 0u) << "it has the text";
  const auto* file = scene_->only<engine::SendFile>();
  ASSERT_TRUE(file);
  EXPECT_EQ(file->name, Plaintext("b.pdf"));
  hear(engine::FileSent{file->transfer, Digest{}, true});
  hear(engine::Closed{ConnectionId{2}, {}, true});
  EXPECT_EQ(scene_->exit, 0);
}

TEST_F(SendToKnown, ANewConnectionTakesThePlaceOfOneThatWasNotSeenToEnd) {
  begin_with(files({"/out/a.pdf"}));
  come(peer_connection);
  come(ConnectionId{2});
  hear(engine::FileFailed{TransferId{1}, Fault::replaced});
  hear(engine::Closed{peer_connection, Fault::replaced, true});
  EXPECT_FALSE(scene_->exit);
  EXPECT_EQ(scene_->count<engine::SendFile>(), 2u);
  hear(engine::FileSent{TransferId{2}, Digest{}, true});
  hear(engine::Closed{ConnectionId{2}, {}, true});
  EXPECT_EQ(scene_->exit, 0);
}

TEST_F(SendToKnown, TheEndOfALinkIsToldBeforeTheOneThatTakesItsPlace) {
  begin_with(files({"/out/a.pdf"}));
  come(peer_connection);
  hear(engine::Connecting{ConnectionId{2}, target, ben.key});
  hear(engine::FileFailed{TransferId{1}, Fault::replaced});
  hear(engine::Closed{peer_connection, Fault::replaced, true});
  hear(engine::Connected{
      ConnectionId{2}, ben.key, Plaintext("Ben"), connection::PathKind::direct, {}});
  hear(engine::NothingWaits{ConnectionId{2}, ben.key});
  EXPECT_EQ(scene_->count<engine::SendFile>(), 2u);
  EXPECT_FALSE(scene_->exit);
}

TEST_F(SendToKnown, WhoHasNotShownItsKeyAndIsBackBeforeItIsMissedIsFollowed) {
  const auto claim = [&](ConnectionId with) {
    hear(engine::Connecting{with, target, ben.key});
    hear(engine::Unproven{with, ben.key, Plaintext("Ben"), connection::PathKind::direct, true});
  };
  for (const bool is_missed_before : {true, false}) {
    begin_with({Plaintext("hello"), {"/out/a.pdf"}, 1000});
    claim(peer_connection);
    hear(engine::TextDelivered{peer_connection, TextId{1}, false});
    hear(engine::Connecting{ConnectionId{2}, target, ben.key});
    const engine::Closed lost{peer_connection, Fault::peer_gone, false};
    if (is_missed_before) hear(lost);
    hear(engine::Unproven{ConnectionId{2}, ben.key, Plaintext("Ben"), connection::PathKind::direct,
                          true});
    if (!is_missed_before) hear(lost);
    EXPECT_FALSE(scene_->exit);
    EXPECT_EQ(scene_->count<engine::SendText>(), 1u) << "it was sent";
    EXPECT_EQ(scene_->count<engine::SendFile>(), 0u);
    hear(engine::Connected{
        ConnectionId{2}, ben.key, Plaintext("Ben"), connection::PathKind::direct, {}});
    ASSERT_TRUE(scene_->only<engine::SendFile>());
    EXPECT_EQ(scene_->only<engine::SendFile>()->connection, ConnectionId{2});
    hear(engine::FileSent{TransferId{1}, Digest{}, true});
    hear(engine::Closed{ConnectionId{2}, {}, true});
    EXPECT_EQ(scene_->exit, 0);
  }
}

TEST_F(SendToKnown, WhatIsProvenIsLeftForAClaimWhenItIsLost) {
  begin_with(files({"/out/a.pdf", "/out/b.pdf"}));
  come(peer_connection);
  accept_file(1);
  hear(engine::Connecting{ConnectionId{2}, target, ben.key});
  hear(engine::Unproven{ConnectionId{2}, ben.key, Plaintext("Ben"), connection::PathKind::direct,
                        true});
  EXPECT_EQ(scene_->count<engine::SendFile>(), 2u) << "it goes on over the first";
  hear(engine::FileFailed{TransferId{2}, Fault::peer_gone});
  hear(engine::Closed{peer_connection, Fault::peer_gone, true});
  EXPECT_FALSE(scene_->exit);
  EXPECT_EQ(scene_->count<engine::SendFile>(), 2u) << "a file goes to nobody who only claims";
  scene_->alarm();
  EXPECT_EQ(scene_->exit, host::fault_text(Fault::peer_unproven).exit_code);
}

/// Somebody else has claimed it, and goes.
TEST_F(SendToKnown, OfTwoThatClaimTheKeyTheOneThatStaysIsFollowed) {
  begin_with(files({"/out/a.pdf"}));
  for (const auto with : {peer_connection, ConnectionId{2}}) {
    hear(engine::Connecting{with, target, ben.key});
    hear(engine::Unproven{with, ben.key, Plaintext("Ben"), connection::PathKind::direct, true});
  }
  hear(engine::Closed{ConnectionId{2}, {}, false});
  EXPECT_FALSE(scene_->exit);
  hear(engine::Connected{
      peer_connection, ben.key, Plaintext("Ben"), connection::PathKind::direct, {}});
  EXPECT_EQ(scene_->only<engine::SendFile>()->connection, peer_connection);
}

TEST_F(SendToKnown, WhoIsLostAndDoesNotComeBackIsAway) {
  begin_with(text());
  come(peer_connection);
  hear(engine::Closed{peer_connection, Fault::peer_gone, true});
  scene_->alarm();
  EXPECT_EQ(scene_->exit, 7);
}

TEST_F(SendToKnown, TextsThatWereKeptGoFirst) {
  begin_with(text());
  hear(engine::Connecting{peer_connection, target, ben.key});
  hear(engine::Connected{
      peer_connection, ben.key, Plaintext("Ben"), connection::PathKind::direct, {}});
  EXPECT_EQ(scene_->count<engine::SendText>(), 0u);
  hear(engine::LetterDelivered{ben.key, LetterId{1}, true});
  EXPECT_EQ(scene_->count<engine::SendText>(), 0u);
  hear(engine::NothingWaits{peer_connection, ben.key});
  EXPECT_EQ(scene_->count<engine::SendText>(), 1u);
}

TEST_F(SendVerb, SaysWhatTheOtherSideIsAskedAndThatItHasNotAnswered) {
  begin({{}, {"/out/a.pdf", "/out/b.pdf"}, 2000});
  connect();
  const auto* file = scene_->only<engine::SendFile>();
  ASSERT_TRUE(file->batch);
  EXPECT_EQ(file->batch->files, 2u);
  EXPECT_EQ(file->batch->names.size(), 2u);
  EXPECT_EQ(file->batch->bytes, 2000u);
  const auto before = scene_->err().size();
  scene_->alarm();
  EXPECT_EQ(scene_->err().substr(before), "Waiting for the other side to accept...\n");
}

TEST_F(SendVerb, AFileThatIsNotAnsweredIsWaitedForAsLongAsWasSaid) {
  begin(files({"/out/a.pdf", "/out/b.pdf"}));
  connect();
  scene_->alarm();
  EXPECT_EQ(scene_->alarm_time, 119s);
  scene_->alarm();
  EXPECT_EQ(scene_->count<engine::CancelFile>(), 0u) << "an earlier try is kept there";
  EXPECT_EQ(scene_->only<engine::CloseConnection>()->connection, peer_connection);
  hear(engine::FileFailed{TransferId{1}, Fault::interrupted});
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, 7);
  EXPECT_NE(scene_->out().find(R"("code":"file_unanswered","message":"Ben: /out/a.pdf: )"),
            std::string::npos)
      << scene_->out();
  EXPECT_EQ(scene_->count<engine::SendFile>(), 1u) << "nobody is there to answer for the next";
}

TEST_F(SendVerb, TimeInWhichAFileIsComparedOrFlowsIsNotWaitedFor) {
  for (const bool is_compared : {true, false}) {
    begin(files({"/out/a.pdf"}));
    connect();
    scene_->alarm();
    if (is_compared)
      hear(engine::FileChecking{peer_connection, TransferId{1}, true, Plaintext("a.pdf"), 1000, 500,
                                0});
    else
      hear(engine::FileStarted{peer_connection, TransferId{1}, true, Plaintext("a.pdf"), 1000});
    scene_->alarm();
    EXPECT_FALSE(scene_->only<engine::CloseConnection>());
    EXPECT_FALSE(scene_->exit);
  }
}

TEST_F(SendVerb, WhatHasArrivedWhereTheReceiverStopsIsKeptThere) {
  begin(files({"/out/a.pdf"}));
  scene_->book = {{{}, Plaintext("Ben"), {}, false, true}};
  connect();
  hear(engine::FileStarted{peer_connection, TransferId{1}, true, Plaintext("a.pdf"), 1000});
  hear(engine::FileFailed{TransferId{1}, Fault::peer_gone});
  EXPECT_NE(scene_->err().find("What has arrived of a.pdf is kept there"), std::string::npos)
      << scene_->err();
  EXPECT_NE(scene_->out().find(R"("code":"peer_gone","message":"Ben: )"), std::string::npos)
      << scene_->out();
}

TEST_F(SendVerb, WhatIsThrownAwayThereIsNotSaidToBeKept) {
  begin(files({"/out/a.pdf"}));
  scene_->book = {{{}, Plaintext("Ben"), {}, false, true}};
  connect();
  hear(engine::FileStarted{peer_connection, TransferId{1}, true, Plaintext("a.pdf"), 1000});
  hear(engine::FileFailed{TransferId{1}, Fault::peer_cancelled});
  EXPECT_EQ(scene_->err().find("is kept there"), std::string::npos) << scene_->err();
}

TEST_F(SendVerb, GoesOnWithNothingWhenTheReceiverHasThrownAFileAway) {
  begin(files({"/out/a.pdf", "/out/b.pdf"}));
  connect();
  hear(engine::FileStarted{peer_connection, TransferId{1}, true, Plaintext("a.pdf"), 1000});
  hear(engine::FileFailed{TransferId{1}, Fault::peer_cancelled});
  EXPECT_EQ(scene_->count<engine::SendFile>(), 1u);
  EXPECT_NE(scene_->err().find("Nothing more is sent"), std::string::npos) << scene_->err();
  hear(engine::Closed{peer_connection, {}, true});
  EXPECT_EQ(scene_->exit, 10);
}

TEST_F(SendVerb, SaysOfAFileInTheMiddleThatItIsKeptWhenItIsInterrupted) {
  begin(files({"/out/a.pdf"}));
  scene_->book = {{{}, Plaintext("Ben"), {}, false, true}};
  connect();
  hear(engine::FileStarted{peer_connection, TransferId{1}, true, Plaintext("a.pdf"), 1000});
  verb_->stop(Fault::interrupted);
  EXPECT_NE(scene_->err().find("What has arrived of a.pdf is kept there"), std::string::npos)
      << scene_->err();
}

TEST_F(SendVerb, SaysThatItTakesNoFiles) {
  begin(text());
  connect();
  hear(engine::FileOffered{peer_connection, TransferId{5}, Plaintext("x"), 1});
  EXPECT_FALSE(scene_->only<engine::AnswerFile>()->accepted);
  EXPECT_NE(scene_->out_of_peers().find(
                R"({"v":1,"type":"fileRefused","data":{"peer":"Ben","name":"x","size":1)"),
            std::string::npos);
}

TEST_F(SendVerb, SendsNothingUnderAKnownNameUntilAPersonHasSaidWhoItIs) {
  const PublicKey known{{std::byte{7}}};
  begin(text(), target, Scene::Person::present);
  hear(engine::Online{own_code});
  hear(engine::Connecting{peer_connection, target});
  hear(engine::NameTaken{peer_connection, {}, Plaintext("Ben"), known});
  EXPECT_NE(scene_->err().find("This is not the Ben that you know"), std::string::npos);
  EXPECT_EQ(scene_->count<engine::AnswerName>(), 0u);
  scene_->type("n\n");
  EXPECT_FALSE(scene_->only<engine::AnswerName>()->accepted);
  hear(engine::Closed{peer_connection, Fault::peer_key_changed, false,
                      engine::Whom{known, Plaintext("Ben")}});
  EXPECT_EQ(scene_->exit, 4);
  EXPECT_NE(scene_->err().find("culver trust Ben"), std::string::npos);
  EXPECT_EQ(scene_->count<engine::SendText>(), 0u);
}

TEST_F(SendVerb, RefusesAKnownNameWithAnotherKeyIfNobodyIsThere) {
  begin(text());
  hear(engine::Online{own_code});
  hear(engine::Connecting{peer_connection, target});
  hear(engine::NameTaken{peer_connection, {}, Plaintext("Ben"), {}});
  EXPECT_FALSE(scene_->only<engine::AnswerName>()->accepted);
}

}  // namespace
}  // namespace culver::cli
