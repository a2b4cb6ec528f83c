// Signing, and reading what comes back.
#include "shell/client/device_admin.hpp"

#include <utility>

#include "shell/host/clock.hpp"
#include "shell/host/entropy.hpp"
#include "shell/net/http_client.hpp"

namespace culver::client {
namespace {

namespace gateway = wire::gateway;

const std::string root = "/api/devices";

std::string target_of(const DeviceId& device) { return root + "/" + print_uuid(device.data); }

std::string authorize(const DeviceQuestion& question, const crypto::VerifyKey& server,
                      const host::Account& account) {
  auto rng = host::system_rng();
  const auto identity = print_hex(server.data);
  const gateway::SignedRequest request{
      identity,         question.method,
      question.target,  account.device,
      host::wall_now(), gateway::RequestNonce{rng.bytes<gateway::RequestNonce::size>()},
      question.body};
  const auto signature = account.key.sign(gateway::digest_of(request).data);
  return print(gateway::Authorization{request.device, request.time, request.nonce, signature});
}

DevicesAnswer read(const net::HttpAnswer& answer, bool is_list) {
  if (answer.status != 200) return fail(gateway::parse_refusal(answer.body));
  if (is_list) return gateway::parse_devices(answer.body);
  return gateway::parse_devices("{\"devices\":[" + answer.body + "]}");
}

}  // namespace

DeviceQuestion DeviceQuestion::list() { return {"GET", root}; }

DeviceQuestion DeviceQuestion::revoke(const DeviceId& device) {
  return {"DELETE", target_of(device)};
}

DeviceQuestion DeviceQuestion::rename(const DeviceId& device, const Plaintext& name) {
  return {"POST", target_of(device) + "/rename", gateway::print_rename(name)};
}

void ask(boost::asio::io_context& loop, const wire::WsUrl& server,
         const crypto::VerifyKey& identity, const host::Account& account,
         const DeviceQuestion& question, std::function<void(DevicesAnswer)> done) {
  net::HttpExchange exchange;
  exchange.server = server;
  exchange.method = question.method;
  exchange.target = question.target;
  exchange.authorization = authorize(question, identity, account);
  exchange.body = question.body;
  const bool is_list = question.target == root;
  net::exchange(loop, std::move(exchange),
                [is_list, done = std::move(done)](net::HttpAnswered answer) {
                  if (answer) return done(read(*answer, is_list));
                  done(fail(std::move(answer.error())));
                });
}

}  // namespace culver::client
