#include "shell/cli/output/printable.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/unicode.hpp"

namespace culver::cli {
namespace {

using namespace std::chrono_literals;

TEST(Printable, WritesOutWhatWouldDriveATerminal) {
  EXPECT_EQ(printable("plain ßüper 😀.txt"), "plain ßüper 😀.txt");
  EXPECT_EQ(printable("\x1b]0;owned\x07"), R"(\x1b]0;owned\x07)");
  EXPECT_EQ(printable("\x1b[2J\x1b[H"), R"(\x1b[2J\x1b[H)");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            R"(\u{9b}31m)");
  EXPECT_EQ(printable("\x9B"
                      "31m"),
            R"(\x9b31m)");
  EXPECT_EQ(printable("invoice\xE2\x80\xAE"
                      "fdp.exe"),
            R"(invoice\u{202e}fdp.exe)");
  EXPECT_EQ(printable("a\r\nb\tc\x7F"), R"(a\x0d\nb\tc\x7f)");
  EXPECT_EQ(printable(std::string_view("\0", 1)), R"(\x00)");
}

TEST(Printable, KeepsLinesOfATextApartFromOurs) {
  EXPECT_EQ(printable_text("one\ntwo\r\n\tthree\n", "  | "), "one\n  | two\n  | \tthree\n  | ");
  EXPECT_EQ(printable_text("x\nConnected with Ana\x1b[1A", "| "),
            "x\n| Connected with Ana\\x1b[1A");
  EXPECT_EQ(printable_text("over\rwritten", "| "), R"(over\x0dwritten)");
}

RC_GTEST_PROP(Printable, NeverLetsAControlThrough, (const std::string& text)) {
  auto shown = printable(text);
  for (std::string_view rest = shown; !rest.empty();) {
    const auto point = unicode::first(rest);
    RC_ASSERT(point.valid && !unicode::is_control(point.value));
    rest.remove_prefix(point.size);
  }
}

TEST(Printable, WritesSizesAndTimesForPeople) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1023), "1023 B");
  EXPECT_EQ(size_text(1024), "1.0 KiB");
  EXPECT_EQ(size_text(100ull << 20), "100.0 MiB");
  EXPECT_EQ(size_text(3ull << 29), "1.5 GiB");
  EXPECT_EQ(sizes_text(512ull << 10, 100ull << 20), "0.5/100.0 MiB");
  EXPECT_EQ(duration_text(7s), "0:07");
  EXPECT_EQ(duration_text(754s), "12:34");
  EXPECT_EQ(duration_text(3723s), "1:02:03");
  EXPECT_EQ(duration_text(-1s), "0:00");
}

}  // namespace
}  // namespace culver::cli
