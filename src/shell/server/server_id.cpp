// Reading and making the server's name.
#include "shell/server/server_id.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/wire/base64.hpp"

namespace culver::server {
namespace {

constexpr std::string_view prefix = "ed25519:";
constexpr std::size_t random_bytes = 32;

struct File {
  int fd;
  explicit File(int descriptor) : fd(descriptor) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
};

bool is_id(std::string_view text) {
  if (!text.starts_with(prefix)) return false;
  const auto bytes = wire::base64::decode(text.substr(prefix.size()));
  return bytes && bytes->size() == random_bytes;
}

Result<std::string> read_id(int fd) {
  std::string text(128, '\0');
  const auto size = ::read(fd, text.data(), text.size());
  if (size < 0) return fail(Fault::store_failed);
  text.resize(static_cast<std::size_t>(size));
  if (text.ends_with('\n')) text.pop_back();
  if (!is_id(text)) return fail(Fault::store_failed);
  return text;
}

/// Under another name first, so that a crash leaves either nothing or the whole file.
Result<std::string> create_id(const std::filesystem::path& path, Rng& rng) {
  const auto id = std::string(prefix) + wire::base64::encode(rng.bytes<random_bytes>());
  auto draft = path;
  draft += "." + std::to_string(::getpid());
  {
    const File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const auto line = id + "\n";
    if (file.fd < 0 || ::write(file.fd, line.data(), line.size()) != ssize_t(line.size()) ||
        ::fsync(file.fd) != 0)
      return fail(Fault::store_failed);
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return fail(Fault::store_failed);
  return id;
}

}  // namespace

Result<std::string> load_or_create_id(const std::filesystem::path& data_dir, Rng& rng) {
  std::error_code error;
  if (!std::filesystem::is_directory(data_dir, error)) {
    std::filesystem::create_directories(data_dir, error);
    if (error || ::chmod(data_dir.c_str(), 0700) != 0) return fail(Fault::store_failed);
  }
  const auto path = data_dir / "server-id";
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd >= 0) return read_id(file.fd);
  if (errno != ENOENT) return fail(Fault::store_failed);
  return create_id(path, rng);
}

}  // namespace culver::server
