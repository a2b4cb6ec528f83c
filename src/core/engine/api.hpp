// What a user of the engine says to it and hears from it. The command line, and later the daemon
// and the library, speak these words only. Types only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/bytes.hpp"
#include "core/base/dial_failure.hpp"
#include "core/base/env.hpp"
#include "core/base/strong.hpp"
#include "core/base/text.hpp"
#include "core/connection/events.hpp"
#include "core/engine/known.hpp"
#include "core/engine/tried.hpp"
#include "core/transfer/attributes.hpp"

namespace culver::engine {

// ---- commands -----------------------------------------------------------------------------------

/// Register with the server under a fresh code and stay there.
struct GoOnline {};
/// Ask the machine that shows this code for a pairing. Online first.
struct Pair {
  PairingCode code;
};
/// Answer a PairRequested notice. Who came under a known peer's name and is accepted is somebody
/// else of that name.
struct AnswerPair {
  PairingCode from;
  bool accepted;
};
/// Answer a NameTaken notice. Accepted as somebody else of that name; or refused.
struct AnswerName {
  ConnectionId connection;
  bool accepted;
};
/// Answered by TextDelivered or TextFailed, or by the end of the connection. One that was under way
/// then may have arrived: it is sent again over the next connection under the same id, before any
/// other, and a Culver does not show it twice.
struct SendText {
  ConnectionId connection;
  TextId id;
  Plaintext text;
};
/// Files that are sent one after the other, this one and those that follow, so that the other side
/// can be asked once.
struct Batch {
  std::uint32_t files;
  std::uint64_t bytes;                ///< in all
  std::vector<Plaintext> names = {};  ///< of the first of them, as far as they are told
};
/// The file has been opened by the shell under this id.
struct SendFile {
  ConnectionId connection;
  TransferId transfer;
  Plaintext name;
  std::uint64_t size;
  transfer::Attributes attributes = {};
  std::optional<Batch> batch = {};  ///< that begins with this file
};
/// Answer a FileOffered notice.
struct AnswerFile {
  TransferId transfer;
  bool accepted;
};
/// For good: what has arrived of it is deleted on either side. Whoever only leaves keeps it.
struct CancelFile {
  TransferId transfer;
};
/// The same for every file.
struct CancelFiles {};
/// Say goodbye to a peer, after what was sent has arrived. Files under way may be continued later.
struct CloseConnection {
  ConnectionId connection;
};
/// The book has changed by the hand of the user: the row as it is now. One that is blocked loses
/// its connection.
struct Know {
  Known peer;
};
/// The row is gone.
struct Forget {
  PublicKey key;
};
/// Look for this peer at the server's rendezvous points, as long as it is not connected, until
/// StopLooking: its requests are accepted without a question. Ignored for a blocked key.
struct LookFor {
  PublicKey key;
};
struct StopLooking {
  PublicKey key;
};
/// Look for every peer of the book that is not blocked, and from now on for each that comes into
/// it. Where there is one place only, as long as that is free.
struct LookForKnown {};
struct StopLookingForKnown {};
/// Keep a text for a peer of the book, and deliver it once, in order, when it is there: at once, if
/// it is connected. Answered by TextQueued or TextNotQueued.
struct QueueText {
  PublicKey key;
  Plaintext text;
};
/// Tell what an earlier process has kept of letters that came, and not shown.
struct ShowHeld {};
/// A letter of a LetterReceived notice was shown: it is not kept any longer.
struct Displayed {
  HeldId held;
};
/// Leave the server; connections stay.
struct GoOffline {};
/// Say goodbye to everybody and leave the server.
struct Leave {};

using Command =
    std::variant<GoOnline, Pair, AnswerPair, AnswerName, SendText, SendFile, AnswerFile, CancelFile,
                 CancelFiles, CloseConnection, Know, Forget, LookFor, StopLooking, LookForKnown,
                 StopLookingForKnown, QueueText, ShowHeld, Displayed, GoOffline, Leave>;

// ---- notices ------------------------------------------------------------------------------------

/// Registered under this code (again with another one after a collision or a reconnect).
struct Online {
  PairingCode code;
};
/// The server is gone; retrying tells whether the engine tries again by itself.
struct Offline {
  Failure fault;
  bool retrying;
};
struct PairRequested {
  PairingCode from;
  PublicKey key;
  std::optional<Plaintext> proposed_name;
  /// The known peer that is called so, and has another key. Nobody may say yes to that by habit.
  std::optional<PublicKey> namesake = {};
  bool is_accepted = false;  ///< by PairRequests::accept: there is nothing to answer
  /// By another hand, since the engine runs. It may have found us by what was left on the server
  /// when it was known, without any code.
  bool was_forgotten = false;
};
/// Whom a refusal is about: the known peer whose name was used by a key that is not known, or else
/// the key that was refused.
struct Whom {
  PublicKey key;
  std::optional<Plaintext> name;               ///< by which it is known
  std::optional<Plaintext> calls_itself = {};  ///< of name_of_another
};
/// A request that waits for our answer is void: expired, or the other side left; or the one place
/// that there is was taken by somebody else.
struct PairWithdrawn {
  PairingCode from;
  bool is_place_taken = false;
};
/// Our Pair command, or an accepted request, came to nothing.
struct PairFailed {
  PairingCode peer;
  Fault fault;
  std::optional<Whom> about = {};  ///< of peer_key_changed, peer_not_known, peer_blocked
};
/// A match was made; the connection is being established.
struct Connecting {
  ConnectionId connection;
  PairingCode peer;
  /// The peer that was looked for, if that is how the match came about: a failure is nobody's
  /// news, since it is looked for again.
  std::optional<PublicKey> sought = {};
};
/// A peer that is looked for is not there, and was then.
struct WasHere {
  PublicKey key;
  WallTime at;
};
/// A peer that is looked for, and was asked, does not let us in. It is asked again in another hour.
struct RefusedByPeer {
  PublicKey key;
};
/// Somebody who names the key of a peer that is looked for was refused: it came with less than the
/// peer has, or did not show the key. The peer itself may know nothing of it, and is looked for on.
/// Told once for a key and a fault, until the peer was connected.
struct ClaimFailed {
  PublicKey key;
  std::optional<Plaintext> name;  ///< by which the peer is known
  Fault fault;
};
/// The server takes only so much from us in a minute: what is next in turn, a peer that is to be
/// asked or one that was let in, waits so long.
struct Paced {
  Duration wait;
};
/// The clock of this machine is so far ahead of the server's, or behind it. The server's counts for
/// whatever peers have to agree on.
struct ClockWrong {
  std::chrono::milliseconds ahead;
};
/// How far the establishing of a connection has come, and what there is to try. Told whenever
/// either changes.
struct Establishing {
  enum class Phase : std::uint8_t { awaiting_answer, finding_path, securing, proving };
  ConnectionId connection;
  Phase phase;
  Tried tried;
};
/// The keys of this connection are proven, and the peer calls itself like a known one that has
/// another. It waits for AnswerName, for name_patience at most.
struct NameTaken {
  ConnectionId connection;
  PublicKey key;
  Plaintext name;
  PublicKey namesake;
};
/// The book was changed by another hand: this peer has become one to be looked for, or is not any
/// more.
struct PeerBookChanged {
  PublicKey key;
  bool is_welcome;
};
/// There is a session with a peer that claims this key and has not shown that it has it: Zajel's
/// clients show it with the first text that they send. Texts and files may be sent, sealed for that
/// key; to one that was looked for, texts alone (peer_unproven). Told again if its name comes
/// later. Connected follows, or Closed.
struct Unproven {
  ConnectionId connection;
  PublicKey key;
  std::optional<Plaintext> name;  ///< none also where another peer is called so
  connection::PathKind path;
  bool is_sought;  ///< it was looked for, and nobody typed a code
};
/// Both keys are proven.
struct Connected {
  ConnectionId connection;
  PublicKey key;
  std::optional<Plaintext> name;
  connection::PathKind path;
  Duration setup;  ///< from the match
  /// Trust::always let another key take the place of the one that this name had.
  std::optional<PublicKey> instead_of = {};
  bool is_verified = false;                     ///< a person has compared the safety number
  bool is_culver = false;                       ///< it has confirmed the handshakes
  std::optional<Plaintext> called_before = {};  ///< if it calls itself otherwise now
};
/// Of a peer that speaks no letters.
struct TextReceived {
  ConnectionId connection;
  Plaintext text;
};
/// Confirmed: the peer is a Culver that has it on its disk; otherwise its transport has it.
struct TextDelivered {
  ConnectionId connection;
  TextId id;
  bool confirmed;
};
/// It was not sent: not_connected, text_too_long, malformed (no UTF-8), queue_full.
struct TextFailed {
  ConnectionId connection;
  TextId id;
  Fault fault;
};
/// The peer has said everything, and waits a little for us to do the same: CloseConnection.
struct GoodbyeReceived {
  ConnectionId connection;
};
/// The text is on the disk and waits for its peer.
struct TextQueued {
  PublicKey key;
  LetterId letter;
};
/// text_too_long, malformed (no UTF-8), no_such_peer, outbox_full, store_failed.
struct TextNotQueued {
  PublicKey key;
  Fault fault;
};
/// A letter left the queue. Confirmed: the peer has it on its disk; otherwise its transport has it.
struct LetterDelivered {
  PublicKey key;
  LetterId letter;
  bool confirmed;
};
/// All letters for this peer are delivered, as far as this connection knows.
struct NothingWaits {
  ConnectionId connection;
  PublicKey key;
};
/// letter_unreadable, store_failed: letters for the peer, or those that came of it, cannot be read.
struct LettersStuck {
  std::optional<PublicKey> key;
  Fault fault;
};
/// A text that is on our disk: of a Culver every one. Whoever shows it says Displayed.
struct LetterReceived {
  HeldId held;
  PublicKey key;
  std::optional<Plaintext> name;
  wire::peer::LetterName letter;  ///< the same if it is told again by a later process
  WallTime written;               ///< by the sender's clock
  Plaintext text;
};
struct FileOffered {
  ConnectionId connection;
  TransferId transfer;
  Plaintext name;
  std::uint64_t size;
  std::uint64_t have = 0;           ///< what an earlier attempt has brought: it would be continued
  std::optional<Batch> batch = {};  ///< that begins with this file, as the peer says
};
/// What an earlier attempt has brought is being read again on this side, before it is continued.
struct FileChecking {
  ConnectionId connection;
  TransferId transfer;
  bool outgoing;
  Plaintext name;
  std::uint64_t size;
  std::uint64_t have;
  std::uint64_t bytes;  ///< of `have`, so far
};
struct FileStarted {
  ConnectionId connection;
  TransferId transfer;
  bool outgoing;
  Plaintext name;
  std::uint64_t size;
  std::uint64_t from = 0;  ///< what an earlier attempt has already brought
};
struct FileProgress {
  TransferId transfer;
  std::uint64_t bytes;
};
struct FileReceived {
  TransferId transfer;
  Plaintext path;
  Digest sha256;
};
struct FileSent {
  TransferId transfer;
  Digest sha256;
  bool confirmed;
};
/// Which file that is, as nothing may have been told of it before.
struct FileOf {
  ConnectionId connection;
  Plaintext name;
};
struct FileFailed {
  TransferId transfer;
  Fault fault;
  std::optional<std::uint64_t> room = {};  ///< bytes that there are, of no_space
  std::optional<FileOf> of = {};
};
/// The connection is gone and everything of it is freed. Without a fault: a goodbye, ours or
/// theirs.
struct Closed {
  ConnectionId connection;
  std::optional<Fault> fault;
  bool was_connected;               ///< it had been told as Connected
  std::optional<Whom> about = {};   ///< as in PairFailed
  std::optional<Tried> tried = {};  ///< of ice_failed and ice_timeout
};

using Notice =
    std::variant<Online, Offline, PairRequested, PairWithdrawn, PairFailed, Connecting, NameTaken,
                 PeerBookChanged, WasHere, RefusedByPeer, ClaimFailed, Paced, ClockWrong,
                 Establishing, Unproven, Connected, TextReceived, TextDelivered, TextFailed,
                 GoodbyeReceived, TextQueued, TextNotQueued, LetterDelivered, NothingWaits,
                 LettersStuck, LetterReceived, FileOffered, FileChecking, FileStarted, FileProgress,
                 FileReceived, FileSent, FileFailed, Closed>;

}  // namespace culver::engine
