// The words between the engine and the shell that performs for it. Types only; what a user says
// and hears is in api.hpp.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/dial_failure.hpp"
#include "core/connection/connection.hpp"
#include "core/crypto/sign.hpp"
#include "core/engine/api.hpp"
#include "core/signaling/events.hpp"
#include "core/transfer/events.hpp"

namespace culver::engine {

// ---- events -------------------------------------------------------------------------------------

struct ServerOpened {};
struct ServerFrame {
  std::string text;  ///< or a sealed record
};
struct ServerLost {
  Failure fault;
};
struct FromTransport {
  ConnectionId connection;
  connection::TransportEvent event;
};
struct FromDisk {
  using Event = std::variant<transfer::BlockRead, transfer::FramesRead, transfer::PrefixHashed,
                             transfer::TargetCreated, transfer::TargetFound, transfer::TargetOpened,
                             transfer::PartHashed, transfer::BlockWritten, transfer::TargetFinished,
                             transfer::DiskFailed>;
  TransferId transfer;
  Event event;
};
/// The answer to Remember.
struct Remembered {
  ConnectionId connection;
  std::optional<Fault> fault;
};
/// The queues may have changed by another process.
struct OutboxChanged {};
/// The answer to StoreLetter.
struct LetterStored {
  std::uint32_t request;
  LetterId letter;
  std::optional<Fault> fault;
};
struct WaitingLetter {
  LetterId id;
  wire::peer::LetterName name;
  WallTime written;
  Plaintext text;
};
/// The answer to LoadLetters, in order. With a fault: what stands in front of the one that cannot
/// be read.
struct LettersLoaded {
  ConnectionId connection;
  std::vector<WaitingLetter> letters;
  std::optional<Fault> fault;
};
/// The answer to KeepLetter. Without `held` and fault: the letter had come before.
struct LetterKept {
  std::uint32_t request;
  std::optional<HeldId> held;
  std::optional<Fault> fault;
};
struct HeldLetter {
  HeldId id;
  PublicKey key;
  wire::peer::LetterName name;
  WallTime written;
  Plaintext text;
};
/// The answer to LoadHeld, as they came.
struct HeldLoaded {
  std::vector<HeldLetter> letters;
  std::optional<Fault> fault;
};
/// The answer to LoadFrames, and to KeepFrame if it fails. With a fault: nothing of this key may be
/// taken.
struct FramesLoaded {
  PublicKey key;
  std::vector<Nonce> nonces;
  std::optional<Fault> fault;
};
/// The answer to KeepFrame, in the order of the questions: it is on the disk.
struct FrameKept {
  PublicKey key;
  Nonce nonce;
  bool is_first;  ///< no other process of this data folder has taken it
};
/// This machine may have other addresses than before.
struct NetworkChanged {};
/// The clock on the wall was set, and no server tells what time it is.
struct ClockStepped {};
/// Time has passed; due when deadline() says so, harmless otherwise.
struct Tick {};

using Event = std::variant<Command, ServerOpened, ServerFrame, ServerLost, FromTransport, FromDisk,
                           Remembered, OutboxChanged, LetterStored, LettersLoaded, LetterKept,
                           HeldLoaded, FramesLoaded, FrameKept, NetworkChanged, ClockStepped, Tick>;

// ---- effects ------------------------------------------------------------------------------------

struct DialServer {};
struct SendToServer {
  std::string frame;
  bool binary = false;  ///< a sealed record
};
struct HangUpServer {};
struct ToTransport {
  ConnectionId connection;
  connection::TransportEffect effect;
};
struct ToDisk {
  using Effect = std::variant<transfer::ReadBlock, transfer::ReadFrames, transfer::HashPrefix,
                              transfer::CreateTarget, transfer::FindTarget, transfer::OpenTarget,
                              transfer::HashPart, transfer::RestartTarget, transfer::WriteBlock,
                              transfer::WriteSlices, transfer::FinishTarget, transfer::DropSource,
                              transfer::DropTarget, transfer::KeepTarget>;
  TransferId transfer;
  Effect effect;
};
enum class KeyStanding { claimed, proven };

/// Writes the peer into the peer book, under its key; answered by Remembered. Until then the peer
/// is not told as connected.
struct Remember {
  ConnectionId connection;
  PublicKey key;
  std::optional<Plaintext> name;
  bool is_culver;
  std::optional<PublicKey> instead_of;  ///< whose row it takes over
};
/// Writes down that this key came under the name of another peer and was refused. One that was only
/// claimed, by whoever asked for a pairing, displaces none that was proven.
struct KeepOffered {
  PublicKey of;
  PublicKey offered;
  KeyStanding standing;
};
/// Writes into the server book that the server has this identity and speaks this version. A version
/// that is there already never becomes an older one.
struct RememberServer {
  crypto::VerifyKey identity;
  unsigned version;
};
// The queues of letters and what came of others; source: docs/protocol/outbox.md.

/// Puts a letter at the end of the peer's queue; answered by LetterStored, when it is durable.
struct StoreLetter {
  std::uint32_t request;
  PublicKey key;
  WallTime written;
  Plaintext text;
};
/// Reads the peer's queue behind that letter; answered by LettersLoaded.
struct LoadLetters {
  ConnectionId connection;
  PublicKey key;
  LetterId after;
  std::size_t most;
};
/// They are delivered. No answer.
struct RemoveLetters {
  std::vector<LetterId> letters;
};
/// Writes down a letter that came, unless it had come before; answered by LetterKept, when that is
/// durable.
struct KeepLetter {
  std::uint32_t request;
  PublicKey key;
  wire::peer::Letter letter;
};
/// Takes over what processes that are gone have kept and not shown; answered by HeldLoaded.
struct LoadHeld {};
/// It was shown. No answer.
struct MarkDisplayed {
  HeldId held;
};
/// Reads which frames of version 1 were taken of this key, by this process or another; answered by
/// FramesLoaded.
struct LoadFrames {
  PublicKey key;
};
/// Writes down that a frame was taken, before anything comes of it. Answered by FrameKept, or by
/// FramesLoaded if that fails.
struct KeepFrame {
  PublicKey key;
  Nonce nonce;
};
struct Tell {
  Notice notice;
};
/// The signaling server lends these to connections that begin from now on.
struct LendIceServers {
  std::vector<wire::signaling::IceServer> servers;
};
/// A frame was dropped: for the log and the counters.
struct Dropped {
  Fault fault;
  FrameKind kind;
  std::optional<ConnectionId> connection = std::nullopt;  ///< if there is one already
};

using Effect =
    std::variant<DialServer, SendToServer, HangUpServer, ToTransport, ToDisk, Remember, KeepOffered,
                 RememberServer, StoreLetter, LoadLetters, RemoveLetters, KeepLetter, LoadHeld,
                 MarkDisplayed, LoadFrames, KeepFrame, LendIceServers, Tell, Dropped>;
using Effects = std::vector<Effect>;

}  // namespace culver::engine
