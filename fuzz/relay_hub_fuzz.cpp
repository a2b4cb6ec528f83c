// Bytes -> events on several sockets of one hub; after each the invariants must hold. One byte says
// what happens and to whom, the next ones say with which frame or how much later.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../tests/core/relay/door_support.hpp"
#include "../tests/core/relay/hub_invariants.hpp"
#include "core/relay/hub.hpp"
#include "core/wire/base64.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::relay;

void no_randomness(void*, std::span<std::byte> out) {
  for (auto& byte : out) byte = std::byte{0};
}

std::string code_from(std::uint8_t byte) { return std::string("AAAAA") + "ABCDEFGH"[byte % 8]; }

std::string frame_from(Input& input) {
  const auto kind = input.byte();
  const auto number = input.byte();
  const auto code = code_from(number);
  PublicKey key;
  key.data.fill(static_cast<std::byte>(number % 8 + (number > 240 ? 2 : 1)));
  if (kind >= 240)
    return R"({"type":"register_rendezvous","peerId":")" + code + R"(","hourlyTokens":["t)" +
           std::to_string(kind % 3) + R"("],"dailyPoints":["p)" + std::to_string(kind % 2) +
           R"("],"deadDrop":")" + std::to_string(number) + "\"}";
  switch (kind % 6) {
    case 0:
      return R"({"type":"register","pairingCode":")" + code + R"(","publicKey":")" +
             wire::base64::print(key) + "\"}";
    case 1:
      return R"({"type":"pair_request","targetCode":")" + code + "\"}";
    case 2:
      return R"({"type":"pair_response","targetCode":")" + code + R"(","accepted":)" +
             (number < 200 ? "true}" : "false}");
    case 3:
      return R"({"type":"offer","target":")" + code + R"(","payload":1})";
    case 4:
      return R"({"type":"ping"})";
    default:
      return input.text();
  }
}

Event event_from(Input& input, TimePoint& now) {
  const auto what = input.byte();
  const SocketId socket{static_cast<std::uint64_t>(what >> 4) + 1};
  const Address address(1, static_cast<char>('a' + socket.value % 3));
  switch (what & 15) {
    case 0:
      return Accepted{socket, address};
    case 1:
      return Accepted{socket, {}};
    case 2:
      return SocketOpened{socket, address};
    case 3:
      return Oversized{socket};
    case 4:
      return Alive{socket};
    case 5:
      return SocketClosed{socket, false};
    case 6:
      return SocketClosed{socket, true};
    case 7:
    case 8:
      now += std::chrono::milliseconds(100 * input.byte());
      return Tick{};
    case 9:
      if (input.byte() == 0) return Drain{};
      return Tick{};
    default:
      return Frame{socket, frame_from(input)};
  }
}

void require_unbroken(const Hub& hub) {
  if (const auto what = broken(hub); !what.empty()) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::abort();
  }
}

/// The store does what it is asked, or fails, at once.
void answer(Hub& hub, const Effects& effects, bool fails, const Env& env) {
  for (const auto& effect : effects) {
    const auto* ask = std::get_if<Ask>(&effect);
    if (!ask || !std::holds_alternative<KeepDrops>(ask->question)) continue;
    auto kept = Result<DropsKept>(DropsKept{});
    if (fails) kept = fail(Fault::store_failed);
    hub.step(Answered{ask->number, std::move(kept)}, env);
    require_unbroken(hub);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, data + size};
  TimePoint now{std::chrono::hours(1)};
  Rng rng(&no_randomness, nullptr);
  Limits limits;
  limits.connections = 12;
  limits.connections_per_address = 4;
  limits.refusals_per_address = 1;
  limits.addresses = 2;
  limits.pending_per_target = 3;
  limits.pending_per_target_and_address = 2;
  limits.matches_per_code = 3;
  limits.dead_drops = {6, 20, 2, 5, 15, 3, 2};
  limits.rendezvous_tokens = {8, 100, 2, 5, 100, 3, 2};
  Hub hub({"ed25519:fuzz", "ws://fuzz", std::nullopt}, limits, test_door());
  while (!input.empty()) {
    auto event = event_from(input, now);
    const auto effects = hub.step(std::move(event), Env{now, rng});
    require_unbroken(hub);
    answer(hub, effects, now.time_since_epoch().count() % 3 == 0, Env{now, rng});
  }
  return 0;
}
