// Where the verbs report to: words for a person, or lines of JSON for a program.
#pragma once

#include <string_view>

#include "shell/cli/output/report.hpp"

namespace culver::cli {

class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void report(const report::Event& event) = 0;
  /// A passing word for a person only: what is being waited for, what to do. One sentence.
  virtual void remark(std::string_view sentence) = 0;
  /// A second has passed.
  virtual void tick() {}
  /// What is being done now, for a person at a terminal: the next word takes its place.
  virtual void phase(std::string_view) {}
};

}  // namespace culver::cli
