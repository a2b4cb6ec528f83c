// What of a file is in the page cache, and file systems for one test that know only that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/store/aligned_block.hpp"
#include "shell/store/files.hpp"

namespace culver::store {

/// Bytes that differ from block to block and from page to page.
inline std::string patterned(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 131 + i / 251);
  return text;
}

inline host::FileDescriptor open_for_test(const std::filesystem::path& path) {
  return host::FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

/// Whether files in this folder can be written past the cache at all.
inline bool knows_direct(const std::filesystem::path& folder) {
  const host::FileDescriptor probe(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  return probe && set_direct(probe.get(), true);
}

inline std::size_t cached_pages(int file) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0 || facts.st_size == 0) return 0;
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* const seen = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  std::vector<unsigned char> pages((size + direct_unit - 1) / direct_unit);
  ::mincore(seen, size, pages.data());
  ::munmap(seen, size);
  std::size_t count = 0;
  for (const auto page : pages) count += page & 1;
  return count;
}

/// Takes the file out of the page cache.
inline void make_cold(int file) {
  ::fsync(file);
  ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
}

/// A file system on a folder, if one may be mounted here.
class Mounted {
 public:
  Mounted(const char* type, std::filesystem::path folder, const char* options = "")
      : folder_(std::move(folder)),
        mounted_(::mount(type, folder_.c_str(), type, 0, options) == 0) {}
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  ~Mounted() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  explicit operator bool() const { return mounted_; }

 private:
  std::filesystem::path folder_;
  bool mounted_;
};

}  // namespace culver::store
