// How known peers find each other without a code: whom we look for at the server's rendezvous
// points, under which tokens, and whom to ask when somebody is there. It speaks to the server by
// effects, and to Pairing through its boss. Source: docs/protocol/known-peers.md, zajel-peer 1.6.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/base/secret.hpp"
#include "core/crypto/keys.hpp"
#include "core/signaling/lookup.hpp"
#include "core/wire/signaling.hpp"

namespace culver::signaling {

/// Found when we were not there: the peer was here then.
struct WasHere {
  PublicKey key;
  WallTime at;
};

/// Somebody is there and will be asked then: the server takes only so many requests in a minute.
struct AskingLater {
  TimePoint at;
};

using RendezvousEffect =
    std::variant<SendMessage, lookup::AskFor, lookup::LetGo, WasHere, AskingLater>;
using RendezvousEffects = std::vector<RendezvousEffect>;

/// Things done of late, so that there are never more than `most` within `window`.
class SlidingWindow {
 public:
  SlidingWindow(std::size_t most, Duration window) : most_(most), window_(window) {}
  bool take(TimePoint now);
  /// What was taken last was not needed.
  void give_back() {
    if (!taken_.empty()) taken_.pop_back();
  }
  /// Nothing more before this window has passed.
  void exhaust(TimePoint now) { taken_.assign(most_, now); }
  /// From now on; what was taken before counts.
  void limit(std::size_t most) { most_ = most; }
  /// When take() succeeds again at the earliest, if it would not now.
  std::optional<TimePoint> next(TimePoint now) const;

 private:
  std::size_t most_;
  Duration window_;
  std::deque<TimePoint> taken_;
};

class Rendezvous {
 public:
  /// So many tokens fit under one code on the server (docs/protocol/signaling.md).
  static constexpr std::size_t peers_at_once = 100;
  /// Below what a server lets one socket do, so that there is room for what a person does.
  static constexpr std::size_t asks_per_minute = 8;
  static constexpr std::size_t registrations_per_minute = 18;
  /// The same of what a server tells that it takes from a device: nine of ten.
  static constexpr std::size_t share_of(std::size_t told) { return told - told / 10; }
  /// Codes that a server has told without the token: the newest, and those that were asked of late.
  static constexpr std::size_t unnamed_at_once = 16;
  static constexpr std::size_t unnamed_asked_at_once = 64;
  static constexpr Duration unnamed_again_after = std::chrono::minutes(1);
  /// Whoever is alive accepts sooner: after this a newer sighting is asked instead.
  static constexpr Duration alive_patience = std::chrono::seconds(3);
  /// An error that comes within this was made by the server alone.
  static constexpr Duration at_once = std::chrono::seconds(2);

  /// Looks for this peer from now on. Nothing happens for a key of small order, and when so many
  /// are looked for already.
  [[nodiscard]] RendezvousEffects look_for(const crypto::KeyPair& own, const PublicKey& key,
                                           bool is_culver, Env& env);
  void stop_looking(const PublicKey& key) { sought_.erase(key); }
  bool is_sought(const PublicKey& key) const { return sought_.contains(key); }

  /// Registered on the server under this code; its answers and pushes; away from it.
  [[nodiscard]] RendezvousEffects online(const PublicKey& own, const PairingCode& code, Env& env);
  [[nodiscard]] RendezvousEffects on(const wire::signaling::ServerMessage& message, Env& env);
  void offline(Env& env);
  /// What the server takes from us within a minute: requests for a pairing, and registrations.
  void pace(std::size_t requests, std::size_t registrations);
  /// It is another hour than it seemed.
  [[nodiscard]] RendezvousEffects clock_set(Env& env);

  /// To be called whenever Pairing asks nobody: gives one AskFor at most.
  [[nodiscard]] RendezvousEffects turn(Env& env);
  /// The code that is asked for us.
  std::optional<PairingCode> asked() const;
  /// We have let in a request of a peer that is looked for.
  void let_in(const PairingCode& from) { let_in_.insert(from); }
  /// Whether this match of a code may be made: what was asked for one peer is for no other.
  bool expects(const PairingCode& code, const PublicKey& key) const;
  /// Whether a match of this code was our doing, and nobody's who has typed a code.
  bool is_ours(const PairingCode& code) const;
  /// For which peer this code is being asked.
  std::optional<PublicKey> sought_by(const PairingCode& code) const;
  /// An ask or an acceptance came to nothing.
  void failed(const PairingCode& code, Fault fault, Env& env);

  /// What becomes of connections with peers, whether they are looked for or not.
  void matched(const PairingCode& code, const PublicKey& key, Env& env);
  void proven(const PublicKey& key, Env& env);
  /// The last connection with the peer is gone.
  void parted(const PublicKey& key, lookup::Parted how, Env& env);

  [[nodiscard]] RendezvousEffects tick(Env& env);
  std::optional<TimePoint> deadline() const;

 private:
  struct Sought {
    bool is_culver;
    Secret<32> tokens;  ///< the rendezvous secret
    Secret<32> notes;   ///< what is left at the points is sealed under it
    lookup::Machine::State lookup = lookup::Idle{};
    WallTime was_here = 0;  ///< the latest that was told
  };
  /// Whose token or point a text is, and until when anybody can bring it.
  struct Owner {
    PublicKey key;
    TimePoint until;
  };
  struct Unnamed {
    PairingCode code;
    TimePoint deadline;
  };

  void step(const PublicKey& key, lookup::Machine::Event event, Env& env,
            RendezvousEffects& effects);
  void step_all(const lookup::Machine::Event& event, Env& env, RendezvousEffects& effects);
  void sighted(const wire::signaling::LiveMatch& match, Env& env, RendezvousEffects& effects);
  void sighted_unnamed(const PairingCode& code, TimePoint now);
  void ask_unnamed(Env& env, RendezvousEffects& effects);
  bool is_live(const wire::signaling::DeadDrop& drop,
               const wire::signaling::RendezvousResult& result) const;
  void read(const wire::signaling::DeadDrop& drop, Env& env, RendezvousEffects& effects);
  void bring(Env& env, RendezvousEffects& effects);
  bool add_to(wire::signaling::RegisterRendezvous& message, const PublicKey& key, Env& env);
  lookup::Context context(Env& env) const;

  std::map<PublicKey, Sought> sought_;
  std::optional<PublicKey> own_;  ///< while online
  std::optional<PairingCode> code_;
  Duration spread_{};                   ///< how late we are at the turn of the hour
  std::map<PublicKey, bool> to_bring_;  ///< true: with a note
  std::map<std::string, Owner> texts_;
  std::deque<PairingCode> unnamed_;  ///< the newest first
  std::map<PairingCode, TimePoint> unnamed_asked_;
  std::optional<Unnamed> asking_unnamed_;
  std::set<PairingCode> let_in_;
  SlidingWindow asks_{asks_per_minute, std::chrono::minutes(1)};
  SlidingWindow registrations_{registrations_per_minute, std::chrono::minutes(1)};
  TimePoint asked_at_{};                                   ///< the last ask
  std::optional<TimePoint> next_ask_, next_registration_;  ///< where there is no allowance left
};

}  // namespace culver::signaling
