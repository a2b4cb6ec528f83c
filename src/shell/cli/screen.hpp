// Standard output and standard error as one surface: finished lines, a progress bar below them, and
// an open question that stays the last line whatever is printed meanwhile.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "shell/host/paths.hpp"

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

  void say(std::string_view line);       ///< to standard output
  void complain(std::string_view line);  ///< to standard error

  /// Shows the question on standard error and withholds the bar until it is answered.
  void open_question(std::string question);
  void close_question();

  /// On a terminal only. One line, replaced by the next one and by any finished line.
  void paint_bar(std::string_view bar);
  void clear_bar();

 private:
  void print(std::ostream& stream, std::string_view line);
  void erase_line();

  std::ostream& out_;
  std::ostream& err_;
  Abilities abilities_;
  std::string question_;
  bool bar_shown_ = false;
};

/// Of the real standard streams. NO_COLOR and TERM=dumb turn colour off (https://no-color.org).
Screen::Abilities standard_abilities(const host::Variables& variables);

}  // namespace culver::cli
