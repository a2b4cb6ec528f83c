// The system calls behind parts.hpp.
#include "shell/store/parts.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/transfer/safe_name.hpp"
#include "core/wire/utf8.hpp"
#include "shell/store/system_calls.hpp"

namespace culver::store::parts {
namespace {

constexpr std::string_view hidden_prefix = ".culver-";
constexpr std::string_view hidden_suffix = ".part";
constexpr std::size_t random_length = 8;

Result<std::string> random_name() {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<unsigned char, random_length> random{};
  const auto filled = uninterrupted([&] { return ::getrandom(random.data(), random.size(), 0); });
  if (filled != static_cast<ssize_t>(random.size())) return fail(Fault::internal);
  std::string mark;
  for (const auto byte : random) mark += alphabet[byte % alphabet.size()];
  return name_of(mark);
}

/// The file system cannot do it in this way, and perhaps in another.
bool is_unable(int error) {
  return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == EPERM ||
         error == EMLINK || error == ENOTTY;
}

/// Takes the name with an empty file, which the other then replaces: where no call does both.
int reserve_and_rename(int folder, const std::string& from, const std::string& to) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const host::FileDescriptor reserved(
      uninterrupted([&] { return ::openat(folder, to.c_str(), flags, 0600); }));
  if (!reserved) return errno;
  if (::renameat(folder, from.c_str(), folder, to.c_str()) == 0) return 0;
  const int error = errno;
  struct stat facts {};
  if (is_ours(reserved.get(), folder, to) && ::fstat(reserved.get(), &facts) == 0 &&
      facts.st_size == 0)
    ::unlinkat(folder, to.c_str(), 0);
  return error;
}

/// What a file system may take that does not take the whole name: shorter, then plainer.
std::array<std::string, 4> easier_names(const std::string& name) {
  const auto shortened = [&](std::size_t most) {
    if (name.size() <= most) return name;
    const auto dot = name.rfind('.');
    const bool keeps = dot != std::string::npos && dot > 0 && name.size() - dot < most / 2;
    const auto extension = keeps ? name.substr(dot) : std::string();
    const auto stem = std::string_view(name).substr(0, name.size() - extension.size());
    return std::string(wire::utf8::cut(stem, most - extension.size())) + extension;
  };
  auto plain = shortened(100);
  std::replace_if(
      plain.begin(), plain.end(), [](unsigned char c) { return c >= 0x80 || c == ' '; }, '_');
  return {name, shortened(100), plain, "unnamed"};
}

/// The name, or the fault; an errno that blames the name itself is told in `blamed`.
Result<std::string> number_and_rename(int folder, const std::string& part, const std::string& name,
                                      bool& blamed) {
  constexpr unsigned most_numbers = 9'999;
  std::string candidate = name;
  for (unsigned number = 1; number <= most_numbers; ++number) {
    const int error = rename_without_overwriting(folder, part, candidate);
    if (error == 0) return candidate;
    errno = error;
    blamed = error == ENAMETOOLONG || error == EINVAL || error == EILSEQ;
    if (error != EEXIST) return fail(error == ENOENT ? Fault::file_unwritable : folder_fault());
    candidate = transfer::numbered_name(name, number);
  }
  return fail(Fault::file_unwritable);
}

}  // namespace

std::string name_of(std::string_view mark) {
  return std::string(hidden_prefix) + std::string(mark) + std::string(hidden_suffix);
}

bool is_name(std::string_view name) {
  return name.starts_with(hidden_prefix) && name.ends_with(hidden_suffix);
}

bool lock_or_do_without(int fd) {
  return uninterrupted([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) == 0 || errno != EWOULDBLOCK;
}

Result<std::string> make(int folder, host::FileDescriptor& file) {
  const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  for (int tries = 3; tries > 0; --tries) {
    TRY(auto name, random_name());
    file = host::FileDescriptor(
        uninterrupted([&] { return ::openat(folder, name.c_str(), flags, 0777); }));
    if (!file) return fail(folder_fault());
    // Whoever sweeps may have been quicker.
    struct stat facts {};
    if (lock_or_do_without(file.get()) && ::fstat(file.get(), &facts) == 0 && facts.st_nlink > 0)
      return name;
    ::unlinkat(folder, name.c_str(), 0);
  }
  return fail(Fault::file_unwritable);
}

bool is_ours(int fd, int folder, const std::string& name) {
  struct stat open {};
  struct stat named {};
  return ::fstat(fd, &open) == 0 && S_ISREG(open.st_mode) && open.st_uid == ::geteuid() &&
         open.st_nlink == 1 && ::fstatat(folder, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

host::FileDescriptor open(int folder, const std::string& name) {
  const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  return host::FileDescriptor(uninterrupted([&] { return ::openat(folder, name.c_str(), flags); }));
}

void sweep(int folder, const std::string& name, WallTime now, WallTime life) {
  const auto part = open(folder, name);
  if (!part || ::flock(part.get(), LOCK_EX | LOCK_NB) != 0 || !is_ours(part.get(), folder, name))
    return;
  struct stat facts {};
  if (::fstat(part.get(), &facts) != 0) return;
  const auto age = now - WallTime{facts.st_mtime} * 1000;
  const bool has_mark = name.size() > name_of("").size() + random_length;
  if (!has_mark || age > life) ::unlinkat(folder, name.c_str(), 0);
}

int rename_without_overwriting(int folder, const std::string& from, const std::string& to) {
  if (::renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (!is_unable(errno)) return errno;
  // A file system without the flag. A link never overwrites either.
  if (::linkat(folder, from.c_str(), folder, to.c_str(), 0) == 0) {
    ::unlinkat(folder, from.c_str(), 0);
    return 0;
  }
  return is_unable(errno) ? reserve_and_rename(folder, from, to) : errno;
}

Result<std::string> give_final_name(int folder, const std::string& part, const std::string& name) {
  bool blamed = true;
  Result<std::string> given = fail(Fault::file_unwritable);
  for (const auto& candidate : easier_names(name)) {
    given = number_and_rename(folder, part, candidate, blamed);
    if (given || !blamed) return given;
  }
  return given;
}

}  // namespace culver::store::parts
