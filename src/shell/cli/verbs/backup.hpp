// culver export and culver import: the data folder as one file under a passphrase, and back.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "shell/cli/verbs/verb.hpp"

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

class BackupWords : public VerbWords {
 public:
  using Options = BackupOptions;
  void add_to(CLI::App& app);
  Parsed<BackupOptions> parse(const Settings& settings) const;

 private:
  CLI::App *export_ = nullptr, *import_ = nullptr;
  std::string file_;
  std::optional<std::string> passphrase_file_;
  bool replace_ = false, lock_ = false;
};

int run(const Options& options, const BackupOptions& verb);

}  // namespace culver::cli
