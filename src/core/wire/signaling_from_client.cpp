// What a client says to the server: parsed for the server, printed for the client.
#include "core/crypto/keys.hpp"
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

Result<ClientMessage> read_register(const Fields& fields) {
  // Without a code it registers a relay of Zajel's other registry, which Culver does not have.
  if (!fields.has("pairingCode")) return fail(Fault::unknown_message);
  TRY(const auto code, read_code(fields, "pairingCode"));
  TRY(const auto key, read_key(fields, "publicKey"));
  // Nobody can agree on a secret with it: whoever pairs with its holder is asked in vain.
  if (crypto::is_of_small_order(key)) return fail(Fault::weak_public_key);
  return Register{code, key};
}

Result<ClientMessage> read_pair_request(const Fields& fields) {
  TRY(const auto target, read_code(fields, "targetCode"));
  return PairRequest{target, read_proposed_name(fields)};
}

Result<ClientMessage> read_pair_response(const Fields& fields) {
  TRY(const auto target, read_code(fields, "targetCode"));
  TRY(const auto accepted, fields.boolean("accepted"));
  return PairResponse{target, accepted};
}

/// RFC 9562 version 4, either case.
bool is_uuid_v4(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const std::string_view allowed = dash      ? "-"
                                     : i == 14 ? "4"
                                     : i == 19 ? "89abAB"
                                               : "0123456789abcdefABCDEF";
    if (allowed.find(text[i]) == std::string_view::npos) return false;
  }
  return true;
}

bool has_text_of_at_most(const Fields& payload, std::string_view key, std::size_t utf16_units) {
  const auto text = payload.text_if_any(key);
  return text && !text->empty() && utf8::utf16_length(*text) <= utf16_units;
}

/// zajel-server refuses calls that its clients could not read; we refuse the same ones.
bool is_good_call(RelayKind kind, const Fields& payload) {
  const auto call_id = payload.text_if_any("callId");
  if (!call_id || !is_uuid_v4(*call_id)) return false;
  switch (kind) {
    case RelayKind::call_offer:
    case RelayKind::call_answer:
      return has_text_of_at_most(payload, "sdp", limits::sdp);
    case RelayKind::call_ice:
      return has_text_of_at_most(payload, "candidate", limits::candidate);
    default:
      return true;
  }
}

Result<ClientMessage> read_relay(RelayKind kind, const Fields& fields) {
  TRY(const auto target, read_code(fields, "target"));
  if (is_call(kind)) {
    const auto payload = fields.object("payload");
    if (!payload || !is_good_call(kind, *payload)) return fail(Fault::bad_call);
  }
  Relay relay{kind, target, std::nullopt};
  if (auto payload = fields.raw("payload")) relay.payload = RawJson{std::move(*payload)};
  return relay;
}

void write(Writer& out, const Register& message) {
  out.text("type", "register")
      .text("pairingCode", message.code.text())
      .text("publicKey", base64::print(message.key));
}

void write(Writer& out, const PairRequest& message) {
  out.text("type", "pair_request").text("targetCode", message.target.text());
  if (message.proposed_name) out.text("proposedName", message.proposed_name->expose());
}

void write(Writer& out, const PairResponse& message) {
  out.text("type", "pair_response")
      .text("targetCode", message.target.text())
      .boolean("accepted", message.accepted);
}

void write(Writer& out, const Relay& message) {
  out.text("type", name(message.kind)).text("target", message.target.text());
  if (message.payload) out.raw("payload", message.payload->text);
}

void write(Writer& out, const Ping&) { out.text("type", "ping"); }

}  // namespace

std::string_view name(RelayKind kind) { return relay_kind_names[static_cast<std::size_t>(kind)]; }

Result<ClientMessage> parse_client(std::string_view frame) {
  if (frame.size() > limits::signaling_frame_in) return fail(Fault::too_large);
  json::Document document;
  TRY(const auto fields, document.parse(frame));
  TRY(const auto type, fields.text("type"));
  if (type == "register") return read_register(fields);
  if (type == "pair_request") return read_pair_request(fields);
  if (type == "pair_response") return read_pair_response(fields);
  if (type == "register_rendezvous") return read_register_rendezvous(fields);
  if (type == "ping") return Ping{};
  if (const auto kind = relay_kind(type)) return read_relay(*kind, fields);
  return fail(Fault::unknown_message);
}

std::string print(const ClientMessage& message) {
  Writer out;
  std::visit([&](const auto& m) { write(out, m); }, message);
  return std::move(out).finish();
}

Relay relay_of(const PairingCode& target, const Description& description) {
  const bool is_offer = description.kind == Description::Kind::offer;
  const RelayKind kind = is_offer ? RelayKind::offer : RelayKind::answer;
  Writer payload(description.sdp.size() + 128);
  payload.text("type", name(kind)).text("sdp", description.sdp);
  return {kind, target, RawJson{std::move(payload).finish()}};
}

Relay relay_of(const PairingCode& target, const TrickledCandidate& candidate) {
  Writer payload;
  payload.text("candidate", candidate.candidate)
      .text("sdpMid", candidate.mid)
      .number("sdpMLineIndex", 0);
  return {RelayKind::ice_candidate, target, RawJson{std::move(payload).finish()}};
}

}  // namespace culver::wire::signaling
