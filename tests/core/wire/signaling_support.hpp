// The code and the key in the examples of signaling.
#pragma once

#include "core/wire/base64.hpp"

namespace culver::wire::signaling {

inline constexpr std::string_view key_text = "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw=";
inline const PairingCode code = *PairingCode::parse("K7MW2Q");
inline const PublicKey key = *base64::parse_public_key(key_text);

}  // namespace culver::wire::signaling
