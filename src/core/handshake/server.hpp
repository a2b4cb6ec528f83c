// The server's side of the gateway handshake: AwaitingHello -> AwaitingAuth or AwaitingSealedAuth
// -> CheckingDevice -> Established, or Rejected. It knows no socket and no other connection;
// whoever owns it asks the directory and admits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/base/ids.hpp"
#include "core/crypto/sign.hpp"
#include "core/handshake/record.hpp"
#include "core/handshake/transcript.hpp"
#include "core/wire/gateway.hpp"

namespace culver::handshake::server {

using fsm::OneOf;
using fsm::Origin;

// ---- events -------------------------------------------------------------------------------------

struct HelloCame {
  static constexpr std::string_view name = "client_hello";
  static constexpr Origin origin = Origin::peer;
  wire::gateway::ClientHello message;
  std::string frame;  ///< as it came
};
struct AuthCame {
  static constexpr std::string_view name = "client_auth";
  static constexpr Origin origin = Origin::peer;
  wire::gateway::ClientAuth message;
};
/// A frame that is neither, could not be read, or could not be opened.
struct BadFrame {
  static constexpr std::string_view name = "BadFrame";
  static constexpr Origin origin = Origin::peer;
  Fault fault;
};
/// The directory and the admission have said yes, or why not.
struct DeviceAnswer {
  static constexpr std::string_view name = "DeviceAnswer";
  static constexpr Origin origin = Origin::ours;
  struct Admitted {
    UserId user;  ///< the account of the device
    std::uint64_t last_ack_device_seq;
    std::uint64_t cursor;
    WallTime expires_at;
  };
  Result<Admitted> answer;
};
struct Tick {
  static constexpr std::string_view name = "Tick";
  static constexpr Origin origin = Origin::ours;
};
using Event = std::variant<HelloCame, AuthCame, BadFrame, DeviceAnswer, Tick>;

// ---- effects ------------------------------------------------------------------------------------

/// In the clear: server_hello.
struct SendFrame {
  std::string frame;
};
/// Answer with DeviceAnswer.
struct AskDirectory {
  UserId key;  ///< that signed; the account of a device that is new
  DeviceId device;
  std::optional<Plaintext> device_name;
  std::optional<wire::gateway::DeviceType> device_type;
};
using Effect = std::variant<SendFrame, AskDirectory>;
using Effects = std::vector<Effect>;

// ---- context ------------------------------------------------------------------------------------

struct Identity {
  crypto::SigningKey key;
  std::string text;  ///< the public half in lower-case hex
};

struct Context {
  Env& env;
  const Identity& identity;
  unsigned version = wire::gateway::newest_version;  ///< the newest that this server speaks
};

// ---- facts --------------------------------------------------------------------------------------

/// That the holder of `key` signed this very handshake. Only the verifier makes it.
class SignatureVerified {
 public:
  const UserId& key() const { return key_; }

 private:
  friend struct SignatureVerifier;
  explicit SignatureVerified(const UserId& key) : key_(key) {}
  UserId key_;
};

// ---- states -------------------------------------------------------------------------------------

struct AwaitingAuth;
struct AwaitingSealedAuth;
struct CheckingDevice;
struct Established;

/// The end without a session. The connection is to be closed with this fault.
struct Rejected {
  static constexpr std::string_view name = "Rejected";
  Fault fault;
};

/// What was let pass without being taken. A client of version 1 says what it had kept as soon as it
/// is connected, and says again what it has said before; so these things end no handshake by
/// themselves. Nothing is made of them, and there is an end to them.
struct Overlooked {
  std::uint32_t frames = 0;
  std::uint32_t auths = 0;             ///< of these: signatures that had to be looked at
  Fault end = Fault::gateway_timeout;  ///< what the close says if nothing better comes
};
inline constexpr std::uint32_t most_overlooked = 256;
inline constexpr std::uint32_t most_overlooked_auths = 4;

/// `deadline`, here and below: 30 s from the connection, whatever was said since.
struct AwaitingHello {
  static constexpr std::string_view name = "AwaitingHello";
  TimePoint deadline;
  Overlooked overlooked = {};

