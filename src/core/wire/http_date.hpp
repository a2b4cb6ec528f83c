// The Date header of HTTP, RFC 9110 section 5.6.7.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/env.hpp"

namespace culver::wire {

/// "Sun, 06 Nov 1994 08:49:37 GMT"; the day of the week is not looked at. Only this form is read.
std::optional<WallTime> parse_http_date(std::string_view text);
/// To the second.
std::string print_http_date(WallTime time);

}  // namespace culver::wire
