// Client frames in pieces: whatever the pieces, the same things come of them, and nothing is held
// beyond the limit.
#include <cstdlib>
#include <string>
#include <vector>

#include "core/wire/websocket.hpp"

namespace {

namespace ws = culver::wire::websocket;

constexpr std::size_t longest = 4'096;

std::vector<std::string> read(std::string_view bytes, std::size_t piece) {
  ws::Reader reader(longest);
  std::vector<std::string> story;
  while (!bytes.empty()) {
    auto input = bytes.substr(0, piece);
    bytes.remove_prefix(input.size());
    while (const auto incoming = reader.next(input)) {
      story.push_back(std::to_string(incoming->index()));
      if (const auto* message = std::get_if<ws::Message>(&*incoming))
        story.back() += message->bytes;
      if (const auto* ping = std::get_if<ws::PingFrame>(&*incoming)) story.back() += ping->payload;
      if (std::holds_alternative<ws::Broken>(*incoming)) return story;
    }
    if (reader.held() > longest || !input.empty()) std::abort();
  }
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (read(bytes, 1 + data[0] % 32) != read(bytes, bytes.size() + 1)) std::abort();
  return 0;
}
