#include "core/wire/dcep.hpp"

#include <string_view>

#include "core/wire/limits.hpp"

namespace culver::wire::dcep {
namespace {

constexpr std::byte type_ack{0x02};
constexpr std::byte type_open{0x03};
constexpr std::size_t open_header = 12;
constexpr std::uint8_t unordered_bit = 0x80;

std::uint32_t number(ByteView bytes) {
  std::uint32_t value = 0;
  for (auto byte : bytes) value = value << 8 | std::to_integer<std::uint32_t>(byte);
  return value;
}

void append(ByteVector& out, std::uint32_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>(value >> shift & 0xff));
}

void append(ByteVector& out, std::string_view text) {
  const auto bytes = as_bytes(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// | type 1 | channel type 1 | priority 2 | limit 4 | label length 2 | protocol length 2 | both |
Result<Message> parse_open(ByteView bytes) {
  if (bytes.size() < open_header) return fail(Fault::malformed);
  const auto channel_type = std::to_integer<std::uint8_t>(bytes[1]);
  const auto reliability = static_cast<std::uint8_t>(channel_type & ~unordered_bit);
  if (reliability > 2) return fail(Fault::malformed);
  const std::size_t label = number(bytes.subspan(8, 2));
  const std::size_t protocol = number(bytes.subspan(10, 2));
  if (bytes.size() != open_header + label + protocol) return fail(Fault::malformed);
  if (label > limits::channel_label || protocol > limits::channel_label)
    return fail(Fault::too_large);
  Open open;
  open.label = as_text(bytes.subspan(open_header, label));
  open.protocol = as_text(bytes.subspan(open_header + label, protocol));
  open.reliability = static_cast<Reliability>(reliability);
  open.ordered = (channel_type & unordered_bit) == 0;
  open.limit = number(bytes.subspan(4, 4));
  return open;
}

}  // namespace

Result<Message> parse(ByteView bytes) {
  if (bytes.empty()) return fail(Fault::malformed);
  if (bytes[0] == type_open) return parse_open(bytes);
  if (bytes[0] != type_ack) return fail(Fault::unknown_message);
  if (bytes.size() != 1) return fail(Fault::malformed);
  return Ack{};
}

ByteVector print(const Open& open) {
  ByteVector out{type_open};
  append(out, static_cast<std::uint32_t>(open.reliability) | (open.ordered ? 0u : unordered_bit),
         1);
  append(out, 0, 2);
  append(out, open.limit, 4);
  append(out, static_cast<std::uint32_t>(open.label.size()), 2);
  append(out, static_cast<std::uint32_t>(open.protocol.size()), 2);
  append(out, open.label);
  append(out, open.protocol);
  return out;
}

ByteVector print(const Ack&) { return {type_ack}; }

}  // namespace culver::wire::dcep
