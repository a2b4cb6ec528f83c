// culver devices: lists the devices of the account, shuts one out, gives one another name.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/text.hpp"
#include "core/wire/gateway_admin.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/verbs/verb.hpp"

namespace culver::cli {

struct ListDevices {};
struct RevokeDevice {
  DeviceId device;
  bool yes = false;  ///< without a question
};
struct RenameDevice {
  DeviceId device;
  Plaintext name;
};
using DevicesOptions = std::variant<ListDevices, RevokeDevice, RenameDevice>;

class DevicesWords : public VerbWords {
 public:
  using Options = DevicesOptions;
  void add_to(CLI::App& app);
  Parsed<DevicesOptions> parse(const Settings& settings) const;

 private:
  CLI::App *verb_ = nullptr, *revoke_ = nullptr, *rename_ = nullptr;
  std::string device_, name_;
  bool yes_ = false;
};

int run(const Options& options, const DevicesOptions& verb);

/// What a device calls itself, which is for it to choose: nothing if nobody would see it, or if it
/// reads like something that the programs say.
std::optional<std::string> label_of(const std::optional<Plaintext>& name);

// Layout, without the last newline.

/// For a list all of the devices; after a change the one that was changed.
std::string show_devices(const DevicesOptions& verb,
                         const std::vector<wire::gateway::ListedDevice>& devices,
                         const DeviceId& this_device, Output output);

/// Whether a device is to be shut out; this one is warned of. Nothing if it is none of them.
std::optional<std::string> revoke_question(const std::vector<wire::gateway::ListedDevice>& devices,
                                           const DeviceId& device, const DeviceId& this_device);

}  // namespace culver::cli
