// Whole clients and the server in a simulation: real engines and a real relay hub, joined by a fake
// network, fake disks and a fake clock, under a seeded scheduler that decides whose turn it is.
// The same seed gives the same run.
//
// The transport is modelled, not simulated: what the stack promises in core/connection/events.hpp
// happens here in the order that it promises, at moments the scheduler likes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/engine/engine.hpp"
#include "core/relay/hub.hpp"
#include "tests/core/relay/memory_store_support.hpp"
#include "tests/support/connection_order.hpp"
#include "tests/support/seeded.hpp"

namespace culver::test {

class Simulation;
class Node;

/// One end of a modelled peer-to-peer connection.
struct Transport {
  std::string ufrag;
  wire::sdp::Fingerprint certificate;
  std::optional<std::string> remote_ufrag;
  std::string prepared_ufrag;                          ///< for a restart
  std::optional<std::pair<Node*, ConnectionId>> peer;  ///< from the first path on
  bool path_told = false, dtls_started = false, dtls_told = false;
  bool sctp_started = false, sctp_told = false, leaving = false;
  std::size_t in_flight = 0;  ///< messages of ours that the peer has not taken yet
  bool reading_paused = false;
  bool peer_left = false;  ///< behind what is unread
  std::deque<connection::TransportEvent> unread;
  /// What comes now goes behind what has not been read yet.
  bool keeps_waiting() const { return reading_paused || !unread.empty(); }
};

/// A fake of the store of letters, with its promises. It outlives its node's engine.
struct LetterStore {
  struct Waiting {
    PublicKey key;
    engine::WaitingLetter letter;
  };
  std::deque<Waiting> queue;
  std::map<std::pair<PublicKey, wire::peer::SeriesId>, std::uint64_t> heard;
  std::map<HeldId, engine::HeldLetter> held;
  /// Of the process: it dies with it.
  std::map<PublicKey, wire::peer::LetterName> writing;
  std::int64_t next = 1;
};

class Node {
 public:
  Node(Simulation& simulation, std::string name, std::uint64_t seed, bool streams = true);

  void command(engine::Command command) { feed(std::move(command)); }
  void feed(engine::Event event);
  /// Its ends of all connections are gone, and nobody is told.
  void vanish() { transports.clear(); }
  /// Every path of it goes silent, as ICE would tell.
  void doubt();
  /// Killed and started again, with its identity and its book. Not told to its peers: their ends
  /// stay until they miss it. To be called when nothing is under way.
  void restart();
  /// Killed and started again at this very moment, whatever is under way; `reborn` is then called.
  void crash();
  /// Does so when so many more effects have been performed, in front of the next one.
  std::optional<std::size_t> dies_after;
  std::function<void(Node&)> reborn;
  std::size_t crashes = 0;
  /// Another machine with the same key, before it has done anything.
  void take_identity_of(const Node& other);
  /// Lets a slow disk write what it was given first.
  void write_one();
  /// Answers what was asked while reads_frames_late, with this fault if there is one.
  void read_frames(std::optional<Fault> fault = {});
  /// Whether any frame on its way from here is to be changed; called with each of them.
  std::function<void(connection::SendOn&)> tamper;
  /// The last notice of this kind, if any came.
  template <class Notice>
  const Notice* last() const {
    for (auto it = notices.rbegin(); it != notices.rend(); ++it)
      if (const auto* notice = std::get_if<Notice>(&*it)) return notice;
    return nullptr;
  }
  template <class Notice>
  std::size_t count() const {
    std::size_t n = 0;
    for (const auto& notice : notices) n += std::holds_alternative<Notice>(notice);
    return n;
  }

  /// Those that were told, in order, whichever way they came.
  std::vector<std::string> texts() const;

  Simulation& simulation;
  std::string name;
  SeededRng random;
  std::unique_ptr<engine::Engine> engine;
  std::vector<engine::Notice> notices;
  std::function<void(Node&, const engine::Notice&)> react;  ///< plays the user
  std::vector<PublicKey> remembered;
  std::map<PublicKey, engine::Known> book;
  std::map<PublicKey, engine::KeepOffered> offered;  ///< refused keys, by whose name they used
  std::optional<crypto::VerifyKey> server;           ///< as the server has proven to be
  std::map<ConnectionId, Transport> transports;
  std::optional<relay::SocketId> socket;
  std::string address = "192.0.2.7";  ///< as the server sees it
  std::vector<TimePoint> said;        ///< when the server heard a frame of it
  bool tamper_certificate = false;
  bool book_is_broken = false;                ///< cannot be written
  std::map<TransferId, std::string> sources;  ///< files to send
  std::map<TransferId, std::size_t> read;     ///< how far
  std::map<TransferId, std::string> partial;  ///< files being received
  std::map<TransferId, std::size_t> hashed;   ///< of what was there of them
  /// What broken transfers of the second form have left: sender, size and name, and the bytes.
  std::map<std::string, std::string> kept;
  std::map<TransferId, std::string> marks;  ///< of files being received in the second form
  std::size_t unwritten = 0;                ///< bytes that the disk was given and has not written
  std::size_t most_unwritten = 0;
  bool slow_disk = false;  ///< writes are answered only by write_one()
  std::deque<std::function<void()>> writes;
  std::vector<std::string> received;  ///< finished ones
  std::size_t dropped = 0;
  std::size_t restarts = 0;  ///< of ICE
  LetterStore letters;
  std::map<PublicKey, std::set<Nonce>> frames;  ///< of version 1, that were taken
  bool keeps_frames_late = false;               ///< the test answers for frames_to_keep
  std::vector<engine::KeepFrame> frames_to_keep;
  bool another_takes_frames = false;  ///< another process of the data folder, before this one
  bool reads_frames_late = false;     ///< only by read_frames()
  std::deque<engine::LoadFrames> frames_asked;
  bool speaks_letters = true;                                      ///< from the next start on
  bool only_one = false;                                           ///< the same
  engine::PairRequests pair_requests = engine::PairRequests::ask;  ///< the same
  /// Whose public key it says to have, without the private half; from the next start on.
  std::optional<PublicKey> claims;

