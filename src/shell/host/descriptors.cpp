// RLIMIT_NOFILE.
#include "shell/host/descriptors.hpp"

#include <algorithm>

#include <sys/resource.h>

namespace culver::host {
namespace {

/// For the books, the loop, the server, and a link with a few addresses.
constexpr rlim_t least = 32;
constexpr rlim_t most = 4'096;

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto wanted = std::min(limit.rlim_max, most);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
}

bool few_descriptors() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < least;
}

}  // namespace culver::host
