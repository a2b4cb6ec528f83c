#include "shell/cli/verbs/receive.hpp"

#include <csignal>

#include <gtest/gtest.h>

#include "core/engine/names.hpp"
#include "shell/host/fault_text.hpp"
#include "tests/shell/cli/scene.hpp"
#include "tests/support/keys.hpp"

namespace culver::cli {
namespace {

using test::key;

const ConnectionId ana_connection{1}, ben_connection{2};
const TransferId file{9};
const auto ana_code = code("AAAAAA"), ben_code = code("BBBBBB");

class ReceiveVerb : public testing::Test {
 protected:
  void begin(Receive::Choices choices, Scene::Person person = Scene::Person::absent) {
    scene_ = std::make_unique<Scene>(person);
    accepts_ = choices.yes;
    verb_ = std::make_unique<Receive>(choices, scene_->context());
    verb_->start();
    ASSERT_TRUE(scene_->only<engine::GoOnline>());
    hear(engine::Online{own_code});
  }
  void hear(engine::Notice notice) {
    verb_->on(notice);
    scene_->settle();
  }
  /// As the engine tells it: with --yes it has accepted.
  void request(const PairingCode& from, const char* name) {
    hear(engine::PairRequested{from, {}, Plaintext(name), {}, accepts_});
  }
  void connect(ConnectionId connection, const PairingCode& from, const char* name) {
    hear(engine::Connecting{connection, from});
    hear(engine::Connected{connection, {}, Plaintext(name), connection::PathKind::direct, {}});
  }
  void offer(ConnectionId connection, TransferId transfer = file) {
    hear(engine::FileOffered{connection, transfer, Plaintext("a.pdf"), 1000});
  }
  void receive_file(ConnectionId connection, TransferId transfer = file) {
    offer(connection, transfer);
    hear(engine::FileStarted{connection, transfer, false, Plaintext("a.pdf"), 1000});
    hear(engine::FileReceived{transfer, Plaintext("/in/a.pdf"), Digest{}});
  }
  std::vector<bool> pair_answers() const {
    std::vector<bool> answers;
    for (const auto& command : scene_->commands)
      if (const auto* answer = std::get_if<engine::AnswerPair>(&command))
        answers.push_back(answer->accepted);
    return answers;
  }
  std::unique_ptr<Scene> scene_;
  std::unique_ptr<Receive> verb_;
  bool accepts_ = false;
};

using Answers = std::vector<bool>;

TEST_F(ReceiveVerb, ReportsAWholeVisitInLinesOfJson) {
  begin({true, true});
  request(ana_code, "Ana");
  connect(ana_connection, ana_code, "Ana");
  hear(engine::TextReceived{ana_connection, Plaintext("hello")});
  receive_file(ana_connection);
  hear(engine::Closed{ana_connection, {}, true});
  EXPECT_EQ(scene_->exit, 0);
  const std::string fingerprint =
      "66687AADF862BD776C8FC18B8E9F8E20089714856EE233B3902A591D0D5F2925";
  EXPECT_EQ(scene_->out_of_peers(),
            R"({"v":1,"type":"online","data":{"code":"K7MW2Q"}})"
            "\n"
            R"({"v":1,"type":"pairRequested","data":{"name":"Ana","fingerprint":")" +
                fingerprint +
                "\"}}\n"
                R"({"v":1,"type":"peerConnected","data":{"peer":"Ana","path":"direct",)"
                R"("setupMs":0,"isCulver":false}})"
                "\n"
                R"({"v":1,"type":"textReceived","data":{"peer":"Ana","text":"hello"}})"
                "\n"
                R"({"v":1,"type":"transferState","data":{"peer":"Ana","name":"a.pdf","size":1000,)"
                R"("state":"started"}})"
                "\n"
                R"({"v":1,"type":"fileReceived","data":{"peer":"Ana","name":"a.pdf","size":1000,)"
                R"("path":"/in/a.pdf","sha256":")" +
                std::string(64, '0') +
                "\"}}\n"
                R"({"v":1,"type":"peerDisconnected","data":{"peer":"Ana"}})"
                "\n");
}

TEST_F(ReceiveVerb, AsksBeforeItPairsAndBeforeItTakesAFile) {
  begin({false, true}, Scene::Person::present);
  request(ana_code, "Ana");
  EXPECT_TRUE(pair_answers().empty());
  EXPECT_NE(scene_->err().find("Accept? [y/N] "), std::string::npos);
  scene_->type("y\n");
  EXPECT_EQ(pair_answers(), Answers{true});
  connect(ana_connection, ana_code, "Ana");
  offer(ana_connection);
  EXPECT_NE(scene_->err().find("Ana wants to send a.pdf (1000 B). Accept? [y/N] "),
            std::string::npos);
  EXPECT_FALSE(scene_->only<engine::AnswerFile>());
  scene_->type("YES\n");
  EXPECT_TRUE(scene_->only<engine::AnswerFile>()->accepted);
}

TEST_F(ReceiveVerb, TakesAnythingElseAsNo) {
  for (const char* answer : {"\n", "n\n", "yy\nyes please\nja\nn\n", "a\nb\nc\nd\n"}) {
    begin({false, false}, Scene::Person::present);
    request(ana_code, "Ana");
    scene_->type(answer);
    EXPECT_EQ(pair_answers(), Answers{false}) << answer;
    EXPECT_FALSE(scene_->exit);
  }
}

TEST_F(ReceiveVerb, RefusesWhenNobodyCanBeAsked) {
  begin({false, false});
  request(ana_code, "Ana");
  EXPECT_EQ(pair_answers(), Answers{false});
  EXPECT_NE(scene_->err().find("--yes"), std::string::npos);
}

