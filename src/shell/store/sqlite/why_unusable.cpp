#include "shell/store/sqlite/why_unusable.hpp"

#include <cerrno>

#include <sys/resource.h>
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

/// SQLite calls it a broken disk when the system lets no file grow so far.
bool is_at_limit(const std::filesystem::path& file) {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return limit.rlim_cur < (error ? 0 : size) + least_room;
}

}  // namespace

std::optional<host::Trouble> why_unwritten(const std::string& what,
                                           const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const auto named = what + " " + file.string() + " cannot be used: ";
  for (const auto& path : {folder, file}) {
    if (::access(path.c_str(), W_OK) == 0 || errno == ENOENT) continue;
    const auto* why = errno == EROFS ? " is on a disk that cannot be written."
                                     : " is not ours to write. Check its owner and its mode.";
    return host::Trouble{Fault::store_failed, named + path.string() + why};
  }
  if (is_full(folder))
    return host::Trouble{Fault::no_space, named + "there is no space left on its disk."};
  if (is_at_limit(file))
    return host::Trouble{Fault::store_failed,
                         named +
                             "this process may not write files of that size. Raise the limit "
                             "(ulimit -f)."};
  return std::nullopt;
}

tl::unexpected<host::Trouble> unusable(const std::string& what, const std::filesystem::path& file) {
  if (auto why = why_unwritten(what, file)) return tl::unexpected(std::move(*why));
  return host::trouble(Fault::store_failed, what + " " + file.string() +
                                                " cannot be used: it is damaged, or was made by a "
                                                "newer Culver.");
}

}  // namespace culver::store::sqlite
