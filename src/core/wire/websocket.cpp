// Reading client frames piece by piece, and the few bytes that a server puts before its own.
#include "core/wire/websocket.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/wire/utf8.hpp"

namespace culver::wire::websocket {
namespace {

constexpr std::uint8_t fin = 0x80, reserved = 0x70, opcode_bits = 0x0f;
constexpr std::uint8_t mask = 0x80, length_bits = 0x7f;
constexpr std::uint8_t length_in_16 = 126, length_in_64 = 127;
constexpr std::size_t mask_size = 4;

constexpr bool is_control(std::uint8_t opcode) { return (opcode & 0x8) != 0; }

constexpr bool is_known(std::uint8_t opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

/// Those that may be sent: section 7.4.
constexpr bool is_close_code(std::uint16_t code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

/// RFC 6455 section 7.4.2: the code, then a reason in UTF-8; or nothing at all.
Incoming parse_close(std::string_view payload) {
  if (payload.empty()) return CloseFrame{no_status};
  if (payload.size() == 1) return Broken{protocol_error};
  const auto high = static_cast<std::uint8_t>(payload[0]);
  const auto low = static_cast<std::uint8_t>(payload[1]);
  const auto code = static_cast<std::uint16_t>(high << 8 | low);
  if (!is_close_code(code)) return Broken{protocol_error};
  if (!utf8::is_valid(payload.substr(2))) return Broken{not_utf8};
  return CloseFrame{code};
}

}  // namespace

std::optional<Incoming> Reader::next(std::string_view& input) {
  for (;;) {
    if (!in_payload_) {
      if (!take_header(input)) return std::nullopt;
      if (const auto broken = open_frame()) return *broken;
    }
    const bool complete = take_payload(input);
    if (too_long_ && !std::exchange(told_too_long_, too_long_)) return TooLong{};
    if (!complete) return std::nullopt;
    if (auto incoming = close_frame()) return incoming;
  }
}

std::size_t Reader::header_size() const {
  const auto length = header_[1] & length_bits;
  return 2 + (length == length_in_16 ? 2u : length == length_in_64 ? 8u : 0u) + mask_size;
}

bool Reader::take_header(std::string_view& input) {
  while (header_have_ < 2 || header_have_ < header_size()) {
    if (input.empty()) return false;
    header_[header_have_++] = static_cast<std::uint8_t>(input.front());
    input.remove_prefix(1);
    // A server's frame has no masking key to wait for; neither has one that makes no sense.
    if (header_have_ == 2 && (header_[1] & mask) == 0) break;
  }
  return true;
}

std::optional<Broken> Reader::open_frame() {
  const std::uint8_t opcode = header_[0] & opcode_bits;
  const bool is_final = (header_[0] & fin) != 0;
  const std::uint8_t short_length = header_[1] & length_bits;
  if ((header_[0] & reserved) != 0 || !is_known(opcode) || (header_[1] & mask) == 0)
    return Broken{protocol_error};
  if (is_control(opcode)) {
    if (!is_final || short_length > control_payload) return Broken{protocol_error};
  } else if ((opcode == 0) != in_message_) {
    return Broken{protocol_error};
  } else if (opcode != 0) {
    is_text_ = opcode == static_cast<std::uint8_t>(Opcode::text);
    in_message_ = true;
  }
  left_ = short_length;
  if (short_length >= length_in_16) {
    const std::size_t bytes = short_length == length_in_16 ? 2 : 8;
    left_ = 0;
    for (std::size_t i = 0; i < bytes; ++i) left_ = left_ << 8 | header_[2 + i];
    const bool shorter_form = left_ < (bytes == 2 ? 126u : 65'536u);
    if (shorter_form || left_ >> 63 != 0) return Broken{protocol_error};
  }
  masked_ = 0;
  in_payload_ = true;
  return std::nullopt;
}

bool Reader::take_payload(std::string_view& input) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
  const auto piece = input.substr(0, size);
  input.remove_prefix(size);
  left_ -= size;
  const bool control = is_control(header_[0] & opcode_bits);
  if (!control && !too_long_ && message_.size() + size + left_ > longest_) {
    too_long_ = true;
    message_ = {};
  }
  if (control || !too_long_) {
    append_unmasked(piece, control ? control_ : message_);
  }
  return left_ == 0;
}

/// Eight bytes at a time: the key repeats after four.
void Reader::append_unmasked(std::string_view piece, std::string& out) {
  const auto* key = &header_[header_size() - mask_size];
  std::array<char, 8> pattern{};
  for (std::size_t i = 0; i < pattern.size(); ++i)
    pattern[i] = static_cast<char>(key[(masked_ + i) % mask_size]);
  const auto start = out.size();
  out.append(piece);
  char* at = out.data() + start;
  std::size_t left = piece.size();
  for (; left >= pattern.size(); left -= pattern.size(), at += pattern.size()) {
    std::uint64_t word = 0, mask_word = 0;
    std::memcpy(&word, at, sizeof word);
    std::memcpy(&mask_word, pattern.data(), sizeof mask_word);
    word ^= mask_word;
    std::memcpy(at, &word, sizeof word);
  }
  for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(at[i] ^ pattern[i]);
  masked_ = static_cast<std::uint8_t>((masked_ + piece.size()) % mask_size);
}

std::optional<Incoming> Reader::close_frame() {
  in_payload_ = false;
  header_have_ = 0;
  const std::uint8_t opcode = header_[0] & opcode_bits;
  if (!is_control(opcode)) return (header_[0] & fin) != 0 ? end_message() : std::nullopt;
  auto payload = std::exchange(control_, {});
  if (opcode == static_cast<std::uint8_t>(Opcode::ping)) return PingFrame{std::move(payload)};
  if (opcode == static_cast<std::uint8_t>(Opcode::pong)) return PongFrame{};
  return parse_close(payload);
}

std::optional<Incoming> Reader::end_message() {
  in_message_ = false;
  if (too_long_) return std::nullopt;
  if (is_text_ && !utf8::is_valid(message_)) return Broken{not_utf8};
  return Message{std::exchange(message_, {})};
}

std::string print_header(Opcode opcode, std::size_t payload) {
  std::string header(1, static_cast<char>(fin | static_cast<std::uint8_t>(opcode)));
  const auto append = [&](std::size_t bytes) {
    while (bytes > 0) header += static_cast<char>(payload >> 8 * --bytes & 0xff);
  };
  if (payload < length_in_16) {
    append(1);
  } else if (payload < 65'536) {
    header += static_cast<char>(length_in_16);
    append(2);
  } else {
    header += static_cast<char>(length_in_64);
    append(8);
  }
  return header;
}

std::string print_close(std::uint16_t code, std::string_view reason) {
  const auto text = utf8::cut(reason, control_payload - 2);
  auto frame = print_header(Opcode::close, 2 + text.size());
  frame += static_cast<char>(code >> 8);
  frame += static_cast<char>(code & 0xff);
  frame += text;
  return frame;
}

}  // namespace culver::wire::websocket
