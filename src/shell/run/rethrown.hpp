// What happens to what a coroutine throws.
#pragma once

#include <exception>

namespace culver::run {

/// For co_spawn, in the place of asio::detached, which forgets it: run() of the loop throws it, and
/// so the process ends instead of going on without that coroutine.
inline constexpr auto rethrown = [](const std::exception_ptr& thrown) {
  if (thrown) std::rethrow_exception(thrown);
};

}  // namespace culver::run
