// Cutting the lines of SDP into tokens, shared by descriptions and candidate lines.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace culver::wire::sdp {

/// Removes and returns everything before `separator`, which goes too; all of it if there is none.
inline std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view token = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return token;
}

/// Like take for blanks, any number of which separate words. Empty at the end.
inline std::string_view take_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  return take(text, ' ');
}

/// Decimal digits only, nothing around them.
template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// RFC 8839: letters, digits, + and /.
inline bool is_ice_text(std::string_view text, std::size_t shortest, std::size_t longest) {
  constexpr auto is_ice_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  return text.size() >= shortest && text.size() <= longest &&
         std::all_of(text.begin(), text.end(), is_ice_char);
}

inline bool equal_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

}  // namespace culver::wire::sdp
