// Open file description locks, fcntl(2): one for each number, at the byte of that offset.
#include "shell/store/process_lock.hpp"

#include <fcntl.h>

#include "shell/host/entropy.hpp"

namespace culver::store {
namespace {

struct flock byte_at(std::int64_t number) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = number;
  lock.l_len = 1;
  return lock;
}

std::int64_t any_number() {
  auto rng = host::system_rng();
  std::int64_t number = 0;
  for (const auto byte : rng.bytes<7>()) number = number << 8 | std::to_integer<std::int64_t>(byte);
  return number;
}

}  // namespace

Result<ProcessLock> ProcessLock::take(const std::filesystem::path& file) {
  host::FileDescriptor opened(
      ::open(file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  const auto number = any_number();
  auto lock = byte_at(number);
  if (!opened || fcntl(opened.get(), F_OFD_SETLK, &lock) != 0) return fail(Fault::store_failed);
  return ProcessLock(std::move(opened), number);
}

bool ProcessLock::is_taken(std::int64_t number) const {
  auto lock = byte_at(number);
  // Where the system does not say, nobody is pushed aside.
  return fcntl(file_.get(), F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

}  // namespace culver::store
