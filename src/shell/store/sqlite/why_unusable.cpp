#include "shell/store/sqlite/why_unusable.hpp"

#include <cerrno>

#include <unistd.h>

namespace culver::store::sqlite {
namespace {

/// What SQLite needs beside a file to read it: its log and its index.
constexpr std::uintmax_t least_room = 64 * 1024;

bool is_full(const std::filesystem::path& folder) {
  std::error_code error;
  const auto room = std::filesystem::space(folder, error);
  return !error && room.available < least_room;
}

}  // namespace

tl::unexpected<host::Trouble> unusable(const std::string& what, const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const auto named = what + " " + file.string() + " cannot be used: ";
  for (const auto& path : {folder, file}) {
    if (::access(path.c_str(), W_OK) == 0 || errno == ENOENT) continue;
    const auto* why = errno == EROFS ? " is on a disk that cannot be written."
                                     : " is not ours to write. Check its owner and its mode.";
    return host::trouble(Fault::store_failed, named + path.string() + why);
  }
  if (is_full(folder))
    return host::trouble(Fault::no_space, named + "there is no space left on its disk.");
  return host::trouble(Fault::store_failed,
                       named + "it is damaged, or was made by a newer Culver.");
}

}  // namespace culver::store::sqlite
