// Printing around the line that is not finished yet.
#include "shell/cli/output/screen.hpp"

#include <cerrno>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

#include "shell/host/fault_text.hpp"

namespace culver::cli {
namespace {

int columns_of_terminal() {
  for (const int stream : {STDERR_FILENO, STDOUT_FILENO}) {
    winsize size{};
    if (ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 80;
}

}  // namespace

Screen::Abilities standard_abilities(const host::Variables& variables) {
  const bool color = !variables("NO_COLOR") && variables("TERM") != "dumb";
  return {isatty(STDOUT_FILENO) != 0, isatty(STDERR_FILENO) != 0, color, columns_of_terminal};
}

std::string Screen::bold(std::string_view text) const {
  if (!abilities_.color || !abilities_.out_terminal) return std::string(text);
  return "\x1b[1m" + std::string(text) + "\x1b[0m";
}

host::Trouble trouble_of_output(int error) {
  if (error == EPIPE)
    return {Fault::output_gone, std::string(host::fault_text(Fault::output_gone).sentence)};
  std::string sentence = "The output cannot be written";
  if (error != 0) sentence += std::string(": ") + std::strerror(error);
  return {Fault::output_unwritable, sentence + "."};
}

void Screen::say(std::string_view line) {
  if (lost_) return;
  errno = 0;
  print(out_, line);
  if (!out_) check_out(errno);
}

void Screen::settle() {
  if (lost_) return;
  errno = 0;
  out_ << std::flush;
  if (!out_) check_out(errno);
}

void Screen::check_out(int error) {
  const auto trouble = trouble_of_output(error);
  lost_ = trouble.fault;
  if (trouble.fault != Fault::output_gone) complain("culver: " + trouble.sentence);
  if (when_lost_) when_lost_(trouble.fault);
}

int Screen::exit_code(int of_verb) const {
  return lost_ && of_verb == 0 ? host::fault_text(*lost_).exit_code : of_verb;
}

void Screen::complain(std::string_view line) { print(err_, line); }

void Screen::print(std::ostream& stream, std::string_view line) {
  clear_bar();
  if (!question_.empty()) {
    erase_line();
    err_ << std::flush;  // before what goes to the other stream
  }
  errno = 0;
  stream << line << '\n' << std::flush;
  const int error = errno;  // the question must not hide it
  if (!question_.empty()) err_ << question_ << std::flush;
  errno = error;
}

void Screen::open_question(std::string question) {
  clear_bar();
  question_ = std::move(question);
  err_ << question_ << std::flush;
}

void Screen::close_question() { question_.clear(); }

void Screen::repeat_question() {
  if (question_.empty()) return;
  if (abilities_.err_terminal) erase_line();
  err_ << question_ << std::flush;
}

void Screen::leave_question() {
  if (!question_.empty()) err_ << '\n' << std::flush;
  question_.clear();
}

void Screen::paint_bar(std::string_view bar) {
  if (!abilities_.err_terminal || !question_.empty() || is_behind()) return;
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
