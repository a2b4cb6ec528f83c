// Addresses by their text.
#pragma once

#include "core/base/endpoint.hpp"

namespace culver::ice {

inline Endpoint at(std::string_view text, std::uint16_t port = 1000) {
  return Endpoint::parse(text, port).value();
}

}  // namespace culver::ice
