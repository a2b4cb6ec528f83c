// What a client reads of the linking of devices: codes, and what became of them.
#include <algorithm>
#include <array>

#include "core/base/strong.hpp"
#include "core/wire/gateway_fields.hpp"
#include "core/wire/limits.hpp"

namespace culver::wire::gateway {
namespace {

using json::Fields;

Result<LinkingMessage> read_initiated(const Fields& payload) {
  TRY(const auto code, LinkCode::parse(payload.text_if_any("code").value_or("")));
  TRY(const auto expires_in, read_time(payload, "expiresIn", Fault::malformed));
  if (payload.is_null_or_absent("asks"))
    return PairingInitiated{std::string(code.text()), expires_in};
  TRY(const auto asks, payload.boolean("asks"));
  return PairingInitiated{std::string(code.text()), expires_in, asks};
}

Result<LinkingMessage> read_completed(const Fields& payload) {
  TRY(const auto user, read_bytes<UserId>(payload, "linkedUserId", Fault::bad_user_id));
  return PairingCompleted{user};
}

Result<LinkingMessage> read_paired(const Fields& payload) {
  const auto device = parse_device_id(payload.text_if_any("device_id").value_or(""));
  if (!device) return fail(Fault::bad_device_id);
  return DevicePaired{*device, payload.integer_if_any("timestamp").value_or(0)};
}

Result<LinkingMessage> read_requested(const Fields& payload) {
  TRY(const auto id, read_number(payload, "id", 1, Fault::malformed));
  const auto device = parse_device_id(payload.text_if_any("device_id").value_or(""));
  if (!device) return fail(Fault::bad_device_id);
  TRY(const auto key, read_bytes<UserId>(payload, "device_key", Fault::bad_user_id));
  TRY(auto name, read_device_name(payload));
  const auto type = device_type_named(payload.text_if_any("device_type").value_or(""));
  TRY(const auto expires_in, read_time(payload, "expiresIn", Fault::malformed));
  return PairingRequested{id, *device, key, std::move(name), type, expires_in};
}

Result<LinkingMessage> read_withdrawn(const Fields& payload) {
  TRY(const auto id, read_number(payload, "id", 1, Fault::malformed));
  return PairingWithdrawn{id, fault_named(payload.text_if_any("code"))};
}

Result<LinkingMessage> read_pending(const Fields& payload) {
  TRY(const auto expires_in, read_time(payload, "expiresIn", Fault::malformed));
  return PairingPending{expires_in};
}

struct Reader {
  std::string_view type;
  Result<LinkingMessage> (*read)(const Fields& payload);
};
constexpr std::array<Reader, 6> readers{{{"pairing_initiated", read_initiated},
                                         {"pairing_completed", read_completed},
                                         {"device_paired", read_paired},
                                         {"pairing_requested", read_requested},
                                         {"pairing_withdrawn", read_withdrawn},
                                         {"pairing_pending", read_pending}}};

/// By its name, or, from a server that knows no names, by its words. What else fails of a pairing
/// is the code.
Fault fault_of_refusal(const Result<Fields>& payload, bool is_of_pairing) {
  if (payload && payload->has("code")) return fault_named(payload->text_if_any("code"));
  for (const auto* key : {"error", "message", "reason"}) {
    const auto words = payload ? payload->text_if_any(key) : std::nullopt;
    for (const auto fault : {Fault::bad_link_code, Fault::link_code_unknown,
                             Fault::too_many_link_codes, Fault::session_expired})
      if (words == info(fault).wire) return fault;
    if (words == "Failed to generate pairing code") return Fault::too_many_link_codes;
  }
  return is_of_pairing ? Fault::link_code_unknown : Fault::server_refused;
}

}  // namespace

Result<LinkingMessage> parse_linking(std::string_view frame) {
  if (frame.size() > limits::signaling_frame_in) return fail(Fault::too_large);
  json::Document document;
  TRY(const auto fields, document.parse(frame));
  TRY(const auto type, fields.text("type"));
  const bool is_refusal = type == "pairing_failed" || type == "error";
  const auto* const reader = std::ranges::find(readers, type, &Reader::type);
  if (!is_refusal && reader == readers.end()) return fail(Fault::unknown_message);
  const auto payload = fields.object("payload");
  if (is_refusal) return PairingFailed{fault_of_refusal(payload, type == "pairing_failed")};
  if (!payload) return fail(payload.error());
  return reader->read(*payload);
}

}  // namespace culver::wire::gateway
