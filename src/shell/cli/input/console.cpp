// The queue of questions and the reading of lines.
#include "shell/cli/input/console.hpp"

#include <algorithm>
#include <csignal>
#include <span>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/report.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/foreground.hpp"

namespace culver::cli {
namespace {

std::string plain(std::string line) {
  std::erase(line, ' ');
  std::transform(line.begin(), line.end(), line.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return line;
}

bool is_yes(const std::string& line) { return plain(line) == "y" || plain(line) == "yes"; }

/// Enter alone is the no that is shown as the default.
bool is_no(const std::string& line) {
  const auto word = plain(line);
  return word.empty() || word == "n" || word == "no";
}

}  // namespace

host::FileDescriptor open_terminal(bool controlling_too) {
  constexpr int flags = O_RDWR | O_CLOEXEC | O_NOCTTY;
  char name[256];
  if (isatty(STDIN_FILENO) && ttyname_r(STDIN_FILENO, name, sizeof name) == 0)
    return host::FileDescriptor(open(name, flags));
  return controlling_too ? host::FileDescriptor(open("/dev/tty", flags)) : host::FileDescriptor();
}

/// A pipe is opened anew, since other processes may read on the same description.
host::FileDescriptor open_answers() {
  if (isatty(STDIN_FILENO)) return {};
  host::FileDescriptor anew(open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  return anew ? std::move(anew) : host::FileDescriptor(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
}

Console::Ticket Console::drawn_ticket() {
  constexpr unsigned spare = 12;  // of 64 bits: a double holds 53 of them
  Ticket ticket = 0;
  host::system_rng().fill(std::as_writable_bytes(std::span(&ticket, 1)));
  return ticket >> spare;
}

Console::Console(boost::asio::io_context& loop, host::FileDescriptor input, Screen& screen,
                 Answerer answerer, std::function<TimePoint()> now,
                 std::function<Ticket()> draw_ticket)
    : loop_(loop),
      screen_(screen),
      answerer_(answerer),
      now_(std::move(now)),
      draw_ticket_(std::move(draw_ticket)),
      hang_up_(loop),
      continued_(loop),
      foreground_(loop) {
  is_terminal_ = input && isatty(input.get());
  if (input) input_.emplace(loop, input.release());
  // A read in the background fails then, and stops nobody.
  if (is_terminal_) std::signal(SIGTTIN, SIG_IGN);
}

Console::Ticket Console::ask(std::string question, Answer answer) {
  return add({draw_ticket_(), std::move(question), false, 0, std::move(answer)});
}

Console::Ticket Console::confirm(std::string question, std::function<void(bool)> answer,
                                 std::string_view to_nobody) {
  const auto ticket = draw_ticket_();
  auto answer_line = [this, ticket, answer = std::move(answer),
                      to_nobody = std::string(to_nobody)](std::optional<std::string> line) {
    const bool is_told = !line && tell_unanswered_ && tell_unanswered_(ticket, to_nobody);
    if (!line && !is_told) screen_.complain(to_nobody);
    answer(line && is_yes(*line));
  };
  return add({ticket, std::move(question), true, 0, std::move(answer_line)});
}

Console::Ticket Console::add(Question question) {
  const Ticket ticket = question.ticket;
  const bool is_for_nobody = answerer_ == Answerer::program && !question.yes_or_no;
  if (is_for_nobody || questions_.size() >= max_questions) {
    boost::asio::post(loop_, [answer = std::move(question.answer)] { answer(std::nullopt); });
    return ticket;
  }
  questions_.push_back(std::move(question));
  if (questions_.size() == 1) boost::asio::post(loop_, [this] { show_next(); });
  return ticket;
}

/// What is being read is for the question that was shown when it began.
void Console::show_next() {
  if (shown_ || questions_.empty() || is_hung_up_) return;
  if (reading_ && answerer_ == Answerer::person) return;
  if (!input_) return nobody_there();
  if (answerer_ == Answerer::program) return read();
  if (is_terminal() && host::is_in_background(input_->native_handle())) return put_off();
  const auto now = now_();
  const bool is_swap = withdrawn_at_ && now - *withdrawn_at_ < time_to_notice_empty;
  swapped_at_ = is_swap ? std::optional(now) : std::nullopt;
  withdrawn_at_.reset();
  if ((questions_.front().yes_or_no || is_swap) && is_terminal()) {
    tcflush(input_->native_handle(), TCIFLUSH);
    typed_.clear();
  }
  shown_ = true;
  put_off_.reset();
  if (is_terminal()) await_continuation();
  screen_.open_question(questions_.front().text);
  read();
}

/// What is typed is the shell's, and the peers are looked after meanwhile.
void Console::put_off() {
  const auto& question = questions_.front();
  if (std::exchange(put_off_, question.ticket) != question.ticket)
    screen_.complain(question.text + "(to be answered in the foreground: fg)");
  foreground_.expires_after(host::foreground_poll);
  foreground_.async_wait([this](boost::system::error_code error) {
    if (!error) show_next();
  });
}

void Console::await_continuation() {
  boost::system::error_code ignored;
  continued_.add(SIGCONT, ignored);
  continued_.async_wait([this](boost::system::error_code error, int) {
    if (error) return;
    continued();
    if (shown_) await_continuation();
  });
}

void Console::hide() {
  shown_ = false;
  boost::system::error_code ignored;
  continued_.clear(ignored);
  continued_.cancel(ignored);
}

/// The shell has used the terminal meanwhile.
void Console::continued() {
  if (!host::is_in_background(input_->native_handle())) return screen_.repeat_question();
  hide();
  screen_.close_question();
  boost::system::error_code ignored;
  if (reading_) input_->cancel(ignored);
}

void Console::read() {
  if (reading_) return;
  reading_ = true;
  boost::asio::async_read_until(
      *input_, boost::asio::dynamic_buffer(typed_, max_line), '\n',
      [this](boost::system::error_code error, std::size_t size) { on_line(error, size); });
}

void Console::on_line(boost::system::error_code error, std::size_t size) {
  reading_ = false;
  if (error == boost::asio::error::operation_aborted) {
    typed_.clear();  // the beginning of an answer to a question that was withdrawn
    return show_next();
  }
  const bool is_too_long = error == boost::asio::error::not_found;
  if (error && !is_too_long) return on_end(error);
  std::string line = is_too_long ? std::string() : typed_.substr(0, size - 1);
  typed_.erase(0, is_too_long ? typed_.size() : size);
  if (line.ends_with('\r')) line.pop_back();
  if (answerer_ == Answerer::person) return take_line(std::move(line));
  take_answer(line);
  if (input_ && !questions_.empty()) read();
}

void Console::take_answer(std::string_view line) {
  const auto given = parse_answer(line);
  if (!given)
    return screen_.complain(
        R"(culver: That is not an answer, like {"question":2957302194839817,"isAccepted":true}.)");
  const auto found = std::ranges::find(questions_, given->question, &Question::ticket);
  if (found == questions_.end())
    return screen_.complain("culver: There is no question of that number (any more).");
  auto question = std::move(*found);
  questions_.erase(found);
  question.answer(given->is_accepted ? "y" : "n");
}

void Console::on_end(boost::system::error_code error) {
  screen_.leave_question();
  if (is_terminal() && host::is_in_background(input_->native_handle())) {
    hide();
    typed_.clear();
    return show_next();
  }
  if (is_terminal() && has_hung_up(error)) return hung_up();
  if (is_terminal() && error == boost::asio::error::eof) {
    // The end that a person types is the end of one line.
    const bool is_no = shown_ && questions_.front().yes_or_no;
    if (is_no) screen_.complain("Ctrl-D counts as no.");
    return take_line(is_no ? std::optional<std::string>("") : std::nullopt);
  }
  input_.reset();
  hide();
  nobody_there();
}

bool Console::has_hung_up(boost::system::error_code error) {
  pollfd state{input_->native_handle(), 0, 0};
  return error != boost::asio::error::eof || (poll(&state, 1, 0) == 1 && state.revents & POLLHUP);
}

/// Nobody has answered: what comes next is the signal that says so, which ends the program. Without
/// it (nohup), there is nobody to ask any more.
void Console::hung_up() {
  input_.reset();
  hide();
  is_hung_up_ = true;
  hang_up_.expires_after(time_to_be_told);
  hang_up_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    is_hung_up_ = false;
    nobody_there();
  });
}

bool Console::is_terminal() const { return input_ && is_terminal_; }

void Console::take_line(std::optional<std::string> line) {
  if (!shown_) return show_next();  // it was withdrawn while the answer was being typed
  if (is_for_withdrawn(line))
    return ask_again("That question was withdrawn: please answer this one.");
  auto& question = questions_.front();
  const bool is_clear = !question.yes_or_no || !line || is_yes(*line) || is_no(*line);
  if (!is_clear && question.unclear++ < max_unclear) return ask_again("Please answer y or n.");
  answer_front(std::move(line));
}

/// Nobody has read a question in so short a time, and begins a line anew with Enter alone.
bool Console::is_for_withdrawn(const std::optional<std::string>& line) const {
  if (!swapped_at_) return false;
  const auto seen_for = now_() - *swapped_at_;
  const bool is_empty = !line || plain(*line).empty();
  return seen_for < time_to_notice || (is_empty && seen_for < time_to_notice_empty);
}

void Console::ask_again(std::string_view why) {
  screen_.close_question();
  screen_.complain(why);
  screen_.open_question(questions_.front().text);
  read();
}

void Console::answer_front(std::optional<std::string> line) {
  hide();
  screen_.close_question();
  auto question = std::move(questions_.front());
  questions_.pop_front();
  question.answer(std::move(line));
  show_next();
}

void Console::nobody_there() {
  while (!questions_.empty()) {
    auto question = std::move(questions_.front());
    questions_.pop_front();
    question.answer(std::nullopt);
  }
}

void Console::withdraw(Ticket ticket) {
  const auto found = std::find_if(questions_.begin(), questions_.end(),
                                  [&](const Question& q) { return q.ticket == ticket; });
  if (found == questions_.end()) return;
  const bool on_screen = shown_ && found == questions_.begin();
  questions_.erase(found);
  if (!on_screen) return;
  hide();
  withdrawn_at_ = now_();
  screen_.close_question();
  screen_.complain(" (no longer needed)");
  boost::system::error_code ignored;
  if (reading_) input_->cancel(ignored);
  boost::asio::post(loop_, [this] { show_next(); });
}

void Console::close() {
  hang_up_.cancel();
  foreground_.cancel();
  questions_.clear();
  if (shown_) screen_.leave_question();
  hide();
  boost::system::error_code ignored;
  if (input_) input_->close(ignored);
  input_.reset();
}

}  // namespace culver::cli
