// The XDG base directories, and folders for one owner.
#include "shell/host/paths.hpp"

#include <cerrno>
#include <cstring>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/host/log.hpp"
#include "shell/host/no_room.hpp"

namespace culver::host {
namespace {

namespace fs = std::filesystem;

fs::path home(const Variables& variables) {
  if (const auto set = variables("HOME"); set && fs::path(*set).is_absolute()) return *set;
  const passwd* entry = getpwuid(geteuid());
  return entry ? entry->pw_dir : "/";
}

/// The XDG specification tells to ignore relative paths.
fs::path xdg(const Variables& variables, const char* name, const char* below_home) {
  if (const auto set = variables(name); set && fs::path(*set).is_absolute()) return *set;
  return home(variables) / below_home;
}

tl::unexpected<Trouble> unusable(const fs::path& path, const std::string& why) {
  return trouble(Fault::identity_unreadable, path.string() + " " + why);
}

Outcome<void> check_owner(const fs::path& path, const struct stat& status) {
  if (status.st_uid == geteuid()) return {};
  return unusable(path, "belongs to another user (" + std::to_string(status.st_uid) +
                            "), who could change what is kept there: chown it, or choose another "
                            "data folder.");
}

/// Takes `unwanted` from the mode.
Outcome<void> tighten(const fs::path& path, const struct stat& status, mode_t unwanted) {
  if ((status.st_mode & unwanted) == 0) return {};
  struct stat after {};
  if (chmod(path.c_str(), status.st_mode & 07777 & ~unwanted) == 0 &&
      stat(path.c_str(), &after) == 0 && (after.st_mode & unwanted) == 0)
    return {};
  return unusable(path,
                  "is open to other users, and cannot be closed to them: the file system does "
                  "not allow it. Choose another data folder.");
}

/// A database and what SQLite keeps beside it. Keys are looked at by whoever reads them.
bool is_of_database(const fs::path& file) {
  const auto name = file.filename().string();
  const auto dot = name.rfind(".db");
  if (dot == std::string::npos) return false;
  const auto rest = name.substr(dot + 3);
  return rest.empty() || rest == "-wal" || rest == "-shm" || rest == "-journal";
}

Outcome<void> check_database(const fs::path& file) {
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0) return {};  // gone meanwhile
  if (!S_ISREG(status.st_mode)) return unusable(file, "is not a regular file.");
  if (auto owned = check_owner(file, status); !owned) return owned;
  if ((status.st_mode & 077) != 0) log::warn("a database of the data folder was open to others");
  return tighten(file, status, 077);
}

Outcome<void> check_folder(const fs::path& folder) {
  struct stat link {
  }, status{};
  if (lstat(folder.c_str(), &link) != 0 || stat(folder.c_str(), &status) != 0)
    return unusable(folder, std::string("cannot be looked at: ") + std::strerror(errno));
  // Whoever owns a link chooses where it leads.
  if (S_ISLNK(link.st_mode) && link.st_uid != 0)
    if (auto owned = check_owner(folder, link); !owned) return owned;
  if (auto owned = check_owner(folder, status); !owned) return owned;
  if ((status.st_mode & 022) != 0) log::warn("others could write to the data folder");
  if (auto tightened = tighten(folder, status, 022); !tightened) return tightened;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!is_of_database(entry->path())) continue;
    if (auto checked = check_database(entry->path()); !checked) return checked;
  }
  return {};
}

}  // namespace

fs::path data_dir(const std::optional<fs::path>& flag, const Variables& variables) {
  if (flag) return *flag;
  if (const auto set = variables("CULVER_DATA_DIR")) return *set;
  return xdg(variables, "XDG_DATA_HOME", ".local/share") / "culver";
}

fs::path server_data_dir(const std::optional<fs::path>& flag, const Variables& variables) {
  if (flag) return *flag;
  return xdg(variables, "XDG_DATA_HOME", ".local/share") / "culver-server";
}

fs::path config_file(const Variables& variables) {
  return xdg(variables, "XDG_CONFIG_HOME", ".config") / "culver" / "config.json";
}

Outcome<void> make_private_dir(const fs::path& folder) {
  if (folder.empty())
    return trouble(Fault::identity_unreadable,
                   "The data folder has no name: give one (--data-dir, CULVER_DATA_DIR).");
  // "folder/" and "folder" are the same place, but the former has no last component to make.
  const fs::path clean = folder.has_filename() ? folder : folder.parent_path();
  std::error_code error;
  if (clean.has_parent_path()) fs::create_directories(clean.parent_path(), error);
  const bool made = !error && mkdir(clean.c_str(), 0700) == 0;
  const int why = error ? error.value() : errno;
  if (made) return {};
  if (why == EEXIST && fs::is_directory(clean, error)) return check_folder(clean);
  if (why == EEXIST)
    return trouble(Fault::identity_unreadable,
                   "The data folder " + clean.string() +
                       " cannot be made: a file has that name. Choose another (--data-dir).");
  return trouble(fault_of_writing(why, Fault::identity_unreadable),
                 "The data folder " + clean.string() + " cannot be made: " + std::strerror(why));
}

}  // namespace culver::host
