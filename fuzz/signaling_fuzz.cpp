// Both directions of signaling, and what is left at rendezvous points: nothing crashes, and what is
// read is read again as it is printed.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/wire/drop_content.hpp"
#include "core/wire/signaling.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver::fuzz;
using namespace culver::wire::signaling;
using culver::Fault;

/// A payload is not compared: a fraction in it may change in its last digit on each passage. But
/// what the server passes on must be JSON of a type that the client knows.
void check_relay(const Relay& relay, const Relay& again) {
  require(again.kind == relay.kind && again.target == relay.target);
  require(again.payload.has_value() == relay.payload.has_value());
  const auto relayed = parse_server(print_relayed(relay.kind, relay.target, relay.payload));
  if (relayed)
    require(!std::holds_alternative<Ignored>(*relayed));
  else
    require(relay.payload || relayed.error() == Fault::missing_field);
}

void check_client(std::string_view frame) {
  const auto message = parse_client(frame);
  if (!message) return;
  const auto again = parse_client(print(*message));
  require(again.has_value());
  if (const auto* relay = std::get_if<Relay>(&*message))
    check_relay(*relay, std::get<Relay>(*again));
  else
    require(*again == *message);
}

void check_note(std::string_view text) {
  const auto note = culver::wire::parse_drop_content(text);
  if (!note) return;
  const auto again = culver::wire::parse_drop_content(culver::wire::print(*note));
  require(again && *again == *note);
}

struct PrintAgain {
  template <class Message>
  void operator()(const Message& message) const {
    const auto again = parse_server(print(message));
    require(again && std::get<Message>(*again) == message);
  }
  void operator()(const RelayedDescription& relayed) const {
    const auto sent = relay_of(relayed.from, relayed.description);
    const auto again = parse_server(print_relayed(sent.kind, relayed.from, sent.payload));
    require(again && std::get<RelayedDescription>(*again) == relayed);
  }
  void operator()(const RelayedCandidate& relayed) const {
    const auto sent = relay_of(relayed.from, relayed.candidate);
    const auto again = parse_server(print_relayed(sent.kind, relayed.from, sent.payload));
    require(again && std::get<RelayedCandidate>(*again) == relayed);
  }
  void operator()(const RelayedCall&) const {}
  void operator()(const Ignored&) const {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  check_client(frame);
  check_note(frame);
  if (const auto message = parse_server(frame)) std::visit(PrintAgain{}, *message);
  return 0;
}
