// The boss of the client: it owns the channel to the server and the session behind it, the
// pairings, the connections and the transfers by value, and introduces them to one another. It
// decides nothing that one of them can decide. One step takes one event and gives effects; the
// shell performs them in order.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/base/deadlines.hpp"
#include "core/base/env.hpp"
#include "core/engine/events.hpp"
#include "core/engine/letters.hpp"
#include "core/engine/only_place.hpp"
#include "core/engine/peer_directory.hpp"
#include "core/engine/queue.hpp"
#include "core/engine/roster.hpp"
#include "core/engine/server_channel.hpp"
#include "core/engine/transfers.hpp"
#include "core/signaling/pacer.hpp"
#include "core/signaling/pairing.hpp"
#include "core/signaling/rendezvous.hpp"
#include "core/signaling/session.hpp"
#include "core/wire/limits.hpp"

namespace culver::engine {

struct Config {
  crypto::KeyPair identity;
  handshake::client::Account account;  ///< as which the server knows us
  server_channel::Pin server;          ///< what is known of the server
  std::optional<Plaintext> username;   ///< shown to peers; none: they see the fingerprint
  connection::Timeouts timeouts = {};
  std::uint64_t largest_file = wire::limits::file_size;
  std::vector<Known> known = {};  ///< the peer book as it is at the start
  Trust trust = Trust::on_first_use;
  bool streams = true;  ///< offer the second form of files to those who speak it
  bool letters = true;  ///< offer letters to those who speak them
  /// The first key that is accepted, or that is looked for and has proven itself, is the only one:
  /// others are refused with their handshakes, before anything of them is taken.
  bool only_one = false;
  PairRequests pair_requests = PairRequests::ask;
};

/// How much of everything is alive: what a test of leaks compares.
struct Census {
  std::size_t connections = 0;
  std::size_t transfers = 0;
  bool online = false;
  bool operator==(const Census&) const = default;
};

class Engine {
 public:
  static constexpr std::size_t connections_at_once = 1'000;
  /// A store that has not answered by then is taken to be broken.
  static constexpr Duration store_patience = peer::book_patience;
  /// Somebody who names our own key is matched, to be told so, once in this time.
  static constexpr Duration own_key_pause = std::chrono::seconds(10);

  explicit Engine(Config config);
  Engine(const Engine&) = delete;  // connections refer to the identity in here
  Engine& operator=(const Engine&) = delete;

  void step(Event event, Env& env, Effects& effects);
  /// When to send a Tick at the latest.
  std::optional<TimePoint> deadline() const;
  Census census() const;
  const PublicKey& public_key() const { return config_.identity.shared; }

 private:
  void on(Command&&, Env&, Effects&);
  void on(ServerOpened&&, Env&, Effects&);
  void on(ServerFrame&&, Env&, Effects&);
  void on(ServerLost&&, Env&, Effects&);
  void on(FromTransport&&, Env&, Effects&);
  void on(FromDisk&&, Env&, Effects&);
  void on(Remembered&&, Env&, Effects&);
  void on(OutboxChanged&&, Env&, Effects&);
  void on(LetterStored&&, Env&, Effects&);
  void on(LettersLoaded&&, Env&, Effects&);
  void on(LetterKept&&, Env&, Effects&);
  void on(HeldLoaded&&, Env&, Effects&);
  void on(FramesLoaded&&, Env&, Effects&);
  void on(FrameKept&&, Env&, Effects&);
  void on(NetworkChanged&&, Env&, Effects&);
  void on(ClockStepped&&, Env&, Effects&);
  void on(Tick&&, Env&, Effects&);

  void obey(GoOnline&&, Env&, Effects&);
  void obey(Know&&, Env&, Effects&);
  void obey(Forget&&, Env&, Effects&);
  void obey(LookFor&&, Env&, Effects&);
  void obey(StopLooking&&, Env&, Effects&);
  void obey(LookForKnown&&, Env&, Effects&);
  void obey(StopLookingForKnown&&, Env&, Effects&);
  void obey(QueueText&&, Env&, Effects&);
  void obey(ShowHeld&&, Env&, Effects&);
  void obey(Displayed&&, Env&, Effects&);
  void obey(GoOffline&&, Env&, Effects&);
  void obey(Pair&&, Env&, Effects&);
  void obey(AnswerPair&&, Env&, Effects&);
  void obey(AnswerName&&, Env&, Effects&);
  void obey(SendText&&, Env&, Effects&);
  void obey(SendFile&&, Env&, Effects&);
  void obey(AnswerFile&&, Env&, Effects&);
  void obey(CancelFile&&, Env&, Effects&);
  void obey(CancelFiles&&, Env&, Effects&);
  void obey(CloseConnection&&, Env&, Effects&);
  void obey(Leave&&, Env&, Effects&);

  // The queue: a machine takes a step here and nowhere else.
  void drain(Env&, Effects&);
  void take(queued::ForServerChannel&&, Env&, Effects&);
  void take(queued::ForSession&&, Env&, Effects&);
  void take(queued::ForConnection&&, Env&, Effects&);
  void take(queued::Unsaid&&, Env&, Effects&);
  void take(queued::SignalingGone&&, Env&, Effects&);
  void take(queued::Begin&&, Env&, Effects&);
  void take(queued::Admit&&, Env&, Effects&);
  void take(Effect&&, Env&, Effects&);
  void later(queued::Item item) { queue_.push_back(std::move(item)); }
  void to_connection(ConnectionId id, connection::Machine::Event event) {
    later(queued::ForConnection{id, std::move(event)});
  }
  /// Tells and frees what is over.
  void settle(Env&, Effects&);

