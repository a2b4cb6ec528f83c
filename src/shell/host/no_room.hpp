// A disk that is full is told as that, whatever file was to be written.
#pragma once

#include <cerrno>

#include "core/base/fault.hpp"

namespace culver::host {

/// Of an errno: no_space, or what it is otherwise.
inline Fault fault_of_writing(int error, Fault otherwise) {
  return error == ENOSPC || error == EDQUOT ? Fault::no_space : otherwise;
}

}  // namespace culver::host
