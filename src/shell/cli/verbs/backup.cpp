// The data folder as one file under a passphrase, and back.
#include "shell/cli/verbs/backup.hpp"

#include <cerrno>
#include <cstring>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/fsm.hpp"
#include "core/crypto/keys.hpp"
#include "core/format/kept_letter.hpp"
#include "shell/cli/data_folder.hpp"
#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/report.hpp"
#include "shell/cli/verbs/identity.hpp"
#include "shell/cli/verbs/outbox.hpp"
#include "shell/client/backup.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/no_room.hpp"

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

Parsed<BackupOptions> BackupWords::parse(const Settings&) const {
  if (export_->parsed()) return BackupOptions(ExportOptions{file_, passphrase_file_});
  if (import_->parsed())
    return BackupOptions(ImportOptions{file_, passphrase_file_, replace_, lock_});
  return std::nullopt;
}

namespace {

namespace backup = format::backup;
using host::FileDescriptor;
using host::Outcome;

report::Backup report_of(const backup::Content& content) {
  return {crypto::public_key_of(content.identity), content.peers.size(), content.servers.size(),
          std::nullopt};
}

std::string counts(const report::Backup& made) {
  return std::to_string(made.peers) + (made.peers == 1 ? " peer" : " peers") + " and " +
         std::to_string(made.servers) + (made.servers == 1 ? " server" : " servers");
}

/// A file of its own, complete or not there.
Outcome<void> write_new(const std::filesystem::path& path, ByteView bytes) {
  const FileDescriptor file(
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file && host::write_all(file, bytes) && fsync(file.get()) == 0) return {};
  const int error = errno;
  const std::string why =
      error == EEXIST ? "there is one of that name, and none is overwritten. Choose another name"
                      : std::strerror(error);
  if (file) unlink(path.c_str());
  const auto otherwise = error == EEXIST ? Fault::usage : Fault::file_unwritable;
  return host::trouble(host::fault_of_writing(error, otherwise),
                       "The file " + printable(path.string()) + " cannot be made: " + why + ".");
}

Outcome<ByteVector> read_whole(const std::filesystem::path& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ByteVector bytes(backup::file_size + 1);
  const auto got = file ? host::read_some(file, bytes) : -1;
  if (got < 0)
    return host::trouble(
        Fault::file_unreadable,
        "The file " + printable(path.string()) + " cannot be read: " + std::strerror(errno) + ".");
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

/// A book that cannot be read is no reason to give no file; the verbs of it say so.
std::string left_out(const Options& options, const backup::Content& content) {
  auto outbox =
      store::sqlite::Outbox::open(options.data_dir, format::kept_letter::key_of(content.identity));
  std::size_t texts = 0;
  if (outbox)
    if (const auto rows = outbox->all()) texts = rows->size();
  auto kept = options;
  kept.name_from = NameFrom::host;  // whatever this call says
  const auto own = with_own_name(kept);
  const bool has_name = own && own->name_from == NameFrom::kept;
  return left_out_of_export(texts, has_name ? std::optional(own->name) : std::nullopt);
}

host::Trouble trouble_of_opening(Fault fault) {
  if (fault == Fault::not_authentic)
    return {Fault::passphrase_wrong, "The passphrase is wrong, or somebody has changed the file."};
  if (fault == Fault::usage)
    return {fault, "The file was made by a newer Culver, or wants more memory than is given."};
  return {Fault::file_damaged, "That is not a file of culver export, or it is damaged."};
}

int run_verb(const Options& options, const ExportOptions& verb) {
  if (!host::has_identity(options.data_dir))  // and none is made
    return complain(options, {Fault::no_identity, "There is no identity in " +
                                                      printable(options.data_dir.string()) + "."});
  const auto vault = open_vault(options, Variable::is_of_verb);
  if (!vault) return complain(options, vault.error());
  auto content = client::collect(*vault);
  if (!content) return complain(options, content.error());
  const auto passphrase = read_passphrase(verb.passphrase_file, host::environment, true);
  if (!passphrase) return complain(options, passphrase.error());
  auto rng = host::system_rng();
  const auto file = backup::seal(*content, passphrase->expose(), rng);
  if (!file) return complain(options, file.error());
  if (auto written = write_new(verb.file, *file); !written)
    return complain(options, written.error());
  const auto made = report_of(*content);
  const auto missing = left_out(options, *content);
  if (options.output == Output::json) {
    if (!missing.empty()) std::cerr << missing << '\n';
    return print(json_of(made), "The file was written.");
  }
  return print(
      "Exported the identity with " + counts(made) + " to " + printable(verb.file.string()) + "." +
          (missing.empty() ? "" : "\n" + missing) +
          "\nWhoever has the file and the passphrase is you. Without the passphrase it is of "
          "no use, to you either.",
      "The file was written.");
}

int run_verb(const Options& options, const ImportOptions& verb) {
  if (verb.lock && options.key_file)
    return complain(options, {Fault::usage,
                              "--lock is for a key in the data folder. With "
                              "--key-file: culver lock, afterwards."});
  const auto file = read_whole(verb.file);
  if (!file) return complain(options, file.error());
  const auto passphrase = read_passphrase(verb.passphrase_file, host::environment, false);
  if (!passphrase) return complain(options, passphrase.error());
  const auto content = backup::open(*file, passphrase->expose());
  if (!content) return complain(options, trouble_of_opening(content.error()));
  const auto replace = verb.replace ? client::Replace::yes : client::Replace::no;
  const auto make_vault = [&](const std::filesystem::path& folder) {
    if (verb.lock) return host::Vault::make_locked(folder, passphrase->expose());
    return open_vault(options, folder, Variable::is_of_verb);
  };
  const bool was_locked = host::Vault::is_locked_in(options.data_dir);
  const auto before = client::install(*content, options.data_dir, replace, make_vault);
  if (!before) return complain(options, before.error());
  auto made = report_of(*content);
  if (*before) made.kept.emplace((*before)->string());
  const std::string locking =
      was_locked && !verb.lock
          ? "The folder was locked, and the new one is not: culver lock puts it under a passphrase."
          : "";
  if (options.output == Output::json) {
    if (!locking.empty()) std::cerr << locking << '\n';
    return print(json_of(made), "The identity was imported.");
  }
  return print(
      "Imported the identity " + crypto::fingerprint(made.identity) + "\nwith " + counts(made) +
          "." +
          (made.kept ? "\nWhat was there before is in " + printable(made.kept->expose()) + "."
                     : std::string()) +
          (locking.empty() ? "" : "\n" + locking) +
          "\nUse it on one machine only: two would push each other out.",
      "The identity was imported.");
}

}  // namespace

int run(const Options& options, const BackupOptions& verb) {
  return std::visit([&](const auto& which) { return run_verb(options, which); }, verb);
}

}  // namespace culver::cli
