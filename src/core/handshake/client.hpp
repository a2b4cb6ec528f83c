// The client's side of the gateway handshake: AwaitingServerHello -> AwaitingEstablished ->
// Established, or Rejected. Nothing of a server_hello is kept before its signature is verified.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/base/ids.hpp"
#include "core/crypto/p256.hpp"
#include "core/crypto/sign.hpp"
#include "core/handshake/record.hpp"
#include "core/handshake/transcript.hpp"
#include "core/wire/gateway.hpp"

namespace culver::handshake::client {

using fsm::OneOf;
using fsm::Origin;

inline constexpr Duration handshake_time = std::chrono::seconds(30);
/// server_hellos that cannot be verified are ignored up to here, so that a forged one does not keep
/// the true one out; the next one ends the handshake.
inline constexpr unsigned forged_hellos = 4;

/// What is known of the server from before.
struct Pin {
  std::optional<crypto::VerifyKey> identity;  ///< none: first use
  unsigned version = 1;                       ///< the newest that it was ever heard to speak
};

struct Account {
  crypto::SigningKey key;
  UserId user;  ///< the public half
  DeviceId device;
  std::optional<Plaintext> device_name;
  std::optional<wire::gateway::DeviceType> device_type;
};

struct Context {
  Env& env;
  const Account& account;
  const Pin& pin;
  unsigned version = wire::gateway::newest_version;  ///< the newest that we offer
};

// ---- events -------------------------------------------------------------------------------------

struct ServerHelloCame {
  static constexpr std::string_view name = "server_hello";
  static constexpr Origin origin = Origin::peer;
  wire::gateway::ServerHello message;
};
struct EstablishedCame {
  static constexpr std::string_view name = "session_established";
  static constexpr Origin origin = Origin::peer;
  wire::gateway::SessionEstablished message;
};
/// A frame of another kind, or one that cannot be read or opened.
struct OtherFrame {
  static constexpr std::string_view name = "OtherFrame";
  static constexpr Origin origin = Origin::peer;
  Fault fault;
};
struct Tick {
  static constexpr std::string_view name = "Tick";
  static constexpr Origin origin = Origin::ours;
};
using Event = std::variant<ServerHelloCame, EstablishedCame, OtherFrame, Tick>;

// ---- effects ------------------------------------------------------------------------------------

/// client_auth, exactly once per connection; sealed already if it is `binary`.
struct SendFrame {
  std::string frame;
  bool binary;
};
using Effect = std::variant<SendFrame>;
using Effects = std::vector<Effect>;

// ---- facts --------------------------------------------------------------------------------------

/// That this server signed this very handshake, with the key that we know it by, or with the first
/// that we hear of. Only the verifier makes it.
class ServerVerified {
 public:
  const crypto::VerifyKey& identity() const { return identity_; }
  unsigned version() const { return version_; }

 private:
  friend struct ServerVerifier;
  ServerVerified(const crypto::VerifyKey& identity, unsigned version)
      : identity_(identity), version_(version) {}
  crypto::VerifyKey identity_;
  unsigned version_;
};

// ---- states -------------------------------------------------------------------------------------

struct AwaitingEstablished;
struct Established;

/// server_not_authentic, server_identity_changed, server_downgraded, gateway_timeout ...
struct Rejected {
  static constexpr std::string_view name = "Rejected";
  Fault fault;
};

struct AwaitingServerHello {
  static constexpr std::string_view name = "AwaitingServerHello";
  TimePoint deadline;
  crypto::P256Private ephemeral;
  wire::gateway::ClientHello hello;
  std::string frame;  ///< the client_hello as it was sent
  unsigned forged = 0;

  OneOf<AwaitingServerHello, AwaitingEstablished, Rejected> on(ServerHelloCame&&, Context&,
                                                               Effects&) &&;
  OneOf<AwaitingServerHello, Rejected> on(Tick&&, Context&, Effects&) &&;
};

/// client_auth is sent.
struct AwaitingEstablished {
  static constexpr std::string_view name = "AwaitingEstablished";
  TimePoint deadline;
  ServerVerified proof;
  std::optional<SessionId> session;    ///< version 2: what the server must name
  std::optional<RecordLayer> records;  ///< version 2

  OneOf<Established, Rejected> on(EstablishedCame&&, Context&, Effects&) &&;
  OneOf<AwaitingEstablished, Rejected> on(Tick&&, Context&, Effects&) &&;
};

struct Established {
  static constexpr std::string_view name = "Established";
  ServerVerified proof;
  wire::gateway::SessionEstablished session;
  std::optional<RecordLayer> records;
};

struct Machine {
  using State = std::variant<AwaitingServerHello, AwaitingEstablished, Established, Rejected>;
  using Event = client::Event;
  using Context = client::Context;
  using Effects = client::Effects;

  /// A repeated server_hello, a session_established that nobody asked for, frames of other kinds:
  /// ignored. A record that does not open (not_authentic, replayed) ends a handshake that expects
  /// records.
  template <class S, class E>
  static State unexpected(S&& state, E&& event, Context&, Effects&) {
    if constexpr (std::same_as<S, AwaitingEstablished> && std::same_as<E, OtherFrame>)
      if (state.records) return Rejected{event.fault};
    return State(std::move(state));
  }
};

struct Begun {
  Machine::State state;  ///< AwaitingServerHello
  std::string frame;     ///< the client_hello, to be sent in the clear
};
/// `connected`: when the connection was opened, from which the time counts.
Begun begin(TimePoint connected, Context& context);
/// What a frame is to a machine in this state. Opens it first if the state expects a sealed one.
Event read(Machine::State& state, std::string frame);

}  // namespace culver::handshake::client
