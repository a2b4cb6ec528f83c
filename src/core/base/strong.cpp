// Parsing and making pairing codes.
#include "core/base/strong.hpp"

namespace culver {

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
  std::string cleaned;
  for (char c : text) {
    if (c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '\n') continue;
    if (cleaned.size() == length) return fail(Fault::bad_pairing_code);
    cleaned += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return parse(cleaned);
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

}  // namespace culver
