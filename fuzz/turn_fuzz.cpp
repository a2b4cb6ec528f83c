// Any order of events at an allocation, true and forged answers among them: it ends once, never
// waits in the past, says what STUN can read, and unwraps data only of peers that it was told of.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fuzzer/FuzzedDataProvider.h>

#include "core/ice/turn.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::ice::turn;
namespace stun = culver::wire::stun;

constexpr std::string_view user = "user", realm = "realm", password = "password";

Endpoint any_endpoint(FuzzedDataProvider& input) {
  const auto last = input.ConsumeIntegralInRange<std::uint8_t>(0, 20);
  const auto port = input.ConsumeIntegralInRange<std::uint16_t>(1, 12);
  if (last == 0) return *Endpoint::parse("2001:db8::1", port);
  return Endpoint::v4({std::byte{192}, std::byte{0}, std::byte{2}, std::byte{last}}, port);
}

/// What the world around an allocation knows of it.
struct Ledger {
  explicit Ledger(const Endpoint& at) : relay(at) {}

  void take(const Effects& effects) {
    require(effects.size() <= 600);
    for (const auto& effect : effects) {
      require(!lost);
      std::visit([this](const auto& e) { note(e); }, effect);
    }
  }
  void note(const ToServer& out) {
    const auto sent = stun::parse(out.bytes);
    require(sent && sent->has_fingerprint && sent->message.kind == stun::Class::request);
    require(!sent->integrity_at || authentic(*sent, key));
    require(sent->integrity_at || !ready);
    if (const auto number = sent->message.channel) require(stun::is_channel(*number));
    asked.push_back(sent->message);
    if (asked.size() > 40) asked.erase(asked.begin());
  }
  void note(const Ready& there) {
    require(!ready && there.relayed == relay);
    ready = true;
  }
  void note(const Permitted& permitted) { require(ready && was_told_of(permitted.peer)); }
  void note(const Refused& refused) { require(was_told_of(refused.peer)); }
  void note(const Bound& bound) {
    require(ready && stun::is_channel(bound.channel));
    for (const auto& other : channels)
      require((other.channel == bound.channel) == (other.peer == bound.peer));
    channels.push_back(bound);
    require(channels.size() < 1000);
  }
  void note(const FromPeer& from) { require(ready && was_told_of(from.peer)); }
  void note(const Lost&) { lost = true; }

  bool was_told_of(const Endpoint& peer) const {
    return std::any_of(told.begin(), told.end(),
                       [&](const Endpoint& one) { return one.same_address(peer); });
  }

  stun::Key key = stun::Key::long_term(user, realm, password);
  Endpoint relay;
  std::vector<stun::Message> asked;
  std::vector<Endpoint> told;
  std::vector<Bound> channels;
  bool ready = false, lost = false;
};

stun::Message any_answer(FuzzedDataProvider& input, const Ledger& ledger) {
  const auto& request =
      ledger.asked[input.ConsumeIntegralInRange<std::size_t>(0, ledger.asked.size() - 1)];
  stun::Message answer{};
  answer.kind = input.ConsumeBool() ? stun::Class::success : stun::Class::error;
  answer.method = request.method;
  answer.id = request.id;
  if (answer.kind == stun::Class::error)
    answer.error = stun::ErrorCode{
        input.PickValueInArray<std::uint16_t>({300, 400, 401, 403, 437, 438, 486, 500, 508}), ""};
  if (input.ConsumeBool()) answer.lifetime = input.ConsumeIntegral<std::uint32_t>();
  if (input.ConsumeBool()) answer.mapped = any_endpoint(input);
  answer.relayed = ledger.relay;
  if (input.ConsumeIntegralInRange(0, 15) == 0) answer.relayed.reset();
  if (input.ConsumeIntegralInRange(0, 15) != 0) answer.realm = realm;
  if (input.ConsumeIntegralInRange(0, 15) != 0) answer.nonce = input.ConsumeRandomLengthString(8);
  return answer;
}

stun::Message any_data(FuzzedDataProvider& input) {
  stun::Message message{};
  message.kind = stun::Class::indication;
  message.method = stun::Method::data;
  message.peer = any_endpoint(input);
  message.data.emplace(3);
  return message;
}

/// What comes from the network: now and then it is true.
ByteVector any_bytes(FuzzedDataProvider& input, const Ledger& ledger) {
  const auto kind = input.ConsumeIntegralInRange(0, 7);
  if (kind == 0) {
    const auto raw = input.ConsumeRandomLengthString(200);
    return ByteVector(as_bytes(raw).begin(), as_bytes(raw).end());
  }
  if (kind == 1) return print(any_data(input), nullptr);
  const auto forged = stun::Key::short_term("forged");
  return print(any_answer(input, ledger), kind == 2 ? nullptr : kind == 3 ? &forged : &ledger.key);
}

/// How far to go: to the next deadline, or anywhere.
void pass(FuzzedDataProvider& input, const Client& client, Env& env) {
  if (client.deadline() && input.ConsumeBool())
    env.now = std::max(env.now, *client.deadline());
  else
    env.now += std::chrono::milliseconds(input.ConsumeIntegralInRange(0, 400'000));
}

void step(FuzzedDataProvider& input, Client& client, Ledger& ledger, Env& env) {
  Effects effects;
  ByteVector bytes;  // outlives the step
  Event event = Tick{};
  const auto what = input.ConsumeIntegralInRange(0, 15);
  if (what < 3) {
    ledger.told.push_back(any_endpoint(input));
    if (what < 2) event = Permit{ledger.told.back()};
    if (what == 2) event = Bind{ledger.told.back()};
  } else if (what < 10) {
    bytes = any_bytes(input, ledger);
    auto received = stun::parse(bytes);
    if (received) event = FromServer{std::move(*received)};
  } else if (what == 10 && input.ConsumeIntegralInRange(0, 7) == 0) {
    event = Close{};
  } else {
    pass(input, client, env);
  }
  const bool is_tick = std::holds_alternative<Tick>(event);
  client.on(std::move(event), env, effects);
  ledger.take(effects);
  require(client.ended() != client.deadline().has_value());
  if (is_tick && !client.ended()) require(*client.deadline() > env.now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  std::uint32_t count = 0;
  Rng rng(
      [](void* self, std::span<std::byte> out) {
        const auto value = ++*static_cast<std::uint32_t*>(self);
        for (std::size_t i = 0; i < out.size(); ++i)
          out[i] = static_cast<std::byte>(value >> (8 * (i % 4)));
      },
      &count);
  Env env{TimePoint{}, rng};
  Ledger ledger(*Endpoint::parse("198.51.100.1", 50000));
  Effects effects;
  auto client = Client::start({std::string(user), SecretBytes(as_bytes(password)),
                               input.ConsumeBool(), Endpoint::Family::v4},
                              env, effects);
  ledger.take(effects);
  for (int steps = 0; steps < 300 && input.remaining_bytes() > 0; ++steps)
    step(input, client, ledger, env);
  effects.clear();
  client.on(Close{}, env, effects);
  require(client.ended() && effects.size() <= 1);
  return 0;
}
