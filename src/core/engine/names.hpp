// Which peer of the book people mean by a name, and by what each can be named. Source:
// docs/protocol/known-peers.md.
#pragma once

#include <cstdint>
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

/// As a peer may call itself: nothing for what reads like the digits of a fingerprint or like
/// NAME@DIGITS, by which the programs print and take peers, like a mark that they print behind a
/// name, as in "Ana (verified)", like their own, "culver", or like what somebody says, "Bob: yes".
/// The digits that default_name() puts
/// behind a host's name are its own to bear.
std::optional<Plaintext> name_of_peer(std::optional<Plaintext> name, const PublicKey& key);
enum class ReadsLike : std::uint8_t {
  fingerprint,
  handle,  ///< NAME@DIGITS
  mark,    ///< in brackets
  ours,    ///< "culver"
  speech,  ///< a colon, and then a blank or nothing; a question; quotation marks
};
/// As above, of a name whose key does not matter.
std::optional<ReadsLike> reads_like(std::string_view name);
inline bool is_like_handle(std::string_view name) { return reads_like(name).has_value(); }

/// How a name reads. To be kept where one name is compared with many.
class Reading {
 public:
  explicit Reading(std::string_view name);
  /// A reader would take one for the other: spelled the same, or of one skeleton. By this a name
  /// belongs to its first bearer. A name of nothing is like none.
  bool looks_like(const Reading& other) const;

 private:
  std::string folded_, look_, look_of_capitals_;
};

/// Spelled the same: unicode::folded(). This is what a person means who types it.
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
/// blanks, dashes and colons anywhere. A name that only looks like that of a peer means nobody,
/// unless digits stand behind it.
Meant who_is(std::span<const Known> book, std::string_view text);

/// The shortest text by which who_is() finds this peer alone, and that reads like nobody else's
/// name: its name, with an @ and as many digits as it takes if others have it too or look like it;
/// digits alone if it has none.
std::string handle(std::span<const Known> book, const Known& peer);

}  // namespace culver::engine
