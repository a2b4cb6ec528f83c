// Decoding of RFC 3629 and the list of code points that must not reach a terminal.
#include "core/base/unicode.hpp"

#include <utility>

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

/// Capitals that stand this far before their small letters.
struct Block {
  char32_t first, last, distance;
};
constexpr Block blocks[] = {{0x41, 0x5A, 32},   {0xC0, 0xD6, 32},   {0xD8, 0xDE, 32},
                            {0x386, 0x386, 38}, {0x388, 0x38A, 37}, {0x38C, 0x38C, 64},
                            {0x38E, 0x38F, 63}, {0x391, 0x3A1, 32}, {0x3A3, 0x3AB, 32},
                            {0x400, 0x40F, 80}, {0x410, 0x42F, 32}, {0x4C0, 0x4C0, 15},
                            {0x531, 0x556, 48}};

/// Capitals and small letters by turns, capitals first.
constexpr std::pair<char32_t, char32_t> pairs[] = {
    {0x100, 0x12F}, {0x132, 0x137},   {0x139, 0x148},  {0x14A, 0x177},
    {0x179, 0x17E}, {0x460, 0x481},   {0x48A, 0x4BF},  {0x4C1, 0x4CE},
    {0x4D0, 0x52F}, {0x1E00, 0x1E95}, {0x1EA0, 0x1EFF}};

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

char32_t lower(char32_t c) {
  if (c == 0x178) return 0xFF;
  if (c == 0x17F) return U's';
  if (c == 0x3C2) return 0x3C3;  // the sigma at the end of a word
  for (const auto& block : blocks)
    if (within(c, block.first, block.last)) return c + block.distance;
  for (const auto& [first, last] : pairs)
    if (within(c, first, last)) return (c - first) % 2 == 0 ? c + 1 : c;
  return c;
}

}  // namespace culver::unicode
