// Printing of the reports. Written by hand rather than through a JSON library so that the order of
// the fields is fixed and no byte of a peer reaches a terminal as a command.
#include "core/wire/report.hpp"

#include "core/base/ids.hpp"
#include "core/base/unicode.hpp"
#include "core/crypto/keys.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/json.hpp"

namespace culver::wire::report {
namespace {

void append_escape(std::string& out, char32_t unit) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[unit >> shift & 0xF];
}

void append_code_point(std::string& out, unicode::CodePoint point, std::string_view bytes) {
  if (!point.valid) {
    out += "\\ufffd";
  } else if (point.value == '"' || point.value == '\\') {
    out += '\\';
    out += bytes;
  } else if (point.value == '\n') {
    out += "\\n";
  } else if (!unicode::is_control(point.value)) {
    out += bytes;
  } else if (point.value < 0x10000) {
    append_escape(out, point.value);
  } else {  // a surrogate pair, RFC 8259 section 7
    append_escape(out, 0xD800 + ((point.value - 0x10000) >> 10));
    append_escape(out, 0xDC00 + ((point.value - 0x10000) & 0x3FF));
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto point = unicode::first(text);
    append_code_point(out, point, text.substr(0, point.size));
    text.remove_prefix(point.size);
  }
  out += '"';
}

/// One flat object whose fields keep the order in which they are added.
class Object {
 public:
  Object() = default;
  explicit Object(std::string_view event) { add("event", event); }

  Object& add(std::string_view key, std::string_view value) {
    append_string(next(key), value);
    return *this;
  }
  Object& add(std::string_view key, const std::optional<Plaintext>& value) {
    if (value) return add(key, value->expose());
    next(key) += "null";
    return *this;
  }
  Object& add(std::string_view key, const std::vector<std::string>& values) {
    auto& out = next(key);
    out += '[';
    for (const auto& value : values) {
      if (out.back() != '[') out += ',';
      append_string(out, value);
    }
    out += ']';
    return *this;
  }
  Object& add(std::string_view key, std::uint64_t value) {
    next(key) += std::to_string(value);
    return *this;
  }
  Object& add_flag(std::string_view key, bool value) {
    next(key) += value ? "true" : "false";
    return *this;
  }
  /// Whom a line is about is told by the key: names are chosen by those who have them.
  Object& add(const Peer& peer) {
    add("peer", display_name(peer)).add("fingerprint", crypto::fingerprint(peer.key));
    return add_flag("verified", peer.is_verified);
  }
  Object& add(const File& file) {
    add(file.peer).add("name", file.name.expose()).add("size", file.size);
    return file.path ? add("path", file.path->expose()) : *this;
  }
  Object& add(const DialFailure& dial) {
    add("cause", name_of(dial.cause).text()).add("host", dial.host).add("port", dial.port);
    if (!dial.tried.empty()) add("address", dial.tried.front().address_text());
    if (const auto* answer = std::get_if<dial::HttpStatus>(&dial.cause)) {
      add("status", answer->status);
      if (!answer->location.empty()) add("location", answer->location);
    }
    return *this;
  }
  Object& add(const Digest& sha256) { return add("sha256", print_hex(sha256.view())); }

  std::string text() const { return text_ + "}"; }

