// Whom a person means by a name: a peer of the book, and for `send` perhaps a file instead.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "core/engine/known.hpp"
#include "shell/cli/verbs/send_verb.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

/// Troubles: no_such_peer, name_ambiguous.
host::Outcome<PublicKey> peer_named(std::span<const engine::Known> book, const std::string& name);

/// A peer that is to be met without a code.
struct Addressee {
  PublicKey key;
  Plaintext name;  ///< as the book shows it
  bool operator==(const Addressee&) const = default;
};

/// By --to, or by the first of the files if no code is given and it is the name of a peer; that one
/// is then taken out of them. Nothing: there is, or will be, a code. Troubles: no_such_peer,
/// name_ambiguous, peer_blocked, usage.
host::Outcome<std::optional<Addressee>> take_addressee(SendOptions& options,
                                                       std::span<const engine::Known> book,
                                                       bool has_code);

}  // namespace culver::cli
