// Decoding of RFC 3629 and the list of code points that must not reach a terminal.
#include "core/base/unicode.hpp"

namespace culver::unicode {
namespace {

struct Form {
  unsigned char mask, lead;
  std::size_t size;
  char32_t smallest;  ///< anything below is an overlong form
};
constexpr Form forms[] = {
    {0x80, 0x00, 1, 0x0}, {0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, 0x10000}};

bool is_scalar(char32_t c) { return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF); }

bool within(char32_t c, char32_t low, char32_t high) { return c >= low && c <= high; }

}  // namespace

CodePoint first(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const CodePoint invalid{byte(0), 1, false};
  for (const auto& form : forms) {
    if ((byte(0) & form.mask) != form.lead) continue;
    if (text.size() < form.size) return invalid;
    char32_t value = byte(0) & static_cast<unsigned char>(~form.mask);
    for (std::size_t i = 1; i < form.size; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return invalid;
      value = value << 6 | (byte(i) & 0x3F);
    }
    if (value < form.smallest || !is_scalar(value)) return invalid;
    return {value, form.size, true};
  }
  return invalid;
}

bool is_control(char32_t c) {
  return c < 0x20 || within(c, 0x7F, 0x9F) || c == 0x061C || within(c, 0x200E, 0x200F) ||
         within(c, 0x2028, 0x202E) || within(c, 0x2066, 0x206F) || within(c, 0xFFF9, 0xFFFB) ||
         within(c, 0xFDD0, 0xFDEF) || (c & 0xFFFE) == 0xFFFE || within(c, 0xE0000, 0xE007F);
}

bool is_invisible(char32_t c) {
  return is_control(c) || c == 0xAD || c == 0x34F || within(c, 0x115F, 0x1160) ||
         within(c, 0x17B4, 0x17B5) || within(c, 0x180B, 0x180F) || within(c, 0x200B, 0x200F) ||
         within(c, 0x2060, 0x206F) || c == 0x3164 || within(c, 0xFE00, 0xFE0F) || c == 0xFEFF ||
         c == 0xFFA0 || within(c, 0xFFF0, 0xFFF8) || within(c, 0x1D159, 0x1D159) ||
         within(c, 0x1D173, 0x1D17A) || within(c, 0xE0000, 0xE0FFF);
}

bool is_blank(char32_t c) {
  return c == U' ' || c == 0xA0 || c == 0x1680 || within(c, 0x2000, 0x200A) || c == 0x202F ||
         c == 0x205F || c == 0x2800 || c == 0x3000;
}

bool is_filler(char32_t c) { return within(c, 0x115F, 0x1160) || c == 0x3164 || c == 0xFFA0; }

std::string label(std::string_view text, Room room) {
  std::string clean;
  std::size_t characters = 0;
  std::size_t end = 0;  // behind the last character that is not a blank
  bool is_seen = false;
  while (!text.empty() && characters < room.characters) {
    const auto point = first(text);
    const auto bytes = text.substr(0, point.size);
    text.remove_prefix(point.size);
    const bool blank = is_blank(point.value) || is_filler(point.value);
    if (!point.valid || is_control(point.value) || (blank && clean.empty())) continue;
    if (bytes.size() > room.bytes - clean.size()) break;
    clean += bytes;
    ++characters;
    if (!blank) end = clean.size();
    is_seen = is_seen || !(blank || is_invisible(point.value));
  }
  clean.resize(is_seen ? end : 0);
  return clean;
}

}  // namespace culver::unicode
