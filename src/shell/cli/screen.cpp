// Printing around the line that is not finished yet.
#include "shell/cli/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

namespace culver::cli {
namespace {

int columns_of_stderr() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Screen::Abilities standard_abilities(const host::Variables& variables) {
  const bool color = !variables("NO_COLOR") && variables("TERM") != "dumb";
  return {isatty(STDOUT_FILENO) != 0, isatty(STDERR_FILENO) != 0, color, columns_of_stderr};
}

std::string Screen::bold(std::string_view text) const {
  if (!abilities_.color || !abilities_.out_terminal) return std::string(text);
  return "\x1b[1m" + std::string(text) + "\x1b[0m";
}

void Screen::say(std::string_view line) { print(out_, line); }

void Screen::complain(std::string_view line) { print(err_, line); }

void Screen::print(std::ostream& stream, std::string_view line) {
  clear_bar();
  if (!question_.empty()) erase_line();
  stream << line << '\n' << std::flush;
  if (!question_.empty()) err_ << question_ << std::flush;
}

void Screen::open_question(std::string question) {
  clear_bar();
  question_ = std::move(question);
  err_ << question_ << std::flush;
}

void Screen::close_question() { question_.clear(); }

void Screen::paint_bar(std::string_view bar) {
  if (!abilities_.err_terminal || !question_.empty()) return;
  erase_line();
  err_ << bar << std::flush;
  bar_shown_ = true;
}

void Screen::clear_bar() {
  if (!bar_shown_) return;
  erase_line();
  err_ << std::flush;
  bar_shown_ = false;
}

void Screen::erase_line() { err_ << (abilities_.err_terminal ? "\r\x1b[K" : "\n"); }

}  // namespace culver::cli
