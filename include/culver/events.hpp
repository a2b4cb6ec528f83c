// What happens, as plain structs: named and filled as the events of the daemon's interface.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "culver/export.hpp"
#include "culver/result.hpp"
#include "culver/types.hpp"

namespace culver::CULVER_INLINE v1 {
// ---- texts -----------------------------------------------------------------------------------

/// A text has come. Of a Culver it is on our disk and stays there until ack(): durable.
struct TextReceived {
  Peer peer;
  std::string message;      ///< the same if it is told again; empty: of a client that numbers none
  std::string text;         ///< UTF-8, foreign: it may hold control characters
  std::int64_t written_ms;  ///< since 1970, by the sender's clock; 0: it was not told
};
/// A text of send_text() has left our disk.
struct TextDelivered {
  Peer peer;
  std::string message;
  bool is_confirmed;  ///< it is on the peer's disk; false: its transport has it
};
/// Texts for this peer cannot be sent, or some that came cannot be read. They stay where they
/// are.
struct TextFailed {
  std::optional<Peer> peer;  ///< none: it cannot be read whose it is
  std::string message;       ///< empty: not one alone
  Error error;               ///< letter_unreadable, text_too_long, store_failed
};

// ---- files -----------------------------------------------------------------------------------

/// A peer wants to send a file: accept_transfer() or refuse_transfer(). It waits some minutes.
struct FileOffered {
  std::string transfer;
  Peer peer;
  std::string name;     ///< foreign; accepted files get it, made safe
  std::uint64_t size;   ///< bytes
  std::uint64_t have;   ///< of these, bytes that an earlier attempt has brought
  std::uint32_t files;  ///< that are announced together with it, itself included: 1 or more
};
/// It is whole, checked, on the disk and has its final name.
struct FileReceived {
  Peer peer;
  std::string transfer;
  std::string name;            ///< as it was offered
  std::filesystem::path path;  ///< where it is
  std::uint64_t size;          ///< bytes
  std::string sha256;          ///< 64 lower case hexadecimal digits
};
struct FileSent {
  Peer peer;
  std::string transfer;
  std::string name;
  std::uint64_t size;  ///< bytes
  std::string sha256;  ///< 64 lower case hexadecimal digits
  bool is_confirmed;   ///< the peer has it on its disk and has checked it
};
/// A file in either direction has come to nothing. Sent again, it goes on where it stopped.
struct TransferFailed {
  Peer peer;
  std::string transfer;
  std::string name;
  bool is_outgoing;
  Error error;
};
enum class TransferPhase : std::uint8_t {
  checking,  ///< what an earlier attempt has brought is read again
  running    ///< bytes go over the connection
};
struct TransferState {
  Peer peer;
  std::string transfer;
  std::string name;
  bool is_outgoing;
  TransferPhase phase;
};
/// Four times a second for each transfer at most; only the newest is kept.
struct TransferProgress {
  std::string transfer;
  std::uint64_t bytes;  ///< so far
  std::uint64_t size;   ///< in all
};

// ---- peers -----------------------------------------------------------------------------------

/// Somebody asks to be let in: answer_pairing(). A `namesake` is the known peer that is called so
/// and has another key: somebody else, or the same person with a new key, and nothing that may be
/// answered with yes by habit.
struct PairRequested {
  std::string pairing;
  std::string name;         ///< as it calls itself; empty: it has not said
  std::string fingerprint;  ///< of its key
  std::optional<Peer> namesake;
};
/// A pairing, ours or theirs, has come to nothing: refused, withdrawn, expired.
struct PairEnded {
  std::string pairing;
  Error error;
};
/// Somebody who was not known before is in the peer book now, its keys proven.
struct PeerPaired {
  Peer peer;
};
/// The peer is here, its keys proven.
struct PeerConnected {
  Peer peer;
  Path path;
  std::int64_t setup_ms;  ///< from the match to the proof
};
struct PeerDisconnected {
  Peer peer;
  std::optional<Error> error;  ///< none: it said goodbye, or we did
};
/// The row of the peer book was changed, by us or by another process: renamed, blocked,
/// forgotten.
struct PeerChanged {
  std::string fingerprint;
  bool is_welcome;  ///< it is in the book and not blocked
};

// ---- the server ------------------------------------------------------------------------------

/// Registered. Again with another code after a lost connection.
struct Online {
  std::string code;    ///< six characters by which others pair with us
  std::string server;  ///< its address
};
struct Offline {
  Error error;
  /// It is tried again without a call. Not so before it was reached once, when a wrong address is
  /// most likely: then go_online() again.
  bool is_retrying;
};

// ---- the library itself ----------------------------------------------------------------------

/// Nobody asked for events, and so many that are not durable were dropped.
struct TransientDropped {
  std::uint64_t count;
};
/// The engine has stopped by itself: the last event. Every method answers "closed" from then on.
struct SubscriptionEnded {
  Error error;
};

using EventData =
    std::variant<TextReceived, TextDelivered, TextFailed, FileOffered, FileReceived, FileSent,
                 TransferFailed, TransferState, TransferProgress, PairRequested, PairEnded,
                 PeerPaired, PeerConnected, PeerDisconnected, PeerChanged, Online, Offline,
                 TransientDropped, SubscriptionEnded>;

/// What Client::next() gives. A value; later versions add alternatives and fields, at the end.
struct Event {
  std::uint64_t seq;    ///< 1, 2, 3, ... in the order of what happened, for this client; dropped
                        ///< and merged ones leave holes
  std::int64_t at_ms;   ///< when it was told by the engine: since 1970, UTC
  bool is_durable;      ///< it is told again by a later open() unless it is acknowledged
  bool is_redelivered;  ///< an earlier client had it and did not acknowledge it
  EventData data;
};

namespace detail {
template <class Handler, class... Data>
constexpr bool takes_any(const std::variant<Data...>*) {
  return (std::is_invocable_v<Handler&, const Data&> || ...);
}
}  // namespace detail

/// Calls the handler that takes what has happened, and none if there is none: a program handles
/// the events that it knows, and goes on compiling when there are more. True: one was called. On
/// the calling thread. A handler takes its event by value or by const reference; one that takes no
/// event, or two that take the same one, do not compile.
///
///     visit(event, [](const TextReceived& text) { ... }, [](const Online& online) { ... });
template <class... Handlers>
bool visit(const Event& event, Handlers&&... handlers) {
  static_assert(
      (detail::takes_any<std::remove_cvref_t<Handlers>>(static_cast<const EventData*>(nullptr)) &&
       ...),
      "each handler takes an event, by value or by const reference");
  struct All : std::remove_cvref_t<Handlers>... {
    using std::remove_cvref_t<Handlers>::operator()...;
  };
  All all{std::forward<Handlers>(handlers)...};
  return std::visit(
      [&all](const auto& data) {
        if constexpr (std::is_invocable_v<All&, decltype(data)>) {
          all(data);
          return true;
        } else {
          static_assert(
              !(std::is_invocable_v<std::remove_cvref_t<Handlers>&, decltype(data)> || ...),
              "two handlers take the same event");
          return false;
        }
      },
      event.data);
}
}  // namespace culver::CULVER_INLINEv1