 private:
  std::string& next(std::string_view key) {
    if (text_.size() > 1) text_ += ',';
    append_string(text_, key);
    text_ += ':';
    return text_;
  }
  std::string text_ = "{";
};

Object object(const Code& e) { return Object("code").add("code", e.code.text()); }
Object object(const PairRequest& e) {
  Object object("pair_request");
  object.add("name", e.peer.name).add("fingerprint", crypto::fingerprint(e.peer.key));
  if (e.namesake) object.add("namesake", crypto::fingerprint(*e.namesake));
  return e.id ? object.add("id", *e.id) : object;
}
Object object(const NameQuestion& e) {
  return Object("name_question")
      .add(e.peer)
      .add("namesake", crypto::fingerprint(e.namesake))
      .add("id", e.id);
}
Object object(const FileQuestion& e) {
  return Object("file_question")
      .add(e.file)
      .add("files", e.files)
      .add("bytes", e.bytes)
      .add("id", e.id);
}
Object object(const FileRefused& e) { return Object("file_refused").add(e.file); }
Object object(const Waiting& e) { return Object("waiting").add(e.peer).add("seconds", e.seconds); }
Object object(const Unproven& e) {
  return Object("unproven").add(e.peer).add("path", e.relayed ? "relayed" : "direct");
}
Object object(const Connected& e) {
  auto connected = Object("connected")
                       .add(e.peer)
                       .add("path", e.relayed ? "relayed" : "direct")
                       .add("setup_ms", e.setup_ms)
                       .add_flag("culver", e.is_culver);
  if (e.instead_of) connected.add("instead_of", crypto::fingerprint(*e.instead_of));
  if (e.called_before) connected.add("called_before", e.called_before->expose());
  return connected;
}
Object object(const Text& e) {
  Object text("text");
  text.add(e.peer).add("text", e.text.expose());
  if (e.letter) text.add("letter", e.letter->name).add("written", e.letter->written);
  return text;
}
Object object(const TextSent& e) {
  return Object("text_sent").add(e.peer).add_flag("confirmed", e.confirmed);
}
Object object(const LetterKept& e) { return Object("letter_kept").add(e.peer).add("id", e.id); }
Object object(const LetterDelivered& e) {
  return Object("letter_delivered").add(e.peer).add("id", e.id).add_flag("confirmed", e.confirmed);
}
Object object(const FileStarted& e) {
  Object started("file_started");
  started.add(e.file);
  return e.from > 0 ? started.add("from", e.from) : started;
}
Object object(const FileChecking& e) {
  return Object("file_checking").add(e.file).add("of", e.of).add("bytes", e.bytes);
}
Object object(const FileProgress& e) {
  return Object("file_progress").add(e.file).add("bytes", e.bytes);
}
Object object(const FileReceived& e) { return Object("file_received").add(e.file).add(e.sha256); }
Object object(const FileSent& e) {
  return Object("file_sent").add(e.file).add(e.sha256).add_flag("confirmed", e.confirmed);
}
Object object(const Failed& e) {
  auto message = e.sentence ? *e.sentence : happened(e.fault);
  if (e.about) message = e.about->expose() + ": " + message;
  if (e.peer) message = display_name(*e.peer) + ": " + message;
  Object object("failed");
  object.add("reason", info(e.fault.fault).name).add("message", message);
  if (e.about) object.add("file", e.about->expose());
  if (e.room) object.add("room", *e.room);
  if (e.peer) object.add(*e.peer);
  if (e.tried)
    object.add("own_addresses", e.tried->own)
        .add("own_relayed", e.tried->own_relayed)
        .add("peer_addresses", e.tried->peers)
        .add("peer_relayed", e.tried->peers_relayed);
  return e.fault.why ? object.add(*e.fault.why) : object;
}
Object object(const RelayFailed& e) {
  Object object("relay_failed");
  object.add("host", e.host).add("port", e.port).add("reason", info(e.fault).name);
  object.add("message", happened(e.fault));
  return e.fault.why ? object.add("cause", name_of(e.fault.why->cause).text()) : object;
}
Object object(const Closed& e) { return Object("closed").add(e.peer); }

}  // namespace

std::string short_fingerprint(const PublicKey& key) {
  return crypto::fingerprint(key).substr(0, 4 * 4 + 3);
}

std::string display_name(const Peer& peer) {
  if (peer.name && !peer.name->expose().empty()) return peer.name->expose();
  return short_fingerprint(peer.key);
}

std::string happened(const Failure& failure) {
  if (!failure.why) return std::string(info(failure.fault).sentence);
  return where(*failure.why) + ": " + sentence(failure.why->cause);
}

std::string print(const Event& event) {
  return std::visit([](const auto& e) { return object(e).text(); }, event);
}

Result<Answer> parse_answer(std::string_view line) {
  json::Document document;
  TRY(const auto fields, document.parse(line));
  TRY(const auto id, fields.number("id", UINT64_MAX, Fault::malformed));
  TRY(const auto accepted, fields.boolean("accept"));
  return Answer{id, accepted};
}

std::string display_name(const KnownPeer& known) {
  return known.alias ? known.alias->expose() : display_name(known.peer);
}

