// How a connection comes in by the gateway: sockets that shake hands, how many may, and the
// question whether the device is let in. What a handshake is, is core/handshake's.
#pragma once

#include <cstddef>
#include <string>

#include "core/handshake/server.hpp"
#include "core/relay/addresses.hpp"
#include "core/relay/counters.hpp"
#include "core/relay/devices.hpp"
#include "core/relay/events.hpp"
#include "core/relay/limits.hpp"
#include "core/relay/questions.hpp"
#include "core/relay/waiting.hpp"

namespace culver::relay {

/// What the server is to those who come.
struct Door {
  handshake::server::Identity identity;
  bool handshake_required = false;  ///< open signaling is refused
};

/// A socket whose first frame was, or must be, one of the handshake.
struct Handshaking {
  handshake::server::Machine::State state;
  Waiting waiting;
  bool is_counted = false;  ///< among those under way, from its first frame on
};

class Gateway {
 public:
  struct Context {
    SocketId socket;
    const Address& address;
    const Env& env;
    const Limits& limits;
    Addresses& addresses;
    Questions& questions;
    Counters& counters;
  };

  explicit Gateway(Door door) : door_(std::move(door)) {}

  void require_handshake(bool required) { door_.handshake_required = required; }
  bool handshake_required() const { return door_.handshake_required; }
  const handshake::server::Identity& identity() const { return door_.identity; }

  /// A frame is taken into the handshake, or waits while the store is being asked.
  void take(Handshaking& shaking, std::string frame, Context& context, Effects& effects);
  /// A frame that was too long to be read.
  void overlook(Handshaking& shaking, Context& context, Effects& effects);
  /// The store's answer about the device; what the admission says on top of it.
  void answer(Handshaking& shaking, const Result<Admission>& admission, const Devices& devices,
              Context& context, Effects& effects);
  void tick(Handshaking& shaking, Context& context, Effects& effects);
  /// It is over, well or not.
  void end(Handshaking& shaking, Counters& counters);

 private:
  /// Whether one more handshake may begin; asked before any work with keys.
  static Result<void> admit(Context& context);
  void step(Handshaking& shaking, handshake::server::Event event, Context& context,
            Effects& effects);

  Door door_;
};

}  // namespace culver::relay
