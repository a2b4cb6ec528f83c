// The insides of safe_name.hpp.
#include "core/transfer/safe_name.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/unicode.hpp"
#include "core/wire/utf8.hpp"

namespace culver::transfer {
namespace {

constexpr char32_t replacement = 0xFFFD;

void encode(char32_t point, std::string& out) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  const auto rest = [&](int shift) { put(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) return put(point);
  if (point < 0x800) return put(0xC0 | point >> 6), rest(0);
  if (point < 0x10000) return put(0xE0 | point >> 12), rest(6), rest(0);
  put(0xF0 | point >> 18), rest(12), rest(6), rest(0);
}

/// Zero-width joiners have a meaning within the scripts and pictures that need them, and nowhere
/// else: between letters as we know them they only make two names look like one. Beside a blank,
/// which may be taken from an end of the name, neither.
bool may_be_joined(char32_t c) {
  if (unicode::is_blank(c)) return false;
  return (c >= 0x0600 && c < 0x1E00) || (c >= 0x2190 && c <= 0x2BFF) || c == 0xFE0F ||
         (c >= 0x1F000 && c <= 0x1FAFF);
}

/// What a person does not see, or what turns or ends the line around it, is left out, so that a
/// name cannot show as another one.
bool stays(char32_t before, char32_t c, char32_t after) {
  if (!unicode::is_invisible(c)) return true;
  const bool joiner = c == 0x200C || c == 0x200D;
  if (joiner) return may_be_joined(before) && may_be_joined(after);
  return c == 0xFE0F && may_be_joined(before);  // "as a picture"
}

std::string_view basename(std::string_view path) {
  const auto slash = path.find_last_of("/\\");
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

char32_t point_of(const unicode::CodePoint& point) {
  return point.valid ? point.value : replacement;
}

std::u32string decoded(std::string_view name) {
  std::u32string points;
  while (!name.empty()) {
    const auto point = unicode::first(name);
    name.remove_prefix(point.size);
    points += point_of(point);
  }
  return points;
}

std::string cleaned(std::string_view name) {
  const auto points = decoded(name);
  std::u32string kept;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (stays(kept.empty() ? 0 : kept.back(), points[i], i + 1 < points.size() ? points[i + 1] : 0))
      kept += points[i];
  const auto is_end = [](char32_t c) { return c == U'.' || unicode::is_blank(c); };
  while (!kept.empty() && is_end(kept.back())) kept.pop_back();
  const auto first = std::find_if_not(kept.begin(), kept.end(), is_end);
  std::string out;
  for (auto at = first; at != kept.end(); ++at) {
    const bool reserved = *at < 0x80 && std::string_view(":*?\"<>|").find(static_cast<char>(*at)) !=
                                            std::string_view::npos;
    encode(reserved ? U'_' : *at, out);
  }
  return out;
}

std::string_view without_end_dots(std::string_view name) {
  const auto last = name.find_last_not_of(". ");
  return last == std::string_view::npos ? std::string_view{} : name.substr(0, last + 1);
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

/// Keeps the extension. Where it is cut may be a blank, or half of what is joined.
std::string shortened(std::string name) {
  if (name.size() <= safe_name_size) return name;
  const auto dot = extension_at(name);
  const std::string extension = name.substr(dot);
  return cleaned(wire::utf8::cut(std::string_view(name).substr(0, dot),
                                 safe_name_size - extension.size())) +
         extension;
}

}  // namespace

std::string safe_name(std::string_view name) {
  auto safe = shortened(cleaned(basename(name)));
  if (safe.empty()) return "unnamed";
  // A program would take a name that begins so for an option.
  if (is_windows_device(safe) || safe.front() == '-') safe.insert(0, "_");
  return shortened(std::move(safe));
}

std::string numbered_name(std::string_view name, unsigned number) {
  const auto dot = extension_at(name);
  return std::string(name.substr(0, dot)) + " (" + std::to_string(number) + ")" +
         std::string(name.substr(dot));
}

}  // namespace culver::transfer
