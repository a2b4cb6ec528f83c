// Which characters look like a Latin letter, a dash or an apostrophe. Source:
// docs/decisions/012-names.md.
#pragma once

namespace culver::unicode {

/// Of the capitals whose small letters look like something else; everything else is itself.
char32_t capital_in_latin(char32_t c);

/// The small letter, digit or sign of ASCII that a folded, decomposed character looks like, be it
/// as a small letter or, where that is like nothing, as a capital; everything else is itself.
char32_t small_in_latin(char32_t c);

}  // namespace culver::unicode
