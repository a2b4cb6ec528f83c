// All files on their way: which transfer belongs to which connection and file id, in which form it
// goes, whose turn it is to be sent, and how much the files channel of a connection still takes.
// The machines are in core/transfer; this routes to them and gives their effects an address.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "core/base/deadlines.hpp"
#include "core/engine/events.hpp"
#include "core/transfer/receiver.hpp"
#include "core/transfer/sender.hpp"
#include "core/transfer/zajel_receiver.hpp"
#include "core/transfer/zajel_sender.hpp"

namespace culver::engine {

/// What transfers want done. ToConnection carries connection commands; they reach a connection that
/// is still Secured and are void otherwise.
struct ToConnection {
  ConnectionId connection;
  std::variant<connection::SendFileFrame, connection::SendFileChunk, connection::SendStreamFrame>
      command;
};
struct PauseConnection {
  ConnectionId connection;
  bool paused;
};
using TransferEffect = std::variant<ToConnection, PauseConnection, ToDisk, Tell>;
using TransferEffects = std::vector<TransferEffect>;

class Transfers {
 public:
  static constexpr std::size_t queued_per_connection = 1'000;
  static constexpr std::size_t incoming_per_connection = 10;
  /// Of a peer that waits for no answer, and does not hear a refusal.
  static constexpr std::size_t incoming_unasked = 100;
  /// So many of them may wait for the disk alone; then nothing is read until one has its name.
  static constexpr std::size_t unasked_at_the_disk = 8;
  /// Incoming transfers get their ids here, above every id that the shell gives to outgoing ones.
  static constexpr std::uint32_t first_incoming = 0x8000'0000;

  explicit Transfers(std::uint64_t largest_file) : largest_file_(largest_file) {}

  /// How files go on a connection.
  struct Manner {
    bool acks = false;
    std::size_t stream_frame = 0;  ///< of the second form, at most so many bytes; 0: the first
    std::size_t largest_message = connection::no_limit;  ///< that the peer's SCTP takes

    /// The peer waits for our answers, and reads a refusal.
    bool is_answered() const { return acks || stream_frame > 0; }
  };
  /// A connection became Secured.
  void open(ConnectionId connection, const PublicKey& peer, Manner manner);
  /// It is gone for this cause, or will be.
  void close(ConnectionId connection, Fault cause, Env&, TransferEffects&);

  /// Files of one connection go one after the other, in this order.
  void send(const SendFile& file, Env&, TransferEffects&);
  void decide(TransferId id, bool accepted, Env&, TransferEffects&);
  void cancel(TransferId id, Fault cause, Env&, TransferEffects&);
  void cancel_all(Fault cause, Env&, TransferEffects&);

  void on_frame(ConnectionId connection, wire::peer::FileFrame frame, Env&, TransferEffects&);
  void on_chunk(ConnectionId connection, connection::ChunkArrived chunk, Env&, TransferEffects&);
  void on_refused_frame(ConnectionId connection, const connection::FileFrameRefused& frame, Env&,
                        TransferEffects&);
  void on_stream(ConnectionId connection, wire::stream::Frame frame, Env&, TransferEffects&);
  void on_window(ConnectionId connection, std::size_t bytes, Env&, TransferEffects&);
  void on_everything_sent(ConnectionId connection, Env&, TransferEffects&);
  void on_disk(TransferId id, FromDisk::Event event, Env&, TransferEffects&);
  void on_tick(Env&, TransferEffects&);

  /// Some file of this connection is not over.
  bool has(ConnectionId connection) const;
  std::optional<TimePoint> deadline() const { return deadlines_.next(); }
  std::size_t live() const { return transfers_.size(); }

 private:
  using Machine = std::variant<transfer::ZajelSender, transfer::ZajelReceiver, transfer::Sender,
                               transfer::Receiver>;
  /// What a file is called on its connection, by form. Each direction has names of its own.
  using Key = std::variant<wire::peer::FileId, wire::stream::Number>;
  using Event =
      std::variant<transfer::OpenedChunk, transfer::PeerComplete, transfer::PeerStartAck,
                   transfer::PeerCompleteAck, transfer::PeerFailed, transfer::PeerAccept,
                   transfer::PeerCredit, transfer::PeerChecked, transfer::PeerBegin,
                   transfer::PeerData, transfer::PeerAbout, transfer::PeerWorking,
                   transfer::Decision, transfer::Cancel, transfer::ChannelRoom, transfer::Flushed,
                   transfer::Tick, transfer::BlockRead, transfer::FramesRead,
                   transfer::PrefixHashed, transfer::TargetCreated, transfer::TargetFound,
                   transfer::TargetOpened, transfer::PartHashed, transfer::BlockWritten,
                   transfer::TargetFinished, transfer::DiskFailed>;

  struct Transfer {
    ConnectionId connection;
    Key key;
    bool outgoing;
    Plaintext name;
    std::uint64_t size;
    Machine machine;
    std::optional<Batch> batch = {};  ///< that begins with it
  };
  struct Files {  ///< of one connection
    PublicKey peer;
    Manner manner;
    wire::stream::Number next_number = 1;  ///< of the files that we send
    wire::stream::Number last_number = 0;  ///< of those that were offered to us
    std::size_t window = 0;                ///< the largest that was told: that of an empty buffer
    std::size_t credit = 0;                ///< what is left of it
    std::deque<SendFile> waiting;
    std::optional<TransferId> sending;
    std::optional<wire::stream::Batch> announced;  ///< its first offer is still to come
    std::optional<wire::stream::Names> named;      ///< the same
    std::set<TransferId> pausing;                  ///< transfers that want the connection paused
  };
  using Transferring = std::map<TransferId, Transfer>;

  /// An event that this kind of machine does not know is ignored.
  void to(Transferring::iterator at, Event event, Env&, TransferEffects&);
  void to_named(ConnectionId connection, const Key& key, bool outgoing, Event event, Env&,
                TransferEffects&);

  void offer(ConnectionId connection, wire::peer::FileStart start, Env&, TransferEffects&);
  void offer(ConnectionId connection, wire::stream::Offer offer, Env&, TransferEffects&);
  bool is_crowded(ConnectionId connection) const;
  void end_older_attempts(ConnectionId connection, const wire::stream::Offer& offer, Env&,
                          TransferEffects&);
  Transfer outgoing(ConnectionId connection, Files& files, const SendFile& file, Env&,
                    transfer::Effects&);
  void send_next(ConnectionId connection, Env&, TransferEffects&);
  /// Addresses a machine's effects, and forgets the transfer if that was its end.
  void settle(TransferId id, transfer::Effects effects, Env&, TransferEffects&);
  void address(TransferId id, Transfer& at, transfer::Effect effect, TransferEffects&);
  void envelope(ConnectionId connection, std::string frame, TransferEffects&);
  void stream_frame(ConnectionId connection, ByteVector frame, TransferEffects&);
  void pause(ConnectionId connection, TransferId id, bool paused, TransferEffects&);
  void wait_for_disk(ConnectionId connection, TransferEffects&);
  Transferring::iterator find(ConnectionId connection, const Key& key, bool outgoing);

  std::uint64_t largest_file_;
  std::uint32_t next_incoming_ = first_incoming;
  std::map<ConnectionId, Files> connections_;
  Transferring transfers_;
  Deadlines<TransferId> deadlines_;
};

}  // namespace culver::engine
