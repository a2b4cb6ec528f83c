// Reads one STUN message. Whatever a length says is compared with what is there before it is used.
#include <algorithm>
#include <utility>

#include "core/wire/stun.hpp"
#include "core/wire/stun_attributes.hpp"

namespace culver::wire::stun {
namespace {

constexpr std::byte family_v4{1};
constexpr std::byte family_v6{2};

struct Header {
  Class kind;
  Method method;
  TransactionId id;
};

std::optional<Method> method_of(std::uint16_t number) {
  const auto method = static_cast<Method>(number);
  switch (method) {
    case Method::binding:
    case Method::allocate:
    case Method::refresh:
    case Method::send:
    case Method::data:
    case Method::create_permission:
    case Method::channel_bind:
      return method;
  }
  return std::nullopt;
}

// The bits of method and class are interleaved: 00 M11..M7 C1 M6..M4 C0 M3..M0.
Result<Header> parse_header(ByteView bytes) {
  if (bytes.size() < header_size || bytes.size() % 4 != 0) return fail(Fault::malformed);
  const auto type = number16(bytes, 0);
  if ((type & 0xC000) != 0 || number16(bytes, 2) != bytes.size() - header_size ||
      number(bytes.subspan(4, 4)) != magic_cookie)
    return fail(Fault::malformed);
  const auto kind = static_cast<Class>((type >> 7 & 2) | (type >> 4 & 1));
  const auto method =
      static_cast<std::uint16_t>((type & 0xF) | (type >> 1 & 0x70) | (type >> 2 & 0xF80));
  const auto known = method_of(method);
  if (!known) return fail(Fault::unknown_message);
  return Header{kind, *known, *TransactionId::from(bytes.subspan(8, 12))};
}

// ---- values -------------------------------------------------------------------------------------

Result<std::string> text(ByteView value, std::size_t most) {
  if (value.size() > most) return fail(Fault::malformed);
  return std::string(as_text(value));
}

template <class T>
Result<T> integer(ByteView value) {
  if (value.size() != sizeof(T)) return fail(Fault::malformed);
  return static_cast<T>(number(value));
}

// A number and zeros that are reserved.
template <class T>
Result<T> integer_of_four(ByteView value) {
  if (value.size() != 4) return fail(Fault::malformed);
  return static_cast<T>(number(value.first(sizeof(T))));
}

Result<std::uint16_t> channel_number(ByteView value) {
  TRY(const auto channel, integer_of_four<std::uint16_t>(value));
  if (!is_channel(channel)) return fail(Fault::malformed);
  return channel;
}

Result<std::uint8_t> address_family(ByteView value) {
  TRY(const auto family, integer_of_four<std::uint8_t>(value));
  if (family != 1 && family != 2) return fail(Fault::malformed);
  return family;
}

// | 0 1 | family 1 | port 2 | address 4 or 16 |, where the bytes of port and address are XORed with
// `mask`, the header from the magic cookie on; or with nothing for MAPPED-ADDRESS.
Result<Endpoint> address(ByteView value, ByteView mask) {
  if (value.size() < 4) return fail(Fault::malformed);
  const auto unmasked = [&](std::size_t at, std::size_t i) {
    return mask.empty() ? value[at + i] : value[at + i] ^ mask[i];
  };
  const auto port = static_cast<std::uint16_t>(std::to_integer<unsigned>(unmasked(2, 0)) << 8 |
                                               std::to_integer<unsigned>(unmasked(2, 1)));
  if (value[1] == family_v4 && value.size() == 8) {
    std::array<std::byte, 4> four{};
    for (std::size_t i = 0; i < four.size(); ++i) four[i] = unmasked(4, i);
    return Endpoint::v4(four, port);
  }
  if (value[1] == family_v6 && value.size() == 20) {
    std::array<std::byte, 16> six{};
    for (std::size_t i = 0; i < six.size(); ++i) six[i] = unmasked(4, i);
    return Endpoint::v6(six, port);
  }
  return fail(Fault::malformed);
}

// | 0 2 | class in the low three bits 1 | number 1 | reason |
Result<ErrorCode> error_code(ByteView value) {
  if (value.size() < 4) return fail(Fault::malformed);
  const auto hundreds = std::to_integer<unsigned>(value[2]) & 7;
  const auto rest = std::to_integer<unsigned>(value[3]);
  if (hundreds < 3 || hundreds > 6 || rest > 99) return fail(Fault::malformed);
  TRY(auto reason, text(value.subspan(4), max_reason));
  return ErrorCode{static_cast<std::uint16_t>(hundreds * 100 + rest), std::move(reason)};
}

void note(std::vector<std::uint16_t>& types, std::uint16_t type) {
  if (types.size() < max_unknown && std::find(types.begin(), types.end(), type) == types.end())
    types.push_back(type);
}

Result<std::vector<std::uint16_t>> unknown_attributes(ByteView value) {
  if (value.size() % 2 != 0) return fail(Fault::malformed);
  std::vector<std::uint16_t> types;
  for (std::size_t at = 0; at < value.size(); at += 2) note(types, number16(value, at));
  return types;
}

// ---- attributes ---------------------------------------------------------------------------------

/// What has been read so far, and of what.
class Reader {
 public:
  Reader(ByteView bytes, Header header) : bytes_(bytes) {
    received_.message.kind = header.kind;
    received_.message.method = header.method;
    received_.message.id = header.id;
    received_.raw = bytes;
  }

