// Fields one after the other: numbers big-endian, texts behind their length. One description of the
// order serves for measuring, writing and reading.
#include "core/format/backup_content.hpp"

#include <algorithm>

#include "core/wire/limits.hpp"
#include "core/wire/utf8.hpp"

namespace culver::format::backup {
namespace {

/// Counts what would be written.
class Measure {
 public:
  std::size_t size() const { return size_; }
  void bytes(ByteView part) { size_ += part.size(); }
  void number(std::uint32_t) { size_ += 4; }
  void text(std::string_view part) { size_ += 4 + part.size(); }

 private:
  std::size_t size_ = 0;
};

class Writer {
 public:
  explicit Writer(std::span<std::byte> out) : rest_(out) {}
  void bytes(ByteView part) {
    std::copy(part.begin(), part.end(), rest_.begin());
    rest_ = rest_.subspan(part.size());
  }
  void number(std::uint32_t value) {
    std::byte digits[4];
    for (unsigned i = 0; i < 4; ++i) digits[i] = static_cast<std::byte>(value >> (24 - 8 * i));
    bytes(digits);
  }
  void text(std::string_view part) {
    number(static_cast<std::uint32_t>(part.size()));
    bytes(as_bytes(part));
  }

 private:
  std::span<std::byte> rest_;
};

/// After the first field that does not fit everything is empty, and ok() false.
class Reader {
 public:
  explicit Reader(ByteView in) : rest_(in) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  void refuse() { ok_ = false; }

  ByteView bytes(std::size_t size) {
    ok_ = ok_ && size <= rest_.size();
    if (!ok_) return {};
    const auto part = rest_.first(size);
    rest_ = rest_.subspan(size);
    return part;
  }
  std::uint32_t number(std::uint32_t most) {
    std::uint32_t value = 0;
    for (const auto byte : bytes(4)) value = value << 8 | std::to_integer<std::uint32_t>(byte);
    ok_ = ok_ && value <= most;
    return ok_ ? value : 0;
  }
  std::string text(std::size_t most) {
    std::string part(as_text(bytes(number(static_cast<std::uint32_t>(most)))));
    ok_ = ok_ && wire::utf8::is_valid(part);
    return part;
  }
  template <class B>
  B fixed() {
    return B::from(bytes(B::size)).value_or(B{});
  }
  Secret<32> secret() {
    const auto part = bytes(32);
    return part.empty() ? Secret<32>() : Secret<32>(part.first<32>());
  }

