// Escaping, and sizes and times as people read them.
#include "shell/cli/output/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/base/unicode.hpp"

namespace culver::cli {
namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), pattern, values...);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string written_out(unicode::CodePoint point) {
  const auto value = static_cast<unsigned>(point.value);
  if (!point.valid || value < 0x80) {
    if (value == '\n') return "\\n";
    if (value == '\t') return "\\t";
    return format("\\x%02x", value);
  }
  return format("\\u{%x}", value);
}

struct Range {
  char32_t first, last;
};
// Unicode Standard Annex #11, East Asian Width W and F, in whole blocks.
constexpr std::array<Range, 14> wide{{{0x1100, 0x115F},
                                      {0x231A, 0x231B},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x33FF},
                                      {0x3400, 0x4DBF},
                                      {0x4E00, 0x9FFF},
                                      {0xA000, 0xA4CF},
                                      {0xA960, 0xA97F},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 5> combining{
    {{0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}}};

template <std::size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t value) {
  return std::ranges::any_of(
      ranges, [&](const Range& range) { return range.first <= value && value <= range.last; });
}
bool is_wide(char32_t value) { return is_in(wide, value); }
bool is_combining(char32_t value) { return is_in(combining, value); }

struct Unit {
  const char* name;
  std::uint64_t bytes;
};
constexpr std::array<Unit, 5> units{
    {{"B", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40}}};

const Unit& unit_of(std::uint64_t bytes) {
  std::size_t i = units.size() - 1;
  while (i > 0 && bytes < units[i].bytes) --i;
  return units[i];
}

std::string in_unit(std::uint64_t bytes, const Unit& unit) {
  if (unit.bytes == 1) return std::to_string(bytes);
  return format("%.1f", static_cast<double>(bytes) / static_cast<double>(unit.bytes));
}

}  // namespace

std::string written_out(std::string_view character) {
  return written_out(unicode::first(character));
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto point = unicode::first(text);
    if (point.valid && !unicode::is_control(point.value))
      out += text.substr(0, point.size);
    else
      out += written_out(point);
    text.remove_prefix(point.size);
  }
  return out;
}

std::string printable_text(std::string_view text, std::string_view indent) {
  std::string out;
  while (true) {
    const auto end = text.find_first_of("\n\t");
    auto piece = text.substr(0, end);
    const bool newline = end != std::string_view::npos && text[end] == '\n';
    if (newline && piece.ends_with('\r')) piece.remove_suffix(1);
    out += printable(piece);
    if (end == std::string_view::npos) return out;
    out += text[end];
    if (newline) out += indent;
    text.remove_prefix(end + 1);
  }
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto point = unicode::first(text);
    columns += is_combining(point.value) ? 0 : is_wide(point.value) ? 2 : 1;
    text.remove_prefix(point.size);
  }
  return columns;
}

std::string size_text(std::uint64_t bytes) {
  const auto& unit = unit_of(bytes);
  return in_unit(bytes, unit) + " " + unit.name;
}

std::string sizes_text(std::uint64_t done, std::uint64_t total) {
  const auto& unit = unit_of(total);
  return in_unit(done, unit) + "/" + in_unit(total, unit) + " " + unit.name;
}

std::string duration_text(std::chrono::seconds duration) {
  const auto all = std::clamp<long long>(duration.count(), 0, 359'999);
  const auto hours = all / 3600, minutes = all / 60 % 60, seconds = all % 60;
  if (hours > 0) return format("%lld:%02lld:%02lld", hours, minutes, seconds);
  return format("%lld:%02lld", minutes, seconds);
}

}  // namespace culver::cli
