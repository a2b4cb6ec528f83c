// How fast we speak to the server: it drops what exceeds its limit, and what was dropped is missed
// only when a peer has waited in vain. Signals wait here instead, descriptions before candidates,
// and a pairing is accepted only when there is room for the signals of its connection as well. What
// belongs to pairings themselves is little, and does not wait. Source: docs/protocol/signaling.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/base/env.hpp"
#include "core/base/strong.hpp"
#include "core/wire/signaling.hpp"

namespace culver::signaling {

/// What Zajel's server takes from a connection within a minute (zajel-server 11), and every one of
/// which nothing else is known.
inline constexpr std::size_t messages_per_minute = 100;
/// Left for what does not wait: pairings, rendezvous points, pings. No more than half of a small
/// limit.
inline constexpr std::size_t messages_aside = 20;
inline constexpr Duration pacing_window = std::chrono::seconds(60);
/// For an answer and three candidates; given back when the connection is up or gone, and after a
/// while.
inline constexpr std::size_t signals_per_connection = 4;
inline constexpr Duration promise_time = std::chrono::seconds(30);
inline constexpr std::size_t signals_waiting = 4'000;

class Pacer {
 public:
  using Message = wire::signaling::ClientMessage;
  using Relay = wire::signaling::Relay;

  /// What the server says of itself. Limits below 4 are not believed.
  void limit(std::size_t per_minute);

  /// A message that does not wait has left.
  void note(TimePoint now);
  /// False if too many wait already. Otherwise take() gives it when its time has come.
  bool push(Relay signal, TimePoint now);
  /// What may leave now, in order.
  [[nodiscard]] std::vector<Relay> take(TimePoint now);

  /// Whether there is room for another connection; if so it is kept for this peer.
  bool admit(const PairingCode& peer, TimePoint now);
  /// The connection with this peer is up: what was kept for it is free again.
  void release(const PairingCode& peer) { promises_.erase(peer); }
  /// It is gone, and what waits for it with it.
  void drop(const PairingCode& peer);
  /// Away from the server: gives what has not left, in order.
  [[nodiscard]] std::vector<Relay> clear();

  std::size_t waiting() const { return descriptions_.size() + candidates_.size(); }
  /// When there may be room for more.
  std::optional<TimePoint> room_at() const;
  std::optional<TimePoint> deadline() const { return waiting() ? room_at() : std::nullopt; }

 private:
  struct Promise {
    std::size_t left;
    TimePoint until;
  };
  using Queue = std::deque<Relay>;

  void forget(TimePoint now);
  std::size_t promised() const;
  bool has_room() const { return spent_.size() + promised() < most_; }
  /// Takes from what was kept for this peer, or from what is free.
  bool take_for(const PairingCode& peer, TimePoint now);
  void take_from(Queue& queue, TimePoint now, std::vector<Relay>& out);

  std::size_t most_ = messages_per_minute - messages_aside;
  std::deque<TimePoint> spent_;  ///< within the window
  std::map<PairingCode, Promise> promises_;
  Queue descriptions_, candidates_;
};

}  // namespace culver::signaling
