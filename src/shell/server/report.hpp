// What the server reports about itself on stderr: names from our source and numbers only.
#pragma once

#include <cstdint>

#include "core/base/text.hpp"

namespace culver::server {

void report(LogName event);
void report(LogName event, std::uint64_t number);

}  // namespace culver::server