std::string print(const KnownPeer& known) {
  std::vector<std::string> offered;
  for (const auto& key : known.offered) offered.push_back(crypto::fingerprint(key));
  return Object()
      .add("peer", display_name(known))
      .add("handle", known.handle)
      .add("name", known.peer.name)
      .add("alias", known.alias)
      .add("public_key", base64::print(known.peer.key))
      .add("fingerprint", crypto::fingerprint(known.peer.key))
      .add("safety_number", known.safety_number)
      .add("first_seen", known.first_seen)
      .add("last_seen", known.last_seen)
      .add_flag("verified", known.is_verified)
      .add_flag("blocked", known.is_blocked)
      .add_flag("culver", known.is_culver)
      .add("offered", offered)
      .text();
}

std::string print(std::span<const KnownPeer> peers) {
  std::string array = "[";
  for (const auto& known : peers) array += (array.size() > 1 ? "," : "") + print(known);
  return array + "]";
}

std::string print(std::span<const Waits> letters) {
  std::string array = "[";
  for (const auto& letter : letters) {
    Object object;
    object.add("id", letter.id)
        .add("peer", display_name(letter.peer))
        .add("fingerprint", crypto::fingerprint(letter.peer.key))
        .add("written", letter.written);
    if (letter.characters)
      object.add("characters", *letter.characters);
    else
      object.add("characters", std::optional<Plaintext>());
    if (letter.text) object.add("text", letter.text->expose());
    array += (array.size() > 1 ? "," : "") + object.text();
  }
  return array + "]";
}

std::string print(const Identity& identity) {
  return Object()
      .add("public_key", base64::print(identity.key))
      .add("fingerprint", crypto::fingerprint(identity.key))
      .add("account", print_hex(identity.account.data))
      .add("device", print_uuid(identity.device.data))
      .text();
}

std::string print(const Server& server) {
  Object object;
  object.add("server", server.url).add("identity", print_hex(server.identity.data));
  object.add("version", std::uint64_t{server.version});
  if (server.known_identity) {
    object.add("known_identity", print_hex(server.known_identity->data));
    object.add("known_version", std::uint64_t{server.known_version.value_or(1)});
  }
  return object.add_flag("trusted", server.trusted).text();
}

std::string print(const Device& device) {
  Object object;
  object.add("device", print_uuid(device.device.data)).add("name", device.name);
  if (!device.type.empty()) object.add("type", device.type);
  return object.add("registered", device.registered)
      .add("last_seen", device.last_seen)
      .add_flag("this", device.is_this)
      .add_flag("online", device.is_online)
      .add_flag("revoked", device.is_revoked)
      .text();
}

std::string print(std::span<const Device> devices) {
  std::string array = "[";
  for (const auto& device : devices) array += (array.size() > 1 ? "," : "") + print(device);
  return array + "]";
}

std::string print(const Backup& backup) {
  Object object;
  object.add("fingerprint", crypto::fingerprint(backup.identity));
  object.add("peers", std::uint64_t{backup.peers}).add("servers", std::uint64_t{backup.servers});
  return object.add("kept", backup.kept).text();
}

std::string print(const Lock& lock) {
  return Object().add_flag("locked", lock.locked).add("key_file", lock.key_file.expose()).text();
}

std::string print(const LinkOffer& offer) {
  return Object("link_code")
      .add("code", offer.code.text())
      .add("expires_in_ms", offer.expires_in_ms)
      .add_flag("asks", offer.asks)
      .text();
}

std::string print(const LinkRequest& request) {
  return Object("link_request")
      .add("device", print_uuid(request.device.data))
      .add("name", request.name)
      .add("account", print_hex(request.account.data))
      .add("id", request.id)
      .text();
}

std::string print(const LinkedDevice& linked) {
  return Object("device_linked")
      .add("device", print_uuid(linked.device.data))
      .add("name", linked.name)
      .text();
}

std::string print(const LinkedAccount& linked) {
  return Object("linked")
      .add("account", print_hex(linked.account.data))
      .add("device", print_uuid(linked.device.data))
      .text();
}

std::string print(const OwnName& own) {
  return Object().add("name", own.name.expose()).add_flag("chosen", own.is_chosen).text();
}

std::string print_version(std::string_view version) {
  return Object().add("version", version).text();
}

}  // namespace culver::wire::report
