// A QR code drawn with half-block characters.
#pragma once

#include <string>
#include <string_view>

#include "shell/cli/output/screen.hpp"

namespace culver::cli {

/// Lines of two modules' height each, light modules drawn, with the quiet zone that the standard
/// asks for: right for the dark background that terminals mostly have, and readers take the
/// inverse as well. Empty if the text does not fit into a QR code, or that into so many columns.
std::string qr_code(std::string_view text, std::size_t columns);

/// On a terminal that has room for it.
void show_qr(Screen& screen, std::string_view text);

}  // namespace culver::cli
