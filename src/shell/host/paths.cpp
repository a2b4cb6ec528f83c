// The XDG base directories, and folders for one owner.
#include "shell/host/paths.hpp"

#include <cerrno>
#include <cstring>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace culver::host {
namespace {

namespace fs = std::filesystem;

fs::path home(const Variables& variables) {
  if (const auto set = variables("HOME")) return *set;
  const passwd* entry = getpwuid(geteuid());
  return entry ? entry->pw_dir : "/";
}

/// The XDG specification tells to ignore relative paths.
fs::path xdg(const Variables& variables, const char* name, const char* below_home) {
  if (const auto set = variables(name); set && fs::path(*set).is_absolute()) return *set;
  return home(variables) / below_home;
}

}  // namespace

fs::path data_dir(const std::optional<fs::path>& flag, const Variables& variables) {
  if (flag) return *flag;
  if (const auto set = variables("CULVER_DATA_DIR")) return *set;
  return xdg(variables, "XDG_DATA_HOME", ".local/share") / "culver";
}

fs::path config_file(const Variables& variables) {
  return xdg(variables, "XDG_CONFIG_HOME", ".config") / "culver" / "config.json";
}

Outcome<void> make_private_dir(const fs::path& folder) {
  // "folder/" and "folder" are the same place, but the former has no last component to make.
  const fs::path clean = folder.has_filename() ? folder : folder.parent_path();
  std::error_code error;
  if (clean.has_parent_path()) fs::create_directories(clean.parent_path(), error);
  const bool made = !error && mkdir(clean.c_str(), 0700) == 0;
  const int why = error ? error.value() : errno;
  if (made || (why == EEXIST && fs::is_directory(clean, error))) return {};
  return trouble(Fault::identity_unreadable,
                 "The data folder " + clean.string() + " cannot be made: " + std::strerror(why));
}

}  // namespace culver::host
