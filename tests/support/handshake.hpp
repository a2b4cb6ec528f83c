// Both ends of a gateway handshake for tests and fuzzing: machines with keys made from one byte,
// what they said and what they asked for. Frames go where the test carries them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/handshake/client.hpp"
#include "core/handshake/server.hpp"
#include "tests/support/seeded.hpp"

namespace culver::test {

namespace client = handshake::client;
namespace server = handshake::server;

struct World {
  explicit World(std::uint64_t seed) : random(seed) {}
  Env env() { return {now, random.rng(), wall}; }

  SeededRng random;
  TimePoint now{};
  WallTime wall = 1'700'000'000'000;
};

inline crypto::SigningKey signing_key(std::uint8_t number) {
  crypto::SigningSeed seed;
  for (auto& byte : seed.expose_to_fill()) byte = static_cast<std::byte>(number);
  return crypto::SigningKey(seed);
}

inline server::Identity server_identity(std::uint8_t number) {
  crypto::SigningKey key = signing_key(number);
  std::string text = print_hex(key.verify_key().data);
  return {std::move(key), std::move(text)};
}

inline client::Account client_account(std::uint8_t number) {
  crypto::SigningKey key = signing_key(number);
  const UserId user{key.verify_key().data};
  DeviceId device;
  device.data.fill(static_cast<std::byte>(number));
  device.data[6] = std::byte{0x40};
  device.data[8] = std::byte{0x80};
  return {std::move(key), user, device, Plaintext("device " + std::to_string(number)),
          wire::gateway::DeviceType::desktop};
}

inline server::DeviceAnswer::Admitted admission_of(const UserId& user) {
  return {user, 7, 11, 1'700'000'999'000};
}

class ServerEnd {
 public:
  ServerEnd(World& world, const server::Identity& identity, unsigned version = 2)
      : state(server::AwaitingHello{world.now + client::handshake_time}),
        world_(world),
        identity_(identity),
        version_(version) {}

  void hear(std::string frame) { feed(server::read(state, std::move(frame))); }
  void feed(server::Event event) {
    Env env = world_.env();
    server::Context context{env, identity_, version_};
    server::Effects effects;
    state = fsm::step<server::Machine>(std::move(state), std::move(event), context, effects);
    for (auto& effect : effects) {
      if (auto* send = std::get_if<server::SendFrame>(&effect))
        sent.push_back(std::move(send->frame));
      if (auto* ask = std::get_if<server::AskDirectory>(&effect)) asked.push_back(std::move(*ask));
    }
  }
  void admit() { feed(server::DeviceAnswer{admission_of(asked.back().key)}); }
  void tick() { feed(server::Tick{}); }
  /// The greeting as it goes over the wire.
  std::string greet() {
    auto& done = std::get<server::Established>(state);
    return done.records ? done.records->out.seal(done.greeting) : done.greeting;
  }

  template <class S>
  S* in() {
    return std::get_if<S>(&state);
  }
  std::optional<Fault> fault() const {
    const auto* rejected = std::get_if<server::Rejected>(&state);
    return rejected ? std::optional(rejected->fault) : std::nullopt;
  }

  server::Machine::State state;
  std::vector<std::string> sent;
  std::vector<server::AskDirectory> asked;

 private:
  World& world_;
  const server::Identity& identity_;
  unsigned version_;
};

class ClientEnd {
 public:
  ClientEnd(World& world, const client::Account& account, client::Pin known = {},
            unsigned version = 2)
      : pin(known), state(client::Rejected{}), world_(world), account_(account), version_(version) {
    Env env = world_.env();
    client::Context context{env, account_, pin, version_};
    client::Begun begun = client::begin(world_.now, context);
    state = std::move(begun.state);
    hello = std::move(begun.frame);
  }

  void hear(std::string frame) { feed(client::read(state, std::move(frame))); }
  void feed(client::Event event) {
    Env env = world_.env();
    client::Context context{env, account_, pin, version_};
    client::Effects effects;
    state = fsm::step<client::Machine>(std::move(state), std::move(event), context, effects);
    for (auto& effect : effects) sent.push_back(std::get<client::SendFrame>(std::move(effect)));
  }
  void tick() { feed(client::Tick{}); }

  template <class S>
  S* in() {
    return std::get_if<S>(&state);
  }
  std::optional<Fault> fault() const {
    const auto* rejected = std::get_if<client::Rejected>(&state);
    return rejected ? std::optional(rejected->fault) : std::nullopt;
  }

  client::Pin pin;
  client::Machine::State state;
  std::string hello;                    ///< the client_hello
  std::vector<client::SendFrame> sent;  ///< client_auth, once

 private:
  World& world_;
  const client::Account& account_;
  unsigned version_;
};

/// The message in a frame that holds one of this kind.
template <class Message>
Message read_as(const std::string& frame) {
  using namespace wire::gateway;
  if constexpr (std::same_as<Message, ClientHello> || std::same_as<Message, ClientAuth>)
    return std::get<Message>(parse_handshake_client(frame).value());
  else
    return std::get<Message>(parse_handshake_server(frame).value());
}

/// A frame taken apart, changed and put together again.
template <class Message, class Change>
std::string changed(const std::string& frame, Change change) {
  auto message = read_as<Message>(frame);
  change(message);
  return print(message);
}

}  // namespace culver::test
