// How a connection ends: the state that every other one may lead to.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/fault.hpp"

namespace culver::connection {

/// The end. Without a fault: a goodbye, ours or the peer's.
struct Closed {
  static constexpr std::string_view name = "Closed";
  std::optional<Fault> fault;
};

}  // namespace culver::connection
