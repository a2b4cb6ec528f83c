// In whose name a session speaks, and whose something is that was kept: a public key, which anybody
// can name, and behind it the key that a device has proven, if one has. What is unproven never
// replaces what is proven.
#pragma once

#include <variant>

#include "core/base/bytes.hpp"
#include "core/base/fsm.hpp"
#include "core/base/ids.hpp"
#include "core/handshake/server.hpp"

namespace culver::relay {

/// Nobody has shown anything.
struct Unproven {
  auto operator<=>(const Unproven&) const = default;
};

/// Who speaks on a socket. A proof is made by the handshake's verifier and by nobody else.
using Speaker = std::variant<Unproven, handshake::server::SignatureVerified>;

/// Who wants something in the name of a key.
struct Claimant {
  PublicKey key;
  Speaker speaker;
};

/// Whose something is, as it is kept. It gives no right: that takes a Claimant.
struct Owner {
  PublicKey key;
  std::variant<Unproven, UserId> prover;
  auto operator<=>(const Owner&) const = default;

  bool is_proven() const { return !std::holds_alternative<Unproven>(prover); }
};

inline Owner owner_of(const Claimant& claimant) {
  using Prover = std::variant<Unproven, UserId>;
  return {claimant.key,
          std::visit(fsm::overload{[](const Unproven& nobody) -> Prover { return nobody; },
                                   [](const handshake::server::SignatureVerified& proof) -> Prover {
                                     return proof.key();
                                   }},
                     claimant.speaker)};
}

/// Whether something of `newer` may come in the place of what `older` holds: of the same key, and
/// of the same prover, unless there was none.
inline bool may_replace(const Owner& newer, const Owner& older) {
  return newer.key == older.key && (!older.is_proven() || newer.prover == older.prover);
}

}  // namespace culver::relay
