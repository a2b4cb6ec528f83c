// Prints one STUN message, and what proves where it comes from.
#include <boost/crc.hpp>

#include "core/crypto/hash.hpp"
#include "core/crypto/legacy_hash.hpp"
#include "core/wire/stun.hpp"
#include "core/wire/stun_attributes.hpp"

namespace culver::wire::stun {
namespace {

constexpr std::uint32_t fingerprint_mask = 0x5354554E;
constexpr std::size_t most_length = 0xFFFF;

std::uint16_t type_of(Class kind, Method method) {
  const auto c = static_cast<unsigned>(kind);
  const auto m = static_cast<unsigned>(method);
  return static_cast<std::uint16_t>((m & 0xF) | (m & 0x70) << 1 | (m & 0xF80) << 2 | (c & 1) << 4 |
                                    (c & 2) << 7);
}

std::array<std::byte, 2> length_bytes(std::size_t length) {
  return {static_cast<std::byte>(length >> 8 & 0xff), static_cast<std::byte>(length & 0xff)};
}

// RFC 8489 section 14.5: over what stands before MESSAGE-INTEGRITY, with a length that includes it.
crypto::Sha1Mac mac_of(ByteView before, const SecretBytes& key) {
  const auto length = length_bytes(before.size() - header_size + attribute_header + integrity_size);
  return crypto::hmac_sha1(key.expose(), {before.first(2), length, before.subspan(4)});
}

class Printer {
 public:
  explicit Printer(const Message& m) {
    out_.reserve(256 + (m.data ? m.data->size() : 0));
    append(out_, type_of(m.kind, m.method), 2);
    append(out_, 0, 2);
    append(out_, magic_cookie, 4);
    raw(m.id.view());
  }

  void bytes(std::uint16_t type, ByteView value) {
    head(type, value.size());
    raw(value);
    out_.resize(padded(out_.size()));
  }
  void text(std::uint16_t type, const std::optional<std::string>& value) {
    if (value) bytes(type, as_bytes(*value));
  }
  template <class T>
  void integer(std::uint16_t type, const std::optional<T>& value) {
    if (!value) return;
    head(type, sizeof(T));
    append(out_, *value, sizeof(T));
  }
  template <class T>
  void integer_of_four(std::uint16_t type, const std::optional<T>& value) {
    if (!value) return;
    head(type, 4);
    append(out_, *value, sizeof(T));
    append(out_, 0, 4 - sizeof(T));
  }
  void address(std::uint16_t type, const std::optional<Endpoint>& value) {
    if (!value) return;
    const auto octets = value->address();
    head(type, 4 + octets.size());
    append(out_, value->family() == Endpoint::Family::v4 ? 1 : 2, 2);
    append(out_, value->port() ^ magic_cookie >> 16, 2);
    for (std::size_t i = 0; i < octets.size(); ++i) out_.push_back(octets[i] ^ out_[4 + i]);
  }
  void error(const std::optional<ErrorCode>& value) {
    if (!value) return;
    head(attribute::error_code, 4 + value->reason.size());
    append(out_, value->code / 100 << 8 | value->code % 100, 4);
    raw(as_bytes(value->reason));
    out_.resize(padded(out_.size()));
  }
  void types(const std::vector<std::uint16_t>& value) {
    if (value.empty()) return;
    head(attribute::unknown_attributes, 2 * value.size());
    for (auto type : value) append(out_, type, 2);
    out_.resize(padded(out_.size()));
  }
  void integrity(const SecretBytes& key) {
    bytes(attribute::message_integrity, mac_of(out_, key).view());
  }
  ByteVector finish() && {
    const auto length = out_.size() - header_size + attribute_header + fingerprint_size;
    if (length > most_length) return {};
    const auto two = length_bytes(length);
    out_[2] = two[0];
    out_[3] = two[1];
    integer<std::uint32_t>(attribute::fingerprint, fingerprint_of(out_));
    return std::move(out_);
  }

 private:
  void head(std::uint16_t type, std::size_t size) {
    append(out_, type, 2);
    append(out_, size, 2);
  }
  void raw(ByteView value) { out_.insert(out_.end(), value.begin(), value.end()); }

  ByteVector out_;
};

void print_ice(const Message& m, Printer& out) {
  out.integer(attribute::priority, m.priority);
  out.integer(attribute::ice_controlling, m.controlling);
  out.integer(attribute::ice_controlled, m.controlled);
  if (m.use_candidate) out.bytes(attribute::use_candidate, {});
}

void print_turn(const Message& m, Printer& out) {
  out.integer(attribute::lifetime, m.lifetime);
  out.integer_of_four(attribute::channel_number, m.channel);
  out.integer_of_four(attribute::requested_transport, m.requested_transport);
  out.integer_of_four(attribute::requested_address_family, m.requested_family);
  out.address(attribute::xor_peer_address, m.peer);
  out.address(attribute::xor_relayed_address, m.relayed);
  if (m.data) out.bytes(attribute::data, *m.data);
}

void print_probe(const Message& m, Printer& out) {
  out.integer(attribute::largest_datagram, m.largest_datagram);
  if (m.probe_padding) out.bytes(attribute::probe_padding, ByteVector(*m.probe_padding));
}

}  // namespace

std::uint32_t fingerprint_of(ByteView before) {
  boost::crc_32_type crc;
  crc.process_bytes(before.data(), before.size());
  return crc.checksum() ^ fingerprint_mask;
}

ByteVector print(const Message& m, const Key* key) {
  Printer out(m);
  out.error(m.error);
  out.types(m.unknown_attributes);
  out.text(attribute::username, m.username);
  out.text(attribute::nonce, m.nonce);
  out.text(attribute::realm, m.realm);
  out.address(attribute::xor_mapped_address, m.mapped);
  print_ice(m, out);
  print_turn(m, out);
  print_probe(m, out);
  if (key) out.integrity(key->bytes_);
  return std::move(out).finish();
}

Key Key::short_term(std::string_view password) { return Key(SecretBytes(as_bytes(password))); }

Key Key::long_term(std::string_view user, std::string_view realm, std::string_view password) {
  const auto hash = crypto::md5(
      {as_bytes(user), as_bytes(":"), as_bytes(realm), as_bytes(":"), as_bytes(password)});
  return Key(SecretBytes(hash.expose()));
}

bool authentic(const Received& received, const Key& key) {
  if (!received.integrity_at) return false;
  const auto at = *received.integrity_at;
  const auto told = received.raw.subspan(at + attribute_header, integrity_size);
  return crypto::equal_in_constant_time(told, mac_of(received.raw.first(at), key.bytes_).view());
}

}  // namespace culver::wire::stun
