// The version of both programs: that of project() in CMakeLists.txt.
#pragma once

#include <string_view>

namespace culver::host {

inline constexpr std::string_view version = CULVER_VERSION;

}  // namespace culver::host