TEST_F(ReceiveVerb, QueuesQuestionsOfSeveralPeers) {
  begin({false, false}, Scene::Person::present);
  request(ana_code, "Ana");
  request(ben_code, "Ben");
  scene_->type("n\ny\n");
  EXPECT_EQ(pair_answers(), (Answers{false, true}));
  const auto& last = std::get<engine::AnswerPair>(scene_->commands.back());
  EXPECT_EQ(last.from, ben_code);
}

TEST_F(ReceiveVerb, WithdrawsAQuestionThatLostItsPoint) {
  begin({false, false}, Scene::Person::present);
  request(ana_code, "Ana");
  request(ben_code, "Ben");
  hear(engine::PairWithdrawn{ana_code});
  scene_->type("y\n");
  EXPECT_EQ(pair_answers(), Answers{}) << "that was for Ana";
  scene_->now += Console::time_to_notice;
  scene_->type("y\n");
  EXPECT_EQ(pair_answers(), Answers{true});
  EXPECT_EQ(std::get<engine::AnswerPair>(scene_->commands.back()).from, ben_code);
}

TEST_F(ReceiveVerb, EveryQuestionNamesWhomItIsAboutAndAnswersThatOne) {
  begin({false, false}, Scene::Person::present);
  hear(engine::PairRequested{ana_code, key(1), Plaintext("Ana")});
  hear(engine::PairRequested{ben_code, key(2), Plaintext("Ben")});
  const auto question = [](const char* name, int n) {
    return std::string(name) + " (" + report::short_fingerprint(key(n)) +
           ") asks to pair. Accept? [y/N] ";
  };
  EXPECT_TRUE(scene_->err().ends_with(question("Ana", 1))) << scene_->err();
  EXPECT_EQ(scene_->err().find(question("Ben", 2)), std::string::npos) << "it is not its turn";
  scene_->type("n\n");
  EXPECT_TRUE(scene_->err().ends_with(question("Ben", 2))) << scene_->err();
  scene_->type("y\n");
  EXPECT_EQ(pair_answers(), (Answers{false, true}));
}

TEST_F(ReceiveVerb, WhatWasBegunAsAnAnswerToOneIsNoAnswerToTheNext) {
  begin({false, false}, Scene::Person::present);
  hear(engine::PairRequested{ana_code, key(1), Plaintext("Ana")});
  hear(engine::PairRequested{ben_code, key(2), Plaintext("Ben")});
  scene_->type("y");
  hear(engine::PairWithdrawn{ana_code});
  EXPECT_NE(scene_->err().find("Ana (" + report::short_fingerprint(key(1)) +
                               ") does not wait for an answer any more"),
            std::string::npos)
      << scene_->err();
  scene_->now += Console::time_to_notice;
  scene_->type("\n");
  EXPECT_EQ(pair_answers(), Answers{}) << "the end of what was begun";
  scene_->type("n\n");
  EXPECT_EQ(pair_answers(), Answers{false});
  EXPECT_EQ(std::get<engine::AnswerPair>(scene_->commands.back()).from, ben_code);
}

TEST_F(ReceiveVerb, ASecondRequestUnderOneCodeTakesThePlaceOfTheFirst) {
  begin({false, false}, Scene::Person::present);
  hear(engine::PairRequested{ana_code, key(1), Plaintext("Ana")});
  hear(engine::PairRequested{ana_code, key(2), Plaintext("Eve")});
  scene_->now += Console::time_to_notice;
  scene_->type("n\n");
  EXPECT_EQ(pair_answers(), Answers{false});
  EXPECT_NE(scene_->err().find("Eve (" + report::short_fingerprint(key(2))), std::string::npos);
}

TEST_F(ReceiveVerb, OfQuestionsThatLoseTheirPointItIsSaidWhoseTheyWere) {
  begin({false, true}, Scene::Person::present);
  hear(engine::PairRequested{ana_code, key(1), Plaintext("Ana")});
  hear(engine::PairRequested{ben_code, key(2), Plaintext("Ben")});
  scene_->type("y\n");
  EXPECT_NE(
      scene_->err().find("Ben (" + report::short_fingerprint(key(2)) + ") is refused: with --once"),
      std::string::npos)
      << scene_->err();
  hear(engine::Connecting{ana_connection, ana_code});
  hear(engine::Connected{
      ana_connection, key(1), Plaintext("Ana"), connection::PathKind::direct, {}});
  offer(ana_connection);
  hear(engine::Closed{ana_connection, Fault::peer_gone, true});
  EXPECT_NE(scene_->err().find("Ana is gone: nothing of it is asked about any more."),
            std::string::npos)
      << scene_->err();
}

TEST_F(ReceiveVerb, FilesOfTwoOfOneNameAreAskedAboutByTheirHandles) {
  begin({false, false}, Scene::Person::present);
  scene_->book = {{key(1), Plaintext("ben"), {}}, {key(2), Plaintext("ben"), {}}};
  hear(engine::Connecting{ben_connection, ben_code});
  hear(engine::Connected{
      ben_connection, key(2), Plaintext("ben"), connection::PathKind::direct, {}});
  offer(ben_connection);
  const auto handle = engine::handle(scene_->book, scene_->book[1]);
  EXPECT_TRUE(handle.starts_with("ben@")) << handle;
  EXPECT_NE(scene_->err().find(handle + " wants to send a.pdf"), std::string::npos)
      << scene_->err();
}

