// What culver devices prints on standard output, without the last newline.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/text.hpp"
#include "core/wire/gateway_admin.hpp"
#include "shell/cli/options.hpp"

namespace culver::cli {

/// What a device calls itself, which is for it to choose: nothing if nobody would see it, or if it
/// reads like something that the programs say.
std::optional<std::string> label_of(const std::optional<Plaintext>& name);

/// For a list all of the devices; after a change the one that was changed.
std::string show_devices(const DevicesOptions& verb,
                         const std::vector<wire::gateway::ListedDevice>& devices,
                         const DeviceId& this_device, Output output);

/// Whether a device is to be shut out; this one is warned of. Nothing if it is none of them.
std::optional<std::string> revoke_question(const std::vector<wire::gateway::ListedDevice>& devices,
                                           const DeviceId& device, const DeviceId& this_device);

}  // namespace culver::cli
