// What culver devices prints on standard output, without the last newline.
#pragma once

#include <string>
#include <vector>

#include "core/wire/gateway_admin.hpp"
#include "shell/cli/options.hpp"

namespace culver::cli {

/// For a list all of the devices; after a change the one that was changed.
std::string show_devices(const DevicesOptions& verb,
                         const std::vector<wire::gateway::ListedDevice>& devices,
                         const DeviceId& this_device, Output output);

}  // namespace culver::cli
