// Asks the server over HTTP about the devices of our account. Each request is signed by this
// device's key, for this server, once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/base/dial_failure.hpp"
#include "core/base/result.hpp"
#include "core/wire/gateway_admin.hpp"
#include "core/wire/url.hpp"
#include "shell/host/account.hpp"

namespace culver::client {

struct DeviceQuestion {
  std::string method;
  std::string target;
  std::string body = {};

  static DeviceQuestion list();
  static DeviceQuestion revoke(const DeviceId& device);
  static DeviceQuestion rename(const DeviceId& device, const Plaintext& name);
};

/// The devices that the answer shows: all of the account, or the one that was changed.
using DevicesAnswer = tl::expected<std::vector<wire::gateway::ListedDevice>, Failure>;

/// `done` is called once, on the loop, before which the account must not go: what net::exchange()
/// says, the fault that the server names, or malformed.
void ask(boost::asio::io_context& loop, const wire::WsUrl& server,
         const crypto::VerifyKey& identity, const host::Account& account,
         const DeviceQuestion& question, std::function<void(DevicesAnswer)> done);

}  // namespace culver::client
