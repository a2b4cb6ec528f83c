// What methods take and give: peers, texts that wait, transfers. Ids are opaque texts, to be
// compared and given back, and never taken apart.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "culver/export.hpp"

namespace culver::CULVER_INLINE v1 {
/// The other side, as events name it.
struct Peer {
  std::string name;         ///< as the peer book calls it, or the beginning of its fingerprint
  std::string fingerprint;  ///< SHA-256 of its key, 64 upper case hexadecimal digits: who it is
};

/// Whom a method is about: a name, NAME@DIGITS, a fingerprint or its first 8 digits and more, or
/// the Peer of an event, which means its fingerprint. Names may mean nobody ("no_such_peer") or
/// several ("name_ambiguous"); a whole fingerprint means one.
class PeerName {
 public:
  PeerName(std::string text) : text_(std::move(text)) {}
  PeerName(std::string_view text) : text_(text) {}
  PeerName(const char* text) : text_(text) {}
  PeerName(const Peer& peer) : text_(peer.fingerprint) {}
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// What PairRequested is answered with.
enum class PairingAnswer : std::uint8_t {
  refuse,
  accept,           ///< not one that has a namesake
  accept_as_other,  ///< one that has a namesake, too: it is somebody else of that name
};

/// Whether list_outbox() reads the words of the texts besides.
enum class OutboxText : std::uint8_t { omit, read };

/// A row of the peer book.
struct KnownPeer {
  Peer peer;
  std::string own_name;        ///< what it calls itself; may be empty
  std::string alias;           ///< what we call it instead; may be empty
  std::int64_t first_seen_ms;  ///< since 1970, UTC, in whole seconds
  std::int64_t last_seen_ms;   ///< the same, when its keys were proven last
  bool is_verified;            ///< a person has compared the safety number
  bool is_blocked;             ///< it is refused before anybody is asked
  bool is_connected;           ///< here and now, its keys proven
};

/// By which way a connection goes.
enum class Path : std::uint8_t { direct, relayed };

struct Status {
  bool is_online;           ///< registered with the server
  std::string code;         ///< six characters by which others pair with us; empty: offline
  std::string server;       ///< its address, as it was configured
  std::uint32_t connected;  ///< peers whose keys are proven
  std::uint32_t transfers;  ///< files that are under way or offered
};

struct Identity {
  std::string fingerprint;  ///< 64 upper case hexadecimal digits
};

/// A connection with a peer.
struct Connection {
  Peer peer;
  Path path;
  std::int64_t setup_ms;  ///< from the match to the proof
};

/// A text that is on our disk and waits for its peer.
struct QueuedText {
  std::string message;  ///< its id
  Peer peer;
  std::int64_t written_ms;  ///< since 1970, UTC
  std::string text;         ///< UTF-8; empty if it was not asked for, or cannot be read
};

/// What send_text() has done: the text is on our disk.
struct SentText {
  std::string message;  ///< its id: of TextDelivered and of drop_outbox()
};
/// What send_files() has done: a transfer for each file, in their order.
struct SentFile {
  std::string transfer;  ///< its id: of FileSent and TransferFailed
  std::filesystem::path path;
};
/// A file on its way, in either direction.
struct Transfer {
  std::string transfer;
  Peer peer;
  std::string name;
  std::uint64_t bytes;  ///< so far
  std::uint64_t size;   ///< in all
  bool is_outgoing;
  bool is_offered;  ///< it waits for accept_transfer() or refuse_transfer()
};
/// What start_pairing() has done: it goes on by itself.
struct StartedPairing {
  std::string pairing;  ///< its id: of finish_pairing() and PairEnded
};
}  // namespace culver::CULVER_INLINEv1
