// culver lock and culver unlock: the data folder under a passphrase, or without one.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "shell/cli/verbs/verb.hpp"

namespace culver::cli {

struct LockOptions {
  std::optional<std::string> passphrase_file;
};
struct UnlockOptions {};
using VaultOptions = std::variant<LockOptions, UnlockOptions>;

class VaultWords : public VerbWords {
 public:
  using Options = VaultOptions;
  void add_to(CLI::App& app);
  Parsed<VaultOptions> parse(const Settings& settings) const;

 private:
  CLI::App *lock_ = nullptr, *unlock_ = nullptr;
  std::optional<std::string> passphrase_file_;
};

int run(const Options& options, const VaultOptions& verb);

}  // namespace culver::cli
