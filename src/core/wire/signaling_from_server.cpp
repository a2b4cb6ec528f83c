// What the server says to a client: parsed for the client, printed for the server.
#include <algorithm>

#include "core/wire/base64.hpp"
#include "core/wire/json.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/signaling.hpp"
#include "core/wire/signaling_fields.hpp"
#include "core/wire/utf8.hpp"

namespace culver::wire::signaling {
namespace {

using json::Fields;
using json::Writer;

constexpr std::uint32_t default_expiry_ms = 120'000;
constexpr std::int64_t longest_expiry_ms = 600'000;
constexpr std::uint64_t longest_remaining_seconds = 600;
constexpr std::size_t longest_mid = 100;
constexpr std::int64_t largest_version = 255;
constexpr std::int64_t longest_wait = 3'600;       ///< seconds
constexpr std::int64_t most_messages = 1'000'000;  ///< a minute; promises of more are cut

/// An error without its text is still an error.
std::string read_error_text(const Fields& fields, std::string_view key) {
  return std::string(utf8::cut(fields.text_if_any(key).value_or(""), limits::error_text));
}

Error read_error(const Fields& fields) {
  const auto wait = fields.integer_if_any("retryAfter").value_or(0);
  return Error{read_error_text(fields, "message"),
               static_cast<std::uint32_t>(std::clamp<std::int64_t>(wait, 0, longest_wait))};
}

Result<ServerMessage> read_server_info(const Fields& fields) {
  const auto text = [&](const char* field) {
    return std::string(fields.text_if_any(field).value_or(""));
  };
  // Nothing here needs them, and without the rest a server that can shake hands would not be known.
  ServerInfo info{text("serverId"), text("endpoint"), std::nullopt};
  const auto gateway = fields.integer_if_any("gateway").value_or(0);
  info.gateway = static_cast<unsigned>(std::clamp<std::int64_t>(gateway, 0, largest_version));
  const auto rate = [&](const char* field) {
    const auto messages = fields.integer_if_any(field).value_or(0);
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(messages, 0, most_messages));
  };
  info.messages_per_minute = rate("messagesPerMinute");
  info.device_messages_per_minute = rate("deviceMessagesPerMinute");
  info.device_pair_requests_per_minute = rate("devicePairRequestsPerMinute");
  info.device_rendezvous_per_minute = rate("deviceRendezvousPerMinute");
  if (const auto region = fields.text_if_any("region")) info.region = std::string(*region);
  return info;
}

Result<ServerMessage> read_registered(const Fields& fields) {
  // The answer to the registration of a relay, which we never send.
  if (!fields.has("pairingCode") && fields.has("peerId")) return Ignored{};
  TRY(const auto code, read_code(fields, "pairingCode"));
  return Registered{code, std::string(fields.text_if_any("serverId").value_or(""))};
}

Result<ServerMessage> read_pair_incoming(const Fields& fields) {
  TRY(const auto from, read_code(fields, "fromCode"));
  TRY(const auto key, read_key(fields, "fromPublicKey"));
  PairIncoming incoming{from, key, default_expiry_ms, read_proposed_name(fields)};
  if (const auto expires_in = fields.integer_if_any("expiresIn"))
    incoming.expires_in_ms =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(*expires_in, 1, longest_expiry_ms));
  return incoming;
}

Result<ServerMessage> read_pair_expiring(const Fields& fields) {
  TRY(const auto peer, read_code(fields, "peerCode"));
  TRY(const auto seconds,
      fields.number_or_largest("remainingSeconds", longest_remaining_seconds, Fault::wrong_type));
  return PairExpiring{peer, static_cast<std::uint32_t>(seconds)};
}

Result<IceServer> read_ice_server(const Fields& fields) {
  IceServer server;
  const auto is_short = [](std::string_view text) { return text.size() <= IceServer::longest; };
  TRY(const auto urls, fields.texts("urls", IceServer::most));
  for (const auto url : urls) {
    if (!is_short(url)) return fail(Fault::too_large);
    server.urls.emplace_back(url);
  }
  server.username = fields.text_if_any("username").value_or("");
  server.credential = fields.text_if_any("credential").value_or("");
  if (!is_short(server.username) || !is_short(server.credential)) return fail(Fault::too_large);
  return server;
}

/// A match is one also without them.
std::vector<IceServer> read_ice_servers(const Fields& fields) {
  std::vector<IceServer> servers;
  const auto listed = fields.objects("iceServers", IceServer::most);
  if (!listed) return servers;
  for (const auto& one : *listed)
    if (auto server = read_ice_server(one)) servers.push_back(std::move(*server));
  return servers;
}

