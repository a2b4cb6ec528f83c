// Layout of the devices of an account.
#include "shell/cli/show_devices.hpp"

#include <algorithm>

#include "core/base/fsm.hpp"
#include "core/base/unicode.hpp"
#include "core/engine/names.hpp"
#include "shell/cli/json_output.hpp"
#include "shell/cli/printable.hpp"
#include "shell/cli/report.hpp"
#include "shell/host/clock.hpp"

namespace culver::cli {
namespace {

using wire::gateway::ListedDevice;

report::Device row(const ListedDevice& device, const DeviceId& this_device) {
  return {
      device.device,     device.name,      device.type ? name(*device.type) : std::string_view(),
      device.registered, device.last_seen, device.device == this_device,
      device.is_online,  device.is_revoked};
}

std::string title(const ListedDevice& device) {
  return label_of(device.name).value_or("Without a name");
}

std::string lines(const ListedDevice& device, const DeviceId& this_device) {
  std::string text = title(device);
  if (device.type) text += ", " + std::string(name(*device.type));
  text += device.is_revoked  ? "\n  Revoked   "
          : device.is_online ? "\n  Online    "
                             : "\n  Offline   ";
  // Not behind the name, which is for the device to choose.
  return text + print_uuid(device.device.data) +
         (device.device == this_device ? ", this device" : "") + "\n  Here since " +
         host::iso8601(device.registered) + ", last seen " + host::iso8601(device.last_seen);
}

}  // namespace

std::optional<std::string> label_of(const std::optional<Plaintext>& name) {
  const auto seen = name ? unicode::label(name->expose(), {}) : std::string();
  if (seen.empty() || engine::is_like_handle(seen)) return std::nullopt;
  return printable(name->expose());
}

std::string show_devices(const DevicesOptions& verb, const std::vector<ListedDevice>& devices,
                         const DeviceId& this_device, Output output) {
  const bool is_list = std::holds_alternative<ListDevices>(verb);
  std::vector<report::Device> rows;
  for (const auto& device : devices) rows.push_back(row(device, this_device));
  if (output == Output::json)
    return is_list || rows.empty() ? json_of(rows) : json_of(rows.front());
  const auto changed = devices.empty() ? std::string("The device") : title(devices.front());
  return std::visit(fsm::overload{
                        [&](const ListDevices&) {
                          std::string text;
                          for (const auto& device : devices)
                            text += (text.empty() ? "" : "\n\n") + lines(device, this_device);
                          return text.empty() ? std::string("No devices.") : text;
                        },
                        [&](const RevokeDevice&) { return changed + " is shut out."; },
                        [&](const RenameDevice&) { return "Renamed to " + changed + "."; },
                    },
                    verb);
}

std::optional<std::string> revoke_question(const std::vector<ListedDevice>& devices,
                                           const DeviceId& device, const DeviceId& this_device) {
  const auto found = std::ranges::find(devices, device, &ListedDevice::device);
  if (found == devices.end()) return std::nullopt;
  const auto warning =
      device == this_device
          ? "THIS IS THE DEVICE THAT YOU ARE AT: it is shut out of the account for good, and needs "
            "another data folder to come back.\n"
          : "A device that is shut out never comes back as the same.\n";
  return warning + std::string("Shut out ") + title(*found) + " (" + print_uuid(device.data) +
         ")? [y/N] ";
}

}  // namespace culver::cli
