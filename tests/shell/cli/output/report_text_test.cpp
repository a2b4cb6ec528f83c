#include "shell/cli/output/report_text.hpp"

#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "core/engine/names.hpp"
#include "tests/shell/cli/output/fingerprint_support.hpp"

namespace culver::cli {
namespace {

using namespace std::chrono_literals;

const std::string digest(64, '0');

report::Peer ana() { return {Plaintext("Ana"), {}}; }
report::File pdf(bool outgoing) { return {ana(), Plaintext("a.pdf"), 2048, {}, outgoing}; }

class TextReportOn : public testing::Test {
 protected:
  void show(report::Event event) { report_.report(event); }
  std::string out() { return std::exchange(out_, std::ostringstream()).str(); }
  std::string err() { return std::exchange(err_, std::ostringstream()).str(); }
  std::ostringstream out_, err_;
  Screen screen_{out_, err_, {}};
  TimePoint now_{};
  TextReport report_{screen_, [this] { return now_; }, "wss://example.org"};
};

TEST_F(TextReportOn, ShowsTheCodeAndWhatToDoWithIt) {
  show(report::Code{*PairingCode::parse("K7MW2Q")});
  EXPECT_EQ(out(),
            "On the other machine, run this and type the code when it is asked for:\n\n"
            "    culver --server wss://example.org send FILE\n\n"
            "Pairing code:\n\n    K7MW2Q\n\n");
}

TEST_F(TextReportOn, CallsTwoOfOneNameByWhatTheVerbsTake) {
  const auto key = [](int n) { return PublicKey{{std::byte(n)}}; };
  const std::vector<engine::Known> book{{key(1), Plaintext("ben"), {}},
                                        {key(2), Plaintext("ben"), {}}};
  TextReport report(
      screen_, [this] { return now_; }, "", Contacts([&] { return std::span(book); }));
  const auto first = engine::handle(book, book[0]), second = engine::handle(book, book[1]);
  ASSERT_NE(first, second);
  const auto file = [&](int n) {
    return report::File{{Plaintext("ben"), key(n)}, Plaintext("a"), 1, {}, false};
  };
  for (int n : {1, 2}) {
    const report::Peer ben{Plaintext("ben"), key(n)};
    const auto& handle = n == 1 ? first : second;
    for (const report::Event& event :
         {report::Event(report::Connected{ben, false}), report::Event(report::Closed{ben}),
          report::Event(report::Text{ben, Plaintext("hi")}),
          report::Event(report::Waiting{ben, 60}), report::Event(report::FileStarted{file(n)}),
          report::Event(report::PairRequest{ben}),
          report::Event(report::FileSent{file(n), Digest{}, true})}) {
      report.report(event);
      const auto shown = out() + err();
      EXPECT_NE(shown.find(handle), std::string::npos) << shown;
    }
  }
  // Somebody of that name who is not in the book yet is neither.
  report.report(report::PairRequest{{Plaintext("ben"), key(3)}});
  const auto shown = out();
  EXPECT_TRUE(shown.starts_with("ben@")) << shown;
  EXPECT_EQ(shown.find(first), std::string::npos) << shown;
  EXPECT_EQ(shown.find(second), std::string::npos) << shown;
}

TEST_F(TextReportOn, WhoIsAloneOfItsNameIsCalledByIt) {
  const std::vector<engine::Known> book{{{}, Plaintext("Ana"), Plaintext("Sister")}};
  TextReport report(
      screen_, [this] { return now_; }, "", Contacts([&] { return std::span(book); }));
  report.report(report::Closed{ana()});
  EXPECT_EQ(out(), "Sister is disconnected.\n");
}

TEST_F(TextReportOn, DrawsAQrCodeOnATerminal) {
  Screen terminal(out_, err_, {true, true, false});
  TextReport report(
      terminal, [this] { return now_; }, "");
  report.report(report::Code{*PairingCode::parse("K7MW2Q")});
  const auto shown = out();
  EXPECT_NE(shown.find("█"), std::string::npos);
  EXPECT_NE(shown.find("    culver send FILE\n"), std::string::npos);
}

TEST_F(TextReportOn, TellsAVisitInPlainLines) {
  show(report::PairRequest{ana()});
  EXPECT_EQ(out(), "Ana asks to pair.\n  Fingerprint " + zero_fingerprint + "\n");
  show(report::Connected{ana(), false, 0, {}, true});
  EXPECT_EQ(out(), "Connected with Ana, directly.\n  Fingerprint " + zero_fingerprint + "\n");
  show(report::Connected{ana(), false, 0, {}, false});
  EXPECT_EQ(out(), "Connected with Ana, directly.\n  Fingerprint " + zero_fingerprint +
                       "\n  It is no Culver: whoever runs the server could change what its files "
                       "are called.\n");
  show(report::Connected{ana(), false, 0, PublicKey{}, true});
  EXPECT_EQ(out(), "Connected with Ana, directly.\n  Fingerprint " + zero_fingerprint +
                       "\n  This key is new: until now Ana had " + zero_fingerprint +
                       ". Compare: culver verify.\n");
  show(report::Connected{ana(), true, 0, {}, true});
  EXPECT_EQ(out(),
            "Connected with Ana, through a relay.\n  Fingerprint " + zero_fingerprint + "\n");
  show(report::Text{ana(), Plaintext("hello\nthere")});
  EXPECT_EQ(out(), "Ana: hello\n  | there\n");
  show(report::FileStarted{pdf(false)});
  EXPECT_EQ(err(), "Receiving a.pdf (2.0 KiB) from Ana.\n");
  show(report::FileStarted{pdf(false), 1024});
  EXPECT_EQ(err(), "Receiving a.pdf (2.0 KiB) from Ana, continuing at 1.0 KiB.\n");
  auto saved = pdf(false);
  saved.path = Plaintext("/in/a (1).pdf");
  show(report::FileReceived{saved, Digest{}});
  EXPECT_EQ(out(), "Received /in/a (1).pdf (2.0 KiB), checked.\n  SHA-256 " + digest +
                       "\n  The other side calls it a.pdf.\n");
  saved.path = Plaintext("/in/a.pdf");
  show(report::FileReceived{saved, Digest{}});
  EXPECT_EQ(out(), "Received /in/a.pdf (2.0 KiB), checked.\n  SHA-256 " + digest + "\n");
  show(report::FileChecking{pdf(false), 1024, 0});
  EXPECT_EQ(err(), "Continuing a.pdf (2.0 KiB): checking the 1.0 KiB that are there already.\n");
  show(report::FileStarted{pdf(true)});
  EXPECT_EQ(err(), "Sending a.pdf (2.0 KiB) to Ana.\n");
  show(report::FileSent{pdf(true), Digest{}, true});
  EXPECT_EQ(out(), "Sent a.pdf (2.0 KiB), confirmed by Ana.\n  SHA-256 " + digest + "\n");
  show(report::FileSent{pdf(true), Digest{}, false});
  EXPECT_NE(out().find("not confirmed"), std::string::npos);
  show(report::Closed{ana()});
  EXPECT_EQ(out(), "Ana is disconnected.\n");
}

TEST_F(TextReportOn, SaysFailuresOnStandardError) {
  show(report::Failed{Fault::no_space, Plaintext("a\n.pdf")});
  EXPECT_EQ(out(), "");
  EXPECT_EQ(err_.str(),
            "culver: a\\n.pdf: There is no space left for the file. Free some space, or choose "
            "another folder (--out).\n");
  err_.str("");
  show(report::Failed{Fault::no_space, Plaintext("a"), {}, 1024});
  EXPECT_NE(err_.str().find("no space left for the file. 1.0 KiB are free."), std::string::npos);
}

TEST_F(TextReportOn, WritesOutTheVerbThatItAdvises) {
  const auto advised = [&](const char* name) {
    err_.str("");
    show(report::Failed{Fault::peer_key_changed, {}, report::Peer{Plaintext(name), {}}});
    const auto text = err_.str();
    const auto at = text.find("culver trust ") + 13;
    return text.substr(at, text.find(". If it is", at) - at);
  };
  EXPECT_EQ(advised("Ana"), "Ana");
  EXPECT_EQ(advised("Ana Bell"), "'Ana Bell'");
  EXPECT_NE(err_.str().find("culver rename 'Ana Bell' OTHER"), std::string::npos);
  EXPECT_TRUE(err_.str().starts_with("culver: Ana Bell: A known peer's name came"));
  for (const char* evil : {"a'; rm -rf ~ #", "$(id)", "`id`", "-x", "a\x1b[2J", "a\"b", "a\\b"})
    EXPECT_EQ(advised(evil), "66687AADF862BD77") << evil;
}

TEST_F(TextReportOn, RepaintsTheBarAtMostTenTimesASecond) {
  Screen terminal(out_, err_, {false, true, false});
  TextReport report(
      terminal, [this] { return now_; }, "");
  report.report(report::FileStarted{pdf(false)});
  for (std::uint64_t bytes = 0; bytes < 2000; ++bytes) {
    report.report(report::FileProgress{pdf(false), bytes});
    now_ += 1ms;
  }
  std::size_t painted = 0;
  const auto shown = err_.str();
  for (const char c : shown) painted += c == '\r';
  EXPECT_EQ(painted, 20u);
}

TEST_F(TextReportOn, TheBarShowsEachSecondThatNothingComes) {
  Screen terminal(out_, err_, {false, true, false});
  TextReport report(
      terminal, [this] { return now_; }, "");
  report.report(report::FileStarted{pdf(false)});
  now_ += 1s;
  report.report(report::FileProgress{pdf(false), 1'000});
  const auto shown = err_.str().size();
  ASSERT_NE(err_.str().find("/s"), std::string::npos);
  now_ += 4s;
  report.tick();
  ASSERT_GT(err_.str().size(), shown);
  EXPECT_EQ(err_.str().find("/s", shown), std::string::npos) << err_.str().substr(shown);
}

TEST_F(TextReportOn, TheBarOfWhoIsDisconnectedGoes) {
  Screen terminal(out_, err_, {false, true, false});
  TextReport report(
      terminal, [this] { return now_; }, "");
  report.report(report::FileStarted{pdf(true)});
  report.report(report::FileProgress{pdf(true), 1'000});
  report.report(report::Closed{report::Peer{Plaintext("Ben"), PublicKey{{std::byte{7}}}}});
  auto shown = err_.str().size();
  now_ += 1s;
  report.tick();
  EXPECT_GT(err_.str().size(), shown) << "that was somebody else";
  report.report(report::Closed{ana()});
  shown = err_.str().size();
  now_ += 72s;
  report.tick();
  EXPECT_EQ(err_.str().substr(shown), "");
}

TEST_F(TextReportOn, LetsNoPeerDriveTheTerminal) {
  Screen terminal(out_, err_, {true, true, false});
  TextReport report(
      terminal, [this] { return now_; }, "");
  const Plaintext evil(
      "\x1b]0;x\x07\xC2\x9B"
      "2J\xE2\x80\xAE\r\nConnected with Ana, directly.");
  const report::Peer peer{evil, {}};
  const report::File file{peer, evil, 10, evil, false};
  const std::vector<report::Event> events{report::PairRequest{peer},
                                          report::Connected{peer, false},
                                          report::Text{peer, evil},
                                          report::FileStarted{file},
                                          report::FileReceived{file, Digest{}},
                                          report::FileSent{file, Digest{}, true},
                                          report::Failed{Fault::file_damaged, evil},
                                          report::Closed{peer}};
  for (const auto& event : events) report.report(event);
  const auto shown = out_.str() + err_.str();
  for (const char* bad :
       {"\x1b", "\x07", "\xC2\x9B", "\xE2\x80\xAE", "\r", "\nConnected with Ana,"})
    EXPECT_EQ(shown.find(bad), std::string::npos) << bad;
}

TEST(Sentences, WhereNoPathIsFoundARelayAndWhatWasTriedAreNamed) {
  report::Failed failed{Fault::ice_timeout, {}};
  failed.tried = report::Tried{3, 0, 2, 0};
  const auto sentence = failure_sentence(failed);
  EXPECT_NE(sentence.find("Tried: 3 addresses of this side, 2 of the other, no relay."),
            std::string::npos)
      << sentence;
  EXPECT_NE(sentence.find("--ice-server turn:"), std::string::npos) << sentence;
}

TEST(Sentences, AClockIsNamedInHoursOrDays) {
  using namespace std::chrono_literals;
  EXPECT_TRUE(clock_sentence(3h).starts_with("The clock of this machine is 3 hours ahead of"));
  EXPECT_TRUE(clock_sentence(-10min).starts_with("The clock of this machine is 10 minutes behind"));
  EXPECT_TRUE(clock_sentence(720h).starts_with("The clock of this machine is 30 days ahead"));
}

TEST(Sentences, EachPhaseOfConnectingHasItsOwn) {
  using Phase = engine::Establishing::Phase;
  std::set<std::string> all;
  for (const auto phase :
       {Phase::awaiting_answer, Phase::finding_path, Phase::securing, Phase::proving})
    EXPECT_TRUE(all.insert(phase_sentence({ConnectionId{1}, phase, {}})).second);
}

}  // namespace
}  // namespace culver::cli
