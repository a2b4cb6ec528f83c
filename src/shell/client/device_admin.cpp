// Signing, and reading what comes back.
#include "shell/client/device_admin.hpp"

#include <utility>

#include "shell/host/clock.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/log.hpp"
#include "shell/net/http_client.hpp"

namespace culver::client {
namespace {

namespace gateway = wire::gateway;

const std::string root = "/api/devices";

std::string target_of(const DeviceId& device) { return root + "/" + print_uuid(device.data); }

struct Signed {
  std::string authorization;
  Digest digest;  ///< by which the answer names the request
};

Signed authorize(const DeviceQuestion& question, const crypto::VerifyKey& server,
                 const host::Account& account, WallTime time) {
  auto rng = host::system_rng();
  const auto identity = print_hex(server.data);
  const gateway::SignedRequest request{
      identity,
      question.method,
      question.target,
      account.device,
      time,
      gateway::RequestNonce{rng.bytes<gateway::RequestNonce::size>()},
      question.body};
  const auto digest = gateway::digest_of(request);
  const auto signature = account.key.sign(digest.view());
  return {print(gateway::Authorization{request.device, request.time, request.nonce, signature}),
          digest};
}

DevicesAnswer read(const net::HttpAnswer& answer, bool is_list) {
  if (answer.status != 200) {
    const auto fault = gateway::parse_refusal(answer.body);
    // A gateway of others has no such thing at this address.
    return fail(fault == Fault::server_refused ? Fault::server_without_device_list : fault);
  }
  auto devices =
      gateway::parse_devices(is_list ? answer.body : "{\"devices\":[" + answer.body + "]}");
  if (!devices) return fail(Fault::server_without_device_list);  // a page for people
  return devices;
}

/// When the server has answered, by its own clock, if it was the server.
Result<WallTime> verify(const net::HttpAnswer& answer, const Digest& request,
                        const crypto::VerifyKey& server) {
  TRY(const auto proof, gateway::parse_answer_proof(answer.proof));
  const auto digest = gateway::digest_of({request, answer.status, proof.time, answer.body});
  if (!crypto::verify(server, digest.view(), proof.signature))
    return fail(Fault::answer_not_signed);
  return proof.time;
}

/// Whoever is in between can as well let a request fall: nothing but that is believed without a
/// signature. A server that is too busy to read a request does not sign.
bool tells_nothing(const DevicesAnswer& devices) {
  if (devices) return false;
  switch (devices.error().fault) {
    case Fault::server_without_device_list:
    case Fault::rate_limited:
    case Fault::too_many_connections:
    case Fault::directory_failed:
    case Fault::shutting_down:
      return true;
    default:
      return false;
  }
}

}  // namespace

DeviceQuestion DeviceQuestion::list() { return {"GET", root}; }

DeviceQuestion DeviceQuestion::revoke(const DeviceId& device) {
  return {"DELETE", target_of(device)};
}

DeviceQuestion DeviceQuestion::rename(const DeviceId& device, const Plaintext& name) {
  return {"POST", target_of(device) + "/rename", gateway::print_rename(name)};
}

namespace {

/// What one asks, until it is answered.
struct Asked {
  wire::WsUrl server;
  crypto::VerifyKey identity;
  const host::Account& account;
  DeviceQuestion question;
  std::function<void(DevicesAnswer)> done;
};

/// A server that takes the request for an old one tells what time it is: that is believed once.
void ask_at(boost::asio::io_context& loop, WallTime time, bool is_servers_time, Asked asked) {
  net::HttpExchange exchange;
  exchange.server = asked.server;
  exchange.method = asked.question.method;
  exchange.target = asked.question.target;
  auto [authorization, digest] = authorize(asked.question, asked.identity, asked.account, time);
  exchange.authorization = std::move(authorization);
  exchange.body = asked.question.body;
  net::exchange(loop, std::move(exchange),
                [&loop, is_servers_time, digest = digest,
                 asked = std::move(asked)](net::HttpAnswered answer) mutable {
                  if (!answer) return asked.done(fail(std::move(answer.error())));
                  const bool is_list = asked.question.target == root;
                  auto devices = read(*answer, is_list);
                  const auto servers_time = verify(*answer, digest, asked.identity);
                  if (!servers_time)
                    return asked.done(tells_nothing(devices) ? std::move(devices)
                                                             : fail(servers_time.error()));
                  const bool is_stale = !devices && devices.error().fault == Fault::stale_request;
                  if (!is_stale || is_servers_time) return asked.done(std::move(devices));
                  const auto behind = (*servers_time - host::wall_now()) / 1000;
                  log::warn("the clock of this machine is wrong; by the server's, in seconds:",
                            behind);
                  ask_at(loop, *servers_time, true, std::move(asked));
                });
}

}  // namespace

void ask(boost::asio::io_context& loop, const wire::WsUrl& server,
         const crypto::VerifyKey& identity, const host::Account& account,
         const DeviceQuestion& question, std::function<void(DevicesAnswer)> done) {
  ask_at(loop, host::wall_now(), false, {server, identity, account, question, std::move(done)});
}

}  // namespace culver::client
