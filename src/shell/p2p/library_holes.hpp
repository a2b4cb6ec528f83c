// What is known to be wrong with the OpenSSL library that this process runs with, which need not be
// the one that it was built with.
#pragma once

#include <optional>
#include <string>

namespace culver::p2p {

/// A sentence for a person, if this version (OpenSSL_version_num) has a hole that a stranger can
/// use against a connection.
std::optional<std::string> hole_in_openssl(unsigned long version);

}  // namespace culver::p2p
