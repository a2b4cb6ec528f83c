// lock and unlock, as the command line has them.
#pragma once

#include <optional>
#include <string>
#include <variant>

namespace CLI {
class App;
}

namespace culver::cli {

struct LockOptions {
  std::optional<std::string> passphrase_file;
};
struct UnlockOptions {};
using VaultOptions = std::variant<LockOptions, UnlockOptions>;

/// What was written after one of them. It stays where it is: the parser writes into it.
class VaultWords {
 public:
  VaultWords() = default;
  VaultWords(const VaultWords&) = delete;
  VaultWords& operator=(const VaultWords&) = delete;

  void add_to(CLI::App& app);
  /// Nothing if neither was written.
  std::optional<VaultOptions> parse() const;

 private:
  CLI::App *lock_ = nullptr, *unlock_ = nullptr;
  std::optional<std::string> passphrase_file_;
};

}  // namespace culver::cli
