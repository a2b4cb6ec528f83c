// Which peer of the book people mean by a name, and by what each can be named. Source:
// docs/protocol/known-peers.md.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/text.hpp"
#include "core/engine/known.hpp"

namespace culver::engine {

/// As a name is kept: valid UTF-8 without control characters and without blanks at its ends, cut to
/// wire::limits::proposed_name bytes. Nothing if nothing is left.
std::optional<Plaintext> clean_name(std::string_view text);

/// What a machine calls itself whose owner has not said: its host's name, and behind a dash the
/// first digits of its fingerprint. Machines of one host name are then not taken for one another,
/// and a new key comes under a new name.
Plaintext default_name(std::string_view host, const PublicKey& key);

/// Whether a reader would take one for the other: without case (unicode::lower) and without what
/// leaves no mark. Two names of nothing are not the same.
bool is_same_name(std::string_view one, std::string_view other);

/// So many digits of a fingerprint are enough without a name.
inline constexpr std::size_t digits_alone = 8;

struct NobodyMeant {};
struct SeveralMeant {
  std::vector<PublicKey> candidates;  ///< in the order of the book
};
using Meant = std::variant<NobodyMeant, PublicKey, SeveralMeant>;

/// All at once, so that nobody can hide another peer behind a name that is spelled like its
/// fingerprint: a name; a default_name() without its digits; NAME@BEGINNING of the fingerprint; at
/// least digits_alone digits of the beginning alone. Digits are hexadecimal of either case, with
/// blanks, dashes and colons anywhere.
Meant who_is(std::span<const Known> book, std::string_view text);

/// The shortest text by which who_is() finds this peer alone: its name, with an @ and as many
/// digits as it takes if others have it too; digits alone if it has none.
std::string handle(std::span<const Known> book, const Known& peer);

}  // namespace culver::engine
