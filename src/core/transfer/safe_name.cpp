// The insides of safe_name.hpp.
#include "core/transfer/safe_name.hpp"

#include <algorithm>
#include <array>

#include "core/wire/utf8.hpp"

namespace culver::transfer {
namespace {

constexpr char32_t replacement = 0xFFFD;

struct Decoded {
  char32_t point;
  std::size_t length;  ///< bytes
};

/// One code point, strictly (RFC 3629: nothing overlong, no surrogate); a byte that begins none is
/// one replacement character.
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) -> char32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const char32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  char32_t point = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {replacement, 1};
    point = point << 6 | (byte(i) & 0x3F);
  }
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  const bool bad_lead = lead < 0xC2 || lead > 0xF4;
  if (bad_lead || surrogate || point < smallest[length] || point > 0x10FFFF)
    return {replacement, 1};
  return {point, length};
}

void encode(char32_t point, std::string& out) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  const auto rest = [&](int shift) { put(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) return put(0xC0 | point >> 6), rest(0);
  if (point < 0x10000) return put(0xE0 | point >> 12), rest(6), rest(0);
  put(0xF0 | point >> 18), rest(12), rest(6), rest(0);
}

/// What would move a cursor, end a line or turn the direction of the text around it, so that a name
/// shows as another one.
bool invisible_and_harmful(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
  const bool direction = c == 0x061C || c == 0x200E || c == 0x200F ||
                         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  const bool line = c == 0x2028 || c == 0x2029;
  const bool byte_order_mark = c == 0xFEFF;
  return control || direction || line || byte_order_mark;
}

std::string_view basename(std::string_view path) {
  const auto slash = path.find_last_of("/\\");
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string cleaned(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const auto [point, length] = decode(name);
    name.remove_prefix(length);
    if (invisible_and_harmful(point)) continue;
    const bool reserved =
        point < 0x80 &&
        std::string_view(":*?\"<>|").find(static_cast<char>(point)) != std::string_view::npos;
    encode(reserved ? U'_' : point, out);
  }
  return out;
}

std::string_view without_end_dots(std::string_view name) {
  const auto last = name.find_last_not_of(". ");
  return last == std::string_view::npos ? std::string_view{} : name.substr(0, last + 1);
}
std::string_view trimmed(std::string_view name) {
  const auto first = name.find_first_not_of(". ");
  return first == std::string_view::npos ? std::string_view{}
                                         : without_end_dots(name.substr(first));
}

/// Devices that Windows finds under these names in every folder, with any extension.
bool is_windows_device(std::string_view name) {
  std::string stem(without_end_dots(name.substr(0, name.find('.'))));
  std::transform(stem.begin(), stem.end(), stem.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  constexpr std::array<std::string_view, 6> devices{"CON", "PRN",    "AUX",
                                                    "NUL", "CONIN$", "CONOUT$"};
  if (std::find(devices.begin(), devices.end(), stem) != devices.end()) return true;
  if (!stem.starts_with("COM") && !stem.starts_with("LPT")) return false;
  const std::string_view port = std::string_view(stem).substr(3);
  return (port.size() == 1 && port[0] >= '0' && port[0] <= '9') || port == "\u00B9" ||
         port == "\u00B2" || port == "\u00B3";
}

/// Where the extension begins, or the end. A very long one is not an extension.
std::size_t extension_at(std::string_view name) {
  const auto dot = name.rfind('.');
  constexpr std::size_t longest = 20;
  const bool none = dot == std::string_view::npos || dot == 0 || name.size() - dot > longest;
  return none ? name.size() : dot;
}

}  // namespace

std::string safe_name(std::string_view name) {
  const std::string clean = cleaned(basename(name));
  std::string safe(trimmed(clean));
  if (safe.empty()) return "unnamed";
  if (is_windows_device(safe)) safe.insert(0, "_");
  if (safe.size() <= safe_name_size) return safe;
  const auto dot = extension_at(safe);
  const std::string extension = safe.substr(dot);
  const auto stem =
      wire::utf8::cut(std::string_view(safe).substr(0, dot), safe_name_size - extension.size());
  return std::string(without_end_dots(stem)) + extension;
}

std::string numbered_name(std::string_view name, unsigned number) {
  const auto dot = extension_at(name);
  return std::string(name.substr(0, dot)) + " (" + std::to_string(number) + ")" +
         std::string(name.substr(dot));
}

}  // namespace culver::transfer
