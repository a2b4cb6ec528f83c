// Why a server could not be dialled, in words.
#pragma once

#include <string>
#include <string_view>

#include "core/base/dial_failure.hpp"

namespace culver::host {

/// "example.org port 443 (192.0.2.1)".
std::string where(const DialFailure& failure);
/// What happened there. It may hold foreign text (dial::HttpStatus).
std::string sentence(const dial::Cause& cause);
/// What the person can do about a server that was named by --server.
std::string_view advice(const dial::Cause& cause);

}  // namespace culver::host
