// The words between the engine and the shell that performs for it. Types only; what a user says
// and hears is in api.hpp.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/crypto/sign.hpp"
#include "core/engine/api.hpp"
#include "core/link/link.hpp"
#include "core/signaling/events.hpp"
#include "core/transfer/events.hpp"

namespace culver::engine {

// ---- events -------------------------------------------------------------------------------------

struct ServerOpened {};
struct ServerFrame {
  std::string text;  ///< or a sealed record
};
struct ServerLost {
  Fault fault;
};
struct FromTransport {
  LinkId link;
  link::TransportEvent event;
};
struct FromDisk {
  using Event =
      std::variant<transfer::BlockRead, transfer::FramesRead, transfer::PrefixHashed,
                   transfer::TargetCreated, transfer::TargetOpened, transfer::BlockWritten,
                   transfer::TargetFinished, transfer::DiskFailed>;
  TransferId transfer;
  Event event;
};
/// The answer to Remember.
struct Remembered {
  LinkId link;
  std::optional<Fault> fault;
};
/// This machine may have other addresses than before.
struct NetworkChanged {};
/// Time has passed; due when deadline() says so, harmless otherwise.
struct Tick {};

using Event = std::variant<Command, ServerOpened, ServerFrame, ServerLost, FromTransport, FromDisk,
                           Remembered, NetworkChanged, Tick>;

// ---- effects ------------------------------------------------------------------------------------

struct DialServer {};
struct SendToServer {
  std::string frame;
  bool binary = false;  ///< a sealed record
};
struct HangUpServer {};
struct ToTransport {
  LinkId link;
  link::TransportEffect effect;
};
struct ToDisk {
  using Effect = std::variant<transfer::ReadBlock, transfer::ReadFrames, transfer::HashPrefix,
                              transfer::CreateTarget, transfer::OpenTarget, transfer::RestartTarget,
                              transfer::WriteBlock, transfer::WriteSlices, transfer::FinishTarget,
                              transfer::DropSource, transfer::DropTarget, transfer::KeepTarget>;
  TransferId transfer;
  Effect effect;
};
/// Writes the peer into the peer book, under its key; answered by Remembered. Until then the peer
/// is not told as connected.
struct Remember {
  LinkId link;
  PublicKey key;
  std::optional<Plaintext> name;
  bool is_culver;
  std::optional<PublicKey> instead_of;  ///< whose row it takes over
};
/// Writes down that this key came under the name of another peer and was refused.
struct KeepOffered {
  PublicKey of;
  PublicKey offered;
};
/// Writes into the server book that the server has this identity and speaks this version. A version
/// that is there already never becomes an older one.
struct RememberServer {
  crypto::VerifyKey identity;
  unsigned version;
};
struct Tell {
  Notice notice;
};
/// A frame was dropped: for the log and the counters.
struct Dropped {
  Fault fault;
};

using Effect = std::variant<DialServer, SendToServer, HangUpServer, ToTransport, ToDisk, Remember,
                            KeepOffered, RememberServer, Tell, Dropped>;
using Effects = std::vector<Effect>;

}  // namespace culver::engine
