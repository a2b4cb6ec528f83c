// Base64 by table. The decoder runs over every byte of every file, so it checks a whole
// text with one comparison at its end instead of one per character.
#include "core/wire/base64.hpp"

#include <array>
#include <cstdint>

namespace culver::wire::base64 {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Digit values are below 64, so a bad character shows in the upper bits of an OR over all values.
constexpr std::uint32_t bad = 0xff;

constexpr std::array<std::uint8_t, 256> values = [] {
  std::array<std::uint8_t, 256> table{};
  for (auto& value : table) value = bad;
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return table;
}();

std::uint32_t value_of(char c) { return values[static_cast<unsigned char>(c)]; }

/// A body without padding: its length is not 1 modulo 4.
std::optional<ByteVector> decode_body(std::string_view body) {
  const std::size_t tail = body.size() % 4;
  if (tail == 1) return std::nullopt;
  ByteVector bytes(body.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1));
  std::uint32_t seen = 0;
  std::byte* out = bytes.data();
  const char* in = body.data();
  for (const char* end = in + (body.size() - tail); in != end; in += 4, out += 3) {
    const std::uint32_t a = value_of(in[0]), b = value_of(in[1]);
    const std::uint32_t c = value_of(in[2]), d = value_of(in[3]);
    seen |= a | b | c | d;
    const std::uint32_t group = a << 18 | b << 12 | c << 6 | d;
    out[0] = static_cast<std::byte>(group >> 16);
    out[1] = static_cast<std::byte>(group >> 8);
    out[2] = static_cast<std::byte>(group);
  }
  if (tail != 0) {
    const std::uint32_t a = value_of(in[0]), b = value_of(in[1]);
    const std::uint32_t c = tail == 3 ? value_of(in[2]) : 0;
    seen |= a | b | c;
    const std::uint32_t group = a << 18 | b << 12 | c << 6;
    out[0] = static_cast<std::byte>(group >> 16);
    if (tail == 3) out[1] = static_cast<std::byte>(group >> 8);
    const std::uint32_t leftover = tail == 3 ? 0xff : 0xffff;
    if ((group & leftover) != 0) return std::nullopt;
  }
  if (seen > 63) return std::nullopt;
  return bytes;
}

std::string_view without_padding(std::string_view text) {
  if (text.ends_with("==")) return text.substr(0, text.size() - 2);
  if (text.ends_with('=')) return text.substr(0, text.size() - 1);
  return text;
}

}  // namespace

void encode_to(ByteView bytes, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + encoded_size(bytes.size()), '=');
  char* to = out.data() + start;
  const auto* in = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::size_t tail = bytes.size() % 3;
  for (const auto* end = in + (bytes.size() - tail); in != end; in += 3, to += 4) {
    const std::uint32_t group = static_cast<std::uint32_t>(in[0] << 16 | in[1] << 8 | in[2]);
    to[0] = alphabet[group >> 18];
    to[1] = alphabet[group >> 12 & 63];
    to[2] = alphabet[group >> 6 & 63];
    to[3] = alphabet[group & 63];
  }
  if (tail == 0) return;
  const std::uint32_t group =
      static_cast<std::uint32_t>(in[0] << 16 | (tail == 2 ? in[1] << 8 : 0));
  to[0] = alphabet[group >> 18];
  to[1] = alphabet[group >> 12 & 63];
  if (tail == 2) to[2] = alphabet[group >> 6 & 63];
}

std::string encode(ByteView bytes) {
  std::string text;
  encode_to(bytes, text);
  return text;
}

std::optional<ByteVector> decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  return decode_body(without_padding(text));
}

std::optional<std::size_t> decoded_size(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::string_view body = without_padding(text);
  const std::size_t tail = body.size() % 4;
  if (tail == 1) return std::nullopt;
  std::uint32_t seen = 0;
  for (const char c : body) seen |= value_of(c);
  if (seen > 63) return std::nullopt;
  const std::uint32_t leftover = tail == 2 ? 15 : 3;
  if (tail != 0 && (value_of(body.back()) & leftover) != 0) return std::nullopt;
  return body.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1);
}

std::optional<ByteVector> decode_unpadded_too(std::string_view text) {
  return decode_body(without_padding(text));
}

Result<PublicKey> parse_public_key(std::string_view text) {
  if (text.size() > encoded_size(PublicKey::size)) return fail(Fault::bad_public_key);
  const auto bytes = decode_unpadded_too(text);
  if (!bytes) return fail(Fault::bad_public_key);
  const auto key = PublicKey::from(*bytes);
  if (!key) return fail(Fault::bad_public_key);
  return *key;
}

}  // namespace culver::wire::base64
