// Normal forms by utf8proc, and the steps of a skeleton.
#include "core/base/fold.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <utf8proc.h>

#include "core/base/look_alikes.hpp"
#include "core/base/unicode.hpp"

namespace culver::unicode {
namespace {

using Points = std::vector<utf8proc_int32_t>;

constexpr int decompose = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_IGNORE;
constexpr int compose = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_IGNORE;
constexpr utf8proc_int32_t dot_above = 0x307;

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// What is valid and seen. It goes before the marks are put in order, which it may stand between.
std::string seen(std::string_view text) {
  text = text.substr(0, longest_folded);
  std::string kept;
  while (!text.empty()) {
    const auto point = first(text);
    if (point.valid && (is_blank(point.value) || !is_invisible(point.value)))
      kept += text.substr(0, point.size);
    text.remove_prefix(point.size);
  }
  return kept;
}

Points points_of(const std::string& text, int options) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto length = static_cast<utf8proc_ssize_t>(text.size());
  const auto option = static_cast<utf8proc_option_t>(options);
  const auto count = utf8proc_decompose(bytes, length, nullptr, 0, option);
  if (count <= 0) return {};
  Points points(static_cast<std::size_t>(count));
  if (utf8proc_decompose(bytes, length, points.data(), count, option) != count) return {};
  return points;
}

void append(std::string& text, utf8proc_int32_t point) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(point, bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

std::string text_of(const Points& points) {
  std::string text;
  for (const auto point : points) append(text, point);
  return text;
}

/// Blanks made one, and the length bounded.
std::string tidy(const Points& points) {
  std::string text;
  bool blank = false;
  for (const auto point : points) {
    if (is_blank(static_cast<char32_t>(point))) {
      blank = !text.empty();
      continue;
    }
    std::string next(std::exchange(blank, false) ? " " : "");
    append(next, point);
    if (text.size() + next.size() > longest_folded) break;
    text += next;
  }
  return text;
}

Points plain_points(std::string_view text) { return {text.begin(), text.end()}; }

utf8proc_int32_t in_ascii_case(utf8proc_int32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

Points latin_points(Points points) {
  for (auto& c : points)
    c = static_cast<utf8proc_int32_t>(capital_in_latin(static_cast<char32_t>(c)));
  points = points_of(text_of(points), decompose | UTF8PROC_CASEFOLD);
  for (auto& c : points)
    c = static_cast<utf8proc_int32_t>(small_in_latin(static_cast<char32_t>(c)));
  return points;
}

utf8proc_int32_t class_of(utf8proc_int32_t c) {
  if (c == 'i' || c == '1' || c == '|') return 'l';
  return c == '0' ? 'o' : c;
}

/// A dot above is part of the letters that have one.
std::string skeleton_of(const Points& latin) {
  Points points;
  for (const auto c : latin) {
    const bool is_dotted = !points.empty() && (points.back() == 'l' || points.back() == 'j');
    if (c == dot_above && is_dotted) continue;
    points.push_back(class_of(c));
  }
  return tidy(points);
}

}  // namespace

std::string without_accents(std::string_view text) {
  Points points = points_of(seen(text), decompose | UTF8PROC_CASEFOLD);
  std::erase_if(points, [](utf8proc_int32_t c) {
    const auto kind = utf8proc_category(c);
    const bool is_mark = kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_ME;
    return is_mark || is_blank(static_cast<char32_t>(c));
  });
  return tidy(points);
}

std::string folded(std::string_view text) {
  const auto kept = seen(text);
  Points points = plain_points(kept);
  if (is_ascii(kept)) {
    std::ranges::transform(points, points.begin(), in_ascii_case);
    return tidy(points);
  }
  constexpr auto options = static_cast<utf8proc_option_t>(compose | UTF8PROC_CASEFOLD);
  points = points_of(kept, options);
  const auto size = utf8proc_normalize_utf32(points.data(),
                                             static_cast<utf8proc_ssize_t>(points.size()), options);
  points.resize(static_cast<std::size_t>(std::max<utf8proc_ssize_t>(size, 0)));
  return tidy(points);
}

std::string in_latin(std::string_view text) {
  const auto kept = seen(text);
  return tidy(latin_points(points_of(kept, decompose)));
}

std::string skeleton(std::string_view text) {
  const auto kept = seen(text);
  if (!is_ascii(kept)) return skeleton_of(latin_points(points_of(kept, decompose)));
  Points points = plain_points(kept);
  std::ranges::transform(points, points.begin(), in_ascii_case);
  std::ranges::replace(points, '`', '\'');
  return skeleton_of(points);
}

std::string skeleton_of_capitals(std::string_view text) {
  const auto kept = seen(text);
  if (is_ascii(kept)) return skeleton(kept);
  auto points = points_of(kept, decompose);
  std::ranges::transform(points, points.begin(), utf8proc_toupper);
  return skeleton_of(latin_points(std::move(points)));
}

}  // namespace culver::unicode
