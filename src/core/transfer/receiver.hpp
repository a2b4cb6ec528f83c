// A file on its way in, in the second form: offered to somebody if the disk could take it,
// continued where an earlier attempt ended if the sender agrees, taken frame by frame as credit
// allows, compared with its checksum, and only then given its name. It sees neither the disk nor
// the channel.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/transfer/events.hpp"
#include "core/transfer/receive_buffer.hpp"

namespace culver::transfer {
namespace receiver {

using fsm::OneOf;

/// What every living state knows of its file.
struct Job {
  PublicKey peer;
  wire::stream::Number number;
  Plaintext name;
  std::uint64_t size;
};

struct Surveying;
struct Undecided;
struct Opening;
struct Checking;
struct AwaitingBegin;
struct Receiving;
struct Draining;
struct Finishing;
struct Done;
struct Aborted;

/// The disk looks whether it could take the file, and what there is of it.
struct Surveying {
  static constexpr std::string_view name = "Surveying";
  Job job;
  TimePoint deadline;

  OneOf<Undecided> on(TargetFound&&, Env&, Effects&) &&;
  OneOf<Surveying, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// The peer waits for our answer, and so do we.
struct Undecided {
  static constexpr std::string_view name = "Undecided";
  Job job;
  TimePoint deadline;

  OneOf<Opening, Aborted> on(Decision&&, Env&, Effects&) &&;
  OneOf<Undecided, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Accepted; the disk opens what an earlier attempt has left, or something new.
struct Opening {
  static constexpr std::string_view name = "Opening";
  Job job;
  TimePoint deadline;

  OneOf<Checking, AwaitingBegin> on(TargetOpened&&, Env&, Effects&) &&;
  OneOf<Opening, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// The disk hashes what is there, step by step. The peer is told how far that is.
struct Checking {
  static constexpr std::string_view name = "Checking";
  Job job;
  std::uint64_t have;
  ProgressMeter progress;
  TimePoint told;
  TimePoint deadline;

  OneOf<Checking, AwaitingBegin> on(PartHashed&&, Env&, Effects&) &&;
  OneOf<Checking, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// The peer compares what we have with its own file.
struct AwaitingBegin {
  static constexpr std::string_view name = "AwaitingBegin";
  Job job;
  std::uint64_t have;
  TimePoint deadline;
  std::uint64_t checked = 0;  ///< by the peer

  OneOf<Receiving, Aborted> on(PeerBegin&&, Env&, Effects&) &&;
  OneOf<AwaitingBegin> on(PeerWorking&&, Env&, Effects&) &&;
  OneOf<AwaitingBegin, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// The deadline is the peer's, or the disk's while that owes an answer.
struct Receiving {
  static constexpr std::string_view name = "Receiving";
  Job job;
  ReceiveBuffer buffer;
  TimePoint deadline;
  std::optional<Digest> sha256{};  ///< once the disk has everything
  std::optional<Attributes> attributes{};

  OneOf<Receiving, Aborted> on(PeerData&&, Env&, Effects&) &&;
  OneOf<Receiving> on(PeerAbout&&, Env&, Effects&) &&;
  OneOf<Receiving> on(BlockWritten&&, Env&, Effects&) &&;
  OneOf<Draining, Finishing, Aborted> on(PeerComplete&&, Env&, Effects&) &&;
  OneOf<Receiving, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Everything has arrived; the disk has not reported the last of it. The peer has no more say.
struct Draining {
  static constexpr std::string_view name = "Draining";
  Job job;
  Digest expected;
  std::optional<Attributes> attributes;
  TimePoint deadline;

  OneOf<Draining, Finishing, Aborted> on(BlockWritten&&, Env&, Effects&) &&;
  OneOf<Draining, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Draining, Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Arrived and right: the disk makes it durable and gives it its name.
struct Finishing {
  static constexpr std::string_view name = "Finishing";
  Job job;
  Digest sha256;
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
  using State = std::variant<Surveying, Undecided, Opening, Checking, AwaitingBegin, Receiving,
                             Draining, Finishing, Done, Aborted>;
  using Event = std::variant<PeerBegin, PeerData, PeerAbout, PeerWorking, PeerComplete, PeerFailed,
                             Decision, Cancel, Tick, TargetFound, TargetOpened, PartHashed,
                             BlockWritten, TargetFinished, DiskFailed>;
  using Context = Env;
  using Effects = transfer::Effects;

  /// A peer that does not wait for our answers breaks the protocol. The rest is ours and late, or
  /// comes when the peer has no more say.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Env&, Effects& effects) {
    constexpr bool peer_must_wait = std::same_as<S, Surveying> || std::same_as<S, Undecided> ||
                                    std::same_as<S, Opening> || std::same_as<S, Checking> ||
                                    std::same_as<S, AwaitingBegin> || std::same_as<S, Receiving>;
    if constexpr (E::origin == Origin::peer && peer_must_wait)
      return out_of_order(state, effects);
    else
      return std::move(state);
  }

 private:
  template <class S>
  static Aborted out_of_order(S& state, Effects& effects);
};

}  // namespace receiver

class Receiver {
 public:
  using Event = receiver::Machine::Event;

  struct Params {
    PublicKey peer;
    wire::stream::Offer offer;
    std::uint64_t max_size;  ///< larger files are refused at once
  };

  static Receiver start(Params params, Env& env, Effects& effects);

  /// Nothing takes back a name that the disk has been asked to give.
  /// Cancel{peer_gone} does not end a file of which every byte has arrived. Keep the receiver until
  /// ended().
  void on(Event event, Env& env, Effects& effects);
  /// When to send a Tick; none after the end.
  std::optional<TimePoint> deadline() const { return fsm::deadline_of(state_); }
  /// Finished or Failed was told; further events change nothing.
  bool ended() const;
  std::string_view state() const { return fsm::name_of(state_); }

 private:
  explicit Receiver(receiver::Machine::State state) : state_(std::move(state)) {}
  receiver::Machine::State state_;
};

}  // namespace culver::transfer