 private:
  ByteView rest_;
  bool ok_ = true;
};

enum Mark : std::uint32_t {
  verified = 1,
  blocked = 2,
  culver = 4,
  named = 8,
  aliased = 16,
  offering = 32,
  called_otherwise = 64,
  offering_several = 128,
  every_mark = 255
};
constexpr std::uint32_t linked = 1;  ///< of a server

std::uint32_t marks_of(const Peer& peer) {
  return (peer.is_verified ? verified : 0U) | (peer.is_blocked ? blocked : 0U) |
         (peer.is_culver ? culver : 0U) | (peer.name ? named : 0U) | (peer.alias ? aliased : 0U) |
         (peer.offered.size() == 1 ? offering : 0U) |
         (peer.offered.size() > 1 ? offering_several : 0U) |
         (peer.earlier.empty() ? 0U : called_otherwise);
}

template <class Out>
void write(const Peer& peer, Out& out) {
  out.bytes(peer.key.view());
  out.number(marks_of(peer));
  if (peer.name) out.text(peer.name->expose());
  if (peer.alias) out.text(peer.alias->expose());
  out.text(peer.first_seen);
  out.text(peer.last_seen);
  if (peer.offered.size() > 1) out.number(static_cast<std::uint32_t>(peer.offered.size()));
  for (const auto& key : peer.offered) out.bytes(key.view());
  if (peer.earlier.empty()) return;
  out.number(static_cast<std::uint32_t>(peer.earlier.size()));
  for (const auto& name : peer.earlier) out.text(name.expose());
}

template <class Out>
void write(const Server& server, Out& out) {
  out.text(server.url);
  out.bytes(server.identity.view());
  out.number(server.version);
  out.text(server.first_seen);
  out.text(server.last_seen);
  out.number(server.account ? linked : 0U);
  if (server.account) out.bytes(server.account->view());
}

template <class Out>
void write(const Content& content, Out& out) {
  out.bytes(content.identity.expose());
  out.bytes(content.account_seed.expose());
  out.bytes(content.device.view());
  out.number(static_cast<std::uint32_t>(content.peers.size()));
  for (const auto& peer : content.peers) write(peer, out);
  out.number(static_cast<std::uint32_t>(content.servers.size()));
  for (const auto& server : content.servers) write(server, out);
}

std::vector<PublicKey> read_offered(std::uint32_t marks, Reader& in) {
  std::uint32_t count = (marks & offering) != 0 ? 1 : 0;
  if ((marks & offering_several) != 0) {
    if (count != 0) in.refuse();
    count = in.number(offered_keys);
    if (count < 2) in.refuse();
  }
  std::vector<PublicKey> keys;
  for (std::uint32_t n = 0; n < count; ++n) {
    keys.push_back(in.fixed<PublicKey>());
    if (std::ranges::find(keys, keys.back()) + 1 != keys.end()) in.refuse();
  }
  return keys;
}

Peer read_peer(Reader& in) {
  Peer peer{};
  peer.key = in.fixed<PublicKey>();
  const auto marks = in.number(every_mark);
  const auto name = [&] {
    Plaintext text(in.text(wire::limits::proposed_name));
    if (text.expose().empty()) in.refuse();
    return text;
  };
  peer.is_verified = (marks & verified) != 0;
  peer.is_blocked = (marks & blocked) != 0;
  peer.is_culver = (marks & culver) != 0;
  if ((marks & named) != 0) peer.name = name();
  if ((marks & aliased) != 0) peer.alias = name();
  peer.first_seen = in.text(date_size);
  peer.last_seen = in.text(date_size);
  peer.offered = read_offered(marks, in);
  if (std::ranges::find(peer.offered, peer.key) != peer.offered.end()) in.refuse();
  if ((marks & called_otherwise) == 0) return peer;
  const auto count = in.number(earlier_names);
  if (count == 0) in.refuse();
  for (std::uint32_t n = 0; n < count; ++n) peer.earlier.push_back(name());
  return peer;
}

Server read_server(Reader& in) {
  Server server{};
  server.url = in.text(url_size);
  server.identity = in.fixed<crypto::VerifyKey>();
  server.version = in.number(UINT32_MAX);
  server.first_seen = in.text(date_size);
  server.last_seen = in.text(date_size);
  if (in.number(linked) == linked) server.account = in.fixed<UserId>();
  return server;
}

/// One row per key: twice the same is not of our making.
template <class Row, class Key>
bool are_distinct(const std::vector<Row>& rows, Key Row::*key) {
  std::vector<Key> keys;
  keys.reserve(rows.size());
  for (const auto& row : rows) keys.push_back(row.*key);
  std::ranges::sort(keys);
  return std::ranges::adjacent_find(keys) == keys.end();
}

}  // namespace

std::size_t printed_size(const Content& content) {
  Measure measure;
  write(content, measure);
  return measure.size();
}

void print(const Content& content, std::span<std::byte> out) {
  Writer writer(out);
  write(content, writer);
}

Result<Content> parse(ByteView bytes) {
  Reader in(bytes);
  Content content;
  content.identity = in.secret();
  content.account_seed = in.secret();
  content.device = in.fixed<DeviceId>();
  for (auto left = in.number(peers); left > 0 && in.ok(); --left)
    content.peers.push_back(read_peer(in));
  for (auto left = in.number(servers); left > 0 && in.ok(); --left)
    content.servers.push_back(read_server(in));
  // The account file refuses a device that is not a UUID of the right version.
  if (!in.ok() || !in.at_end() || !parse_device_id(print_uuid(content.device.data)) ||
      !are_distinct(content.peers, &Peer::key) || !are_distinct(content.servers, &Server::url))
    return fail(Fault::malformed);
  return content;
}

}  // namespace culver::format::backup
