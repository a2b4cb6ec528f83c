// The administration of devices by signed HTTP requests: which request means what, who may make
// it, and how it is answered. The store is asked by the hub.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/relay/devices.hpp"
#include "core/relay/events.hpp"
#include "core/relay/limits.hpp"
#include "core/relay/questions.hpp"
#include "core/wire/gateway_admin.hpp"

namespace culver::relay::admin {

struct List {};
struct Rename {
  DeviceId device;
  Plaintext name;
};
struct Revoke {
  DeviceId device;
};
using Action = std::variant<List, Rename, Revoke>;

/// A request that can be read; that its signature is good is not known yet.
struct Request {
  /// Or what is wrong with it, which is told to nobody who has not signed: device_unknown, and
  /// those of wire::gateway::parse_rename.
  Result<Action> action;
  wire::gateway::Authorization authorization;
  Digest digest;
};

/// unknown_message (no such target), bad_request_signature, stale_request.
Result<Request> read(const HttpRequest& request, std::string_view server_identity,
                     const Limits& limits, WallTime now);

/// What the signature of any request is of, if there can be one: its answer is signed for it.
std::optional<Digest> digest_of(const HttpRequest& request, std::string_view server_identity);

/// Any other one is refused with this status, whatever the target.
bool is_method(std::string_view method);
constexpr unsigned method_not_allowed = 405;

/// Whether the device that the store knows has made this request: bad_request_signature,
/// device_revoked, directory_failed. That it is made once, the store says.
Result<void> verify(const Request& request, const Result<DeviceRecord>& signer);

/// What the store is asked for a request that is verified, and why.
std::pair<Question, Purpose> question_of(const Action& action, SocketId socket, const UserId& user,
                                         WallTime now);

/// Signed by the server, for who has made the request of this digest.
Respond prove(Respond answer, const Digest& request, const crypto::SigningKey& key, WallTime now);
Respond refuse(SocketId socket, Fault fault);
Respond respond(SocketId socket, const std::vector<DeviceRecord>& records, const Devices& devices);
Respond respond(SocketId socket, const DeviceRecord& record, const Devices& devices);

}  // namespace culver::relay::admin
