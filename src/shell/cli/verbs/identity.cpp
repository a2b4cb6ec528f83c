#include "shell/cli/verbs/identity.hpp"

#include <cerrno>
#include <cstring>
#include <iostream>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/crypto/keys.hpp"
#include "core/engine/names.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/limits.hpp"
#include "shell/cli/data_folder.hpp"
#include "shell/cli/input/name_words.hpp"
#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/client/known_server.hpp"
#include "shell/host/account.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/no_room.hpp"

namespace culver::cli {

void IdWords::add_to(CLI::App& app) {
  verb_ = app.add_subcommand("id", "Show the keys of this machine and its account");
}

Parsed<IdOptions> IdWords::parse(const Settings&) const {
  if (!verb_->parsed()) return std::nullopt;
  return IdOptions{};
}

void NameWords::add_to(CLI::App& app) {
  verb_ = app.add_subcommand("name", "Show what peers are told as your name, or keep another");
  verb_->add_option("NAME", name_, "At most 64 bytes; empty: the host's name again");
}

Parsed<NameOptions> NameWords::parse(const Settings&) const {
  if (!verb_->parsed()) return std::nullopt;
  if (!name_) return NameOptions{};
  if (!name_->empty())
    if (const auto why = why_not_called(*name_, {.bytes = wire::limits::proposed_name}))
      return wrong_use(*why);
  return NameOptions{Plaintext(*name_)};
}

void VersionWords::add_to(CLI::App& app) {
  verb_ = app.add_subcommand("version", "Show the version");
}

Parsed<VersionOptions> VersionWords::parse(const Settings&) const {
  if (!verb_->parsed()) return std::nullopt;
  return VersionOptions{};
}

namespace {

using host::FileDescriptor;
using host::Outcome;

std::filesystem::path file_of(const Options& options) { return options.data_dir / "name"; }

tl::unexpected<host::Trouble> unusable(const std::filesystem::path& path, const char* what) {
  return host::trouble(host::fault_of_writing(errno, Fault::store_failed),
                       "The file " + printable(path.string()) + " cannot be " + what + ": " +
                           std::strerror(errno) + ".");
}

Outcome<std::optional<Plaintext>> kept_name(const Options& options) {
  const auto path = file_of(options);
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file && errno == ENOENT) return std::nullopt;
  struct stat status {};
  if (file && (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)))
    return host::trouble(Fault::store_failed,
                         "The file " + printable(path.string()) + " is not a regular file.");
  std::string text(wire::limits::proposed_name, '\0');
  const auto got = file ? host::read_some(file, std::as_writable_bytes(std::span(text))) : -1;
  if (got < 0) return unusable(path, "read");
  text.resize(static_cast<std::size_t>(got));
  while (text.ends_with('\n')) text.pop_back();
  return engine::clean_name(text);
}

}  // namespace

Outcome<void> keep_name(const Options& options, const std::optional<Plaintext>& name) {
  const auto path = file_of(options);
  if (!name) {
    if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return unusable(path, "removed");
  }
  const auto fresh = path.string() + ".new";
  unlink(fresh.c_str());  // of a process that was killed
  const FileDescriptor file(
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (file && host::write_all(file, as_bytes(name->expose() + "\n")) && fsync(file.get()) == 0 &&
      rename(fresh.c_str(), path.c_str()) == 0)
    return {};
  auto why = unusable(path, "written");
  if (file) unlink(fresh.c_str());
  return why;
}

std::string keep_name_of_option(const Options& options) {
  if (options.name_from != NameFrom::option) return {};
  const auto name = engine::clean_name(options.name.expose());
  const auto before = kept_name(options);
  if (!name || (before && *before == name)) return {};
  if (const auto kept = keep_name(options, name); !kept) return "culver: " + kept.error().sentence;
  return "Your name is now " + printable(name->expose()) +
         ", and stays so: culver name changes it.";
}

Outcome<Options> with_own_name(const Options& options) {
  auto own = options;
  if (options.name_from != NameFrom::host) return own;
  auto kept = kept_name(options);
  if (!kept) return tl::unexpected(kept.error());
  if (!*kept) return own;
  own.name = std::move(**kept);
  own.name_from = NameFrom::kept;
  return own;
}

std::string show_id(const report::Identity& identity, Output output) {
  if (output == Output::json) return json_of(identity);
  return "Fingerprint " + crypto::fingerprint(identity.key) + "\nPublic key  " +
         wire::base64::print(identity.key) + "\nAccount     " + print_hex(identity.account.data) +
         "\nDevice      " + print_uuid(identity.device.data);
}

std::string show_name(const report::OwnName& own, Output output) {
  return output == Output::json ? json_of(own) : printable(own.name.expose());
}

std::string show_version(Output output) {
  if (output == Output::json) return json_of_version(program_version);
  return "culver " + std::string(program_version);
}

int run(const Options& options, const IdOptions&) {
  const auto vault = open_vault(options);
  if (!vault) return complain(options, vault.error());
  const auto identity = host::open_identity(*vault);
  if (!identity) return complain(options, identity.error());
  const auto account = host::open_account(*vault);
  if (!account) return complain(options, account.error());
  const auto server = client::look_up_server(options.server, options.data_dir);
  if (!server) return complain(options, server.error());
  const auto linked = server->known ? server->known->account : std::nullopt;
  return print(show_id({identity->shared, linked.value_or(account->user()), account->device},
                       options.output));
}

int run(const Options& options, const NameOptions& verb) {
  const auto vault = open_vault(options);  // makes the folder too
  if (!vault) return complain(options, vault.error());
  const auto identity = host::open_identity(*vault);
  if (!identity) return complain(options, identity.error());
  if (verb.name) {
    const auto name = verb.name->expose().empty() ? std::nullopt : verb.name;
    if (const auto kept = keep_name(options, name); !kept) return complain(options, kept.error());
  } else if (const auto said = keep_name_of_option(options); !said.empty()) {
    std::cerr << said << '\n';
  }
  const auto own = with_own_name(options);
  if (!own) return complain(options, own.error());
  const bool is_hosts = own->name_from == NameFrom::host;
  return print(
      show_name({is_hosts ? engine::default_name(own->name.expose(), identity->shared) : own->name,
                 !is_hosts},
                options.output),
      verb.name ? "The name was changed." : "");
}

int run(const Options& options, const VersionOptions&) {
  return print(show_version(options.output));
}

}  // namespace culver::cli
