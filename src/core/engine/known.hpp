// What the engine knows of peers from earlier connections, and whom it is to believe. Source:
// docs/protocol/known-peers.md.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/text.hpp"

namespace culver::engine {

/// A row of the peer book, as far as the engine needs it.
struct Known {
  PublicKey key;
  std::optional<Plaintext> name;   ///< what it calls itself
  std::optional<Plaintext> alias;  ///< what we call it instead
  bool is_blocked = false;
  bool is_culver = false;  ///< it has confirmed its keys in the manner of Culver: never less again
  bool is_verified = false;  ///< a person has compared the safety number
  /// What it called itself before, newest last: while it has no alias, these names are its own too.
  std::vector<Plaintext> earlier = {};

  static constexpr std::size_t earlier_names = 8;

  const std::optional<Plaintext>& called() const { return alias ? alias : name; }
};

/// What happens to a key that the book does not have.
enum class Trust : std::uint8_t { on_first_use, always, never };

/// What is done with those who ask to pair, are welcome, and are not looked for.
enum class PairRequests : std::uint8_t {
  ask,     ///< a person
  accept,  ///< all, but who uses another's name, and who was forgotten meanwhile and is asked about
  refuse,  ///< without a word
};

}  // namespace culver::engine
