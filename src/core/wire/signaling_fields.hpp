// What the two directions of signaling have in common: the names of the relayed messages, and the
// fields that occur in both.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/wire/base64.hpp"
#include "core/wire/json.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/signaling.hpp"
#include "core/wire/utf8.hpp"

namespace culver::wire::signaling {

/// In the order of RelayKind.
inline constexpr std::array<std::string_view, 8> relay_kind_names{
    "offer",       "answer",      "ice_candidate", "call_offer",
    "call_answer", "call_reject", "call_hangup",   "call_ice"};

inline std::optional<RelayKind> relay_kind(std::string_view type) {
  const auto* const found = std::find(relay_kind_names.begin(), relay_kind_names.end(), type);
  if (found == relay_kind_names.end()) return std::nullopt;
  return static_cast<RelayKind>(found - relay_kind_names.begin());
}

inline bool is_call(RelayKind kind) { return kind >= RelayKind::call_offer; }

inline Result<PairingCode> read_code(const json::Fields& fields, std::string_view key) {
  TRY(const auto text, fields.text(key));
  return PairingCode::parse(text);
}

inline Result<PublicKey> read_key(const json::Fields& fields, std::string_view key) {
  TRY(const auto text, fields.text(key));
  return base64::parse_public_key(text);
}

/// The name by which a stranger wants to be known: made printable and short, dropped if nothing is
/// left or if it is no text.
inline std::optional<Plaintext> read_proposed_name(const json::Fields& fields) {
  std::string name =
      utf8::printable(fields.text_if_any("proposedName").value_or(""), limits::proposed_name);
  if (name.empty()) return std::nullopt;
  return Plaintext(std::move(name));
}

// Rendezvous: signaling_rendezvous.cpp.

/// bad_peer_id, bad_relay_id, bad_rendezvous_point, too_many_rendezvous_points,
/// bad_rendezvous_token, too_many_rendezvous_tokens, too_many_dead_drops, dead_drop_too_large,
/// missing_field, wrong_type.
Result<RegisterRendezvous> read_register_rendezvous(const json::Fields& fields);
void write(json::Writer& out, const RegisterRendezvous& message);
Result<RendezvousResult> read_rendezvous_result(const json::Fields& fields);
/// nullopt if its peer is no pairing code.
Result<std::optional<RendezvousMatch>> read_rendezvous_match(const json::Fields& fields);

}  // namespace culver::wire::signaling