std::string print_ice_servers(const std::vector<IceServer>& servers) {
  std::string list;
  for (const auto& server : servers) {
    std::string urls;
    for (const auto& url : server.urls) urls += (urls.empty() ? "\"" : ",\"") + url + "\"";
    Writer out(256);
    out.raw("urls", "[" + urls + "]");
    if (!server.username.empty())
      out.text("username", server.username).text("credential", server.credential);
    list += (list.empty() ? "" : ",") + std::move(out).finish();
  }
  return "[" + list + "]";
}

Result<ServerMessage> read_pair_matched(const Fields& fields) {
  TRY(const auto peer, read_code(fields, "peerCode"));
  TRY(const auto key, read_key(fields, "peerPublicKey"));
  TRY(const auto initiator, fields.boolean("isInitiator"));
  return PairMatched{peer, key, initiator, read_ice_servers(fields)};
}

template <class Message>
Result<ServerMessage> read_only_code(const Fields& fields, std::string_view key) {
  TRY(const auto peer, read_code(fields, key));
  return Message{peer};
}

/// The type inside the payload may be missing; if it is there it must agree with the outer one.
Result<ServerMessage> read_description(RelayKind kind, const Fields& fields) {
  TRY(const auto from, read_code(fields, "from"));
  TRY(const auto payload, fields.object("payload"));
  if (payload.has("type")) {
    TRY(const auto inner, payload.text("type"));
    if (inner != name(kind)) return fail(Fault::bad_description);
  }
  TRY(const auto sdp, payload.text("sdp"));
  if (sdp.size() > limits::sdp) return fail(Fault::bad_description);
  const auto description_kind =
      kind == RelayKind::offer ? Description::Kind::offer : Description::Kind::answer;
  return RelayedDescription{from, {description_kind, std::string(sdp)}};
}

/// Browsers say null, or nothing, for the mid of the only section; some say null at the end.
Result<ServerMessage> read_candidate(const Fields& fields) {
  TRY(const auto from, read_code(fields, "from"));
  TRY(const auto payload, fields.object("payload"));
  RelayedCandidate relayed{from, {}};
  if (!payload.has("candidate") || !payload.is_null_or_absent("candidate")) {
    TRY(const auto candidate, payload.text("candidate"));
    if (candidate.size() > limits::candidate) return fail(Fault::bad_candidate);
    relayed.candidate.candidate = std::string(candidate);
  }
  if (const auto mid = payload.text_if_any("sdpMid")) {
    if (mid->size() > longest_mid) return fail(Fault::bad_candidate);
    relayed.candidate.mid = std::string(*mid);
  }
  return relayed;
}

Result<ServerMessage> read_relayed(RelayKind kind, const Fields& fields) {
  if (kind == RelayKind::offer || kind == RelayKind::answer) return read_description(kind, fields);
  if (kind == RelayKind::ice_candidate) return read_candidate(fields);
  TRY(const auto from, read_code(fields, "from"));
  return RelayedCall{kind, from};
}

/// Of Zajel's federation: what this server knows of itself.
Result<ServerMessage> read_rendezvous_partial(const Fields& fields) {
  TRY(const auto local, fields.object("local"));
  return read_rendezvous_result(local);
}

/// Of a peer that has no code, and so cannot be asked to pair, there is nothing to say.
Result<ServerMessage> read_match(const Fields& fields) {
  TRY(auto match, read_rendezvous_match(fields));
  if (!match) return Ignored{};
  return std::move(*match);
}

std::string with_code(std::string_view type, std::string_view key, const PairingCode& code) {
  Writer out;
  out.text("type", type).text(key, code.text());
  return std::move(out).finish();
}

std::string with_text(std::string_view type, std::string_view key, std::string_view text) {
  Writer out;
  out.text("type", type).text(key, utf8::cut(text, limits::error_text));
  return std::move(out).finish();
}

}  // namespace

