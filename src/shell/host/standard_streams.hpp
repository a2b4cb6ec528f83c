// Descriptors 0, 1 and 2 are taken, whoever has started us: otherwise the next file that is opened
// becomes standard output, and what is said to a person ends in it.
#pragma once

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace culver::host {

/// One that was closed is one that cannot be written, except standard error: what nobody wants to
/// hear is no failure. Standard input is at its end.
inline void fill_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest that is free is this one.
    (void)open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace culver::host
