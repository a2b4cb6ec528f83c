// STUN beside others: on a shared socket, on a stream, and TURN's ChannelData.
#include "core/wire/stun.hpp"
#include "core/wire/stun_attributes.hpp"

namespace culver::wire::stun {

bool is_channel(std::uint16_t number) { return number >= first_channel && number <= last_channel; }

Kind kind_of(ByteView datagram) {
  if (datagram.empty()) return Kind::unknown;
  const auto first = std::to_integer<unsigned>(datagram[0]);
  if (first <= 3)
    return datagram.size() >= header_size && number(datagram.subspan(4, 4)) == magic_cookie
               ? Kind::stun
               : Kind::unknown;
  if (first >= 20 && first <= 63) return Kind::dtls;
  if (first >= 64 && first <= 79) return Kind::channel_data;
  return Kind::unknown;
}

Result<ChannelData> parse_channel_data(ByteView bytes) {
  if (bytes.size() < channel_header) return fail(Fault::malformed);
  const auto channel = number16(bytes, 0);
  const std::size_t size = number16(bytes, 2);
  const auto behind = bytes.subspan(channel_header);
  if (!is_channel(channel) || size > behind.size() || behind.size() - size > 3)
    return fail(Fault::malformed);
  return ChannelData{channel, behind.first(size)};
}

std::array<std::byte, channel_header> print_channel_header(std::uint16_t channel,
                                                           std::uint16_t payload) {
  return {static_cast<std::byte>(channel >> 8), static_cast<std::byte>(channel & 0xff),
          static_cast<std::byte>(payload >> 8), static_cast<std::byte>(payload & 0xff)};
}

Result<std::optional<std::size_t>> frame_size(ByteView stream) {
  if (stream.size() < channel_header) return std::nullopt;
  const auto first = number16(stream, 0);
  const std::size_t size = number16(stream, 2);
  if (is_channel(first)) return channel_header + padded(size);
  if ((first & 0xC000) != 0 || size % 4 != 0) return fail(Fault::malformed);
  return header_size + size;
}

}  // namespace culver::wire::stun
