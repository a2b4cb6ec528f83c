// Reads UTF-8 one code point at a time, and knows which code points act on a terminal or reorder
// text instead of being seen. It knows no terminal.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace culver::unicode {

struct CodePoint {
  char32_t value;    ///< of an invalid sequence: its first byte
  std::size_t size;  ///< bytes taken; 1 for an invalid sequence
  bool valid;
};

/// The first code point of a text that is not empty. Overlong forms, surrogates and values beyond
/// U+10FFFF are invalid.
CodePoint first(std::string_view text);

/// Whatever a person does not see but a terminal obeys: C0, DEL and C1 controls, the bidirectional
/// marks, embeddings, overrides and isolates, line and paragraph separators, tags, interlinear
/// annotations and noncharacters.
bool is_control(char32_t c);

/// Controls and whatever else leaves no mark: joiners, fillers, variation selectors
/// (Default_Ignorable of the Unicode Character Database, chapter 5.21 of the standard).
bool is_invisible(char32_t c);

/// Leaves room and no mark: spaces of every width, and the empty braille pattern.
bool is_blank(char32_t c);
/// Counts as a letter and is seen as a blank: the fillers of Hangul.
bool is_filler(char32_t c);

/// How much of a label may be kept.
struct Room {
  std::size_t bytes = std::numeric_limits<std::size_t>::max();
  std::size_t characters = std::numeric_limits<std::size_t>::max();
};
/// One line without controls, without what is not UTF-8 and without blanks at its ends; as much of
/// it as there is room for. Nothing if nobody would see it.
std::string label(std::string_view text, Room room);

}  // namespace culver::unicode
