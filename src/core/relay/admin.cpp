// Reading, verifying and answering signed requests.
#include "core/relay/admin.hpp"

#include <algorithm>
#include <chrono>

#include "core/base/fsm.hpp"

namespace culver::relay::admin {
namespace {

namespace gateway = wire::gateway;
using std::chrono::milliseconds;

constexpr std::string_view root = "/api/devices";

Result<DeviceId> device_in(std::string_view text) {
  const auto device = parse_device_id(text);
  if (!device) return fail(Fault::device_unknown);
  return *device;
}

Result<Action> route(const HttpRequest& request) {
  // What follows ? is ignored here, and signed with the rest.
  std::string_view rest = std::string_view(request.target).substr(0, request.target.find('?'));
  if (!rest.starts_with(root)) return fail(Fault::unknown_message);
  rest.remove_prefix(root.size());
  if (request.method == "GET" && rest.empty()) return List{};
  if (!rest.starts_with('/')) return fail(Fault::unknown_message);
  rest.remove_prefix(1);
  constexpr std::string_view rename = "/rename";
  if (request.method == "POST" && rest.ends_with(rename)) {
    rest.remove_suffix(rename.size());
    TRY(const auto device, device_in(rest));
    TRY(auto name, gateway::parse_rename(request.body));
    return Rename{device, std::move(name)};
  }
  if (request.method != "DELETE") return fail(Fault::unknown_message);
  TRY(const auto device, device_in(rest));
  return Revoke{device};
}

unsigned status_of(Fault fault) {
  switch (fault) {
    case Fault::bad_request_signature:
    case Fault::stale_request:
      return 401;
    case Fault::device_revoked:
      return 403;
    case Fault::unknown_message:
    case Fault::device_unknown:
      return 404;
    case Fault::rate_limited:
    case Fault::too_many_connections:
      return 429;
    case Fault::directory_failed:
    case Fault::shutting_down:
      return 503;
    default:
      return 400;
  }
}

Digest digest_of(const HttpRequest& request, const gateway::Authorization& authorization,
                 std::string_view server_identity) {
  const auto& [device, time, nonce, signature] = authorization;
  return gateway::digest_of(
      {server_identity, request.method, request.target, device, time, nonce, request.body});
}

gateway::ListedDevice listed(const DeviceRecord& record, const Devices& devices) {
  return {record.device,
          record.name,
          record.type,
          record.registered,
          record.last_seen,
          record.revoked,
          devices.socket_of(record.device).has_value()};
}

}  // namespace

Result<Request> read(const HttpRequest& request, std::string_view server_identity,
                     const Limits& limits, WallTime now) {
  auto action = route(request);
  if (!action && action.error() == Fault::unknown_message) return fail(action.error());
  TRY(const auto authorization, gateway::parse_authorization(request.authorization));
  const auto time = authorization.time;
  const auto skew = std::chrono::duration_cast<milliseconds>(limits.request_skew).count();
  if (std::max(time, now) - std::min(time, now) > skew) return fail(Fault::stale_request);
  const auto digest = digest_of(request, authorization, server_identity);
  return Request{std::move(action), authorization, digest};
}

bool is_method(std::string_view method) {
  return method == "GET" || method == "POST" || method == "DELETE";
}

std::optional<Digest> digest_of(const HttpRequest& request, std::string_view server_identity) {
  const auto authorization = gateway::parse_authorization(request.authorization);
  if (!authorization) return std::nullopt;
  return digest_of(request, *authorization, server_identity);
}

Result<void> verify(const Request& request, const Result<DeviceRecord>& signer) {
  // Whether a device exists is nobody's business who cannot sign for it.
  if (!signer && signer.error() == Fault::device_unknown) return fail(Fault::bad_request_signature);
  if (!signer) return fail(Fault::directory_failed);
  const crypto::VerifyKey key{signer->key.data};
  const auto& signature = request.authorization.signature;
  if (!crypto::verify(key, request.digest.view(), signature))
    return fail(Fault::bad_request_signature);
  if (signer->revoked) return fail(Fault::device_revoked);
  return {};
}

std::pair<Question, Purpose> question_of(const Action& action, SocketId socket, const UserId& user,
                                         WallTime now) {
  using Asked = std::pair<Question, Purpose>;
  return std::visit(
      fsm::overload{
          [&](const List&) -> Asked {
            return {ListDevices{user}, ForDeviceList{socket}};
          },
          [&](const Rename& rename) -> Asked {
            return {RenameDevice{user, rename.device, rename.name},
                    ForRename{socket, rename.device}};
          },
          [&](const Revoke& revoke) -> Asked {
            return {RevokeDevice{user, revoke.device, now}, ForRevocation{socket, revoke.device}};
          },
      },
      action);
}

Respond prove(Respond answer, const Digest& request, const crypto::SigningKey& key, WallTime now) {
  const auto digest = gateway::digest_of({request, answer.status, now, answer.json});
  answer.proof = print(gateway::AnswerProof{now, key.sign(digest.view())});
  return answer;
}

Respond refuse(SocketId socket, Fault fault) {
  const auto told = fault == Fault::store_failed ? Fault::directory_failed : fault;
  return {socket, status_of(told), gateway::print_refusal(told)};
}

Respond respond(SocketId socket, const std::vector<DeviceRecord>& records, const Devices& devices) {
  std::vector<gateway::ListedDevice> all;
  all.reserve(records.size());
  for (const auto& record : records) all.push_back(listed(record, devices));
  return {socket, 200, gateway::print_devices(all)};
}

Respond respond(SocketId socket, const DeviceRecord& record, const Devices& devices) {
  return {socket, 200, gateway::print_device(listed(record, devices))};
}

}  // namespace culver::relay::admin
