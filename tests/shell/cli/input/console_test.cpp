#include "shell/cli/input/console.hpp"

#include <algorithm>
#include <csignal>

#include <gtest/gtest.h>
#include <pty.h>

#include "tests/shell/cli/scene.hpp"

namespace culver::cli {
namespace {

using namespace std::chrono_literals;

using Lines = std::vector<std::optional<std::string>>;

class ConsoleOnAPipe : public testing::Test {
 protected:
  Console::Answer keep() {
    return [this](std::optional<std::string> line) { answers_.push_back(std::move(line)); };
  }
  std::function<void(bool)> keep_decision() {
    return [this](bool yes) { decisions_.push_back(yes); };
  }
  Scene scene_{Scene::Person::present};
  Lines answers_;
  std::vector<bool> decisions_;
};

TEST_F(ConsoleOnAPipe, AsksOneQuestionAfterTheOther) {
  scene_.console().ask("First? ", keep());
  scene_.console().ask("Second? ", keep());
  scene_.settle();
  EXPECT_EQ(scene_.err(), "First? ");
  scene_.type("one\r\n");
  EXPECT_EQ(scene_.err(), "First? Second? ");
  scene_.type("tw");
  EXPECT_EQ(answers_, Lines{"one"});
  scene_.type("o\n");
  EXPECT_EQ(answers_, (Lines{"one", "two"}));
}

TEST_F(ConsoleOnAPipe, NeverAnswersFromInsideTheCall) {
  Scene scene;
  scene.console().ask("Code: ", keep());
  EXPECT_TRUE(answers_.empty());
  scene.settle();
  EXPECT_EQ(answers_, Lines{std::nullopt});
}

TEST_F(ConsoleOnAPipe, TakesTheEndOfInputAsNo) {
  scene_.console().confirm("A? ", keep_decision());
  scene_.console().confirm("B? ", keep_decision());
  scene_.settle();
  scene_.leave();
  EXPECT_EQ(decisions_, (std::vector<bool>{false, false}));
  scene_.console().confirm("C? ", keep_decision());
  scene_.settle();
  EXPECT_EQ(decisions_.size(), 3u);
  EXPECT_NE(scene_.err().find("--yes accepts"), std::string::npos);
}

TEST_F(ConsoleOnAPipe, ForgetsWithdrawnQuestions) {
  const auto first = scene_.console().ask("First? ", keep());
  const auto second = scene_.console().ask("Second? ", keep());
  scene_.console().ask("Third? ", keep());
  scene_.settle();
  scene_.console().withdraw(second);
  scene_.console().withdraw(first);
  scene_.console().withdraw(first);
  scene_.settle();
  EXPECT_EQ(scene_.err(), "First?  (no longer needed)\nThird? ");
  scene_.now += 1s;
  scene_.type("x\n");
  EXPECT_EQ(answers_, Lines{"x"});
}

TEST_F(ConsoleOnAPipe, WhatWasMeantForAWithdrawnQuestionDoesNotAnswerTheNext) {
  const auto first = scene_.console().confirm("Eve? ", keep_decision());
  scene_.console().confirm("Zed? ", keep_decision());
  scene_.settle();
  scene_.console().withdraw(first);
  scene_.settle();
  scene_.now += 600ms;
  scene_.type("y\n");
  EXPECT_TRUE(decisions_.empty());
  EXPECT_TRUE(
      scene_.err().ends_with("Zed? That question was withdrawn: please answer this one.\nZed? "))
      << scene_.err();
  scene_.now += 200ms;
  scene_.type("y\n");
  EXPECT_EQ(decisions_, std::vector<bool>{true});
}

TEST_F(ConsoleOnAPipe, TheEndOfALineThatWasBegunForAWithdrawnQuestionDoesNotRefuseTheNext) {
  const auto first = scene_.console().confirm("Eve? ", keep_decision());
  scene_.settle();
  scene_.type("y");
  scene_.console().withdraw(first);
  scene_.settle();
  scene_.now += 1s;
  scene_.console().confirm("Zed? ", keep_decision());
  scene_.settle();
  scene_.now += 1900ms;
  scene_.type("\n");
  EXPECT_TRUE(decisions_.empty()) << "Enter alone";
  scene_.type("n\n");
  EXPECT_EQ(decisions_, std::vector<bool>{false}) << "long enough after the swap";
}

TEST_F(ConsoleOnAPipe, AQuestionThatComesLongAfterAWithdrawnOneIsAnsweredAtOnce) {
  const auto first = scene_.console().confirm("Eve? ", keep_decision());
  scene_.settle();
  scene_.console().withdraw(first);
  scene_.settle();
  scene_.now += 2s;
  scene_.console().confirm("Zed? ", keep_decision());
  scene_.settle();
  scene_.type("y\n");
  scene_.console().confirm("Ben? ", keep_decision());
  scene_.settle();
  scene_.type("\n");
  EXPECT_EQ(decisions_, (std::vector<bool>{true, false}));
}

TEST_F(ConsoleOnAPipe, WhatIsNeitherYesNorNoIsAskedAgainThreeTimes) {
  scene_.console().confirm("A? ", keep_decision());
  scene_.settle();
  scene_.type("maybe\n");
  EXPECT_TRUE(scene_.err().ends_with("A? Please answer y or n.\nA? ")) << scene_.err();
  scene_.type("yy\nja\n");
  EXPECT_TRUE(decisions_.empty());
  scene_.type("well\n");
  EXPECT_EQ(decisions_, std::vector<bool>{false});
  scene_.console().confirm("B? ", keep_decision());
  scene_.settle();
  scene_.type("maybe\n Yes \n");
  EXPECT_EQ(decisions_, (std::vector<bool>{false, true}));
}

TEST_F(ConsoleOnAPipe, TakesAnOverlongLineAsNothing) {
  scene_.console().confirm("A? ", keep_decision());
  scene_.settle();
  scene_.type(std::string(5000, 'y'));
  EXPECT_EQ(decisions_, std::vector<bool>{false});
}

TEST_F(ConsoleOnAPipe, BoundsItsQuestions) {
  for (std::size_t i = 0; i <= Console::max_questions; ++i) scene_.console().ask("? ", keep());
  scene_.settle();
  EXPECT_EQ(answers_, Lines{std::nullopt}) << "one too many";
}

class ConsoleOfAProgram : public ConsoleOnAPipe {
 protected:
  ConsoleOfAProgram() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    program_ = host::FileDescriptor(ends[1]);
    console_.emplace(scene_.loop(), host::FileDescriptor(ends[0]), scene_.screen(),
                     Answerer::program);
  }
  void write(std::string_view lines) {
    ASSERT_TRUE(host::write_all(program_, as_bytes(lines)));
    scene_.settle();
  }
  host::FileDescriptor program_;
  std::optional<Console> console_;
};

TEST_F(ConsoleOfAProgram, IsAnsweredByNumberInAnyOrder) {
  const auto first = console_->confirm("A? ", keep_decision());
  const auto second = console_->confirm("B? ", keep_decision());
  scene_.settle();
  EXPECT_EQ(scene_.err(), "") << "the questions are events";
  write("{\"question\":" + std::to_string(second) + ",\"isAccepted\":true}\n");
  EXPECT_EQ(decisions_, std::vector<bool>{true});
  write("{\"question\":" + std::to_string(second) +
        ",\"isAccepted\":true}\nyes\n{\"isAccepted\":true}\n");
  EXPECT_EQ(decisions_.size(), 1u);
  EXPECT_NE(scene_.err().find("no question of that number"), std::string::npos);
  EXPECT_NE(scene_.err().find("not an answer"), std::string::npos);
  write("{\"question\":" + std::to_string(first) + ",\"isAccepted\":false}\n");
  EXPECT_EQ(decisions_, (std::vector<bool>{true, false}));
}

/// Of another process, or of a program that guesses.
TEST_F(ConsoleOfAProgram, IsNotAnsweredByWhatWasSaidBeforeItAsked) {
  write("{\"question\":1,\"isAccepted\":true}\n");
  const auto first = console_->confirm("A? ", keep_decision());
  scene_.settle();
  EXPECT_TRUE(decisions_.empty());
  EXPECT_NE(scene_.err().find("no question of that number"), std::string::npos);
  write("{\"question\":" + std::to_string(first + 1) + ",\"isAccepted\":true}\n");
  write("{\"question\":" + std::to_string(first) + ",\"isAccepted\":false}\n");
  const auto second = console_->confirm("B? ", keep_decision());
  scene_.settle();
  EXPECT_EQ(decisions_, std::vector<bool>{false});
  EXPECT_LT(std::max(first, second), std::uint64_t{1} << 53) << "a double of JSON holds it";
  EXPECT_GT(std::max(first, second), std::uint64_t{1} << 31);
}

TEST_F(ConsoleOfAProgram, ThatHasLeftSaysNo) {
  console_->confirm("A? ", keep_decision());
  console_->ask("Code: ", keep());
  scene_.settle();
  EXPECT_EQ(answers_, Lines{std::nullopt}) << "it is not asked for words";
  program_ = {};
  scene_.settle();
  EXPECT_EQ(decisions_, std::vector<bool>{false});
}

TEST_F(ConsoleOfAProgram, ThatHasLeftLeavesQuestionsWhoseEndIsToldByNumber) {
  std::vector<Console::Ticket> told;
  console_->when_unanswered([&](Console::Ticket question, std::string_view why) {
    EXPECT_EQ(why, "Nobody.");
    told.push_back(question);
    return told.size() == 1;
  });
  const auto first = console_->confirm("A? ", keep_decision(), "Nobody.");
  program_ = {};
  scene_.settle();
  const auto second = console_->confirm("B? ", keep_decision(), "Nobody.");
  scene_.settle();
  EXPECT_EQ(told, (std::vector{first, second}));
  EXPECT_EQ(scene_.err(), "Nobody.\n") << "of the second";
  EXPECT_EQ(decisions_, (std::vector<bool>{false, false}));
}

TEST_F(ConsoleOnAPipe, LetsTheLoopRunDryOnceClosed) {
  scene_.console().ask("? ", keep());
  scene_.settle();
  scene_.console().close();
  scene_.loop().restart();
  scene_.loop().run_for(std::chrono::seconds(10));
  EXPECT_TRUE(scene_.loop().stopped());
  EXPECT_TRUE(answers_.empty());
}

/// A person at a terminal, of which the test holds the other end.
class ConsoleOnATerminal : public testing::Test {
 protected:
  void SetUp() override {
    int ours = -1, theirs = -1;
    ASSERT_EQ(openpty(&ours, &theirs, nullptr, nullptr, nullptr), 0);
    window_ = host::FileDescriptor(ours);
    console_.emplace(loop_, host::FileDescriptor(theirs), screen_);
    console_->confirm("Accept? ", [this](bool yes) { answers_.push_back(yes); });
    run(50ms);
    ASSERT_EQ(err_.str(), "Accept? ");
  }
  void run(std::chrono::milliseconds time) {
    loop_.restart();
    loop_.run_for(time);
  }
  boost::asio::io_context loop_;
  std::ostringstream out_, err_;
  Screen screen_{out_, err_, {}};
  host::FileDescriptor window_;
  std::optional<Console> console_;
  std::vector<bool> answers_;
};

TEST_F(ConsoleOnATerminal, ThatHangsUpIsNoAnswer) {
  window_ = {};
  run(200ms);
  EXPECT_TRUE(answers_.empty()) << "the signal is what ends the program";
  console_->close();
  run(3s);
  EXPECT_TRUE(answers_.empty());
}

TEST_F(ConsoleOnATerminal, ThatHangsUpWithoutASignalLeavesNobodyToAsk) {
  window_ = {};
  run(3s);
  EXPECT_EQ(answers_, std::vector<bool>{false});
  EXPECT_NE(err_.str().find("Nobody is there to ask"), std::string::npos);
}

TEST_F(ConsoleOnATerminal, LetsTheLoopRunDryOnceAnswered) {
  ASSERT_EQ(::write(window_.get(), "y\n", 2), 2);
  run(10s);
  EXPECT_EQ(answers_, std::vector<bool>{true});
  EXPECT_TRUE(loop_.stopped());
}

TEST_F(ConsoleOnATerminal, TakesCtrlDForANoOfThePerson) {
  ASSERT_EQ(::write(window_.get(), "\x04", 1), 1);
  run(200ms);
  EXPECT_EQ(answers_, std::vector<bool>{false});
  EXPECT_NE(err_.str().find("Ctrl-D counts as no."), std::string::npos) << err_.str();
  EXPECT_EQ(err_.str().find("Nobody is there"), std::string::npos) << err_.str();
}

TEST_F(ConsoleOnATerminal, IsShownAgainWhenTheProcessGoesOn) {
  err_.str("");
  std::raise(SIGCONT);
  run(100ms);
  EXPECT_EQ(err_.str(), "Accept? ");
  std::raise(SIGCONT);
  run(100ms);
  EXPECT_EQ(err_.str(), "Accept? Accept? ");
}

TEST_F(ConsoleOnAPipe, MayBeAskedAgainFromAnAnswer) {
  scene_.console().ask("1? ", [this](auto) { scene_.console().ask("2? ", keep()); });
  scene_.settle();
  scene_.type("a\nb\n");
  EXPECT_EQ(answers_, Lines{"b"});
}

}  // namespace
}  // namespace culver::cli
