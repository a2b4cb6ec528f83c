// How names are compared: by what they say in whatever spelling, and by what they look like.
// Source: docs/decisions/012-names.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace culver::unicode {

/// More of a text is not looked at, and no result is longer: any name that is kept is far shorter.
inline constexpr std::size_t longest_folded = 1'024;

/// NFKC_Casefold (The Unicode Standard, 3.13) of what is valid UTF-8, without what leaves no mark;
/// blanks of every kind are one blank, and none at the ends: nobody sees them there.
std::string folded(std::string_view text);

/// The same, decomposed, with the letters of other scripts as the Latin ones that they look like.
std::string in_latin(std::string_view text);

/// For a guess at what was meant: folded, without accents and blanks, whoever then reads the same.
std::string without_accents(std::string_view text);

/// Texts that look alike have one skeleton (the manner of UTS 39, by a table of our own): that of
/// in_latin(), and i, l and 1 are one letter, and o and 0. The skeleton of a skeleton is itself. It
/// is never shown.
std::string skeleton(std::string_view text);

/// Of the text in capitals, which may look like others than its small letters: the Greek nu looks
/// like v, and like N.
std::string skeleton_of_capitals(std::string_view text);

}  // namespace culver::unicode
