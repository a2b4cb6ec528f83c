// Questions to the person at the terminal, one at a time, answered line by line on the loop; or to
// a program, which answers in any order, in lines of JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/env.hpp"
#include "shell/cli/output/screen.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/file_descriptor.hpp"

namespace culver::cli {

/// The terminal behind standard input, or the controlling one if `controlling_too`; opened anew, so
/// that waiting on it does not make the shared standard streams non-blocking. Empty if there is
/// none.
host::FileDescriptor open_terminal(bool controlling_too);

/// Standard input, if it is no terminal: a program may answer there.
host::FileDescriptor open_answers();

enum class Answerer {
  person,
  program,  ///< reads the questions as events, and answers with their tickets
};

class Console {
 public:
  /// A line without its end; nothing when there is nobody to ask (any more).
  using Answer = std::function<void(std::optional<std::string>)>;
  using Ticket = std::uint64_t;
  /// Numbers of questions that nobody foretells: what a program says before it was asked, or what
  /// waits in its pipe from another process, answers nothing. Each fits into a double of JSON.
  static Ticket drawn_ticket();
  static constexpr std::size_t max_questions = 64;
  static constexpr std::size_t max_line = 1'024;
  /// A question that takes the place of one that was withdrawn is not answered by what was meant
  /// for that one: not by a line that comes within the first time, nor by Enter alone within the
  /// second, whose line may have been begun before.
  static constexpr std::chrono::milliseconds time_to_notice{700};
  static constexpr std::chrono::milliseconds time_to_notice_empty{2'000};
  /// How long a terminal that has hung up is given to tell so by its signal.
  static constexpr std::chrono::seconds time_to_be_told{1};
  /// So often a question is asked again that was answered by neither yes nor no; then it is no.
  static constexpr int max_unclear = 3;

  /// Without input every question is answered at once, by nobody.
  Console(boost::asio::io_context& loop, host::FileDescriptor input, Screen& screen,
          Answerer answerer = Answerer::person, std::function<TimePoint()> now = host::now,
          std::function<Ticket()> draw_ticket = drawn_ticket);

  /// The answer comes from the loop, never from inside this call. A program is not asked for words.
  Ticket ask(std::string question, Answer answer);
  /// In the background of the terminal a question is told, and asked when we are in the foreground.
  /// Only "y" and "yes" are a yes, and only "n", "no" and Enter alone a no. What was typed before
  /// the question was shown does not count. `to_nobody` is what is said where there is nobody to
  /// ask.
  Ticket confirm(std::string question, std::function<void(bool)> answer,
                 std::string_view to_nobody =
                     "Nobody is there to ask, which counts as no: --yes "
                     "accepts.");
  /// Who is told of a yes/no question that counts as no since nobody is there, and why. The screen
  /// is, if that one says that it has not told it.
  using Unanswered = std::function<bool(Ticket, std::string_view why)>;
  void when_unanswered(Unanswered tell) { tell_unanswered_ = std::move(tell); }
  /// The question has lost its point; its answer will not be called.
  void withdraw(Ticket ticket);
  /// Withdraws all: the loop may run dry.
  void close();

 private:
  struct Question {
    Ticket ticket;
    std::string text;
    bool yes_or_no;
    int unclear;  ///< answers that were neither
    Answer answer;
  };
  Ticket add(Question question);
  void show_next();
  void put_off();
  void await_continuation();
  void continued();
  void hide();
  void read();
  void on_line(boost::system::error_code error, std::size_t size);
  void take_line(std::optional<std::string> line);
  bool is_for_withdrawn(const std::optional<std::string>& line) const;
  void ask_again(std::string_view why);
  void answer_front(std::optional<std::string> line);
  void take_answer(std::string_view line);
  void on_end(boost::system::error_code error);
  bool has_hung_up(boost::system::error_code error);
  void hung_up();
  bool is_terminal() const;
  void nobody_there();

  boost::asio::io_context& loop_;
  std::optional<boost::asio::posix::stream_descriptor> input_;
  Screen& screen_;
  Answerer answerer_;
  std::deque<Question> questions_;
  std::string typed_;
  std::function<TimePoint()> now_;
  std::optional<TimePoint> withdrawn_at_;  ///< the question that was on the screen
  std::optional<TimePoint> swapped_at_;    ///< the one that is shown has taken its place
  std::function<Ticket()> draw_ticket_;
  Unanswered tell_unanswered_;
  boost::asio::steady_timer hang_up_;
  boost::asio::signal_set continued_;  ///< after Ctrl-Z
  boost::asio::steady_timer foreground_;
  std::optional<Ticket> put_off_;  ///< told while we were in the background
  bool is_terminal_ = false;
  bool is_hung_up_ = false;  ///< the terminal; and nobody was asked since
  bool shown_ = false;       ///< the front question is on the screen
  bool reading_ = false;     ///< a read is under way
};

}  // namespace culver::cli
