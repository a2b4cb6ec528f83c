// Parsing and making codes.
#include "core/base/strong.hpp"

#include <optional>

namespace culver {
namespace {

/// Without what a person puts between the characters; nothing if more than `most` are left.
std::optional<std::string> without_blanks(std::string_view text, std::size_t most) {
  std::string cleaned;
  for (const char c : text) {
    if (c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n') continue;
    if (cleaned.size() == most) return std::nullopt;
    cleaned += c;
  }
  return cleaned;
}

}  // namespace

Result<PairingCode> PairingCode::parse(std::string_view text) {
  if (text.size() != length) return fail(Fault::bad_pairing_code);
  PairingCode code;
  for (std::size_t i = 0; i < length; ++i) {
    if (alphabet.find(text[i]) == std::string_view::npos) return fail(Fault::bad_pairing_code);
    code.chars_[i] = text[i];
  }
  return code;
}

Result<PairingCode> PairingCode::parse_typed(std::string_view text) {
  auto cleaned = without_blanks(text, length);
  if (!cleaned) return fail(Fault::bad_pairing_code);
  for (char& c : *cleaned)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return parse(*cleaned);
}

PairingCode PairingCode::from_random(std::array<std::byte, length> random) {
  PairingCode code;
  for (std::size_t i = 0; i < length; ++i)
    code.chars_[i] = alphabet[std::to_integer<std::size_t>(random[i]) % alphabet.size()];
  return code;
}

std::string PairingCode::masked() const {
  return std::string(1, chars_.front()) + "****" + std::string(1, chars_.back());
}

Result<LinkCode> LinkCode::parse(std::string_view text) {
  const bool is_short = text.size() == digits;
  const auto allowed = is_short ? std::string_view("0123456789") : PairingCode::alphabet;
  if ((!is_short && text.size() != length) ||
      text.find_first_not_of(allowed) != std::string_view::npos)
    return fail(Fault::bad_link_code);
  LinkCode code;
  text.copy(code.chars_.data(), length);
  code.size_ = text.size();
  return code;
}

Result<LinkCode> LinkCode::parse_typed(std::string_view text) {
  auto cleaned = without_blanks(text, length);
  if (!cleaned) return fail(Fault::bad_link_code);
  for (char& c : *cleaned)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return parse(*cleaned);
}

LinkCode LinkCode::from_random(std::array<std::byte, length> random) {
  LinkCode code;
  code.size_ = length;
  for (std::size_t i = 0; i < length; ++i)
    code.chars_[i] = PairingCode::alphabet[std::to_integer<std::size_t>(random[i]) %
                                           PairingCode::alphabet.size()];
  return code;
}

std::string LinkCode::spoken() const {
  if (is_digits()) return std::string(text());
  const auto all = std::string(text());
  return all.substr(0, 3) + '-' + all.substr(3, 4) + '-' + all.substr(7);
}

}  // namespace culver