TEST_F(ReceiveVerb, AFailureNamesThePeerThatItIsAbout) {
  begin({true, false});
  hear(engine::PairRequested{ana_code, key(1), Plaintext("Ana"), {}, true});
  hear(engine::Connecting{ana_connection, ana_code});
  hear(engine::Closed{ana_connection, Fault::out_of_order, false});
  const auto named = [&](const char* reason) {
    const auto at = scene_->out().find(std::string("\"code\":\"") + reason);
    if (at == std::string::npos) return false;
    const auto line = scene_->out().substr(at, scene_->out().find('\n', at) - at);
    return line.find("\"peer\":\"Ana\"") != std::string::npos;
  };
  EXPECT_TRUE(named("out_of_order")) << scene_->out();
  hear(engine::Connecting{ana_connection, ana_code});
  hear(engine::Connected{
      ana_connection, key(1), Plaintext("Ana"), connection::PathKind::direct, {}});
  offer(ana_connection);
  hear(engine::FileFailed{file, Fault::wrong_type});
  EXPECT_TRUE(named("wrong_type")) << scene_->out();
  hear(engine::Closed{ana_connection, Fault::replaced, true});
  EXPECT_TRUE(named("replaced")) << scene_->out();
}

TEST_F(ReceiveVerb, WhoHasNotShownTheKeyIsToldOnceForALink) {
  begin({true, false});
  hear(engine::Connecting{ana_connection, ana_code});
  hear(engine::Unproven{ana_connection, key(1), {}, connection::PathKind::direct, false});
  hear(engine::Unproven{ana_connection, key(1), Plaintext("Ana"), connection::PathKind::direct,
                        false});
  const auto first = scene_->out().find("\"peerUnproven\"");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(scene_->out().find("\"peerUnproven\"", first + 1), std::string::npos) << scene_->out();
}

TEST_F(ReceiveVerb, ATextOfAVerifiedPeerSaysSo) {
  begin({});
  scene_->book = {{key(1), Plaintext("Ana"), {}, false, true, true}};
  hear(engine::LetterReceived{HeldId{3}, key(1), Plaintext("Ana"), {{}, 4}, 0, Plaintext("hi")});
  EXPECT_NE(scene_->out().find(R"("isVerified":true,"text":"hi")"), std::string::npos)
      << scene_->out();
}

TEST_F(ReceiveVerb, ServesSeveralPeersAtOnce) {
  begin({true, false});
  request(ana_code, "Ana");
  request(ben_code, "Ben");
  connect(ana_connection, ana_code, "Ana");
  connect(ben_connection, ben_code, "Ben");
  receive_file(ben_connection, TransferId{1});
  receive_file(ana_connection, TransferId{2});
  hear(engine::Closed{ana_connection, {}, true});
  hear(engine::Closed{ben_connection, {}, true});
  EXPECT_FALSE(scene_->exit) << "goes on";
  EXPECT_TRUE(pair_answers().empty()) << "the engine has answered";
}

TEST_F(ReceiveVerb, RefusesThoseWhoWaitOnceAnotherIsAccepted) {
  begin({false, true}, Scene::Person::present);
  request(ana_code, "Ana");
  request(ben_code, "Ben");
  scene_->type("y\n");
  EXPECT_EQ(pair_answers(), Answers{true});
  scene_->type("y\n");
  EXPECT_EQ(pair_answers().size(), 1u) << "the second question was withdrawn";
}

/// The engine has told of her before it heard of the answer to the other.
TEST_F(ReceiveVerb, WhoAskedMeanwhileIsRefusedOnceAnotherIsAccepted) {
  begin({false, true}, Scene::Person::present);
  request(ana_code, "Ana");
  scene_->type("y\n");
  hear(engine::PairRequested{ben_code, key(2), Plaintext("Ben")});
  hear(engine::PairWithdrawn{ben_code, true});
  EXPECT_NE(
      scene_->err().find("Ben (" + report::short_fingerprint(key(2)) + ") is refused: with --once"),
      std::string::npos)
      << scene_->err();
}

TEST_F(ReceiveVerb, TheQuestionSaysWhatWouldBeContinued) {
  begin({false, true}, Scene::Person::present);
  request(ana_code, "Ana");
  scene_->type("y\n");
  connect(ana_connection, ana_code, "Ana");
  hear(engine::FileOffered{ana_connection, file, Plaintext("a.pdf"), 2048, 1024});
  EXPECT_NE(scene_->err().find("1.0 KiB are here already and would be continued"),
            std::string::npos);
}

TEST_F(ReceiveVerb, EndsWithTheFirstFailureOfItsPeer) {
  begin({true, true});
  request(ana_code, "Ana");
  connect(ana_connection, ana_code, "Ana");
  offer(ana_connection);
  hear(engine::FileFailed{file, Fault::no_space});
  hear(engine::Closed{ana_connection, Fault::peer_gone, true});
  EXPECT_EQ(scene_->exit, 12);
  EXPECT_NE(scene_->out().find(R"("code":"no_space","message":"Ana: a.pdf: There is no space)"),
            std::string::npos);
  EXPECT_NE(scene_->err().find("culver: Ana: a.pdf: There is no space left"), std::string::npos);
}

/// Offered and called back before it could be asked about.
TEST_F(ReceiveVerb, WhatFailsBeforeItIsOfferedIsToldWithItsNameAndItsPeer) {
  begin({true, true});
  request(ana_code, "Ana");
  connect(ana_connection, ana_code, "Ana");
  hear(engine::FileFailed{
      file, Fault::peer_cancelled, {}, engine::FileOf{ana_connection, Plaintext("a.pdf")}});
  EXPECT_NE(scene_->out().find(R"("code":"peer_cancelled","message":"Ana: a.pdf: )"),
            std::string::npos)
      << scene_->out();
}

