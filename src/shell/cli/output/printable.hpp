// Makes what comes from a peer, or from the file system, fit for a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace culver::cli {

/// One line: every control or bidirectional code point and every byte that is not UTF-8 is written
/// out (\n, \x1b, \u{202e}). Backslashes stay as they are: this is for eyes, not for parsers.
std::string printable(std::string_view text);

/// One character by its number, whatever it is.
std::string written_out(std::string_view character);

/// Several lines: newlines and tabs stay, and each further line begins with `indent`, so that no
/// line of a peer can pass for one of ours.
std::string printable_text(std::string_view text, std::string_view indent);

/// How wide a terminal shows it: wide characters take two columns, marks that combine none.
std::size_t columns_of(std::string_view text);

/// 0 B, 1023 B, 1.0 KiB, 12.3 MiB, 1.5 GiB.
std::string size_text(std::uint64_t bytes);
/// 420.0/1000.0 MiB: both in the unit of the total.
std::string sizes_text(std::uint64_t done, std::uint64_t total);
/// 0:07, 12:34, 1:02:03.
std::string duration_text(std::chrono::seconds duration);

}  // namespace culver::cli