  void perform(server_channel::Effects effects, Env&, Effects&);
  void perform(signaling::SessionEffects effects, Env&, Effects&);
  void perform(signaling::PairingEffects effects, Env&, Effects&);
  void perform(signaling::RendezvousEffects effects, Env&, Effects&);
  void perform(ConnectionId id, connection::Effects effects, Env&, Effects&);
  void perform(ConnectionId id, peer::Effects effects, Env&, Effects&);
  /// What waits for no frame of version 1, or has waited.
  void perform_now(ConnectionId id, connection::Effects effects, Env&, Effects&);
  void perform(TransferEffects effects, Env&, Effects&);
  void perform(LetterEffects effects, Env&, Effects&);

  // A connection, and its peer's standing.
  /// The one place where a standing changes.
  void to_peer(ConnectionId id, peer::Machine::Event event, Env&, Effects&);
  struct Performing;
  void tell_how_far(ConnectionId id, Effects&);
  void claimed(ConnectionId id, connection::Claimed now, Env&, Effects&);
  void established(ConnectionId id, connection::Established now, Env&, Effects&);
  void refuse_name(ConnectionId id, Env&, Effects&);
  void make_room(const PublicKey& key, ConnectionId fresh);
  void end_lesser(const PublicKey& key);
  void tell_closed(ConnectionId id, std::optional<Fault> fault, Env&, Effects&);
  void tell_failed_claim(const Peer& peer, std::optional<Fault> fault, Effects&);
  void forget_if_over(ConnectionId id, Env&, Effects&);
  void late(ConnectionId id, Env&, Effects&);
  void take_kept(ConnectionId id, Env&, Effects&);
  void end_unkept(ConnectionId id, Fault fault, Effects&);
  void pause(ConnectionId id, Pausing who, bool pauses, Effects&);
  void tell_goodbyes(Effects&);
  /// Of a blocked peer nothing is told.
  void tell(LetterReceived letter, Effects&) const;

  // The server.
  void on_server_text(std::string text, Effects&);
  void keep_pace(const wire::signaling::ServerInfo& info);
  void on_server_message(wire::signaling::ServerMessage message, Env&, Effects&);
  void on_signal(wire::signaling::RelayedDescription&& signal, Env&, Effects&);
  void on_signal(const wire::signaling::RelayedCandidate& signal, Effects&);
  void on_bad_description(ConnectionId id, Fault fault, Effects&);
  void say(wire::signaling::ClientMessage message, Env&, Effects&);
  void say_what_may(Env&, Effects&);
  std::optional<TimePoint> server_deadline() const;
  std::optional<TimePoint> pacing_deadline() const;

  // Matches.
  void requested(signaling::Requested request, Env&, Effects&);
  void decline(const PairingCode& from, Env&, Effects&);
  /// The answer of a person, or of Config::pair_requests.
  void let_in(const PairingCode& from, Env&, Effects&);
  void take_request(signaling::Requested request, Env&, Effects&);
  void accept(const PairingCode& from, Env&, Effects&);
  void accept_what_may(Env&, Effects&);
  void matched(signaling::Matched match, Env&, Effects&);
  void matched_again(const signaling::Matched& match, Env&, Effects&);
  ConnectionId add_connection(Peer peer, Env&, Effects&);
  ConnectionId swap_roles(ConnectionId id, Env&, Effects&);
  bool leads(const PairingCode& peer) const;
  void failed(const signaling::Failed& failure, Env&, Effects&);
  void stop_looking(const PublicKey& key);
  /// Lets the next one that was found be asked, if nobody is.
  void take_turns(Env&, Effects&);
  /// A person's own request goes first.
  void make_way(const PairingCode& code, Env&);
  /// A key that may not go on: kept as offered if it came under another's name.
  void reject(const Unwelcome& why, const PublicKey& key, KeyStanding standing, FrameKind,
              std::optional<ConnectionId>, Effects&);
  Whom whom(const Unwelcome& why, const PublicKey& key, std::optional<Plaintext> claimed) const;
  /// Nobody else is looked for or let in any more.
  void refuse_others(const std::optional<PairingCode>& but, Env&, Effects&);
  connection::Context context(const PublicKey& peer, Env& env) {
    return {env, self_, config_.timeouts, seen_[peer]};
  }

  Config config_;
  connection::Self self_;
  signaling::SessionConfig session_config_;
  server_channel::Machine::State server_channel_ = server_channel::Closed{};
  signaling::Session::State session_ = signaling::Offline{};
  signaling::Pairing pairing_;
  signaling::Pacer pacer_;
  /// Accepted by us; the server is told when there is room for their connections.
  std::deque<PairingCode> accepted_;
  signaling::Rendezvous rendezvous_;
  PeerDirectory directory_;
  Roster roster_;
  Queue queue_;  ///< empty between two steps
  Transfers transfers_;
  Letters letters_;
  std::set<ConnectionId> goodbyes_;  ///< told when files are over and letters written down
  /// Of the keys that have connections: the frames of version 1 that were taken.
  std::map<PublicKey, connection::SeenFrames> seen_;
  Deadlines<PublicKey> loading_frames_;  ///< until when the store has to answer
  std::uint32_t next_connection_ = 1;
  /// Requests of keys that use this known peer's name, until the person has answered.
  struct Namesake {
    PublicKey key, of;
    std::optional<Plaintext> name;  ///< as it calls itself
  };
  std::map<PairingCode, Namesake> namesakes_;
  OnlyPlace place_;
  bool looks_for_known_ = false;
  /// That were told: of keys that are looked for, and a handful for each.
  std::set<std::pair<PublicKey, Fault>> failed_claims_;
  std::optional<TimePoint> told_own_key_;  ///< to the last who named it
};

}  // namespace culver::engine
