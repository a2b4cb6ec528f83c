#include "shell/cli/own_name.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/engine/names.hpp"
#include "core/wire/limits.hpp"
#include "shell/cli/printable.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/host/no_room.hpp"

namespace culver::cli {
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
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
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
  const FileDescriptor file(
      open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || !host::write_all(file, as_bytes(name->expose() + "\n")) || fsync(file.get()) != 0 ||
      rename(fresh.c_str(), path.c_str()) != 0)
    return unusable(path, "written");
  return {};
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

}  // namespace culver::cli
