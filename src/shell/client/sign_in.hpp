// As whom a client shakes hands with a server.
#pragma once

#include <optional>

#include "core/handshake/client.hpp"
#include "shell/host/account.hpp"

namespace culver::client {

/// The server hears the name that peers hear.
handshake::client::Account sign_in_as(host::Account account, const DeviceId& device,
                                      const std::optional<Plaintext>& name);

}  // namespace culver::client
