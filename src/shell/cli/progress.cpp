// Rate and layout of the progress line.
#include "shell/cli/progress.hpp"

#include <algorithm>

#include "core/base/unicode.hpp"
#include "shell/cli/printable.hpp"

namespace culver::cli {
namespace {

constexpr std::size_t name_columns = 24;
constexpr std::size_t bar_columns = 20;
constexpr auto rate_window = std::chrono::milliseconds(500);
constexpr double newest_share = 0.3;  ///< of the smoothed rate

/// Counts code points: wide characters make the line shorter than it could be, never broken.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string fitted(std::string_view text, std::size_t columns) {
  if (width(text) <= columns) return std::string(text);
  std::string out;
  for (std::size_t i = 0; i + 1 < columns; ++i) {
    const auto size = unicode::first(text).size;
    out += text.substr(0, size);
    text.remove_prefix(size);
  }
  return out + "…";
}

std::string bar(std::uint64_t percent) {
  const auto full = static_cast<std::size_t>(percent) * bar_columns / 100;
  return "[" + std::string(full, '#') + std::string(bar_columns - full, '-') + "]";
}

}  // namespace

void Progress::advance(std::uint64_t done, TimePoint now) {
  done_ = std::min(done, total_);
  const auto elapsed = now - mark_;
  if (elapsed < rate_window) return;
  const double newest = static_cast<double>(done_ - std::min(done_, done_at_mark_)) /
                        std::chrono::duration<double>(elapsed).count();
  rate_ = rate_ == 0 ? newest : newest_share * newest + (1 - newest_share) * rate_;
  mark_ = now;
  done_at_mark_ = done_;
}

std::string Progress::line(std::size_t columns) const {
  const auto percent = total_ == 0 ? 100
                                   : static_cast<std::uint64_t>(100.0 * static_cast<double>(done_) /
                                                                static_cast<double>(total_));
  auto number = std::to_string(percent);
  number.insert(0, 3 - std::min<std::size_t>(3, number.size()), ' ');
  std::string text = fitted(name_, name_columns) + " " + number + "% " + bar(percent) + " " +
                     sizes_text(done_, total_);
  if (rate_ >= 1) {
    const auto left = static_cast<double>(total_ - done_) / rate_;
    text += "  " + size_text(static_cast<std::uint64_t>(rate_)) + "/s  " +
            duration_text(std::chrono::seconds(static_cast<long long>(std::min(left, 1e6))));
  }
  return fitted(text, columns);
}

}  // namespace culver::cli
