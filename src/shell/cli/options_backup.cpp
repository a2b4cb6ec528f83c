// Their options and arguments.
#include "shell/cli/options_backup.hpp"

#include <CLI/CLI.hpp>

namespace culver::cli {

void BackupWords::add_to(CLI::App& app) {
  export_ = app.add_subcommand(
      "export", "Write identity, account and both books into one file, under a passphrase");
  import_ = app.add_subcommand("import", "Make the data folder of such a file");
  for (auto* verb : {export_, import_}) {
    verb->add_option("FILE", file_, "The file")->required();
    verb->add_option("--passphrase-file", passphrase_file_,
                     "Read the passphrase from there (variable CULVER_PASSPHRASE holds it itself)")
        ->type_name("FILE");
  }
  import_->add_flag("--replace", replace_,
                    "Also if there is an identity already, which is kept aside");
  import_->add_flag("--lock", lock_, "Lock the folder at once, under the same passphrase");
}

std::optional<BackupOptions> BackupWords::parse() const {
  if (export_->parsed()) return ExportOptions{file_, passphrase_file_};
  if (import_->parsed()) return ImportOptions{file_, passphrase_file_, replace_, lock_};
  return std::nullopt;
}

}  // namespace culver::cli
