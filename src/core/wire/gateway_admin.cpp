// Reading and printing signed requests and what they answer.
#include "core/wire/gateway_admin.hpp"

#include <array>

#include "core/crypto/hash.hpp"
#include "core/wire/gateway_fields.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/tokens.hpp"
#include "core/wire/utf8.hpp"

namespace culver::wire::gateway {
namespace {

using json::Fields;
using json::Writer;

constexpr std::string_view label = "culver admin request v1";
constexpr std::string_view answer_label = "culver admin answer v1";
constexpr std::string_view scheme = "Culver ";
constexpr std::size_t longest_header = 512;
constexpr std::size_t most_devices = 1'000;
constexpr WallTime latest = 9'007'199'254'740'991;

template <std::size_t N>
std::array<std::byte, N> big_endian(std::uint64_t value) {
  std::array<std::byte, N> bytes;
  for (std::size_t i = N; i-- > 0; value >>= 8) bytes[i] = static_cast<std::byte>(value & 0xff);
  return bytes;
}

void add(crypto::Sha256& hash, ByteView part) {
  hash.update(big_endian<4>(part.size()));
  hash.update(part);
}

/// The value of `key=value`, if that is what comes next.
std::optional<std::string_view> take_value(std::string_view& rest, std::string_view key) {
  std::string_view pair = sdp::take(rest, ',');
  if (!pair.starts_with(key)) return std::nullopt;
  pair.remove_prefix(key.size());
  return pair;
}

void write(Writer& out, const ListedDevice& device) {
  out.text("device_id", print_uuid(device.device.view()));
  if (device.name) out.text("device_name", device.name->expose());
  if (device.type) out.text("device_type", name(*device.type));
  out.integer("registered_at", device.registered)
      .integer("last_seen", device.last_seen)
      .boolean("is_revoked", device.is_revoked)
      .boolean("is_online", device.is_online);
}

Result<ListedDevice> read_device(const Fields& fields) {
  const auto device = parse_device_id(fields.text_if_any("device_id").value_or(""));
  if (!device) return fail(Fault::bad_device_id);
  ListedDevice listed{*device, std::nullopt, std::nullopt, 0, 0, false, false};
  if (const auto text = fields.text_if_any("device_name"))
    listed.name = Plaintext(std::string(*text));
  listed.type = device_type_named(fields.text_if_any("device_type").value_or(""));
  TRY(const auto registered, read_time(fields, "registered_at", Fault::malformed));
  TRY(const auto seen, read_time(fields, "last_seen", Fault::malformed));
  TRY(listed.is_revoked, fields.boolean("is_revoked"));
  TRY(listed.is_online, fields.boolean("is_online"));
  listed.registered = static_cast<WallTime>(registered);
  listed.last_seen = static_cast<WallTime>(seen);
  return listed;
}

}  // namespace

Result<Authorization> parse_authorization(std::string_view header) {
  if (header.size() > longest_header || !header.starts_with(scheme) || header.ends_with(','))
    return fail(Fault::bad_request_signature);
  std::string_view rest = header.substr(scheme.size());
  const auto device = parse_device_id(take_value(rest, "device=").value_or(""));
  const auto time = sdp::number<WallTime>(take_value(rest, "time=").value_or(""));
  const auto nonce = parse_hex<RequestNonce>(take_value(rest, "nonce=").value_or(""));
  const auto signature = parse_hex<crypto::Signature>(take_value(rest, "signature=").value_or(""));
  const bool is_whole = device && time && *time >= 0 && *time <= latest && nonce && signature;
  if (!is_whole || !rest.empty()) return fail(Fault::bad_request_signature);
  return Authorization{*device, *time, *nonce, *signature};
}

std::string print(const Authorization& authorization) {
  const auto& [device, time, nonce, signature] = authorization;
  return std::string(scheme) + "device=" + print_uuid(device.view()) +
         ",time=" + std::to_string(time) + ",nonce=" + print_hex(nonce.view()) +
         ",signature=" + print_hex(signature.view());
}

Digest digest_of(const SignedRequest& request) {
  crypto::Sha256 hash;
  add(hash, as_bytes(label));
  add(hash, as_bytes(request.server_identity));
  add(hash, as_bytes(request.method));
  add(hash, as_bytes(request.target));
  add(hash, request.device.view());
  add(hash, big_endian<8>(static_cast<std::uint64_t>(request.time)));
  add(hash, request.nonce.view());
  add(hash, crypto::sha256(as_bytes(request.body)).view());
  return std::move(hash).finish();
}

Result<AnswerProof> parse_answer_proof(std::string_view header) {
  if (header.size() > longest_header || header.ends_with(','))
    return fail(Fault::answer_not_signed);
  std::string_view rest = header;
  const auto time = sdp::number<WallTime>(take_value(rest, "time=").value_or(""));
  const auto signature = parse_hex<crypto::Signature>(take_value(rest, "signature=").value_or(""));
  const bool is_whole = time && *time >= 0 && *time <= latest && signature && rest.empty();
  if (!is_whole) return fail(Fault::answer_not_signed);
  return AnswerProof{*time, *signature};
}

std::string print(const AnswerProof& proof) {
  return "time=" + std::to_string(proof.time) + ",signature=" + print_hex(proof.signature.view());
}

Digest digest_of(const SignedAnswer& answer) {
  crypto::Sha256 hash;
  add(hash, as_bytes(answer_label));
  add(hash, answer.request.view());
  add(hash, big_endian<4>(answer.status));
  add(hash, big_endian<8>(static_cast<std::uint64_t>(answer.time)));
  add(hash, crypto::sha256(as_bytes(answer.body)).view());
  return std::move(hash).finish();
}

Result<Plaintext> parse_rename(std::string_view body) {
  if (body.size() > limits::handshake_frame_in) return fail(Fault::too_large);
  json::Document document;
  TRY(const auto fields, document.parse(body));
  TRY(const auto text, fields.text("name"));
  if (text.empty() || utf8::count(text) > limits::device_name)
    return fail(Fault::device_name_refused);
  return Plaintext(std::string(text));
}

std::string print_rename(const Plaintext& name) {
  Writer out;
  out.text("name", name.expose());
  return std::move(out).finish();
}

std::string print_device(const ListedDevice& device) {
  Writer out;
  write(out, device);
  return std::move(out).finish();
}

std::string print_devices(const std::vector<ListedDevice>& devices) {
  std::string list = "[";
  for (const auto& device : devices) list += (list.size() > 1 ? "," : "") + print_device(device);
  Writer out(list.size() + 16);
  out.raw("devices", list + "]");
  return std::move(out).finish();
}

Result<std::vector<ListedDevice>> parse_devices(std::string_view body) {
  if (body.size() > limits::gateway_frame_in) return fail(Fault::too_large);
  json::Document document;
  TRY(const auto fields, document.parse(body));
  TRY(const auto objects, fields.objects("devices", most_devices));
  std::vector<ListedDevice> devices;
  for (const auto& object : objects) {
    TRY(auto device, read_device(object));
    devices.push_back(std::move(device));
  }
  return devices;
}

std::string print_refusal(Fault fault) {
  Writer out;
  out.text("error", info(fault).name).text("message", info(fault).wire);
  return std::move(out).finish();
}

Fault parse_refusal(std::string_view body) {
  json::Document document;
  const auto fields =
      body.size() > limits::handshake_frame_in ? fail(Fault::too_large) : document.parse(body);
  return fault_named(fields ? fields->text_if_any("error") : std::nullopt);
}

}  // namespace culver::wire::gateway
