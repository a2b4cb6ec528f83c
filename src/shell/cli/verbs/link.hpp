// culver devices link and culver link: the two sides of letting a device into an account.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/engine/linking.hpp"
#include "shell/cli/input/console.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/verbs/verb.hpp"
#include "shell/client/device_admin.hpp"

namespace culver::cli {

struct OfferLinkOptions {
  bool yes;  ///< whoever has the code is let in without a question
};
struct LinkOptions {
  std::optional<LinkCode> code;
  std::optional<std::string> code_file;  ///< "-": standard input
};

/// "link" behind "devices", whose words are added before.
class OfferLinkWords : public VerbWords {
 public:
  using Options = OfferLinkOptions;
  void add_to(CLI::App& app);
  Parsed<OfferLinkOptions> parse(const Settings& settings) const;

 private:
  CLI::App* verb_ = nullptr;
  bool yes_ = false;
};

class LinkWords : public VerbWords {
 public:
  using Options = LinkOptions;
  void add_to(CLI::App& app);
  Parsed<LinkOptions> parse(const Settings& settings) const;

 private:
  CLI::App* verb_ = nullptr;
  std::optional<std::string> code_, code_file_;
};

int run(const Options& options, const OfferLinkOptions& offer);
int run(const Options& options, const LinkOptions& verb);

/// What both have of the world.
struct LinkContext {
  Screen& screen;
  Output output;
  /// The verb is over, with this exit code. Called once.
  std::function<void(int)> done;
  std::function<WallTime()> wall = host::wall_now;
};

/// Shows the code, waits, asks whether the device that has used it may come in, and says which one
/// came.
class OfferLink {
 public:
  using Consent = engine::linking::Consent;
  struct Acts {
    std::function<void()> ask;         ///< has the list of devices fetched for on()
    std::function<void(bool)> decide;  ///< of the device that was Requested
  };
  /// `server`: to be named to the other device; empty for the usual one.
  OfferLink(std::string server, Consent consent, Acts acts, Console& console, LinkContext context)
      : server_(std::move(server)),
        consent_(consent),
        acts_(std::move(acts)),
        console_(console),
        context_(std::move(context)) {}

  void on(const engine::linking::Effect& report);
  /// Without a list the device has no name.
  void on(const client::DevicesAnswer& devices);
  void stop(Fault signal) { fail_with(signal); }

 private:
  void show(const engine::linking::Offered& offered);
  void question(const engine::linking::Requested& requested);
  void fail_with(const Failure& fault);
  void finish(int exit_code);

  std::string server_;
  Consent consent_;
  Acts acts_;
  Console& console_;
  LinkContext context_;
  std::optional<DeviceId> joined_;
  bool finished_ = false;
};

/// Asks for the code, uses it, and says which account this is now.
class JoinAccount {
 public:
  static constexpr int max_tries = 3;  ///< at typing the code

  /// As whom this machine signs in: what the person at the other device is shown as well.
  JoinAccount(DeviceId device, UserId account, std::function<void(const LinkCode&)> spend,
              Console& console, LinkContext context)
      : device_(device),
        account_(account),
        spend_(std::move(spend)),
        console_(console),
        context_(std::move(context)) {}

  /// Without a code the person is asked for it.
  void start(const std::optional<LinkCode>& code);
  void on(const engine::linking::Effect& report);
  void stop(Fault signal) { fail_with(signal); }

 private:
  void ask(int tries_left);
  void fail_with(const Failure& fault);
  void finish(int exit_code);

  DeviceId device_;
  UserId account_;
  std::function<void(const LinkCode&)> spend_;
  Console& console_;
  LinkContext context_;
  bool finished_ = false;
};

}  // namespace culver::cli
