// A Culver in this process. Any method may be called from any thread, also while others wait in
// next(); only moving and destroying a client needs that nobody else uses it. No method is called
// back, and none but wake() may be called from a signal handler.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "culver/config.hpp"
#include "culver/events.hpp"
#include "culver/export.hpp"
#include "culver/result.hpp"
#include "culver/types.hpp"

namespace culver::CULVER_INLINE v1 {
namespace detail {
class Impl;
}

/// Every method may answer with the error "closed" (after close(), or when the engine has ended
/// by itself) and with "internal" (the engine has not answered for a minute: whether it was done is
/// not known); those that write, with "store_failed" and "no_space". Only the others are named
/// below. What a method has done is done when it returns; what follows of it comes as events. A
/// wait that is out of its range is the nearest one in it.
class CULVER_API Client {
 public:
  using Milliseconds = std::chrono::milliseconds;

  /// Opens the data folder, or makes it, and starts the engine on a thread of its own. Nothing
  /// touches the network yet. Texts that an earlier client was told and did not acknowledge are
  /// the first events. Errors: bad_config, identity_unreadable, no_identity, passphrase_needed,
  /// passphrase_wrong, data_folder_in_use (another client or a `culver receive` has the folder).
  static Result<Client> open(Config config);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;  ///< ends the one that was there, like the destructor
  /// close() with a grace of 1.5 s; 2 s in all at most.
  ~Client();

  /// Says goodbye to everybody, so that what was sent arrives, and ends: waits `grace` at most (0
  /// to 1 h) and half a second more. Whoever waits in next() gets nothing. Again: does nothing. The
  /// data folder is free when the client is destroyed.
  void close(Milliseconds grace = std::chrono::seconds(7));

  // ---- events ----------------------------------------------------------------------------------

  /// The next event, in order; waits for it, without a timeout for ever. Nothing: the time is
  /// over, wake() was called, or the client is closed. Each event is given once, to one of those
  /// that wait.
  std::optional<Event> next();
  std::optional<Event> next(Milliseconds timeout);  ///< 0: does not wait
  /// Readable (poll, select, epoll) as long as next(0) has something to say: an event, a wake(),
  /// the end. Not to be read, written or closed; valid as long as the client lives. -1 if it was
  /// moved.
  int fd() const noexcept;
  /// Lets one next() return nothing: one that waits, or the next that is called. May be called
  /// from a signal handler.
  void wake() noexcept;
  /// True until close(), or until the engine ends by itself. It stays true after wake().
  bool is_open() const noexcept;
  /// This event and all before it are dealt with: what is durable of them is deleted here, and
  /// not told again. Only of what next() of this client has given. On the disk soon, and certainly
  /// when close() returns. Call it when what the event meant is done. Events that are not durable
  /// may be acknowledged, and need not.
  void ack(const Event& event);

  // ---- the server ------------------------------------------------------------------------------

  /// Registers with the server, and looks for the known peers from then on: those who are there
  /// connect by themselves. Waits `wait` at most (0 to 1 h). With an error it may be tried
  /// further: Offline::is_retrying says so, and Online follows. Errors: server_unreachable and
  /// others that begin with server_, rate_limited.
  Result<Status> go_online(Milliseconds wait = std::chrono::seconds(30));
  /// Leaves the server; connections stay. Nobody new can come.
  Result<void> go_offline();
  Result<Status> get_status();
  /// The code that another machine types to pair with us. Errors: not_connected (not online).
  Result<std::string> get_code();
  Result<Identity> get_identity();

  // ---- pairing ---------------------------------------------------------------------------------

  /// Asks the machine that shows this code to let us in; online first. PeerConnected or PairEnded
  /// follows. `code` as a person types it. Errors: bad_pairing_code, not_connected (not online).
  Result<StartedPairing> start_pairing(std::string_view code);
  /// Waits for the end of that (0 to 1 h). Errors: pair_expired (also: the time is over),
  /// pair_refused, own_code, peer_key_changed, pair_unknown (it ended before), and what a
  /// connection can fail with.
  Result<Peer> finish_pairing(std::string_view pairing,
                              Milliseconds wait = std::chrono::minutes(2));
  /// Answers PairRequested. Errors: pair_unknown (void, or answered), name_taken (it has a
  /// namesake, and was not accepted as another; it still waits for an answer).
  Result<void> answer_pairing(std::string_view pairing, PairingAnswer answer);

