// Rate and layout of the progress line.
#include "shell/cli/output/progress.hpp"

#include <algorithm>
#include <iterator>

#include "core/base/unicode.hpp"
#include "shell/cli/output/printable.hpp"

namespace culver::cli {
namespace {

constexpr std::size_t name_columns = 24, short_name_columns = 10;
constexpr std::size_t bar_columns = 20;
constexpr auto rate_window = std::chrono::milliseconds(2'500);
constexpr auto between_marks = std::chrono::milliseconds(250);

/// Cut to so many columns of a terminal.
std::string fitted(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::string out;
  std::size_t taken = 1;  // for the dots
  while (!text.empty()) {
    const auto size = unicode::first(text).size;
    taken += columns_of(text.substr(0, size));
    if (taken > columns) break;
    out += text.substr(0, size);
    text.remove_prefix(size);
  }
  return columns == 0 ? out : out + "…";
}

std::string bar(std::uint64_t percent) {
  const auto full = static_cast<std::size_t>(percent) * bar_columns / 100;
  return "[" + std::string(full, '#') + std::string(bar_columns - full, '-') + "]";
}

}  // namespace

void Progress::advance(std::uint64_t done, TimePoint now) {
  if (done > done_) {
    if (is_stalled(now)) marks_ = {{now, done_}};  // what was before says nothing
    moved_ = now;
  }
  done_ = std::min(done, total_);
  if (now - marks_.back().at >= between_marks) marks_.push_back({now, done_});
  while (marks_.size() > 1 && now - marks_[1].at >= rate_window) marks_.pop_front();
}

double Progress::rate(TimePoint now) const {
  const auto until = std::max(now, marks_.back().at);
  // Also if nothing has come since, and no mark was set or dropped.
  auto mark = marks_.begin();
  while (std::next(mark) != marks_.end() && until - std::next(mark)->at >= rate_window) ++mark;
  const auto& first = *mark;
  const auto elapsed = std::chrono::duration<double>(until - first.at);
  if (elapsed < between_marks) return 0;
  return static_cast<double>(done_ - std::min(done_, first.done)) / elapsed.count();
}

std::string Progress::line(std::size_t columns, TimePoint now) const {
  const auto percent = total_ == 0 ? 100
                                   : static_cast<std::uint64_t>(100.0 * static_cast<double>(done_) /
                                                                static_cast<double>(total_));
  auto number = std::to_string(percent);
  number.insert(0, 3 - std::min<std::size_t>(3, number.size()), ' ');
  number = " " + number + "%";
  std::string amounts = " " + sizes_text(done_, total_), rate, time;
  if (is_stalled(now)) {
    const auto still = std::chrono::duration_cast<std::chrono::seconds>(now - moved_);
    rate = "  stalled " + duration_text(still);
  } else if (const double per_second = this->rate(now); per_second >= 1) {
    const auto left = static_cast<double>(total_ - done_) / per_second;
    rate = "  " + size_text(static_cast<std::uint64_t>(per_second)) + "/s";
    time = "  " + duration_text(std::chrono::seconds(static_cast<long long>(std::min(left, 1e6))));
  }
  const auto bar_text = " " + bar(percent);
  const std::string wanted[] = {bar_text + amounts + rate + time, amounts + rate + time,
                                rate + time, rate, ""};
  for (const auto name : {name_columns, short_name_columns})
    for (const auto& rest : wanted) {
      if (name == name_columns && &rest != &wanted[0]) break;  // a whole line, or a short name
      auto text = fitted(name_, name) + number + rest;
      if (columns_of(text) <= columns) return text;
    }
  return fitted(number.substr(1), columns);
}

}  // namespace culver::cli
