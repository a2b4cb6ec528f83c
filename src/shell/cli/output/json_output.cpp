// The field names of json_output.hpp.
#include "shell/cli/output/json_output.hpp"

#include <optional>
#include <utility>
#include <variant>

#include "core/base/ids.hpp"
#include "core/crypto/keys.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/json.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {
namespace {

using wire::json::Writer;

/// One object with the fields that several reports share.
class Fields {
 public:
  Fields& text(std::string_view key, std::string_view value) {
    writer_.text(key, value);
    return *this;
  }
  Fields& text_or_null(std::string_view key, const std::optional<Plaintext>& value) {
    if (value)
      writer_.text(key, value->expose());
    else
      writer_.null(key);
    return *this;
  }
  Fields& number(std::string_view key, std::uint64_t value) {
    writer_.number(key, value);
    return *this;
  }
  Fields& time(std::string_view key, WallTime value) {
    writer_.integer(key, value);
    return *this;
  }
  Fields& flag(std::string_view key, bool value) {
    writer_.boolean(key, value);
    return *this;
  }
  Fields& null(std::string_view key) {
    writer_.null(key);
    return *this;
  }
  Fields& texts(std::string_view key, const std::vector<std::string>& values) {
    writer_.texts(key, values);
    return *this;
  }
  Fields& raw(std::string_view key, std::string_view json) {
    writer_.raw(key, json);
    return *this;
  }
  /// Whom a line is about is told by the key: names are chosen by those who have them.
  Fields& peer(const report::Peer& peer) {
    text("peer", display_name(peer)).text("fingerprint", crypto::fingerprint_digits(peer.key));
    return flag("isVerified", peer.is_verified);
  }
  Fields& path(bool is_relayed) { return text("path", is_relayed ? "relayed" : "direct"); }
  Fields& file(const report::File& file) {
    peer(file.peer).text("name", file.name.expose()).number("size", file.size);
    return file.path ? text("path", file.path->expose()) : *this;
  }
  Fields& dial(const DialFailure& dial) {
    text("cause", name_of(dial.cause).text()).text("host", dial.host).number("port", dial.port);
    if (!dial.tried.empty()) text("address", dial.tried.front().address_text());
    if (const auto* answer = std::get_if<dial::HttpStatus>(&dial.cause)) {
      number("status", answer->status);
      if (!answer->location.empty()) text("location", answer->location);
    }
    return *this;
  }
  Fields& digest(const Digest& sha256) { return text("sha256", print_hex(sha256.view())); }
  Fields& tried(const report::Tried& tried) {
    return number("ownAddresses", tried.own)
        .number("ownRelayed", tried.own_relayed)
        .number("peerAddresses", tried.peers)
        .number("peerRelayed", tried.peers_relayed);
  }
  std::string finish() { return std::move(writer_).finish(); }

