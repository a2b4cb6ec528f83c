// Which of several receiving processes on one data folder known peers go to: the one that holds
// this lock. It is free again when its process has ended, however that ended.
#pragma once

#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>

#include "shell/host/file_descriptor.hpp"

namespace culver::host {

class SoleReceiver {
 public:
  explicit SoleReceiver(const std::filesystem::path& data_dir)
      : lock_(open((data_dir / "receive.lock").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                   0600)) {}

  /// Whether it is this process, now or already. A folder that cannot be written has one at most.
  bool try_become() { return !lock_ || flock(lock_.get(), LOCK_EX | LOCK_NB) == 0; }

 private:
  FileDescriptor lock_;
};

}  // namespace culver::host
