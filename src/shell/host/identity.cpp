// The identity file: a version line and the private key in base64.
#include "shell/host/identity.hpp"

#include <array>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/wire/base64.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/host/paths.hpp"

namespace culver::host {
namespace {

namespace fs = std::filesystem;
using wire::base64::encoded_size;

constexpr std::string_view version_line = "culver-identity-1\n";
constexpr std::size_t content_size =
    version_line.size() + encoded_size(crypto::PrivateKey::size) + 1;  // and a newline
using Content = Secret<content_size>;

tl::unexpected<Trouble> unreadable(const fs::path& file, const std::string& why) {
  return trouble(Fault::identity_unreadable, "The identity " + file.string() + " " + why);
}

/// Secrets leave no copy in freed memory.
template <class Buffer>
void wipe(Buffer& buffer) {
  explicit_bzero(buffer.data(), buffer.size());
}

Content print(const crypto::PrivateKey& key) {
  std::string encoded = wire::base64::encode(key.expose());
  Content content;
  auto out = content.expose_to_fill();
  const auto head = as_bytes(version_line);
  auto end = std::copy(head.begin(), head.end(), out.begin());
  const auto body = as_bytes(encoded);
  end = std::copy(body.begin(), body.end(), end);
  *end = std::byte{'\n'};
  wipe(encoded);
  return content;
}

std::optional<crypto::PrivateKey> parse(const Content& content) {
  const auto text = as_text(content.expose());
  if (!text.starts_with(version_line) || !text.ends_with('\n')) return std::nullopt;
  auto decoded = wire::base64::decode(
      text.substr(version_line.size(), content_size - version_line.size() - 1));
  if (!decoded) return std::nullopt;
  std::optional<crypto::PrivateKey> key;
  if (decoded->size() == crypto::PrivateKey::size)
    key.emplace(std::span<const std::byte, crypto::PrivateKey::size>(*decoded));
  wipe(*decoded);
  return key;
}

/// Nothing if there is no such file.
Outcome<std::optional<crypto::KeyPair>> read(const fs::path& file) {
  const FileDescriptor descriptor(
      open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor) {
    if (errno == ENOENT) return std::nullopt;
    return unreadable(file, std::string("cannot be opened: ") + strerror(errno) + ".");
  }
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return unreadable(file, "is not a regular file.");
  if (status.st_uid != geteuid()) return unreadable(file, "belongs to another user.");
  if ((status.st_mode & 077) != 0)
    return unreadable(file, "can be read by others: chmod 600 it if you still trust it.");
  Content content;
  if (status.st_size != static_cast<off_t>(content_size) ||
      !read_all(descriptor, content.expose_to_fill()))
    return unreadable(file, "is damaged: it does not have the right length.");
  auto key = parse(content);
  if (!key) return unreadable(file, "is damaged, or was made by a newer Culver.");
  return crypto::KeyPair::from_private(std::move(*key));
}

/// A complete file of a name of its own, gone again when this object dies.
class Draft {
 public:
  explicit Draft(const fs::path& beside) : path_(beside.string() + ".XXXXXX") {
    descriptor_ = FileDescriptor(mkostemp(path_.data(), O_CLOEXEC));  // O_EXCL and mode 0600
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft() {
    if (descriptor_) unlink(path_.c_str());
  }
  bool write(ByteView bytes) {
    return descriptor_ && write_all(descriptor_, bytes) && fsync(descriptor_.get()) == 0;
  }
  /// Gives it its final name as well, unless there is such a file already: unlike rename(), link()
  /// never replaces, so that two processes that start at once agree on the first one's key.
  bool publish(const fs::path& file) {
    return link(path_.c_str(), file.c_str()) == 0 || errno == EEXIST;
  }

 private:
  std::string path_;
  FileDescriptor descriptor_;
};

Outcome<void> create(const fs::path& file) {
  auto rng = system_rng();
  const auto content = print(rng.secret<crypto::PrivateKey::size>());
  Draft draft(file);
  if (!draft.write(content.expose()) || !draft.publish(file))
    return unreadable(file, std::string("cannot be made: ") + strerror(errno) + ".");
  const FileDescriptor folder(open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) fsync(folder.get());  // some file systems cannot; the file itself is safe
  return {};
}

}  // namespace

Outcome<crypto::KeyPair> open_identity(const fs::path& data_dir) {
  if (auto made = make_private_dir(data_dir); !made) return tl::unexpected(made.error());
  const fs::path file = data_dir / "identity.key";
  auto found = read(file);
  if (found && !*found) {
    if (auto made = create(file); !made) return tl::unexpected(made.error());
    found = read(file);
  }
  if (!found) return tl::unexpected(found.error());
  if (!*found) return unreadable(file, "vanished while it was being made.");
  return std::move(**found);
}

}  // namespace culver::host
