// Result<T>: a value or a Fault. One alias, so that it becomes std::expected with a newer compiler.
#pragma once

#include <tl/expected.hpp>

#include "core/base/fault.hpp"

namespace culver {

template <class T>
using Result = tl::expected<T, Fault>;

inline tl::unexpected<Fault> fail(Fault fault) { return tl::unexpected<Fault>(fault); }

}  // namespace culver

#define CULVER_CONCAT_(a, b) a##b
#define CULVER_CONCAT(a, b) CULVER_CONCAT_(a, b)

/// TRY(auto x, expression): declares x from the value, or returns the fault to the caller.
#define TRY(declaration, ...)                                     \
  auto CULVER_CONCAT(try_, __LINE__) = (__VA_ARGS__);             \
  if (!CULVER_CONCAT(try_, __LINE__))                             \
    return ::culver::fail(CULVER_CONCAT(try_, __LINE__).error()); \
  declaration = std::move(*CULVER_CONCAT(try_, __LINE__))

/// CHECK_OK(expression): returns the fault of a Result<void> to the caller.
#define CHECK_OK(...) \
  if (auto checked_ = (__VA_ARGS__); !checked_) return ::culver::fail(checked_.error())