TEST_F(ReceiveVerb, EndsAfterTheLastFileOfAPeerThatDoesNotWaitForIt) {
  begin({true, true});
  request(ana_code, "Ana");
  connect(ana_connection, ana_code, "Ana");
  offer(ana_connection);
  hear(engine::FileStarted{ana_connection, file, false, Plaintext("a.pdf"), 1000});
  hear(engine::Closed{ana_connection, {}, true});
  EXPECT_FALSE(scene_->exit) << "every byte has come, the disk is at work";
  hear(engine::FileReceived{file, Plaintext("/in/a.pdf"), Digest{}});
  EXPECT_EQ(scene_->exit, 0);
  const auto received = scene_->out().find(R"("type":"fileReceived")");
  EXPECT_LT(received, scene_->out().find(R"("type":"peerDisconnected")"));
}

TEST_F(ReceiveVerb, EndsWithTheFaultOfTheLastFileOfAPeerThatHasLeft) {
  begin({true, true});
  request(ana_code, "Ana");
  connect(ana_connection, ana_code, "Ana");
  offer(ana_connection);
  hear(engine::Closed{ana_connection, {}, true});
  hear(engine::FileFailed{file, Fault::no_space});
  EXPECT_EQ(scene_->exit, 12);
}

TEST_F(ReceiveVerb, EndsWithTheFaultThatClosedTheLink) {
  for (const auto fault : {Fault::key_mismatch, Fault::peer_gone, Fault::ice_failed}) {
    begin({true, true});
    request(ana_code, "Ana");
    hear(engine::Connecting{ana_connection, ana_code});
    hear(engine::Closed{ana_connection, fault, false});
    EXPECT_EQ(scene_->exit, host::fault_text(fault).exit_code);
  }
}

TEST_F(ReceiveVerb, EndsWhenItsPairingComesToNothing) {
  begin({true, true});
  request(ana_code, "Ana");
  hear(engine::PairFailed{ben_code, Fault::pair_left});
  EXPECT_FALSE(scene_->exit);
  hear(engine::PairFailed{ana_code, Fault::pair_left});
  EXPECT_EQ(scene_->exit, 7);
}

TEST_F(ReceiveVerb, GivesUpOnAServerThatNeverWasThere) {
  Scene scene;
  Receive verb({true, false}, scene.context());
  verb.start();
  verb.on(engine::Offline{Fault::server_unreachable, true});
  EXPECT_EQ(scene.exit, 3);
}

TEST_F(ReceiveVerb, AServerThatIsBusyIsAwaitedFromTheStart) {
  Scene scene;
  Receive verb({true, false}, scene.context());
  verb.start();
  verb.on(engine::Offline{Fault::too_many_connections, true});
  verb.on(engine::Offline{Fault::server_unreachable, true});
  EXPECT_FALSE(scene.exit);
  EXPECT_EQ(scene.err(), std::string(host::fault_text(Fault::too_many_connections).sentence) +
                             " Trying again.\n");
  verb.on(engine::Online{code("NEWCDE")});
  EXPECT_NE(scene.out().find("NEWCDE"), std::string::npos);
}

TEST_F(ReceiveVerb, WhatTheServersLimitsMakeItWaitForIsSaid) {
  begin({true, false});
  hear(engine::Paced{std::chrono::seconds(59)});
  EXPECT_NE(scene_->err().find("going on in 59 s"), std::string::npos);
}

TEST_F(ReceiveVerb, WaitsForAServerThatComesBack) {
  begin({true, false});
  hear(engine::Offline{Fault::server_lost, true});
  hear(engine::Offline{Fault::server_unreachable, true});
  hear(engine::Online{code("NEWCDE")});
  EXPECT_FALSE(scene_->exit);
  EXPECT_NE(scene_->out().find("NEWCDE"), std::string::npos);
  EXPECT_EQ(scene_->err(), "The server is gone; trying to reach it again.\n");
}

TEST_F(ReceiveVerb, LetsPeersFinishWhenTheServerIsGoneForGood) {
  begin({true, false});
  request(ana_code, "Ana");
  connect(ana_connection, ana_code, "Ana");
  hear(engine::Offline{Fault::server_refused, false});
  EXPECT_FALSE(scene_->exit);
  hear(engine::Closed{ana_connection, {}, true});
  EXPECT_EQ(scene_->exit, 3);
}

TEST_F(ReceiveVerb, EndsOnSignals) {
  begin({false, false}, Scene::Person::present);
  request(ana_code, "Ana");
  verb_->stop(Fault::interrupted);
  EXPECT_EQ(scene_->exit, 130);
  verb_->stop(Fault::interrupted);
  request(ben_code, "Ben");
  EXPECT_TRUE(pair_answers().empty()) << "nothing after the end";
  begin({false, false});
  verb_->stop(Fault::terminated);
  EXPECT_EQ(scene_->exit, 143);
}