Result<ServerMessage> parse_server(std::string_view frame) {
  if (frame.size() > limits::signaling_frame_in) return fail(Fault::too_large);
  json::Document document;
  TRY(const auto fields, document.parse(frame));
  TRY(const auto type, fields.text("type"));
  if (type == "server_info") return read_server_info(fields);
  if (type == "registered") return read_registered(fields);
  if (type == "code_collision") return CodeCollision{};
  if (type == "pair_incoming") return read_pair_incoming(fields);
  if (type == "pair_expiring") return read_pair_expiring(fields);
  if (type == "pair_matched") return read_pair_matched(fields);
  if (type == "pair_rejected") return read_only_code<PairRejected>(fields, "peerCode");
  if (type == "pair_timeout") return read_only_code<PairTimeout>(fields, "peerCode");
  if (type == "pair_error") return PairError{read_error_text(fields, "error")};
  if (type == "peer_left") return read_only_code<PeerLeft>(fields, "pairingCode");
  if (type == "rendezvous_result") return read_rendezvous_result(fields);
  if (type == "rendezvous_partial") return read_rendezvous_partial(fields);
  if (type == "rendezvous_match") return read_match(fields);
  if (type == "pong") return Pong{};
  if (type == "error") return read_error(fields);
  if (const auto kind = relay_kind(type)) return read_relayed(*kind, fields);
  return Ignored{};
}

bool is_relayed(std::string_view frame) {
  json::Document document;
  if (frame.size() > limits::signaling_frame_in) return false;
  const auto fields = document.parse(frame);
  return fields && relay_kind(fields->text_if_any("type").value_or("")).has_value();
}

std::string print(const ServerInfo& message) {
  Writer out(256);
  out.text("type", "server_info")
      .text("serverId", message.server_id)
      .text("endpoint", message.endpoint);
  if (message.region)
    out.text("region", *message.region);
  else
    out.null("region");
  if (message.gateway != 0) out.number("gateway", message.gateway);
  const auto rate = [&](const char* field, std::uint32_t most) {
    if (most != 0) out.number(field, most);
  };
  rate("messagesPerMinute", message.messages_per_minute);
  rate("deviceMessagesPerMinute", message.device_messages_per_minute);
  rate("devicePairRequestsPerMinute", message.device_pair_requests_per_minute);
  rate("deviceRendezvousPerMinute", message.device_rendezvous_per_minute);
  return std::move(out).finish();
}

std::string print(const Registered& message) {
  Writer out;
  out.text("type", "registered")
      .text("pairingCode", message.code.text())
      .text("serverId", message.server_id);
  return std::move(out).finish();
}

std::string print(const CodeCollision&) {
  return with_text("code_collision", "message",
                   "Pairing code already in use. Please reconnect with a new code.");
}

std::string print(const PairIncoming& message) {
  Writer out(256);
  out.text("type", "pair_incoming")
      .text("fromCode", message.from.text())
      .text("fromPublicKey", base64::print(message.key))
      .number("expiresIn", message.expires_in_ms);
  if (message.proposed_name) out.text("proposedName", message.proposed_name->expose());
  return std::move(out).finish();
}

std::string print(const PairExpiring& message) {
  Writer out;
  out.text("type", "pair_expiring")
      .text("peerCode", message.peer.text())
      .number("remainingSeconds", message.remaining_seconds);
  return std::move(out).finish();
}

std::string print(const PairMatched& message) {
  Writer out;
  out.text("type", "pair_matched")
      .text("peerCode", message.peer.text())
      .text("peerPublicKey", base64::print(message.key))
      .boolean("isInitiator", message.initiator);
  // Their URLs hold nothing that would have to be escaped: IceUrl.
  if (!message.ice_servers.empty()) out.raw("iceServers", print_ice_servers(message.ice_servers));
  return std::move(out).finish();
}

std::string print(const PairRejected& message) {
  return with_code("pair_rejected", "peerCode", message.peer);
}
std::string print(const PairTimeout& message) {
  return with_code("pair_timeout", "peerCode", message.peer);
}
std::string print(const PeerLeft& message) {
  return with_code("peer_left", "pairingCode", message.peer);
}
std::string print(const PairError& message) {
  return with_text("pair_error", "error", message.error);
}
std::string print(const Error& message) {
  Writer out;
  out.text("type", "error").text("message", message.message);
  if (message.retry_after != 0) out.number("retryAfter", message.retry_after);
  return std::move(out).finish();
}
std::string print(const Pong&) { return R"({"type":"pong"})"; }

std::string print_relayed(RelayKind kind, const PairingCode& from,
                          const std::optional<RawJson>& payload) {
  Writer out(64 + (payload ? payload->text.size() : 0));
  out.text("type", name(kind)).text("from", from.text());
  if (payload) out.raw("payload", payload->text);
  return std::move(out).finish();
}

}  // namespace culver::wire::signaling
