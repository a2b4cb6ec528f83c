// What the system calls on files have in common.
#pragma once

#include <cerrno>

#include "core/base/fault.hpp"

namespace culver::store {

/// Repeats a system call that a signal has interrupted.
template <class Call>
auto uninterrupted(Call call) {
  while (true) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// What errno means for a file that is being written.
inline Fault write_fault() {
  return errno == ENOSPC || errno == EDQUOT ? Fault::no_space : Fault::file_unwritable;
}

}  // namespace culver::store
