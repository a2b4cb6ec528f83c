// What a client leaves for a peer at a rendezvous point, before it is sealed: who was here, and
// when. Source: zajel-peer 1.6. What else Zajel's app writes (relays, addresses) is not read.
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"
#include "core/base/result.hpp"

namespace culver::wire {

struct DropContent {
  PublicKey key;
  WallTime at;  ///< to the millisecond
  bool operator==(const DropContent&) const = default;
};

/// {"pubkey","fallbackRelays":[],"timestamp"}, the time in ISO 8601 and UTC.
std::string print(const DropContent& note);
/// Faults: malformed (also a time that is none, or of another zone), missing_field, wrong_type,
/// bad_public_key.
Result<DropContent> parse_drop_content(std::string_view text);

}  // namespace culver::wire
