// The checksum of SCTP packets (RFC 9260 appendix A), by the CPU's own instruction.
#pragma once

#include <cstdint>

#include "core/base/bytes.hpp"

namespace culver::p2p {

/// Whether crc32c() may be called on this machine.
bool has_crc32c_instruction();
std::uint32_t crc32c(ByteView bytes);

}  // namespace culver::p2p
