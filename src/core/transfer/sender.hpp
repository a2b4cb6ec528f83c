// A file on its way out in the second form: offered, begun where the receiver's earlier part ends,
// read ahead in whole frames that go as the receiver's credit and the channel allow, and ended with
// its checksum, which the disk makes while it reads. It sees neither the file nor the channel.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <variant>

#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/transfer/events.hpp"
#include "core/transfer/progress.hpp"
#include "core/transfer/stream_terms.hpp"

namespace culver::transfer {
namespace sender {

using fsm::OneOf;

/// What every living state knows of its file.
struct Job {
  wire::stream::Number number;
  std::uint64_t size;
  std::size_t frame;  ///< the most bytes of one frame
  Attributes attributes;
  std::size_t budget = 0;  ///< bytes of frames that the channel still takes
};

struct Offering;
struct Hashing;
struct Hashed;
struct Verifying;
struct Sending;
struct AwaitingCheck;
struct Done;
struct Aborted;

/// Nothing is read before the peer has accepted.
struct Offering {
  static constexpr std::string_view name = "Offering";
  Job job;
  TimePoint deadline;

  OneOf<Verifying, Sending, Aborted> on(PeerAccept&&, Env&, Effects&) &&;
  OneOf<Hashing, Aborted> on(PeerWorking&&, Env&, Effects&) &&;
  OneOf<Offering> on(ChannelRoom&&, Env&, Effects&) &&;
  OneOf<Offering, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// The peer has the beginning of a file and hashes it: meanwhile the disk hashes as much of ours.
/// The deadline is renewed by whoever gets on.
struct Hashing {
  static constexpr std::string_view name = "Hashing";
  Job job;
  std::uint64_t have;
  std::uint64_t peer_done;
  ProgressMeter progress;
  TimePoint deadline;

  OneOf<Hashing, Hashed> on(PrefixHashed&&, Env&, Effects&) &&;
  OneOf<Verifying, Sending, Aborted> on(PeerAccept&&, Env&, Effects&) &&;
  OneOf<Hashing, Aborted> on(PeerWorking&&, Env&, Effects&) &&;
  OneOf<Hashing> on(ChannelRoom&&, Env&, Effects&) &&;
  OneOf<Hashing, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Ours is hashed, and the peer's not yet.
struct Hashed {
  static constexpr std::string_view name = "Hashed";
  Job job;
  std::uint64_t have;
  std::uint64_t peer_done;
  Digest sha256;
  TimePoint deadline;

  OneOf<Sending, Aborted> on(PeerAccept&&, Env&, Effects&) &&;
  OneOf<Hashed, Aborted> on(PeerWorking&&, Env&, Effects&) &&;
  OneOf<Hashed> on(ChannelRoom&&, Env&, Effects&) &&;
  OneOf<Hashed, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// The peer has the beginning of a file: the disk hashes as much of ours, to see whether it is this
/// one. The peer is told how far that is.
struct Verifying {
  static constexpr std::string_view name = "Verifying";
  Job job;
  PeerAccept accepted;
  ProgressMeter progress;
  TimePoint told;
  TimePoint deadline;

  OneOf<Verifying, Sending> on(PrefixHashed&&, Env&, Effects&) &&;
  OneOf<Verifying> on(ChannelRoom&&, Env&, Effects&) &&;
  OneOf<Verifying, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Holds at most two blocks. Offsets are of the file.
struct Sending {
  static constexpr std::string_view name = "Sending";
  Job job;
  ProgressMeter progress;
  std::uint64_t read;  ///< so far, also what is still to be sent
  std::uint64_t sent;
  std::uint64_t up_to;  ///< the peer's credit
  TimePoint deadline;
  std::size_t asked = 0;  ///< of the read under way
  bool reading = false;
  std::optional<Digest> sha256{};  ///< once everything was read
  std::deque<ByteVector> frames{};

  OneOf<Sending, AwaitingCheck> on(FramesRead&&, Env&, Effects&) &&;
  OneOf<Sending, AwaitingCheck> on(ChannelRoom&&, Env&, Effects&) &&;
  OneOf<Sending, AwaitingCheck, Aborted> on(PeerCredit&&, Env&, Effects&) &&;
  OneOf<Sending, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Everything was handed to the channel; the peer compares the checksum.
struct AwaitingCheck {
  static constexpr std::string_view name = "AwaitingCheck";
  Job job;
  Digest sha256;
  TimePoint deadline;

  OneOf<Done> on(PeerChecked&&, Env&, Effects&) &&;
  OneOf<AwaitingCheck> on(PeerCredit&&, Env&, Effects&) &&;
  OneOf<AwaitingCheck, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

struct Done {
  static constexpr std::string_view name = "Done";
};
struct Aborted {
  static constexpr std::string_view name = "Aborted";
};

struct Machine {
  using State =
      std::variant<Offering, Hashing, Hashed, Verifying, Sending, AwaitingCheck, Done, Aborted>;
  using Event = std::variant<PeerAccept, PeerCredit, PeerChecked, PeerWorking, PeerFailed, Cancel,
                             ChannelRoom, Tick, FramesRead, PrefixHashed, DiskFailed>;
  using Context = Env;
  using Effects = transfer::Effects;

  /// An answer of our own that comes late, or anything after the end, changes nothing. What a peer
  /// says out of turn ends the transfer.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Env&, Effects& effects) {
    if constexpr (E::origin == Origin::peer && requires { state.job; })
      return out_of_order(state.job, effects);
    else
      return std::move(state);
  }

 private:
  static Aborted out_of_order(const Job& job, Effects& effects);
};

}  // namespace sender

class Sender {
 public:
  using Event = sender::Machine::Event;

  struct Params {
    wire::stream::Number number;
    Plaintext name;  ///< announced as it is, if it can be
    std::uint64_t size;
    std::size_t frame;  ///< the largest that the connection may send
    Attributes attributes = {};
  };

  /// Offers the file. Tell it the channel's ChannelRoom after this and whenever it changes. A file
  /// above limits::file_size fails at once.
  static Sender start(Params params, Env& env, Effects& effects);

  void on(Event event, Env& env, Effects& effects);
  /// When to send a Tick; none after the end.
  std::optional<TimePoint> deadline() const { return fsm::deadline_of(state_); }
  /// Finished or Failed was told; further events change nothing.
  bool ended() const;
  std::string_view state() const { return fsm::name_of(state_); }

 private:
  explicit Sender(sender::Machine::State state) : state_(std::move(state)) {}
  sender::Machine::State state_;
};

}  // namespace culver::transfer
