// export and import, as the command line has them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace CLI {
class App;
}

namespace culver::cli {

struct ExportOptions {
  std::filesystem::path file;
  std::optional<std::string> passphrase_file;
};
struct ImportOptions {
  std::filesystem::path file;
  std::optional<std::string> passphrase_file;
  bool replace;
  bool lock;  ///< under the passphrase of the file
};
using BackupOptions = std::variant<ExportOptions, ImportOptions>;

/// What was written after one of them. It stays where it is: the parser writes into it.
class BackupWords {
 public:
  BackupWords() = default;
  BackupWords(const BackupWords&) = delete;
  BackupWords& operator=(const BackupWords&) = delete;

  void add_to(CLI::App& app);
  /// Nothing if neither was written.
  std::optional<BackupOptions> parse() const;

 private:
  CLI::App *export_ = nullptr, *import_ = nullptr;
  std::string file_;
  std::optional<std::string> passphrase_file_;
  bool replace_ = false, lock_ = false;
};

}  // namespace culver::cli
