#include "shell/cli/output/screen.hpp"

#include <fstream>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include "shell/cli/output/log_lines.hpp"

namespace culver::cli {
namespace {

TEST(Screen, KeepsTheBarOffPipes) {
  std::ostringstream out, err;
  Screen screen(out, err, {});
  screen.paint_bar("50%");
  screen.say("line");
  EXPECT_EQ(out.str(), "line\n");
  EXPECT_EQ(err.str(), "");
  EXPECT_EQ(screen.bold("x"), "x");
}

TEST(Screen, ReplacesTheBarAndErasesItForALine) {
  std::ostringstream out, err;
  Screen screen(out, err, {true, true, true});
  screen.paint_bar("50%");
  screen.paint_bar("60%");
  screen.say("line");
  EXPECT_EQ(err.str(), "\r\x1b[K50%\r\x1b[K60%\r\x1b[K");
  EXPECT_EQ(out.str(), "line\n");
  EXPECT_EQ(screen.bold("x"), "\x1b[1mx\x1b[0m");
}

TEST(Screen, TellsThatItsOutputIsLost) {
  std::ofstream full("/dev/full");
  std::ostringstream err;
  Screen screen(full, err, {});
  std::vector<Fault> lost;
  screen.when_lost([&](Fault fault) { lost.push_back(fault); });
  screen.say("one");
  screen.say("two");
  EXPECT_EQ(lost, std::vector<Fault>{Fault::output_unwritable});
  EXPECT_EQ(err.str(), "culver: The output cannot be written: No space left on device.\n");
  EXPECT_EQ(screen.exit_code(0), 2);
  EXPECT_EQ(screen.exit_code(7), 7);
}

TEST(Screen, KeepsAnOpenQuestionLastAndTheBarAway) {
  std::ostringstream both;
  Screen screen(both, both, {true, true, false});
  screen.open_question("Accept? ");
  screen.paint_bar("50%");
  screen.say("line");
  screen.close_question();
  screen.say("after");
  EXPECT_EQ(both.str(), "Accept? \r\x1b[Kline\nAccept? after\n");
}

TEST(Screen, HonoursNoColorAndDumbTerminals) {
  const auto with = [](const char* set, const char* value) {
    return standard_abilities([=](const char* name) -> std::optional<std::string> {
      if (std::string_view(name) == set) return value;
      return std::nullopt;
    });
  };
  EXPECT_TRUE(with("TERM", "xterm").color);
  EXPECT_FALSE(with("TERM", "dumb").color);
  EXPECT_FALSE(with("NO_COLOR", "1").color);
}

TEST(LogLinesOnATerminal, StandOnLinesOfTheirOwn) {
  boost::asio::io_context loop;
  std::ostringstream out, err;
  Screen screen(out, err, {false, true});
  {
    const LogLines lines(loop, screen);
    screen.paint_bar("half");
    log::warn("disk slow");
    loop.poll();
    EXPECT_NE(err.str().find("half\r\x1b[K20"), std::string::npos) << err.str();
    EXPECT_TRUE(err.str().ends_with("disk slow\n")) << err.str();
    log::warn("last word");
  }
  EXPECT_TRUE(err.str().ends_with("last word\n")) << "also what came when the loop had ended";
}

}  // namespace
}  // namespace culver::cli
