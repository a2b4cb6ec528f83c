// The administration of devices over HTTP: the header that signs a request, what exactly it signs,
// and the JSON of the bodies. Layout and rules: docs/protocol/gateway-session.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/crypto/sign.hpp"
#include "core/wire/gateway.hpp"

namespace culver::wire::gateway {

using RequestNonce = Bytes<struct RequestNonceTag, 16>;

/// `Authorization: Culver device=<uuid>,time=<ms>,nonce=<32 hex>,signature=<128 hex>`
struct Authorization {
  DeviceId device;
  WallTime time;
  RequestNonce nonce;
  crypto::Signature signature;
  bool operator==(const Authorization&) const = default;
};
/// Fault::bad_request_signature for anything else.
Result<Authorization> parse_authorization(std::string_view header);
std::string print(const Authorization& authorization);

/// What the device's key signs: SHA-256 over a label and the parts, each with its length before it.
struct SignedRequest {
  std::string_view server_identity;  ///< lower-case hex
  std::string_view method;
  std::string_view target;
  DeviceId device;
  WallTime time;
  RequestNonce nonce;
  std::string_view body;
};
Digest digest_of(const SignedRequest& request);

/// `Culver-Answer: time=<ms>,signature=<128 hex>`, beside every answer to such a request.
inline constexpr std::string_view answer_header = "Culver-Answer";
struct AnswerProof {
  WallTime time;  ///< by the server's clock
  crypto::Signature signature;
  bool operator==(const AnswerProof&) const = default;
};
/// Of the header's value. Fault::answer_not_signed for anything else.
Result<AnswerProof> parse_answer_proof(std::string_view header);
std::string print(const AnswerProof& proof);

/// What the server's key signs: SHA-256 as of a request, with another label.
struct SignedAnswer {
  Digest request;
  unsigned status;
  WallTime time;
  std::string_view body;
};
Digest digest_of(const SignedAnswer& answer);

/// {"name": TEXT}: malformed, missing_field, wrong_type, device_name_refused (empty, or longer than
/// limits::device_name).
Result<Plaintext> parse_rename(std::string_view body);
std::string print_rename(const Plaintext& name);

struct ListedDevice {
  DeviceId device;
  std::optional<Plaintext> name;
  std::optional<DeviceType> type;
  WallTime registered;
  WallTime last_seen;
  bool is_revoked;
  bool is_online;
  bool operator==(const ListedDevice&) const = default;
};
std::string print_device(const ListedDevice& device);
/// {"devices": [...]}
std::string print_devices(const std::vector<ListedDevice>& devices);
Result<std::vector<ListedDevice>> parse_devices(std::string_view body);

/// {"error": name, "message": text}
std::string print_refusal(Fault fault);
/// The fault of that name; server_refused for a name that is not known.
Fault parse_refusal(std::string_view body);

}  // namespace culver::wire::gateway
