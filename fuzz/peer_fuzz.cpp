// What peers say: handshakes, opened texts and their escape, letters, file frames.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "core/wire/peer.hpp"
#include "core/wire/utf8.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::wire;

void check_handshake(std::string_view frame) {
  const auto parsed = peer::parse_messages_frame(frame);
  if (!parsed) return;
  const auto* handshake = std::get_if<peer::Handshake>(&*parsed);
  if (handshake == nullptr) return;
  const auto again = peer::parse_messages_frame(peer::print(*handshake));
  require(again && std::get<peer::Handshake>(*again) == *handshake);
}

void check_capabilities(std::string_view opened) {
  const auto parsed = peer::parse_capabilities(opened);
  if (!parsed) return;
  const auto again = peer::parse_capabilities(peer::print(*parsed));
  require(again && *again == *parsed);
}

/// Any text arrives as the text it was, and only invalid UTF-8 is refused.
void check_text(const std::string& text) {
  const auto opened = peer::parse_content(text);
  require(opened.has_value() == utf8::is_valid(text));
  if (!opened) return;
  const auto arrived = peer::parse_content(peer::escape(Plaintext(text)));
  const auto* chat = arrived ? std::get_if<peer::ChatText>(&*arrived) : nullptr;
  require(chat != nullptr && chat->text.expose() == text);
}

void check_letter(std::string_view opened) {
  const auto parsed = peer::parse_letter_frame(opened);
  if (!parsed) return;
  if (const auto* letter = std::get_if<peer::Letter>(&*parsed)) {
    const auto again = peer::parse_letter_frame(peer::print(*letter));
    require(again && std::get<peer::Letter>(*again) == *letter);
  } else if (const auto* had = std::get_if<peer::LettersHad>(&*parsed)) {
    const auto again = peer::parse_letter_frame(peer::print(*had));
    require(again && std::get<peer::LettersHad>(*again) == *had);
  }
}

struct PrintAgain {
  template <class Frame>
  void operator()(const Frame& frame) const {
    const std::string printed = peer::print(frame);
    const auto again = peer::parse_file_frame(printed);
    require(again && peer::print(std::get<Frame>(*again)) == printed);
  }
  void operator()(const peer::FileIgnored&) const {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  check_handshake(frame);
  check_capabilities(frame);
  check_letter(frame);
  check_text(std::string(frame));
  if (const auto file = peer::parse_file_frame(frame)) std::visit(PrintAgain{}, *file);
  return 0;
}