  Result<Received> read() && {
    for (std::size_t at = header_size; at < bytes_.size();) {
      // Both sizes are multiples of four, so that there are four bytes if there is one.
      const auto size = number16(bytes_, at + 2);
      const auto value_at = at + attribute_header;
      if (padded(size) > bytes_.size() - value_at) return fail(Fault::malformed);
      CHECK_OK(attribute_at(at, number16(bytes_, at), bytes_.subspan(value_at, size)));
      at = value_at + padded(size);
    }
    if (!received_.message.mapped) received_.message.mapped = plain_mapped_;
    return std::move(received_);
  }

 private:
  Result<void> attribute_at(std::size_t at, std::uint16_t type, ByteView value) {
    if (received_.has_fingerprint) return fail(Fault::malformed);
    if (type == attribute::fingerprint) return fingerprint(at, value);
    if (sealed_) return {};
    if (type == attribute::message_integrity) return integrity(at, value);
    if (type == attribute::message_integrity_sha256) {
      sealed_ = true;
      return {};
    }
    return known(type, value);
  }

  Result<void> fingerprint(std::size_t at, ByteView value) {
    TRY(const auto told, integer<std::uint32_t>(value));
    if (told != fingerprint_of(bytes_.first(at))) return fail(Fault::malformed);
    received_.has_fingerprint = true;
    return {};
  }

  Result<void> integrity(std::size_t at, ByteView value) {
    if (value.size() != integrity_size) return fail(Fault::malformed);
    received_.integrity_at = at;
    sealed_ = true;
    return {};
  }

  Result<void> known(std::uint16_t type, ByteView value) {
    auto& m = received_.message;
    switch (type) {
      case attribute::username:
        return first(m.username, text(value, max_username));
      case attribute::realm:
        return first(m.realm, text(value, max_realm));
      case attribute::nonce:
        return first(m.nonce, text(value, max_nonce));
      case attribute::mapped_address:
        return first(plain_mapped_, address(value, {}));
      case attribute::xor_mapped_address:
        return first(m.mapped, address(value, mask()));
      case attribute::xor_peer_address:
        return first(m.peer, address(value, mask()));
      case attribute::xor_relayed_address:
        return first(m.relayed, address(value, mask()));
      case attribute::error_code:
        return first(m.error, error_code(value));
      case attribute::data:
        return first(m.data, Result<ByteVector>(ByteVector(value.begin(), value.end())));
      case attribute::unknown_attributes:
        return unknown(value);
      default:
        return number_of(type, value);
    }
  }

  Result<void> number_of(std::uint16_t type, ByteView value) {
    auto& m = received_.message;
    switch (type) {
      case attribute::priority:
        return first(m.priority, integer<std::uint32_t>(value));
      case attribute::ice_controlling:
        return first(m.controlling, integer<std::uint64_t>(value));
      case attribute::ice_controlled:
        return first(m.controlled, integer<std::uint64_t>(value));
      case attribute::lifetime:
        return first(m.lifetime, integer<std::uint32_t>(value));
      case attribute::channel_number:
        return first(m.channel, channel_number(value));
      case attribute::requested_transport:
        return first(m.requested_transport, integer_of_four<std::uint8_t>(value));
      case attribute::requested_address_family:
        return first(m.requested_family, address_family(value));
      case attribute::largest_datagram:
        return first(m.largest_datagram, integer<std::uint32_t>(value));
      case attribute::probe_padding:
        return first(m.probe_padding,
                     Result<std::uint16_t>(static_cast<std::uint16_t>(value.size())));
      case attribute::use_candidate:
        if (!value.empty()) return fail(Fault::malformed);
        m.use_candidate = true;
        return {};
      default:
        if (type < attribute::first_optional) note(received_.not_understood, type);
        return {};
    }
  }

  Result<void> unknown(ByteView value) {
    TRY(auto types, unknown_attributes(value));
    if (received_.message.unknown_attributes.empty())
      received_.message.unknown_attributes = std::move(types);
    return {};
  }

  template <class T>
  static Result<void> first(std::optional<T>& field, Result<T> value) {
    if (!value) return fail(value.error());
    if (!field) field = std::move(*value);
    return {};
  }

  ByteView mask() const { return bytes_.subspan(4, 16); }

  ByteView bytes_;
  Received received_;
  std::optional<Endpoint> plain_mapped_;
  bool sealed_ = false;  ///< an integrity was there: only a fingerprint counts from here on
};

}  // namespace

Result<Received> parse(ByteView datagram) {
  TRY(const auto header, parse_header(datagram));
  return Reader(datagram, header).read();
}

}  // namespace culver::wire::stun
