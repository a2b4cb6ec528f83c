// The words between an allocation on a TURN server (ice/turn) and the agent that owns it. Types
// only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/endpoint.hpp"
#include "core/base/fault.hpp"
#include "core/base/secret.hpp"
#include "core/wire/stun.hpp"

namespace culver::ice::turn {

struct Params {
  std::string user;
  SecretBytes password;
  bool stream;              ///< reliable: no retransmission, RFC 8489 section 6.2.2
  Endpoint::Family family;  ///< of the address that is wanted
};

// ---- what the agent says ------------------------------------------------------------------------

/// A message that came from the server's address: answers, Data indications.
struct FromServer {
  static constexpr std::string_view name = "FromServer";
  wire::stun::Received received;
};
/// Data to and from this peer shall pass. Told once for each peer; renewed until Closed. Before
/// Ready it is Refused at once.
struct Permit {
  static constexpr std::string_view name = "Permit";
  Endpoint peer;
};
/// A channel for the peer that was selected, and a permission if there is none. Likewise.
struct Bind {
  static constexpr std::string_view name = "Bind";
  Endpoint peer;
};
struct Close {
  static constexpr std::string_view name = "Close";
};
struct Tick {
  static constexpr std::string_view name = "Tick";
};
using Event = std::variant<FromServer, Permit, Bind, Close, Tick>;

// ---- what it hears ------------------------------------------------------------------------------

struct ToServer {
  ByteVector bytes;
};
struct Ready {
  Endpoint relayed;
  Endpoint mapped;  ///< our address as the server sees it: a server-reflexive candidate
};
struct Permitted {
  Endpoint peer;
};
struct Bound {
  Endpoint peer;
  std::uint16_t channel;
};
/// The server does not let us reach this peer, or no longer, or there are too many; or it has no
/// channel for it. It may be asked for again.
struct Refused {
  Endpoint peer;
};
/// From a Data indication.
struct FromPeer {
  Endpoint peer;
  ByteVector bytes;
};
/// It never was, or is no more. Nothing follows.
struct Lost {
  Fault fault;
};
using Effect = std::variant<ToServer, Ready, Permitted, Bound, Refused, FromPeer, Lost>;
using Effects = std::vector<Effect>;

}  // namespace culver::ice::turn
