// Escaping, and sizes and times as people read them.
#include "shell/cli/printable.hpp"

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
