// A file name from elsewhere, made safe to create in a folder and to show on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace culver::transfer {

inline constexpr std::size_t safe_name_size = 200;  ///< bytes; leaves room for " (9999)"

/// A basename of 1..200 bytes of valid UTF-8: without path, control, direction and other invisible
/// characters, without dots or blanks at either end or a dash at the beginning, without characters
/// and names that Windows reserves. What leaves nothing becomes "unnamed". Applying it twice
/// changes nothing more.
std::string safe_name(std::string_view name);

/// "report.pdf", 2 -> "report (2).pdf".
std::string numbered_name(std::string_view name, unsigned number);

}  // namespace culver::transfer
