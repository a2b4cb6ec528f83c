// The phases of a transport's life, each with what is known and alive in it, and nothing else. A
// phase that holds records or packets has nobody yet who could take them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/env.hpp"
#include "core/dcep/channels.hpp"
#include "shell/p2p/dtls.hpp"
#include "shell/p2p/path.hpp"
#include "shell/p2p/sctp.hpp"

namespace culver::p2p::phase {

// ---- before DTLS --------------------------------------------------------------------------------

/// Neither a path nor a role.
struct Gathering {
  Batch records;
};
/// A flight into nothing would only start DTLS's timer.
struct WaitingForPath {
  connection::DtlsRole role;
  Batch records;
};
struct WaitingForRole {
  Batch records;
};

// ---- before SCTP --------------------------------------------------------------------------------

struct ShakingHands {
  connection::DtlsRole role;
  std::unique_ptr<Dtls> dtls;
};
/// DtlsUp was told; the certificate is being judged.
struct WaitingForSctp {
  connection::DtlsRole role;
  std::unique_ptr<Dtls> dtls;
  Batch packets;
};
/// DtlsFailed was told. Nothing more will come of it.
struct Failed {};

// ---- with an association ------------------------------------------------------------------------

/// Their addresses stay the same over all phases: the association sends by way of DTLS, up to its
/// own end.
struct Session {
  std::unique_ptr<Dtls> dtls;
  std::unique_ptr<Association> sctp;
};
struct Connecting {
  connection::DtlsRole role;
  std::uint32_t largest_sent;  ///< message that the peer takes; 0: any
  Session session;
  std::vector<std::string> labels = {};  ///< of channels to be opened
};

/// Whether the peer's SCTP has acknowledged what was sent on channels.
struct NothingSent {};
struct Unacknowledged {};
struct AllSent {
  TimePoint told;
};
using Delivery = std::variant<NothingSent, Unacknowledged, AllSent>;

/// What is alive while the association is up.
struct Live {
  struct WindowLeft {
    std::size_t left;  ///< of the last Window that was told
  };
  Session session;
  dcep::Channels channels;
  std::map<ChannelId, WindowLeft> windows_left = {};  ///< of channels that are open
  Delivery delivery = NothingSent{};
  bool peer_reads_to_the_end = false;  ///< a Culver: it takes what was sent before a goodbye
};
struct Up {
  Live live;
};

// ---- hanging up ---------------------------------------------------------------------------------

/// The peer is to have everything.
struct Sending {
  Live live;
  TimePoint end_by;  ///< all of it
};
/// The peer is to answer that the channels are closed.
struct Closing {
  Live live;
  TimePoint by;
  TimePoint end_by;
};
/// The association is to end.
struct Leaving {
  Live live;
  TimePoint by;
};
/// The same, of one that was not up.
struct LeavingEarly {
  Session session;
  TimePoint by;
};

/// TransportClosed was told.
struct Ended {};

using Phase = std::variant<Gathering, WaitingForPath, WaitingForRole, ShakingHands, WaitingForSctp,
                           Failed, Connecting, Up, Sending, Closing, Leaving, LeavingEarly, Ended>;

// ---- what a phase may have ----------------------------------------------------------------------

inline Live* live_of(Phase& phase) {
  return std::visit(
      [](auto& in) -> Live* {
        if constexpr (requires { in.live; })
          return &in.live;
        else
          return nullptr;
      },
      phase);
}

inline Session* session_of(Phase& phase) {
  return std::visit(
      [](auto& in) -> Session* {
        if constexpr (requires { in.live; })
          return &in.live.session;
        else if constexpr (requires { in.session; })
          return &in.session;
        else
          return nullptr;
      },
      phase);
}

inline Dtls* dtls_of(Phase& phase) {
  if (auto* session = session_of(phase)) return session->dtls.get();
  return std::visit(
      [](auto& in) -> Dtls* {
        if constexpr (requires { in.dtls; })
          return in.dtls.get();
        else
          return nullptr;
      },
      phase);
}

/// DTLS records that came before DTLS began.
inline Batch* records_of(Phase& phase) {
  return std::visit(
      [](auto& in) -> Batch* {
        if constexpr (requires { in.records; })
          return &in.records;
        else
          return nullptr;
      },
      phase);
}

}  // namespace culver::p2p::phase
