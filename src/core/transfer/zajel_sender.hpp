// A file on its way out: it is announced, read ahead in blocks, cut into chunks that go as the
// channel takes them, and ended with its checksum. It sees neither the file nor the channel.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <variant>

#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/crypto/hash.hpp"
#include "core/transfer/events.hpp"
#include "core/transfer/progress.hpp"

namespace culver::transfer {
namespace zajel_sender {

using fsm::OneOf;

/// How long the peer may think before it accepts: a person may be asked.
inline constexpr Duration answer_patience = std::chrono::minutes(10);
/// How long the channel may take nothing while we have something to send.
inline constexpr Duration stall_patience = std::chrono::seconds(60);
/// How long our own disk may owe a block.
inline constexpr Duration disk_patience = std::chrono::minutes(4);
/// How long the last bytes and the peer's check may take: its disk may hold gigabytes back.
inline constexpr Duration check_patience = std::chrono::minutes(5);

/// What every living state knows of its file.
struct Job {
  wire::peer::FileId id;
  std::uint64_t size;
  bool acks;  ///< the peer acknowledges the start and the end
  std::size_t chunk;
};

struct AwaitingAck;
struct Sending;
struct Flushing;
struct AwaitingCheck;
struct Done;
struct Aborted;

/// Announced; nothing is read before the peer has accepted.
struct AwaitingAck {
  static constexpr std::string_view name = "AwaitingAck";
  Job job;
  std::size_t budget = 0;
  TimePoint deadline;

  OneOf<Sending, Aborted> on(PeerStartAck&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerCompleteAck&&, Env&, Effects&) &&;
  OneOf<AwaitingAck> on(ChannelRoom&&, Env&, Effects&) &&;
  OneOf<AwaitingAck, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Holds at most two blocks: the one being sent and the one after it.
struct Sending {
  static constexpr std::string_view name = "Sending";
  Job job;
  ProgressMeter progress;
  std::size_t budget;  ///< bytes of frames that the channel still takes
  TimePoint deadline;
  crypto::Sha256 hash{};
  std::size_t asked = 0;  ///< of the read under way, 0 if there is none
  bool read_all = false;
  std::uint64_t read = 0;
  std::uint64_t sent = 0;
  std::uint64_t next_index = 0;
  ByteVector block{};
  std::size_t cut = 0;  ///< how much of the block has been sent
  ByteVector ahead{};

  OneOf<Sending, Flushing, AwaitingCheck, Aborted> on(BlockRead&&, Env&, Effects&) &&;
  OneOf<Sending, Flushing, AwaitingCheck> on(ChannelRoom&&, Env&, Effects&) &&;
  OneOf<Sending, Aborted> on(PeerStartAck&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerCompleteAck&&, Env&, Effects&) &&;
  OneOf<Sending, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(DiskFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Everything was handed to the channel of a peer that never acknowledges: done when SCTP has.
struct Flushing {
  static constexpr std::string_view name = "Flushing";
  Job job;
  Digest sha256;
  TimePoint deadline;

  OneOf<Done> on(Flushed&&, Env&, Effects&) &&;
  OneOf<Flushing, Aborted> on(PeerStartAck&&, Env&, Effects&) &&;
  OneOf<Done, Aborted> on(PeerCompleteAck&&, Env&, Effects&) &&;
  OneOf<Flushing, Aborted> on(Tick&&, Env&, Effects&) &&;
  OneOf<Aborted> on(PeerFailed&&, Env&, Effects&) &&;
  OneOf<Aborted> on(Cancel&&, Env&, Effects&) &&;
};

/// Everything was handed to the channel; the peer compares the checksum.
struct AwaitingCheck {
  static constexpr std::string_view name = "AwaitingCheck";
  Job job;
  Digest sha256;
  TimePoint deadline;

  OneOf<AwaitingCheck, Aborted> on(PeerStartAck&&, Env&, Effects&) &&;
  OneOf<Done, Aborted> on(PeerCompleteAck&&, Env&, Effects&) &&;
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
  using State = std::variant<AwaitingAck, Sending, Flushing, AwaitingCheck, Done, Aborted>;
  using Event = std::variant<PeerStartAck, PeerCompleteAck, PeerFailed, Cancel, ChannelRoom,
                             Flushed, Tick, BlockRead, DiskFailed>;
  using Context = Env;
  using Effects = transfer::Effects;

  /// An answer of our own that comes late, or anything after the end.
  template <class S, class E>
  static State unexpected(S&& state, E&&, Env&, Effects&) {
    return std::move(state);
  }
};

}  // namespace zajel_sender

class ZajelSender {
 public:
  using Event = zajel_sender::Machine::Event;

  struct Params {
    wire::peer::FileId id;
    Plaintext name;  ///< announced as a safe basename
    std::uint64_t size;
    bool acks;  ///< the peer's handshake promised acknowledgements
    /// Bytes: no chunk takes more once it is sealed, unless it is one of least_chunk.
    std::size_t largest_message = std::numeric_limits<std::size_t>::max();
  };

  /// Announces the file; to a peer without acks it begins at once. Tell it the channel's
  /// ChannelRoom after this and whenever it changes. A file above limits::file_size fails at once.
  static ZajelSender start(Params params, Env& env, Effects& effects);

  void on(Event event, Env& env, Effects& effects);
  /// When to send a Tick; none after the end.
  std::optional<TimePoint> deadline() const { return fsm::deadline_of(state_); }
  /// Finished or Failed was told; further events change nothing.
  bool ended() const;
  std::string_view state() const { return fsm::name_of(state_); }

 private:
  explicit ZajelSender(zajel_sender::Machine::State state) : state_(std::move(state)) {}
  zajel_sender::Machine::State state_;
};

}  // namespace culver::transfer