 private:
  void make_engine();
  void perform(engine::Effect effect);
  Node* other_end(ConnectionId connection, ConnectionId& theirs);
  void set_remote(ConnectionId connection, std::string ufrag);
  void end(ConnectionId connection);
  void on_transport(ConnectionId connection, connection::TransportEffect effect);
  void on_book(engine::Remember peer);
  void on_letters(engine::StoreLetter request);
  void on_letters(const engine::LoadLetters& request);
  void on_letters(const engine::RemoveLetters& request);
  void on_letters(engine::KeepLetter request);
  void read_on(ConnectionId connection);
  void closed_by_peer(ConnectionId connection);
  void on_disk(engine::ToDisk request);
  void on_stream_disk(TransferId id, engine::ToDisk::Effect& effect,
                      const std::function<void(engine::FromDisk::Event)>& answer);
  bool streams_;
  Secret<32> identity_, account_;
  bool pumping_ = false;
  std::deque<engine::Event> events_;
  ConnectionOrder order_;
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed, const relay::Limits& limits = {});

  /// `streams`: whether it speaks the second form of files.
  Node& add(const std::string& name, bool streams = true);
  /// Lets things happen until nothing is under way but timers, at most `steps` of them.
  void settle(std::size_t steps = 200'000);
  /// Moves the clock to the next deadline of anybody, or by this much, and lets things happen.
  void pass(Duration duration);

  /// Puts a happening into the queue of `lane`: those of one lane keep their order.
  void later(const std::string& lane, std::function<void()> happening);
  /// Nobody is there any more for what comes back to this node.
  void forget_answers(const std::string& node);
  /// The n-th performed effect (from 0, over both sides) that can fail is replaced by its failure.
  void fail_effect(std::size_t n) { fail_at_ = n; }
  /// The same, but nobody ever hears of it: the answer that was awaited does not come.
  void swallow_effect(std::size_t n) {
    fail_at_ = n;
    silent = true;
  }
  bool should_fail() { return effects_++ == fail_at_; }
  std::size_t effects() const { return effects_; }

  Node* owner_of(const std::string& ufrag, ConnectionId& connection);
  void to_server(Node& from, const std::string& frame);
  /// Plays another server instead of the hub, which hears every frame and answers by say().
  std::function<void(Node&, const std::string&)> other_server;
  void say(Node& node, std::string text);
  void socket_opened(Node& node);
  void socket_closed(Node& node);
  /// Killed and started again: it has forgotten everybody. To be called when nothing is under way.
  void restart_server();
  /// The world, for whoever takes a step.
  Env env(SeededRng& rng) const;
  std::size_t live_transports() const;
  /// Every connection between peers breaks, and both ends see it.
  void cut_all_connections();
  bool server_down = false;
  bool silent = false;           ///< whether what fails is told
  std::size_t in_the_clear = 0;  ///< frames that reached the server unsealed, without the handshake

  SeededRng random;
  TimePoint now{};
  std::vector<std::unique_ptr<Node>> nodes;

 private:
  bool happen();
  void tick_all();
  void perform(relay::Effects effects);
  Node* node_of(relay::SocketId socket);

  std::unique_ptr<relay::Hub> hub_;
  relay::MemoryStore store_;
  std::map<std::string, std::deque<std::function<void()>>> lanes_;
  std::uint64_t next_socket_ = 1;
  std::size_t effects_ = 0;
  std::size_t fail_at_ = static_cast<std::size_t>(-1);
};

/// The connections it was told of that are not over.
inline std::size_t live(const Node& node) {
  std::size_t open = 0;
  for (const auto& notice : node.notices) {
    open += std::holds_alternative<engine::Connected>(notice);
    if (const auto* end = std::get_if<engine::Closed>(&notice)) open -= end->was_connected;
  }
  return open;
}

}  // namespace culver::test
