// What stands in a field of an HTTP header.
#pragma once

#include <string_view>

namespace culver::net_ {

/// Without the optional white space around it. RFC 9110 section 5.6.3.
inline std::string_view without_blanks(std::string_view value) {
  const auto first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return value.substr(first, value.find_last_not_of(" \t") - first + 1);
}

}  // namespace culver::net_
