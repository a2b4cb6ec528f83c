// Hex and the text form of UUIDs.
#include "core/base/ids.hpp"

namespace culver {
namespace {

constexpr std::size_t uuid_text = 36;

/// 16 for what is not a digit.
unsigned value_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return 16;
}

std::string print_with(std::string_view digits, ByteView bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const auto byte : bytes) {
    text += digits[std::to_integer<unsigned>(byte) >> 4];
    text += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

bool dash_comes_at(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

/// Section 4 of RFC 9562: the version is the first digit of the third group, the variant the first
/// two bits of the fourth.
template <class Id>
std::optional<Id> parse_uuid(std::string_view text, unsigned version) {
  if (text.size() != uuid_text) return std::nullopt;
  std::string hex;
  hex.reserve(2 * Id::size);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (dash_comes_at(i) != (text[i] == '-')) return std::nullopt;
    if (text[i] != '-') hex += text[i];
  }
  const auto id = parse_hex<Id>(hex);
  if (!id) return std::nullopt;
  const auto version_there = std::to_integer<unsigned>(id->data[6]) >> 4;
  const auto variant_there = std::to_integer<unsigned>(id->data[8]) >> 6;
  if (version_there != version || variant_there != 2) return std::nullopt;
  return id;
}

}  // namespace

bool detail::decode_hex(std::string_view text, std::span<std::byte> out) {
  if (text.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const unsigned high = value_of(text[2 * i]), low = value_of(text[2 * i + 1]);
    if (high > 15 || low > 15) return false;
    out[i] = static_cast<std::byte>(high << 4 | low);
  }
  return true;
}

std::string print_hex(ByteView bytes) { return print_with("0123456789abcdef", bytes); }

std::string print_upper_hex(ByteView bytes) { return print_with("0123456789ABCDEF", bytes); }

std::optional<DeviceId> parse_device_id(std::string_view text) {
  return parse_uuid<DeviceId>(text, 4);
}

std::optional<EventId> parse_event_id(std::string_view text) {
  return parse_uuid<EventId>(text, 7);
}

std::string print_uuid(std::span<const std::byte, 16> uuid) {
  std::string text = print_hex(uuid);
  for (const std::size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

}  // namespace culver
