// Standard output and standard error as one surface: finished lines, a progress bar below them, and
// an open question that stays the last line whatever is printed meanwhile.
#pragma once

#include <cerrno>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "shell/host/paths.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

class Screen {
 public:
  struct Abilities {
    bool out_terminal = false;
    bool err_terminal = false;
    bool color = false;
    int (*columns)() = [] { return 80; };
  };

  Screen(std::ostream& out, std::ostream& err, Abilities abilities)
      : out_(out), err_(err), abilities_(abilities) {}

  const Abilities& abilities() const { return abilities_; }
  std::string bold(std::string_view text) const;

  /// To standard output. Once that cannot be written, why is said on standard error, unless it is
  /// that nobody reads it any more, and `when_lost` is called, once.
  void say(std::string_view line);
  void complain(std::string_view line);  ///< to standard error

  /// Shows the question on standard error and withholds the bar until it is answered.
  void open_question(std::string question);
  void close_question();
  /// If one is open: something else has used the terminal meanwhile.
  void repeat_question();
  /// It will not be answered: what comes next begins on a line of its own.
  void leave_question();
  /// The code that a verb ends with: not 0 if its output was lost.
  int exit_code(int of_verb) const;
  /// Nothing is said any more: what comes now was shown to nobody.
  bool is_lost() const { return lost_.has_value(); }
  void when_lost(std::function<void(Fault)> act) { when_lost_ = std::move(act); }
  /// Whether what is printed waits to be taken: what would be old by then need not be printed.
  bool is_behind() const { return is_behind_(); }
  void ask_whether_behind(std::function<bool()> is_behind) { is_behind_ = std::move(is_behind); }
  /// Everything that was said has been written, or it shows now that it cannot be.
  void settle();
  /// Nobody reads standard output any more.
  void reader_left() {
    if (!lost_) check_out(EPIPE);
  }

  /// On a terminal only. One line, replaced by the next one and by any finished line.
  void paint_bar(std::string_view bar);
  void clear_bar();

 private:
  void check_out(int error);
  void print(std::ostream& stream, std::string_view line);
  void erase_line();

  std::ostream& out_;
  std::ostream& err_;
  Abilities abilities_;
  std::string question_;
  bool bar_shown_ = false;
  std::optional<Fault> lost_;
  std::function<void(Fault)> when_lost_;
  std::function<bool()> is_behind_ = [] { return false; };
};

/// Why standard output cannot be written: output_gone, output_unwritable.
host::Trouble trouble_of_output(int error);
/// The Screen has said it already, as far as there is anything to say.
inline bool is_of_output(Fault fault) {
  return fault == Fault::output_gone || fault == Fault::output_unwritable;
}

/// Of the real standard streams. NO_COLOR and TERM=dumb turn colour off (https://no-color.org).
Screen::Abilities standard_abilities(const host::Variables& variables);

}  // namespace culver::cli
