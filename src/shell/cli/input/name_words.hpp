// Why a name that a person gives to itself, to a peer or to a device is not taken.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/unicode.hpp"

namespace culver::cli {

/// A sentence; nothing if what would be kept is what was written, and everybody shows it. One that
/// is empty is refused as well.
std::optional<std::string> why_not_called(std::string_view name, unicode::Room room);
/// The same of what it reads like only.
std::optional<std::string> why_not_read_as(std::string_view name);

}  // namespace culver::cli
