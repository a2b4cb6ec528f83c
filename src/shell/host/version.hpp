// The version of both programs, as the build names it.
#pragma once

#include <string_view>

namespace culver::host {

inline constexpr std::string_view version = CULVER_VERSION;

}  // namespace culver::host
