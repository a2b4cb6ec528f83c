// The handshake of the gateway, parsed and printed for both sides.
#include <array>
#include <limits>

#include "core/wire/gateway_fields.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/utf8.hpp"

namespace culver::wire::gateway {
namespace {

using json::Fields;

/// The names of the two messages of one direction.
using Types = std::array<std::string_view, 2>;
constexpr Types client_types{"client_hello", "client_auth"};
constexpr Types server_types{"server_hello", "session_established"};

constexpr std::array<std::string_view, 3> device_type_names{"mobile", "desktop", "web"};

/// The object that holds the fields of a handshake message, and which message that is.
struct Envelope {
  Fields fields;
  std::string_view type;
};

/// A message may be the whole frame, or its payload with the type repeated inside. A frame of
/// another type carries the message in its payload; there the inner type counts alone.
std::optional<Envelope> open_envelope(const Fields& frame, const Types& types) {
  const auto is_ours = [&](const std::optional<std::string_view>& type) {
    return type && std::find(types.begin(), types.end(), *type) != types.end();
  };
  const auto outer = frame.text_if_any("type");
  const auto payload = frame.object("payload");
  const auto inner = payload ? payload->text_if_any("type") : std::nullopt;
  if (is_ours(outer)) return Envelope{outer == inner ? *payload : frame, *outer};
  if (is_ours(inner)) return Envelope{*payload, *inner};
  return std::nullopt;
}

template <class Message>
Result<Message> parse(std::string_view frame, const Types& types,
                      Result<Message> (*read)(const Envelope&)) {
  if (frame.size() > limits::handshake_frame_in) return fail(Fault::too_large);
  json::Document document;
  TRY(const auto fields, document.parse(frame));
  const auto envelope = open_envelope(fields, types);
  if (!envelope) return fail(Fault::unknown_message);
  return read(*envelope);
}

/// Absent means the first version, which had no such field.
Result<unsigned> read_version(const Fields& fields, std::string_view key) {
  TRY(const auto number, read_number_if_any(fields, key, oldest_version, Fault::wrong_type));
  if (number > std::numeric_limits<unsigned>::max()) return fail(Fault::wrong_type);
  return static_cast<unsigned>(number.value_or(oldest_version));
}

/// Of the one encoding that there is; whether it lies on the curve is found out when it is used.
Result<Hex<crypto::P256Public>> read_point(const Fields& fields, std::string_view key) {
  TRY(auto point, read_hex<crypto::P256Public>(fields, key, Fault::bad_ephemeral_key));
  if (point.value.data.front() != std::byte{4}) return fail(Fault::bad_ephemeral_key);
  return point;
}

/// One that is not known is signed as well.
Result<std::optional<std::string>> read_device_type(const Fields& fields) {
  if (fields.is_null_or_absent("device_type")) return std::nullopt;
  TRY(const auto text, fields.text("device_type"));
  return std::string(text);
}

Result<HandshakeFromClient> read_client_hello(const Fields& fields) {
  TRY(auto ephemeral, read_point(fields, "client_ephemeral_pub"));
  TRY(auto nonce, read_hex<HandshakeNonce>(fields, "nonce_c", Fault::bad_handshake_nonce));
  TRY(const auto version, read_version(fields, "version"));
  return ClientHello{std::move(ephemeral), std::move(nonce), version};
}

Result<HandshakeFromClient> read_client_auth(const Fields& fields) {
  TRY(auto user, read_hex<UserId>(fields, "user_id", Fault::bad_user_id));
  const std::string device_text(fields.text_if_any("device_id").value_or(""));
  const auto device = parse_device_id(device_text);
  if (!device) return fail(Fault::bad_device_id);
  TRY(const auto signature,
      read_bytes<crypto::Signature>(fields, "client_signature", Fault::bad_signature));
  TRY(auto nonce2, read_hex<HandshakeNonce>(fields, "nonce_c2", Fault::bad_handshake_nonce));
  TRY(auto device_name, read_device_name(fields));
  TRY(auto device_type, read_device_type(fields));
  TRY(const auto confirmation,
      read_bytes_if_any<Confirmation>(fields, "confirmation", Fault::wrong_type));
  return ClientAuth{std::move(user),
                    *device,
                    device_text,
                    signature,
                    std::move(nonce2),
                    std::move(device_name),
                    std::move(device_type),
                    confirmation};
}

Result<HandshakeFromClient> read_from_client(const Envelope& message) {
  return message.type == client_types[0] ? read_client_hello(message.fields)
                                         : read_client_auth(message.fields);
}

Result<HandshakeFromServer> read_server_hello(const Fields& fields) {
  TRY(auto ephemeral, read_point(fields, "server_ephemeral_pub"));
  TRY(auto identity,
      read_hex<crypto::VerifyKey>(fields, "server_identity_pub", Fault::bad_public_key));
  TRY(const auto signature,
      read_bytes<crypto::Signature>(fields, "server_signature", Fault::bad_signature));
  TRY(auto nonce, read_hex<HandshakeNonce>(fields, "nonce_s", Fault::bad_handshake_nonce));
  TRY(const auto version, read_version(fields, "version"));
  TRY(const auto client_version, read_version(fields, "client_version"));
  TRY(const auto confirmation,
      read_bytes_if_any<Confirmation>(fields, "confirmation", Fault::wrong_type));
  return ServerHello{
      std::move(ephemeral), std::move(identity), signature, std::move(nonce), version,
      client_version,       confirmation};
}

Result<HandshakeFromServer> read_session_established(const Fields& fields) {
  const std::string device_text(fields.text_if_any("device_id").value_or(""));
  if (!parse_device_id(device_text)) return fail(Fault::bad_device_id);
  TRY(const auto last, read_number(fields, "last_ack_device_seq", 0, Fault::bad_device_seq));
  TRY(const auto expires_at, read_time(fields, "expires_at", Fault::wrong_type));
  TRY(const auto user, read_bytes_if_any<UserId>(fields, "user_id", Fault::bad_user_id));
  TRY(const auto cursor, read_number_if_any(fields, "cursor", 0, Fault::bad_cursor));
  TRY(const auto session, read_bytes_if_any<SessionId>(fields, "session_id", Fault::wrong_type));
  return SessionEstablished{device_text, last,   static_cast<WallTime>(expires_at),
                            user,        cursor, session};
}

Result<HandshakeFromServer> read_from_server(const Envelope& message) {
  return message.type == server_types[0] ? read_server_hello(message.fields)
                                         : read_session_established(message.fields);
}

}  // namespace

Result<std::optional<Plaintext>> read_device_name(const Fields& fields) {
  if (fields.is_null_or_absent("device_name")) return std::nullopt;
  const auto text = fields.text("device_name");
  if (!text || utf8::count(*text) > limits::device_name) return fail(Fault::bad_device_name);
  return Plaintext(std::string(*text));  // also an empty one, which the signature names as such
}

std::optional<DeviceType> device_type_named(std::string_view name) {
  const auto& names = device_type_names;
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<DeviceType>(found - names.begin());
}

std::string_view name(DeviceType type) { return device_type_names[static_cast<std::size_t>(type)]; }

bool is_handshake(std::string_view frame) {
  if (frame.size() > limits::signaling_frame_in) return false;
  json::Document document;
  const auto fields = document.parse(frame);
  return fields && open_envelope(*fields, client_types);
}

Result<HandshakeFromClient> parse_handshake_client(std::string_view frame) {
  return parse(frame, client_types, &read_from_client);
}

Result<HandshakeFromServer> parse_handshake_server(std::string_view frame) {
  return parse(frame, server_types, &read_from_server);
}

std::string print(const ClientHello& message) {
  auto payload = payload_of_type(client_types[0], 512);
  payload.text("client_ephemeral_pub", message.ephemeral.text).text("nonce_c", message.nonce.text);
  if (message.version != oldest_version) payload.number("version", message.version);
  return in_envelope(client_types[0], std::move(payload));
}

std::string print(const ServerHello& message) {
  auto payload = payload_of_type(server_types[0], 768);
  payload.text("server_ephemeral_pub", message.ephemeral.text)
      .text("server_identity_pub", message.identity.text)
      .text("server_signature", print_hex(message.signature.view()))
      .text("nonce_s", message.nonce.text);
  if (message.version != oldest_version) payload.number("version", message.version);
  if (message.client_version != oldest_version)
    payload.number("client_version", message.client_version);
  if (message.confirmation) payload.text("confirmation", print_hex(message.confirmation->view()));
  return in_envelope(server_types[0], std::move(payload));
}

std::string print(const ClientAuth& message) {
  auto payload = payload_of_type(client_types[1], 768);
  payload.text("user_id", message.user.text)
      .text("device_id", message.device_text)
      .text("client_signature", print_hex(message.signature.view()))
      .text("nonce_c2", message.nonce2.text);
  if (message.device_name) payload.text("device_name", message.device_name->expose());
  if (message.device_type) payload.text("device_type", *message.device_type);
  if (message.confirmation) payload.text("confirmation", print_hex(message.confirmation->view()));
  return in_envelope(client_types[1], std::move(payload));
}

std::string print(const SessionEstablished& message) {
  auto payload = payload_of_type(server_types[1], 384);
  payload.text("device_id", message.device_text)
      .number("last_ack_device_seq", message.last_ack_device_seq)
      .integer("expires_at", message.expires_at);
  if (message.user) payload.text("user_id", print_hex(message.user->view()));
  if (message.cursor) payload.number("cursor", *message.cursor);
  if (message.session) payload.text("session_id", print_hex(message.session->view()));
  return in_envelope(server_types[1], std::move(payload));
}

}  // namespace culver::wire::gateway
