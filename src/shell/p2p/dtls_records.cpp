#include "shell/p2p/dtls_records.hpp"

#include <cstdint>
#include <optional>

namespace culver::p2p {
namespace {

constexpr std::size_t header_size = 13;             // RFC 6347 section 4.1
constexpr std::size_t handshake_header = 12;        // section 4.2.2
constexpr std::size_t longest_body = 16384 + 2048;  // RFC 5246 section 6.2.3

enum Type : unsigned { change_cipher_spec = 20, alert = 21, handshake = 22, application_data = 23 };

unsigned number(Datagram bytes, std::size_t at) {
  return std::to_integer<unsigned>(bytes[at]) << 8 | std::to_integer<unsigned>(bytes[at + 1]);
}

/// Nothing if its length is wrong: where the next one begins nobody knows.
std::optional<std::size_t> record_size(Datagram rest) {
  if (rest.size() < header_size) return std::nullopt;
  const std::size_t body = number(rest, 11);
  if (body > longest_body || body > rest.size() - header_size) return std::nullopt;
  return header_size + body;
}

/// In the clear: the handshake, and never an alert, which anybody could have sent.
bool clear_may_pass(unsigned type, Datagram body) {
  if (type == handshake) return body.size() >= handshake_header;
  return type == change_cipher_spec && body.size() == 1 && body[0] == std::byte{1};
}

/// There is one protected epoch, since nothing is negotiated twice.
bool may_pass(Datagram record, RecordRules rules) {
  const auto type = std::to_integer<unsigned>(record[0]);
  const auto epoch = number(record, 3);
  const auto body = record.subspan(header_size);
  if (record[1] != std::byte{0xfe}) return false;  // DTLS of any version
  if (epoch == 0) return !rules.up && clear_may_pass(type, body);
  return epoch == 1 && body.size() >= rules.overhead &&
         (type == alert || type == handshake || type == application_data);
}

}  // namespace

Datagram admitted(Datagram datagram, RecordRules rules, ByteVector& room) {
  bool copying = false;
  room.clear();
  std::size_t at = 0;
  while (at < datagram.size()) {
    const auto size = record_size(datagram.subspan(at));
    const bool passes = size && may_pass(datagram.subspan(at, *size), rules);
    if (!passes && !copying) {
      copying = true;
      room.assign(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (!size) break;
    const auto record = datagram.subspan(at, *size);
    if (passes && copying) room.insert(room.end(), record.begin(), record.end());
    at += *size;
  }
  return copying ? Datagram(room) : datagram;
}

}  // namespace culver::p2p
