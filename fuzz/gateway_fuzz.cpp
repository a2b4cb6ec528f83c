// Both sides of the gateway: nothing crashes, what is read is read again as it is printed, and what
// one device sends reaches the others as it was.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/wire/gateway.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver::fuzz;
using namespace culver::wire::gateway;

void check_handshake(std::string_view frame) {
  if (const auto message = parse_handshake_client(frame)) {
    require(is_handshake(frame));
    const auto printed = std::visit([](const auto& m) { return print(m); }, *message);
    require(is_handshake(printed) && parse_handshake_client(printed) == message);
  }
  if (const auto message = parse_handshake_server(frame)) {
    const auto printed = std::visit([](const auto& m) { return print(m); }, *message);
    require(parse_handshake_server(printed) == message);
  }
}

void check_handed_on(const NewEvent& event) {
  auto expected = event;
  if (!expected.user) expected.user.emplace();
  const auto again = parse_session(print_event({1, 2, body_of(event, *expected.user, 3)}));
  require(again && *again == SessionMessage(expected));
}

struct PrintAgain {
  template <class Message>
  void operator()(const Message& message) const {
    const auto again = parse_session(print(message));
    require(again && std::get<Message>(*again) == message);
    if constexpr (std::is_same_v<Message, NewEvent>) check_handed_on(message);
  }
  /// Not compared: a fraction may change in its last digit on each passage, and with it its length.
  void operator()(const ScratchpadSync& sync) const {
    const auto again = parse_session(print_scratchpad(sync.payload));
    require(again || again.error().fault == culver::Fault::too_large);
  }
};

void check_linking(std::string_view frame) {
  const auto print_it = [](const auto& m) { return print(m); };
  const auto message = parse_linking(frame);
  if (!message) return;
  const auto printed = std::visit(print_it, *message);
  const auto again = parse_linking(printed);
  require(again && std::visit(print_it, *again) == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  check_handshake(frame);
  check_linking(frame);
  if (const auto message = parse_session(frame)) std::visit(PrintAgain{}, *message);
  return 0;
}