 private:
  Writer writer_{128, wire::json::Escapes::terminal};
};

/// The type of an event and its data.
std::string line(std::string_view type, Fields& data) {
  return Fields().number("v", 1).text("type", type).raw("data", data.finish()).finish();
}

std::string event(const report::Code& e) {
  return line("online", Fields().text("code", e.code.text()));
}
std::string event(const report::PairRequest& e) {
  Fields data;
  data.text_or_null("name", e.peer.name)
      .text("fingerprint", crypto::fingerprint_digits(e.peer.key));
  if (e.namesake) data.text("namesake", crypto::fingerprint_digits(*e.namesake));
  if (e.id) data.number("question", *e.id);
  return line("pairRequested", data);
}
std::string event(const report::NameQuestion& e) {
  Fields data;
  data.peer(e.peer)
      .text("namesake", crypto::fingerprint_digits(e.namesake))
      .number("question", e.id);
  return line("nameConflict", data);
}
std::string event(const report::FileQuestion& e) {
  Fields data;
  data.file(e.file).number("files", e.files).number("totalBytes", e.bytes);
  return line("fileOffered", data.number("question", e.id));
}
std::string event(const report::FileRefused& e) {
  return line("fileRefused", Fields().file(e.file));
}
std::string event(const report::Waiting& e) {
  return line("waiting", Fields().peer(e.peer).number("waitMs", e.seconds * 1'000));
}
std::string event(const report::Unproven& e) {
  return line("peerUnproven", Fields().peer(e.peer).path(e.relayed));
}
std::string event(const report::Connected& e) {
  Fields data;
  data.peer(e.peer).path(e.relayed).number("setupMs", e.setup_ms).flag("isCulver", e.is_culver);
  if (e.instead_of) data.text("insteadOf", crypto::fingerprint_digits(*e.instead_of));
  if (e.called_before) data.text("calledBefore", e.called_before->expose());
  return line("peerConnected", data);
}
std::string event(const report::Text& e) {
  Fields data;
  data.peer(e.peer).text("text", e.text.expose());
  if (e.letter) data.text("message", e.letter->name).time("writtenMs", e.letter->written);
  return line("textReceived", data);
}
std::string event(const report::TextSent& e) {
  return line("textDelivered", Fields().peer(e.peer).flag("isConfirmed", e.confirmed));
}
std::string event(const report::LetterKept& e) {
  return line("textQueued", Fields().peer(e.peer).number("message", e.id));
}
std::string event(const report::LetterDelivered& e) {
  Fields data;
  data.peer(e.peer).number("message", e.id).flag("isConfirmed", e.confirmed);
  return line("textDelivered", data);
}
std::string event(const report::FileStarted& e) {
  Fields data;
  data.file(e.file).text("state", "started");
  if (e.from > 0) data.number("fromBytes", e.from);
  return line("transferState", data);
}
std::string event(const report::FileChecking& e) {
  Fields data;
  data.file(e.file).text("state", "checking").number("ofBytes", e.of).number("bytes", e.bytes);
  return line("transferState", data);
}
std::string event(const report::FileProgress& e) {
  return line("transferProgress", Fields().file(e.file).number("bytes", e.bytes));
}
std::string event(const report::FileReceived& e) {
  return line("fileReceived", Fields().file(e.file).digest(e.sha256));
}
std::string event(const report::FileSent& e) {
  return line("fileSent", Fields().file(e.file).digest(e.sha256).flag("isConfirmed", e.confirmed));
}
std::string event(const report::Failed& e) {
  auto message = e.sentence ? *e.sentence : host::happened(e.fault);
  if (e.about) message = e.about->expose() + ": " + message;
  if (e.peer) message = display_name(*e.peer) + ": " + message;
  Fields data;
  data.text("code", info(e.fault.fault).name).text("message", message);
  if (e.about) data.text("name", e.about->expose());
  if (e.room) data.number("roomBytes", *e.room);
  if (e.question) data.number("question", *e.question);
  if (e.peer) data.peer(*e.peer);
  if (e.tried) data.tried(*e.tried);
  if (e.fault.why) data.dial(*e.fault.why);
  return line(e.about ? "transferFailed" : "failed", data);
}
std::string event(const report::RelayFailed& e) {
  Fields data;
  data.text("host", e.host).number("port", e.port).text("code", info(e.fault).name);
  data.text("message", host::happened(e.fault));
  if (e.fault.why) data.text("cause", name_of(e.fault.why->cause).text());
  return line("relayFailed", data);
}
std::string event(const report::Closed& e) {
  return line("peerDisconnected", Fields().peer(e.peer));
}
std::string event(const report::LinkOffer& e) {
  Fields data;
  data.text("code", e.code.text()).time("expiresMs", e.expires);
  return line("linkOffered", data.flag("isAsked", e.asks));
}
std::string event(const report::LinkRequest& e) {
  Fields data;
  data.text("device", print_uuid(e.device.data)).text_or_null("name", e.name);
  data.text("account", print_hex(e.account.data)).number("question", e.id);
  return line("linkRequested", data);
}
std::string event(const report::LinkedDevice& e) {
  Fields data;
  data.text("device", print_uuid(e.device.data)).text_or_null("name", e.name);
  return line("deviceLinked", data);
}
std::string event(const report::LinkedAccount& e) {
  Fields data;
  data.text("account", print_hex(e.account.data)).text("device", print_uuid(e.device.data));
  return line("accountJoined", data);
}

template <class Row>
std::string array(std::span<const Row> rows) {
  std::string text = "[";
  for (const auto& row : rows) text += (text.size() > 1 ? "," : "") + json_of(row);
  return text + "]";
}

}  // namespace

std::string json_of(const report::Event& e) {
  return std::visit([](const auto& one) { return event(one); }, e);
}

std::string json_of(const report::LinkOffer& offer) { return event(offer); }
std::string json_of(const report::LinkRequest& request) { return event(request); }
std::string json_of(const report::LinkedDevice& linked) { return event(linked); }
std::string json_of(const report::LinkedAccount& linked) { return event(linked); }

Result<Answer> parse_answer(std::string_view line) {
  wire::json::Document document;
  TRY(const auto fields, document.parse(line));
  TRY(const auto question, fields.number("question", UINT64_MAX, Fault::malformed));
  TRY(const auto is_accepted, fields.boolean("isAccepted"));
  return Answer{question, is_accepted};
}

std::string json_of(const report::KnownPeer& known) {
  std::vector<std::string> offered;
  for (const auto& key : known.offered) offered.push_back(crypto::fingerprint_digits(key));
  return Fields()
      .text("peer", display_name(known))
      .text("handle", known.handle)
      .text_or_null("name", known.peer.name)
      .text_or_null("alias", known.alias)
      .text("publicKey", wire::base64::print(known.peer.key))
      .text("fingerprint", crypto::fingerprint_digits(known.peer.key))
      .text("safetyNumber", known.safety_number)
      .time("firstSeenMs", known.first_seen)
      .time("lastSeenMs", known.last_seen)
      .flag("isVerified", known.is_verified)
      .flag("isBlocked", known.is_blocked)
      .flag("isCulver", known.is_culver)
      .texts("offered", offered)
      .finish();
}

std::string json_of(const report::Waits& text) {
  Fields fields;
  fields.number("message", text.id)
      .text("peer", display_name(text.peer))
      .text("fingerprint", crypto::fingerprint_digits(text.peer.key))
      .time("writtenMs", text.written);
  if (text.characters)
    fields.number("characters", *text.characters);
  else
    fields.null("characters");
  if (text.text) fields.text("text", text.text->expose());
  return fields.finish();
}

std::string json_of(std::span<const report::KnownPeer> peers) { return array(peers); }
std::string json_of(std::span<const report::Waits> texts) { return array(texts); }

std::string json_of(const report::Identity& identity) {
  return Fields()
      .text("publicKey", wire::base64::print(identity.key))
      .text("fingerprint", crypto::fingerprint_digits(identity.key))
      .text("account", print_hex(identity.account.data))
      .text("device", print_uuid(identity.device.data))
      .finish();
}

std::string json_of(const report::Server& server) {
  Fields fields;
  fields.text("server", server.url).text("identity", print_hex(server.identity.data));
  fields.number("version", server.version);
  if (server.known_identity) {
    fields.text("knownIdentity", print_hex(server.known_identity->data));
    fields.number("knownVersion", server.known_version.value_or(1));
  }
  return fields.flag("isTrusted", server.trusted).finish();
}

std::string json_of(const report::Device& device) {
  Fields fields;
  fields.text("device", print_uuid(device.device.data)).text_or_null("name", device.name);
  if (!device.type.empty()) fields.text("type", device.type);
  return fields.time("registeredMs", device.registered)
      .time("lastSeenMs", device.last_seen)
      .flag("isThis", device.is_this)
      .flag("isOnline", device.is_online)
      .flag("isRevoked", device.is_revoked)
      .finish();
}

std::string json_of(std::span<const report::Device> devices) { return array(devices); }

std::string json_of(const report::Backup& backup) {
  Fields fields;
  fields.text("fingerprint", crypto::fingerprint_digits(backup.identity));
  fields.number("peers", backup.peers).number("servers", backup.servers);
  return fields.text_or_null("kept", backup.kept).finish();
}

std::string json_of(const report::Lock& lock) {
  return Fields().flag("isLocked", lock.locked).text("keyFile", lock.key_file.expose()).finish();
}

std::string json_of(const report::OwnName& own) {
  return Fields().text("name", own.name.expose()).flag("isChosen", own.is_chosen).finish();
}

std::string json_of_version(std::string_view version) {
  return Fields().text("version", version).finish();
}

}  // namespace culver::cli