TEST_F(ReceiveVerb, KeepsWhatHasComeUnlessThePersonPressesTwice) {
  const auto interrupt = [&](Fault signal) {
    begin({true, false});
    connect(ana_connection, ana_code, "Ana");
    offer(ana_connection);
    hear(engine::FileStarted{ana_connection, file, false, Plaintext("a.pdf"), 1000});
    verb_->stop(signal);
    EXPECT_NE(scene_->err().find("What has come of a.pdf is kept"), std::string::npos);
  };
  interrupt(Fault::interrupted);
  EXPECT_FALSE(scene_->exit);
  scene_->alarm();
  EXPECT_EQ(scene_->exit, 130);
  EXPECT_EQ(scene_->count<engine::CancelFile>(), 0u);

  interrupt(Fault::interrupted);
  verb_->discard();
  EXPECT_EQ(scene_->only<engine::CancelFile>()->transfer, file);
  EXPECT_FALSE(scene_->exit) << "it is not thrown away yet";
  hear(engine::FileFailed{file, Fault::cancelled});
  EXPECT_NE(scene_->err().find("Thrown away."), std::string::npos);
  EXPECT_EQ(scene_->exit, 130);
  scene_->alarm();

  interrupt(Fault::terminated);
  EXPECT_EQ(scene_->exit, 143);
  EXPECT_EXIT(verb_->discard(), testing::KilledBySignal(SIGINT), "") << "nothing is held up by it";
  EXPECT_EQ(scene_->count<engine::CancelFile>(), 0u);
}

TEST_F(ReceiveVerb, AFileThatIsCompletedAfterTheEndWasAskedForIsTold) {
  enum class When { in_the_window, after_discarding, while_it_is_named, when_all_is_left };
  using enum When;
  for (const auto when : {in_the_window, after_discarding, while_it_is_named, when_all_is_left}) {
    begin({true, false});
    connect(ana_connection, ana_code, "Ana");
    offer(ana_connection);
    hear(engine::FileStarted{ana_connection, file, false, Plaintext("a.pdf"), 1000});
    verb_->stop(Fault::interrupted);
    if (when == after_discarding) verb_->discard();
    if (when == while_it_is_named) hear(engine::FileProgress{file, 1000});
    if (when == while_it_is_named || when == when_all_is_left) scene_->alarm();
    EXPECT_EQ(scene_->exit.has_value(), when == when_all_is_left);
    hear(engine::FileReceived{file, Plaintext("/in/a.pdf"), Digest{}});
    EXPECT_NE(scene_->out().find("fileReceived"), std::string::npos);
    EXPECT_EQ(scene_->err().find("Thrown away"), std::string::npos);
    EXPECT_EQ(scene_->exit, 130);
  }
}

TEST_F(ReceiveVerb, AFileThatIsAllHereIsNotCalledAPartAndItsNameIsAwaited) {
  begin({true, false});
  connect(ana_connection, ana_code, "Ana");
  offer(ana_connection);
  hear(engine::FileStarted{ana_connection, file, false, Plaintext("a.pdf"), 1000});
  hear(engine::FileProgress{file, 1000});
  verb_->stop(Fault::terminated);
  EXPECT_EQ(scene_->err().find("is kept"), std::string::npos);
  EXPECT_FALSE(scene_->exit);
  scene_->alarm();
  EXPECT_EQ(scene_->exit, 143) << "no disk is waited for without end";
}

TEST_F(ReceiveVerb, WhatFailsHereIsToldAlsoOfAConnectionThatNobodyAskedFor) {
  begin({false, false});
  for (std::uint32_t n = 1; n <= 3; ++n) {
    hear(engine::Connecting{ConnectionId{n}, ana_code, key(1)});
    hear(engine::Closed{ConnectionId{n}, Fault::store_failed, false});
  }
  const std::string_view told = R"({"v":1,"type":"failed","data":{"code":"store_failed")";
  const auto first = scene_->out().find(told);
  ASSERT_NE(first, std::string::npos) << scene_->out();
  EXPECT_EQ(scene_->out().find(told, first + 1), std::string::npos) << "once is enough";
  hear(engine::Connecting{ConnectionId{4}, ben_code, key(2)});
  hear(engine::Closed{ConnectionId{4}, Fault::store_failed, false});
  EXPECT_NE(scene_->out().find(told, first + 1), std::string::npos) << "of each peer";
  EXPECT_FALSE(scene_->exit);
}

TEST_F(ReceiveVerb, AsksOnceForABatch) {
  begin({false, false}, Scene::Person::present);
  connect(ana_connection, ana_code, "Ana");
  const auto offer_of = [&](std::uint32_t id, std::uint64_t size,
                            std::optional<engine::Batch> batch = {}) {
    hear(engine::FileOffered{ana_connection, TransferId{id}, Plaintext("f"), size, 0, batch});
  };
  const auto answers = [&] {
    Answers given;
    for (const auto& command : scene_->commands)
      if (const auto* answer = std::get_if<engine::AnswerFile>(&command))
        given.push_back(answer->accepted);
    return given;
  };
  offer_of(1, 1000, engine::Batch{3, 3000, {Plaintext("f"), Plaintext("g\x1b")}});
  EXPECT_NE(scene_->err().find("Ana wants to send 3 files, 2.9 KiB in all, the first f (1000 B), "
                               "then g"),
            std::string::npos)
      << scene_->err();
  EXPECT_NE(scene_->err().find(", .... Accept?"), std::string::npos) << scene_->err();
  scene_->type("y\n");
  offer_of(2, 1500);
  EXPECT_EQ(answers(), (Answers{true, true}));
  offer_of(3, 501);  // more than was said
  EXPECT_EQ(answers(), (Answers{true, true}));
  scene_->type("n\n");
  offer_of(4, 500);
  EXPECT_EQ(answers(), (Answers{true, true, false})) << "a no ends what was said yes to";
  scene_->type("y\n");
  EXPECT_EQ(answers(), (Answers{true, true, false, true}));
  offer_of(5, 0);  // one more than was said
  EXPECT_EQ(answers().size(), 4u);
  scene_->type("n\n");
  offer_of(6, 10, engine::Batch{2, 20});
  scene_->type("n\n");
  offer_of(7, 10);
  EXPECT_EQ(answers(), (Answers{true, true, false, true, false, false, false}));
}

