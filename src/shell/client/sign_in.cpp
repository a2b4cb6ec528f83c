#include "shell/client/sign_in.hpp"

#include <utility>

#include "core/wire/limits.hpp"
#include "core/wire/utf8.hpp"

namespace culver::client {

handshake::client::Account sign_in_as(host::Account account, const DeviceId& device,
                                      const std::optional<Plaintext>& name) {
  const auto user = account.user();
  auto shown =
      wire::utf8::printable(name ? name->expose() : std::string(), wire::limits::device_name);
  const auto device_name =
      shown.empty() ? std::nullopt : std::optional(Plaintext(std::move(shown)));
  return {std::move(account.key), user, device, device_name, wire::gateway::DeviceType::desktop};
}

}  // namespace culver::client
