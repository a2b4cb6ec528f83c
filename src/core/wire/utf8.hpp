// UTF-8 (RFC 3629) as far as parsers need it: is it valid, where may it be cut, how long is it in
// the units that browsers count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace culver::wire::utf8 {

/// Shortest form only, no surrogates, nothing above U+10FFFF.
bool is_valid(std::string_view text);

/// The longest beginning of a valid text that has at most `bytes` bytes and splits no character.
std::string_view cut(std::string_view text, std::size_t bytes);

/// A valid text without control characters (C0, DEL, C1), then cut.
std::string printable(std::string_view text, std::size_t bytes);

/// Characters as a person counts them, nearly: the code points of a valid text.
std::size_t count(std::string_view text);

/// What JavaScript calls the length of a valid text.
std::size_t utf16_length(std::string_view text);

}  // namespace culver::wire::utf8