  /// Those that wait for an answer, as they were told.
  Result<std::vector<PairRequested>> list_pairings();

  // ---- peers -----------------------------------------------------------------------------------

  // All that name one may fail with no_such_peer and name_ambiguous.

  /// Everybody in the peer book, whoever was seen last first.
  Result<std::vector<KnownPeer>> list_peers();
  Result<KnownPeer> get_peer(const PeerName& peer);
  /// An alias, by which we call it from now on; empty: by its own name again. Errors: name_taken,
  /// bad_config (it is none: 1 to 64 bytes of UTF-8 that do not read like a fingerprint).
  Result<void> rename_peer(const PeerName& peer, std::string_view alias);
  /// It is forgotten, with the texts that wait for it.
  Result<void> forget_peer(const PeerName& peer);
  /// Its connection ends, and it is refused until unblock_peer().
  Result<void> block_peer(const PeerName& peer);
  Result<void> unblock_peer(const PeerName& peer);
  /// Waits until it is connected (0 to 1 h): it is looked for anyway while we are online. Errors:
  /// peer_away (the time is over), peer_blocked, pair_refused (it wants none of us), and
  /// peer_downgraded, key_mismatch and others: somebody who names its key came with less than it
  /// has, or did not show the key, and was refused. That is told once; a further call waits on.
  Result<Connection> connect_peer(const PeerName& peer,
                                  Milliseconds wait = std::chrono::minutes(1));

  // ---- texts -----------------------------------------------------------------------------------

  /// Puts a text on our disk, sealed; from there it is delivered once and in order, now or when
  /// the peer comes, also by a later client. TextDelivered follows, if this client delivers it.
  /// `text` is UTF-8, 49,124 bytes at most. Errors: text_too_long, malformed (no UTF-8),
  /// outbox_full (1,000 wait for this peer, or 10,000 for all), no_such_peer, name_ambiguous,
  /// peer_blocked.
  Result<SentText> send_text(const PeerName& peer, std::string_view text);
  /// Texts that wait, in order.
  Result<std::vector<QueuedText>> list_outbox(OutboxText text = OutboxText::omit);
  /// It is not sent any more, unless that has begun. Errors: no_such_message.
  Result<void> drop_outbox(std::string_view message);
  /// The same for all that wait for a peer; how many there were.
  Result<std::size_t> drop_outbox_of(const PeerName& peer);

  // ---- files -----------------------------------------------------------------------------------

  /// Offers files to a peer that is connected; they go one after the other. FileSent or
  /// TransferFailed follows for each. 1 to 1,000 regular files. Errors: not_connected (see
  /// connect_peer()), peer_blocked, usage (none, or too many), file_unreadable and others about a
  /// file: then none is sent.
  Result<std::vector<SentFile>> send_files(const PeerName& peer,
                                           const std::vector<std::filesystem::path>& files);
  /// What is under way or offered.
  Result<std::vector<Transfer>> list_transfers();
  /// Answers FileOffered: it goes to Config::download_dir. FileReceived or TransferFailed
  /// follows. Errors: transfer_unknown (over, or none that was offered), folder_missing.
  Result<void> accept_transfer(std::string_view transfer);
  Result<void> refuse_transfer(std::string_view transfer);
  /// For good: what has come of it is deleted on either side. Errors: transfer_unknown.
  Result<void> cancel_transfer(std::string_view transfer);

 private:
  explicit Client(std::unique_ptr<detail::Impl> impl) noexcept;
  std::unique_ptr<detail::Impl> impl_;
};

enum class LogLevel : std::uint8_t { off, error, warn, info, debug };
/// What the library writes to stderr, for the whole process; at first nothing. No text, name, key
/// or whole code is ever in it. Any thread.
CULVER_API void set_log_level(LogLevel level);
}  // namespace culver::CULVER_INLINEv1
