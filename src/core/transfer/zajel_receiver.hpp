// A file on its way in: it is offered to somebody, taken chunk by chunk into a hidden partial file,
// checked, and only then given its name. It sees neither the disk nor the channel.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/transfer/events.hpp"
#include "core/transfer/zajel_receive_buffer.hpp"

namespace culver::transfer {
namespace zajel_receiver {

using fsm::OneOf;

/// How long a person may think: longer than the sender waits, so that it is the sender who ends it.
inline constexpr Duration decision_patience = std::chrono::minutes(12);
/// How long the peer may send nothing while it may send.
inline constexpr Duration stall_patience = std::chrono::seconds(60);
/// How long the disk may report nothing; shorter than the sender waits for the check.
inline constexpr Duration disk_patience = std::chrono::minutes(4);

/// What every living state knows of its file.
struct Job {
  wire::peer::FileStart start;
  bool acks;  ///< the peer waits for our acknowledgements
};

struct Undecided;
struct Creating;
struct Spooling;
struct Spooled;
struct Receiving;
struct Draining;
struct Finishing;
struct Done;
struct Aborted;

/// The peer waits for our answer, and so do we.
struct Undecided {
  static constexpr std::string_view name = "Undecided";
  Job job;
  TimePoint deadline;

  OneOf<Creating, Aborted> on(Decision&&, Env&, Effects&) &&;
  OneOf<Undecided, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Accepted; the peer is told so when the disk has taken it too.
struct Creating {
  static constexpr std::string_view name = "Creating";
  Job job;
  TimePoint deadline;

  OneOf<Receiving> on(TargetCreated&&, Env&, Effects&) &&;
  OneOf<Creating, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// A peer that does not wait for an answer sends already; nobody has accepted yet.
struct Spooling {
  static constexpr std::string_view name = "Spooling";
  Job job;
  ZajelReceiveBuffer buffer;
  TimePoint deadline;

  OneOf<Receiving, Aborted> on(Decision&&, Env&, Effects&) &&;
  OneOf<Spooling, Aborted> on(OpenedChunk&&, Env&, Effects&) &&;
  OneOf<Spooled, Aborted> on(PeerComplete&&, Env&, Effects&) &&;
  OneOf<Spooling> on(BlockWritten&&, Env&, Effects&) &&;
  OneOf<Spooling, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// All of it is here and right; nobody has accepted yet. The peer has no more say, and may leave.
struct Spooled {
  static constexpr std::string_view name = "Spooled";
  Job job;
  Arrived arrived;
  TimePoint deadline;

  OneOf<Draining, Finishing, Aborted> on(Decision&&, Env&, Effects&) &&;
  OneOf<Spooled> on(BlockWritten&&, Env&, Effects&) &&;
  OneOf<Spooled, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Spooled, Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// The deadline is the peer's, or the disk's while we have paused the connection.
struct Receiving {
  static constexpr std::string_view name = "Receiving";
  Job job;
  ZajelReceiveBuffer buffer;
  TimePoint deadline;

  OneOf<Receiving, Aborted> on(OpenedChunk&&, Env&, Effects&) &&;
  OneOf<Draining, Finishing, Aborted> on(PeerComplete&&, Env&, Effects&) &&;
  OneOf<Receiving> on(BlockWritten&&, Env&, Effects&) &&;
  OneOf<Receiving, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Arrived, right and wanted; the disk has not reported the last block. The peer has no more say.
struct Draining {
  static constexpr std::string_view name = "Draining";
  Job job;
  Arrived arrived;
  TimePoint deadline;

  OneOf<Draining, Finishing> on(BlockWritten&&, Env&, Effects&) &&;
  OneOf<Draining, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Draining, Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// The disk makes it durable and gives it its name.
struct Finishing {
  static constexpr std::string_view name = "Finishing";
  Job job;
  Arrived arrived;
  TimePoint deadline;

  OneOf<Done> on(TargetFinished&&, Env&, Effects&) &&;
  OneOf<Finishing, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Finishing> on(Cancel&&, Env&, Effects&) &&;
};

struct Done {
  static constexpr std::string_view name = "Done";
};
struct Aborted {
  static constexpr std::string_view name = "Aborted";
};

struct Machine {
  using State = std::variant<Undecided, Creating, Spooling, Spooled, Receiving, Draining, Finishing,
                             Done, Aborted>;
  using Event = std::variant<OpenedChunk, PeerComplete, PeerFailed, Decision, Cancel, Tick,
                             TargetCreated, BlockWritten, TargetFinished, DiskFailed>;
  using Context = Env;
  using Effects = transfer::Effects;

  /// A peer that has promised to wait for our answer and does not breaks the protocol. The rest is
  /// ours and late, or comes when the peer has no more say.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Env&, Effects& effects) {
    constexpr bool peer_must_wait = std::same_as<S, Undecided> || std::same_as<S, Creating>;
    if constexpr (E::origin == Origin::peer && peer_must_wait)
      return out_of_order(state, effects);
    else
      return std::move(state);
  }

 private:
  template <class S>
  static Aborted out_of_order(S& state, Effects& effects);
};

}  // namespace zajel_receiver

class ZajelReceiver {
 public:
  using Event = zajel_receiver::Machine::Event;

  struct Params {
    wire::peer::FileStart start;
    std::uint64_t max_size;  ///< larger files are refused at once
    bool acks;               ///< the peer's handshake promised to wait for acknowledgements
    bool auto_accept;        ///< as if Decision{true} had been given
  };

  static ZajelReceiver start(Params params, Env& env, Effects& effects);

  /// Nothing takes back a name that the disk has been asked to give.
  /// Cancel{peer_gone} does not end a file of which every byte has arrived: only the disk, and
  /// perhaps a person, is waited for then. Keep the receiver until ended().
  void on(Event event, Env& env, Effects& effects);
  /// When to send a Tick; none after the end.
  std::optional<TimePoint> deadline() const { return fsm::deadline_of(state_); }
  /// Finished or Failed was told; further events change nothing.
  bool ended() const;
  /// Wanted, here and right: only the disk is waited for.
  bool waits_for_disk() const {
    return std::holds_alternative<zajel_receiver::Draining>(state_) ||
           std::holds_alternative<zajel_receiver::Finishing>(state_);
  }
  std::string_view state() const { return fsm::name_of(state_); }

 private:
  explicit ZajelReceiver(zajel_receiver::Machine::State state) : state_(std::move(state)) {}
  zajel_receiver::Machine::State state_;
};

}  // namespace culver::transfer
