// What is in memory stays there: no core dump holds keys and texts, and no other process of the
// user may read them.
#pragma once

#include <sys/prctl.h>
#include <sys/resource.h>

namespace culver::host {

/// At the start, for the whole process. Checkers that look into their own process need to be let.
inline void forbid_dumps() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

}  // namespace culver::host