  OneOf<AwaitingAuth, AwaitingSealedAuth, Rejected> on(HelloCame&&, Context&, Effects&) &&;
  OneOf<AwaitingHello, Rejected> on(AuthCame&&, Context&, Effects&) &&;
  OneOf<AwaitingHello, Rejected> on(BadFrame&&, Context&, Effects&) &&;
  OneOf<AwaitingHello, Rejected> on(Tick&&, Context&, Effects&) &&;
};

/// Version 1: client_auth comes in the clear.
struct AwaitingAuth {
  static constexpr std::string_view name = "AwaitingAuth";
  TimePoint deadline;
  wire::gateway::ClientHello hello;
  std::string answer;  ///< the server_hello, for a client_hello that comes again
  std::string ephemeral_text, nonce_text;
  Overlooked overlooked = {};

  OneOf<AwaitingAuth, Rejected> on(HelloCame&&, Context&, Effects&) &&;
  OneOf<CheckingDevice, AwaitingAuth, Rejected> on(AuthCame&&, Context&, Effects&) &&;
  OneOf<AwaitingAuth, Rejected> on(BadFrame&&, Context&, Effects&) &&;
  OneOf<AwaitingAuth, Rejected> on(Tick&&, Context&, Effects&) &&;
};

/// Version 2: client_auth comes sealed, so that only this server learns who asks.
struct AwaitingSealedAuth {
  static constexpr std::string_view name = "AwaitingSealedAuth";
  TimePoint deadline;
  wire::gateway::ClientHello hello;
  std::string answer;
  Transcript transcript;        ///< up to and with server_hello, its signature and confirmation
  Secret<32> confirmation_key;  ///< of the client
  Secret<32> session_secret;    ///< from which the keys of the session come
  RecordOpener opener;          ///< of the frame with client_auth

  OneOf<AwaitingSealedAuth, Rejected> on(HelloCame&&, Context&, Effects&) &&;
  OneOf<CheckingDevice, Rejected> on(AuthCame&&, Context&, Effects&) &&;
  OneOf<AwaitingSealedAuth, Rejected> on(Tick&&, Context&, Effects&) &&;
};

/// Who it is, is proven; whether it may come in, is being asked. It wants no input: what arrives
/// meanwhile waits with the owner.
struct CheckingDevice {
  static constexpr std::string_view name = "CheckingDevice";
  TimePoint deadline;
  SignatureVerified proof;
  DeviceId device;
  std::string device_text;
  std::optional<SessionKeys> keys;  ///< version 2

  OneOf<Established, Rejected> on(DeviceAnswer&&, Context&, Effects&) &&;
  OneOf<CheckingDevice, Rejected> on(Tick&&, Context&, Effects&) &&;
};

/// Done, and without a deadline. The owner takes it apart: `greeting` is the first frame of the
/// session, to be sealed if there are records.
struct Established {
  static constexpr std::string_view name = "Established";
  SignatureVerified proof;
  DeviceId device;
  DeviceAnswer::Admitted admitted;
  std::optional<RecordLayer> records;  ///< version 2
  std::string greeting;                ///< session_established
};

struct Machine {
  using State = std::variant<AwaitingHello, AwaitingAuth, AwaitingSealedAuth, CheckingDevice,
                             Established, Rejected>;
  using Event = server::Event;
  using Context = server::Context;
  using Effects = server::Effects;

  /// What the client may not say now ends the handshake; our own answers may come late and are
  /// ignored. Established and Rejected are over: nothing changes them.
  template <class S, class E>
  static State unexpected(S&& state, E&& event, Context&, Effects&) {
    constexpr bool over = std::same_as<S, Established> || std::same_as<S, Rejected>;
    if constexpr (std::same_as<E, BadFrame> && !over)
      return Rejected{event.fault};
    else if constexpr (E::origin == Origin::peer && !over)
      return Rejected{Fault::handshake_out_of_order};
    else
      return State(std::move(state));
  }
};

/// False while the machine waits for the directory: hold frames back, in order.
bool wants_input(const Machine::State& state);
/// True while what comes out of turn may be dropped: in version 1, between the answer to the hello
/// and the session. In version 2 every frame counts.
bool forgives(const Machine::State& state);
/// What a frame is to a machine in this state. Opens it first if the state expects a sealed one; a
/// repeated client_hello comes in the clear even then.
Event read(Machine::State& state, std::string frame);

}  // namespace culver::handshake::server
