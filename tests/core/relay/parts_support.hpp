// When the parts of the relay begin in their tests, and the codes they meet.
#pragma once

#include "tests/core/relay/hub_fixture_support.hpp"

namespace culver::relay {

constexpr TimePoint start{std::chrono::hours(1)};
inline const auto a = code("AAAAAA"), b = code("BBBBBB"), c = code("CCCCCC");

}  // namespace culver::relay
