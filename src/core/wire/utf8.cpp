// UTF-8 validation, cutting and counting.
#include "core/wire/utf8.hpp"

namespace culver::wire::utf8 {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t i) {
  return static_cast<std::uint8_t>(text[i]);
}

bool is_continuation(std::uint8_t byte) { return (byte & 0xc0) == 0x80; }

/// How many bytes a character has by its first one; 0 if none begins like that.
std::size_t length_of(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/// Rules out long forms, surrogates and what lies above U+10FFFF: all show in the second byte.
bool second_byte_fits(std::uint8_t lead, std::uint8_t second) {
  switch (lead) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second < 0xa0;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second < 0x90;
    default:
      return true;
  }
}

}  // namespace

bool is_valid(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = byte_at(text, i);
    const std::size_t length = length_of(lead);
    if (length == 0 || length > text.size() - i) return false;
    if (length > 1 && !second_byte_fits(lead, byte_at(text, i + 1))) return false;
    for (std::size_t k = 1; k < length; ++k)
      if (!is_continuation(byte_at(text, i + k))) return false;
    i += length;
  }
  return true;
}

std::string_view cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && is_continuation(byte_at(text, bytes))) --bytes;
  return text.substr(0, bytes);
}

std::string printable(std::string_view text, std::size_t bytes) {
  std::string clean;
  for (std::size_t i = 0; i < text.size() && clean.size() <= bytes; ++i) {
    const std::uint8_t byte = byte_at(text, i);
    if (byte < 0x20 || byte == 0x7f) continue;
    // C1, U+0080 to U+009F, is C2 followed by 80 to 9F.
    if (byte == 0xc2 && i + 1 < text.size() && byte_at(text, i + 1) < 0xa0) {
      ++i;
      continue;
    }
    clean += text[i];
  }
  clean.resize(cut(clean, bytes).size());
  return clean;
}

std::size_t count(std::string_view text) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) characters += !is_continuation(byte_at(text, i));
  return characters;
}

std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint8_t byte = byte_at(text, i);
    if (!is_continuation(byte)) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

}  // namespace culver::wire::utf8
