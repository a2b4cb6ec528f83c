// What the client and the server want of their stores, whatever is behind them.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/engine/events.hpp"
#include "core/engine/known.hpp"
#include "core/relay/directory.hpp"

namespace culver::store {

/// A peer that was connected once. Its key is its identity: codes change with every pairing.
/// Source: docs/protocol/known-peers.md.
struct KnownPeer {
  PublicKey key;
  std::optional<Plaintext> name;   ///< as the peer calls itself
  std::optional<Plaintext> alias;  ///< as we call it
  std::string first_seen;          ///< ISO 8601, UTC
  std::string last_seen;
  bool is_verified = false;
  bool is_blocked = false;
  bool is_culver = false;
  std::vector<PublicKey> offered = {};  ///< came under its name, and were refused; newest last
  std::vector<Plaintext> earlier = {};  ///< what it called itself before, newest last

  bool operator==(const KnownPeer&) const = default;
  engine::Known as_known() const {
    return {key, name, alias, is_blocked, is_culver, is_verified, earlier};
  }
};

inline std::vector<engine::Known> as_known(std::span<const KnownPeer> peers) {
  std::vector<engine::Known> known;
  for (const auto& peer : peers) known.push_back(peer.as_known());
  return known;
}

/// A connection whose keys were proven.
struct ProvenPeer {
  PublicKey key;
  std::optional<Plaintext> name;
  bool is_culver;
  std::optional<PublicKey> instead_of = {};  ///< whose row it takes over
};

/// Each call happens as a whole or not at all. Calls about a peer that the book does not have are
/// Fault::no_such_peer.
template <class Book>
concept PeerBook = requires(Book& book, const ProvenPeer& proven, const PublicKey& key,
                            const PublicKey& other, engine::KeyStanding standing,
                            const std::optional<Plaintext>& name, bool flag,
                            const std::string& now) {
  /// Adds the peer, or updates when it was last seen. A name replaces the one before; no name
  /// leaves it, and the one before is kept as an earlier one. Once a Culver, always a Culver.
  /// Taking over a row: alias, first_seen and the blocked mark stay, the verified mark goes. The
  /// key is then nobody's offered key any more.
  { book.remember(proven, now) } -> std::same_as<Result<void>>;
  /// The other key was refused under the name of this one. Of each peer's a few are kept: the
  /// newest of those that were proven before any that was only claimed.
  { book.keep_offered(key, other, standing) } -> std::same_as<Result<void>>;
  /// No alias: it is called by its own name again.
  { book.rename(key, name) } -> std::same_as<Result<void>>;
  { book.set_verified(key, flag) } -> std::same_as<Result<void>>;
  { book.set_blocked(key, flag) } -> std::same_as<Result<void>>;
  /// The other key, which must be one that was offered, takes over the row; what else was offered
  /// is forgotten.
  { book.trust(key, other) } -> std::same_as<Result<void>>;
  { book.forget(key) } -> std::same_as<Result<void>>;
  /// Everybody, whoever was seen last first.
  { book.all() } -> std::same_as<Result<std::vector<KnownPeer>>>;
};

/// What waits for one peer, as far as it could be read: with a fault, what stands in front of the
/// one that could not.
struct Queue {
  std::vector<engine::WaitingLetter> letters;
  std::optional<Fault> fault;
};
struct Held {
  std::vector<engine::HeldLetter> letters;
  std::optional<Fault> fault;  ///< there is one that cannot be read
};

/// Letters: the queues of those that wait, and those that came and were not shown yet. Each call
/// happens as a whole, and is on the disk when it returns. Source: docs/protocol/outbox.md.
template <class Box>
concept Outbox = requires(Box& box, const PublicKey& key, const Plaintext& text, WallTime written,
                          LetterId letter, std::size_t most, std::span<const LetterId> letters,
                          const wire::peer::Letter& came, HeldId held) {
  /// no_such_peer, outbox_full.
  { box.post(key, text, written) } -> std::same_as<Result<LetterId>>;
  /// Behind that letter. letter_unreadable.
  { box.load(key, letter, most) } -> std::same_as<Queue>;
  { box.remove(letters) } -> std::same_as<Result<void>>;
  /// Nothing: it had come before. outbox_full.
  { box.keep(key, came) } -> std::same_as<Result<std::optional<HeldId>>>;
  /// What processes that are gone have kept and not shown, as it came; it is this one's now.
  { box.take_over() } -> std::same_as<Held>;
  { box.shown(held) } -> std::same_as<Result<void>>;
};

/// The server's devices, events and dead drops. It lives on a thread of its own, takes what has
/// gathered there as one batch, and makes the batch durable at once: no answer leaves before all of
/// it is on disk.
template <class Log>
concept EventLog = requires(Log& log, std::span<const relay::Question> batch) {
  /// One answer per question, in order; std::nullopt for questions without one. If the batch cannot
  /// be made durable, every answer is Fault::store_failed and none of it has happened.
  { log.answer(batch) } -> std::same_as<std::vector<std::optional<relay::Answer>>>;
};

}  // namespace culver::store
