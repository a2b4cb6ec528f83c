#include "shell/p2p/library_holes.hpp"

namespace culver::p2p {
namespace {

/// As OPENSSL_VERSION_NUMBER has it since version 3.
constexpr unsigned long numbered(unsigned major, unsigned minor, unsigned patch) {
  return static_cast<unsigned long>(major) << 28 | static_cast<unsigned long>(minor) << 20 |
         static_cast<unsigned long>(patch) << 4;
}

std::string text_of(unsigned long version) {
  const auto part = [&](unsigned shift) { return std::to_string(version >> shift & 0xff); };
  return std::to_string(version >> 28 & 0xf) + '.' + part(20) + '.' + part(4);
}

}  // namespace

std::optional<std::string> hole_in_openssl(unsigned long version) {
  if (version >= numbered(3, 0, 23)) return std::nullopt;
  return "Warning: the OpenSSL library of this machine, version " + text_of(version) +
         ", has a known hole (CVE-2026-75806): a single datagram of a stranger can end a "
         "connection. Culver keeps such datagrams away from it; still, install version 3.0.23 or a "
         "later one.";
}

}  // namespace culver::p2p