TEST_F(ReceiveVerb, SaysThatOnlyTheOpenConnectionsGoOn) {
  begin({true, false});
  connect(ana_connection, ana_code, "Ana");
  hear(engine::Offline{Fault::server_identity_changed, false});
  EXPECT_FALSE(scene_->exit);
  EXPECT_NE(scene_->err().find("The open connections go on, and nobody else can come"),
            std::string::npos)
      << scene_->err();
  hear(engine::Closed{ana_connection, {}, true});
  EXPECT_EQ(scene_->exit, 4);
}

TEST_F(ReceiveVerb, AnotherAnnouncementIsAnotherQuestion) {
  begin({false, false}, Scene::Person::present);
  connect(ana_connection, ana_code, "Ana");
  hear(engine::FileOffered{ana_connection, file, Plaintext("a"), 5, 0,
                           engine::Batch{2, 1'000'005, {Plaintext("a"), Plaintext("b")}}});
  scene_->type("y\n");
  EXPECT_EQ(scene_->count<engine::AnswerFile>(), 1u);
  hear(engine::FileOffered{ana_connection, TransferId{77}, Plaintext("evil.sh"), 50'000, 0,
                           engine::Batch{1, 50'000, {Plaintext("evil.sh")}}});
  EXPECT_EQ(scene_->count<engine::AnswerFile>(), 1u);
  EXPECT_NE(scene_->err().find("evil.sh"), std::string::npos) << "it is asked about";
}

TEST_F(ReceiveVerb, TellsAProgramWhichQuestionItIs) {
  begin({false, false}, Scene::Person::present);
  request(ana_code, "Ana");
  EXPECT_NE(scene_->out().find(R"("type":"pairRequested","data":{"name":"Ana")"),
            std::string::npos);
  EXPECT_NE(scene_->out().find(R"(,"question":1}})"), std::string::npos);
  scene_->type("y\n");
  connect(ana_connection, ana_code, "Ana");
  offer(ana_connection);
  EXPECT_NE(scene_->out_of_peers().find(
                R"({"v":1,"type":"fileOffered","data":{"peer":"Ana","name":"a.pdf",)"
                R"("size":1000,"files":1,"totalBytes":1000,"question":2}})"),
            std::string::npos)
      << scene_->out();
}

TEST_F(ReceiveVerb, OfSeveralOnOneFolderOnlyTheFirstLooksForKnownPeers) {
  bool leads = false;
  begin({false, false, [&] { return leads; }});
  EXPECT_EQ(scene_->count<engine::LookForKnown>(), 0u);
  EXPECT_EQ(scene_->count<engine::ShowHeld>(), 0u);
  EXPECT_NE(scene_->err().find("Another culver receive runs on this data folder"),
            std::string::npos);
  connect(ana_connection, ana_code, "Ana");
  verb_->tick();
  EXPECT_EQ(scene_->count<engine::LookForKnown>(), 0u);
  leads = true;
  verb_->tick();
  verb_->tick();
  EXPECT_EQ(scene_->count<engine::LookForKnown>(), 1u);
  EXPECT_EQ(scene_->count<engine::ShowHeld>(), 1u);
}

TEST_F(ReceiveVerb, ReportsProgressAtMostTenTimesASecond) {
  begin({true, false});
  request(ana_code, "Ana");
  connect(ana_connection, ana_code, "Ana");
  hear(engine::FileStarted{ana_connection, file, false, Plaintext("a.pdf"), 1000});
  for (std::uint64_t bytes = 1; bytes <= 1000; ++bytes) {
    scene_->now += std::chrono::milliseconds(1);
    hear(engine::FileProgress{file, bytes});
  }
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = scene_->out().find("transferProgress", at)) != std::string::npos;
       ++at)
    ++lines;
  EXPECT_EQ(lines, 11u) << "ten and the last";
  EXPECT_NE(scene_->out().find(R"("bytes":1000}})"), std::string::npos);
}

TEST_F(ReceiveVerb, AsksInWordsThatNoNameCanForge) {
  begin({false, false}, Scene::Person::present);
  connect(ana_connection, ana_code, "A\x1b[2Jna\n");
  hear(engine::FileOffered{ana_connection, file, Plaintext("\xE2\x80\xAE.pdf\r\n"), 5});
  EXPECT_NE(scene_->err().find(R"(A[2Jna wants to send \u{202e}.pdf\x0d\n (5 B).)"),
            std::string::npos)
      << scene_->err();
  EXPECT_EQ(scene_->err().find('\x1b'), std::string::npos);
  scene_->book = {{key(1), Plaintext("A[2Jna"), {}}};
  const Contacts book([this] { return std::span<const engine::Known>(scene_->book); });
  const report::Peer ana{Plaintext("A\x1b[2Jna\n"), key(1)};
  EXPECT_EQ(book.handle(ana), Contacts().handle(ana)) << "of one spelling before and afterwards";
}

// ---- known peers --------------------------------------------------------------------------------

TEST_F(ReceiveVerb, KnownPeersAreLookedForAndLetInWithoutAQuestion) {
  begin({false, false}, Scene::Person::present);
  EXPECT_EQ(scene_->count<engine::LookForKnown>(), 1u);
  hear(engine::Connecting{ana_connection, ana_code, key(1)});
  hear(engine::Connected{
      ana_connection, key(1), Plaintext("Ana"), connection::PathKind::direct, {}});
  EXPECT_TRUE(pair_answers().empty());
  offer(ana_connection);
  EXPECT_EQ(scene_->count<engine::AnswerFile>(), 0u) << "files are asked about";
  scene_->type("y\n");
  EXPECT_TRUE(scene_->only<engine::AnswerFile>()->accepted);
}

TEST_F(ReceiveVerb, AMeetingThatFailsIsNobodysNews) {
  begin({true, false});
  hear(engine::Connecting{ana_connection, ana_code, key(1)});
  hear(engine::Closed{ana_connection, Fault::ice_failed, false});
  EXPECT_FALSE(scene_->exit);
  EXPECT_EQ(scene_->out().find("failed"), std::string::npos) << scene_->out();
}

TEST_F(ReceiveVerb, WhoNamesAKnownKeyAndIsRefusedIsToldAndDecidesNothing) {
  begin({true, true});
  hear(engine::Connecting{ana_connection, ana_code, key(1)});
  hear(engine::ClaimFailed{key(1), Plaintext("Ana"), Fault::peer_downgraded});
  hear(engine::Closed{ana_connection, Fault::peer_downgraded, false});
  EXPECT_NE(scene_->out().find(R"("code":"peer_downgraded","message":"Ana: )"), std::string::npos)
      << scene_->out();
  const std::string why(host::fault_text(Fault::peer_downgraded).sentence);
  EXPECT_NE(scene_->err().find("Ana: " + why), std::string::npos) << scene_->err();
  EXPECT_FALSE(scene_->exit) << "it is looked for again";
  hear(engine::Connecting{ben_connection, ben_code, key(1)});
  hear(engine::Connected{
      ben_connection, key(1), Plaintext("Ana"), connection::PathKind::direct, {}});
  hear(engine::Closed{ben_connection, {}, true});
  EXPECT_EQ(scene_->exit, 0);
}

TEST_F(ReceiveVerb, OnceIsForTheFirstKnownPeerThatShowsItsKey) {
  begin({true, true});
  hear(engine::Connecting{ana_connection, ana_code, key(1)});
  hear(engine::Connecting{ben_connection, ben_code, key(2)});
  EXPECT_EQ(scene_->count<engine::CloseConnection>(), 0u) << "who claims a key keeps nobody out";
  hear(engine::Connected{
      ben_connection, key(2), Plaintext("Ben"), connection::PathKind::direct, {}});
  hear(engine::Closed{ana_connection, Fault::pair_refused, false});
  EXPECT_NE(scene_->err().find("is refused: with --once nobody else is let in."),
            std::string::npos);
  hear(engine::Closed{ben_connection, {}, true});
  EXPECT_EQ(scene_->exit, 0);
}

TEST_F(ReceiveVerb, OnceLooksOnWhenAKnownPeerFailsToShowItsKey) {
  begin({true, true});
  hear(engine::Connecting{ana_connection, ana_code, key(1)});
  hear(engine::Closed{ana_connection, Fault::ice_failed, false});
  EXPECT_FALSE(scene_->exit);
  request(ben_code, "Ben");
  hear(engine::Connecting{ben_connection, ben_code});
  hear(engine::Connected{
      ben_connection, key(2), Plaintext("Ben"), connection::PathKind::direct, {}});
  hear(engine::Closed{ben_connection, {}, true});
  EXPECT_EQ(scene_->exit, 0) << "the place was free";
}

// ---- a name that another has --------------------------------------------------------------------

const PublicKey known_key{{std::byte{7}}};

TEST_F(ReceiveVerb, AsksWhetherANewKeyIsSomebodyElse) {
  begin({false, false}, Scene::Person::present);
  hear(engine::PairRequested{ana_code, {}, Plaintext("Ana"), known_key});
  EXPECT_NE(scene_->err().find("This is not the Ana that you know"), std::string::npos);
  EXPECT_NE(scene_->out().find("\"namesake\":"), std::string::npos);
  scene_->type("y\n");
  EXPECT_EQ(pair_answers(), Answers{true});
  hear(engine::PairRequested{ben_code, {}, Plaintext("Ben"), known_key});
  scene_->type("\n");
  EXPECT_EQ(pair_answers(), (Answers{true, false}));
}

TEST_F(ReceiveVerb, AsksAboutANameThatComesWithTheHandshake) {
  begin({false, false}, Scene::Person::present);
  hear(engine::Connecting{ana_connection, ana_code});
  hear(engine::NameTaken{ana_connection, {}, Plaintext("Ana"), known_key});
  scene_->type("y\n");
  EXPECT_TRUE(scene_->only<engine::AnswerName>()->accepted);
  hear(engine::Connecting{ben_connection, ben_code});
  hear(engine::NameTaken{ben_connection, {}, Plaintext("Ben"), known_key});
  hear(engine::Closed{ben_connection, Fault::peer_gone, false});
  scene_->type("y\n");
  EXPECT_EQ(scene_->count<engine::AnswerName>(), 1u) << "the question has lost its point";
}

TEST_F(ReceiveVerb, NamesWhomARefusalIsAbout) {
  begin({true, false});
  hear(engine::PairFailed{ana_code, Fault::peer_key_changed,
                          engine::Whom{known_key, Plaintext("Ana Bell")}});
  EXPECT_NE(scene_->out().find("\"peer\":\"Ana Bell\""), std::string::npos);
  EXPECT_NE(scene_->err().find("Ana Bell: "), std::string::npos);
  EXPECT_NE(scene_->err().find("culver trust 'Ana Bell'"), std::string::npos);
}

TEST_F(ReceiveVerb, AKnownPeerThatTakesAnothersNameIsNamedAsItIsKnownAndOnce) {
  begin({true, false});
  scene_->book = {{key(1), Plaintext("Cyd"), {}}, {key(2), Plaintext("Bob"), {}}};
  const engine::Whom about{key(1), Plaintext("Cyd"), Plaintext("Bob")};
  hear(engine::PairFailed{ana_code, Fault::name_of_another, about});
  EXPECT_NE(scene_->err().find("Somebody who names the key of Cyd ("), std::string::npos)
      << scene_->err();
  EXPECT_NE(scene_->err().find("and has not shown it, calls itself Bob, like another peer"),
            std::string::npos);
  EXPECT_EQ(scene_->err().find("culver rename"), std::string::npos) << "it may be anybody";
  EXPECT_EQ(scene_->out().find(R"("peer":"Cyd")"), std::string::npos);
  const auto said = scene_->err().size();
  hear(engine::PairFailed{ben_code, Fault::name_of_another, about});
  EXPECT_EQ(scene_->err().size(), said) << "it tries again and again";
}

TEST_F(ReceiveVerb, AKeyThatWasOnlyNamedIsNotCalledThePeerInTheQuestion) {
  begin({false, false}, Scene::Person::present);
  scene_->book = {{key(1), Plaintext("Cyd"), {}}, {key(2), Plaintext("Bob"), {}}};
  hear(engine::PairRequested{ana_code, key(1), Plaintext("Bob"), key(2)});
  EXPECT_NE(scene_->err().find("Somebody who names the key of Cyd ("), std::string::npos)
      << scene_->err();
}

/// Its code can still be found by the tokens that are left on the server.
TEST_F(ReceiveVerb, WhoIsForgottenMeanwhileIsAskedAboutInSpiteOfYes) {
  begin({true, false}, Scene::Person::present);
  hear(engine::PairRequested{ana_code, key(1), Plaintext("Ana"), {}, false, true});
  EXPECT_TRUE(pair_answers().empty());
  EXPECT_NE(scene_->err().find("forgotten"), std::string::npos) << scene_->err();
  scene_->type("y\n");
  EXPECT_EQ(pair_answers(), Answers{true});
}

TEST_F(ReceiveVerb, WhoIsForgottenMeanwhileIsRefusedWhereNobodyIsAsked) {
  begin({true, false});
  hear(engine::PairRequested{ana_code, key(1), Plaintext("Ana"), {}, false, true});
  EXPECT_EQ(pair_answers(), Answers{false});
  EXPECT_NE(scene_->err().find("forgotten"), std::string::npos) << scene_->err();
}

TEST_F(ReceiveVerb, AFileOfWhoIsForgottenSaysWhyItEndsAndWhatStays) {
  begin({true, false});
  scene_->book = {{key(1), Plaintext("Ana"), {}, false, true}};
  hear(engine::Connecting{ana_connection, ana_code, key(1)});
  hear(engine::Connected{
      ana_connection, key(1), Plaintext("Ana"), connection::PathKind::direct, {}});
  offer(ana_connection);
  hear(engine::FileStarted{ana_connection, file, false, Plaintext("a.pdf"), 1000});
  scene_->book.clear();
  hear(engine::PeerBookChanged{key(1), false});
  hear(engine::FileFailed{file, Fault::peer_not_known});
  hear(engine::Closed{ana_connection, {}, true});
  EXPECT_NE(scene_->err().find("Ana: a.pdf: The peer was forgotten here"), std::string::npos)
      << scene_->err();
  EXPECT_NE(scene_->err().find("What has come of a.pdf is kept"), std::string::npos);
  EXPECT_EQ(scene_->err().find("gone"), std::string::npos) << scene_->err();
}

// ---- what waited --------------------------------------------------------------------------------

TEST_F(ReceiveVerb, ShowsWhatAnEarlierProcessHasKeptAndSaysSo) {
  begin({});
  EXPECT_TRUE(std::holds_alternative<engine::ShowHeld>(scene_->commands.front()))
      << "before anything new comes";
  hear(engine::LetterReceived{HeldId{3}, {}, Plaintext("Ana"), {{}, 4}, 0, Plaintext("hi")});
  EXPECT_EQ(scene_->only<engine::Displayed>()->held, HeldId{3});
  EXPECT_NE(scene_->out_of_peers().find(
                R"({"v":1,"type":"textReceived","data":{"peer":"Ana","text":"hi","message":")"),
            std::string::npos);
}

TEST_F(ReceiveVerb, TellsWhatItHasDeliveredAndWhatItCannotRead) {
  begin({});
  hear(engine::LetterDelivered{{}, LetterId{7}, false});
  EXPECT_NE(scene_->out().find(R"("message":7,"isConfirmed":false}})"), std::string::npos);
  hear(engine::LettersStuck{std::nullopt, Fault::letter_unreadable});
  EXPECT_NE(scene_->out().find("letter_unreadable"), std::string::npos);
  EXPECT_FALSE(scene_->exit);
}

TEST_F(ReceiveVerb, WhatComesAfterItsEndIsLeftForTheNext) {
  begin({});
  verb_->stop(Fault::interrupted);
  hear(engine::LetterReceived{HeldId{3}, {}, {}, {{}, 4}, 0, Plaintext("hi")});
  EXPECT_FALSE(scene_->only<engine::Displayed>());
}

}  // namespace
}  // namespace culver::cli
