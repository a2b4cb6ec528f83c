// What the agent knows, and its handlers, which are spread over agent*.cpp by what they are about.
// Nobody else includes this.
#pragma once

#include <vector>

#include "core/ice/agent.hpp"
#include "core/ice/candidates.hpp"
#include "core/ice/checklist.hpp"
#include "core/ice/consent.hpp"
#include "core/ice/gathering.hpp"
#include "core/ice/nomination.hpp"
#include "core/ice/path_mtu.hpp"
#include "core/ice/relays.hpp"
#include "core/ice/token_bucket.hpp"
#include "core/ice/transactions.hpp"
#include "core/ice/valid_ways.hpp"

namespace culver::ice {

/// RFC 8863: no verdict before this, counted from the peer's credentials. Its checks may be all
/// there is (a browser that hides its addresses), and they come only once it has ours.
inline constexpr Duration least_wait = std::chrono::seconds(10);
/// The verdict comes after this even if somebody never says that it is done.
inline constexpr Duration longest_wait = std::chrono::seconds(30);
/// The same while the peer's credentials have not come.
inline constexpr Duration longest_silence = std::chrono::seconds(60);
/// The best valid pairs besides the selected one are kept alive, and how often: NAT bindings last
/// 30 s at least in practice.
inline constexpr std::size_t spare_pairs = 3;
inline constexpr Duration spare_interval = std::chrono::seconds(15);
/// A pair that answered so recently may take over without being asked.
inline constexpr Duration spare_freshness = std::chrono::seconds(25);
/// After so long the checks of the beginning are over: whoever still comes along a new way has
/// moved.
inline constexpr Duration settling = std::chrono::seconds(3);
/// With each question whether it is still here: two round trips, within these bounds.
inline constexpr Duration least_patience = std::chrono::milliseconds(50);
inline constexpr Duration most_patience = std::chrono::milliseconds(500);
/// A controlling agent that nominates continually repeats itself more often than this.
inline constexpr Duration nomination_memory = std::chrono::seconds(3);
inline constexpr std::size_t early_requests = 32;
/// Of checks to addresses from which the peer has not answered, over all restarts: three each for
/// the hundred pairs that there may be, and what a usual name makes of a check.
inline constexpr TokenBucket::Terms for_checks{300, 128, std::chrono::milliseconds(500)};
/// Of questions to servers, which a peer's restarts repeat.
inline constexpr TokenBucket::Terms for_questions{400, 64, std::chrono::milliseconds(200)};
/// Of refusals, which anybody can ask for.
inline constexpr TokenBucket::Terms for_refusals{10, 128, std::chrono::milliseconds(250)};

/// One pair of credentials; a restart begins another. Only the current one has a checklist.
struct Generation {
  std::uint32_t number;
  Identity ours;
  std::optional<Identity> theirs;
};

/// A request that was answered before we could ask back.
struct EarlyRequest {
  BaseId base;
  Endpoint from;
  std::uint32_t priority;
  bool use_candidate;
  std::string asking;  ///< the peer's ufrag
};

/// Where data goes. It outlives the checklist that it comes from, until there is another.
struct SelectedPath {
  std::uint32_t generation;
  BaseId base;
  Endpoint remote;
  Route route;
  bool relayed;
  TimePoint since;
  consent::Machine::State consent;
  path_mtu::Machine::State mtu;
};

/// What a relay is to be asked for.
struct Wanted {
  RelayId relay;
  Endpoint peer;
  bool channel;  ///< else a permission
};

std::uint64_t random_number(Rng& rng);

struct Agent::Core {
  Core(Config config, Env& env);

  // agent.cpp
  void on(WireOpened&&, Env&, Effects&);
  void on(WiresDone&&, Env&, Effects&);
  void on(WireLost&&, Env&, Effects&);
  void on(StunServer&&, Env&, Effects&);
  void on(TurnServer&&, Env&, Effects&);
  void on(ServersDone&&, Env&, Effects&);
  void on(RemoteCredentials&&, Env&, Effects&);
  void on(RemoteCandidate&&, Env&, Effects&);
  void on(RemoteCandidatesDone&&, Env&, Effects&);
  void on(Received&&, Env&, Effects&);
  void on(Restart&&, Env&, Effects&);
  void on(Tick&&, Env&, Effects&) {}
  /// What follows from any event, and from the time.
  void advance(Env&, Effects&);
  void judge(Env&, Effects&);
  void wait_for_verdict(Env&);
  void fail(Failed::Why, Env&, Effects&);
  std::optional<TimePoint> verdict_at() const;
  std::optional<TimePoint> deadline() const;
  void begin_generation(Identity ours, std::optional<Identity> theirs);
  const Generation* generation(std::uint32_t number) const;
  template <class Matches>
  void check_late_pairs(Matches, Env&);

  // agent_candidates.cpp
  void announce_from(std::size_t first, Effects&);
  void pair_base(const Base&, Env&);
  bool worth_pairing(const Base&, const Remote&) const;
  bool may_use_loopback() const;
  bool is_ours(const Endpoint& address) const;
  bool is_broadcast(const Endpoint& address) const;
  void pair_loopback(Env&);
  Pair* pair_up(const Base&, const Remote&, Env&);
  void lose_base(BaseId, Env&, Effects&);
  void finish_gathering(Env&, Effects&);
  void query_answered(const Transaction&, const Way&, const wire::stun::Received&, Effects&);
  std::optional<Route> route_of(BaseId, const Endpoint& remote) const;
  bool is_relayed(const Pair&) const;
  void send(BaseId, const Endpoint& to, ByteVector bytes, Env&, Effects&);

  // agent_relays.cpp
  void begun(std::vector<Relays::Begun>, Env&, Effects&);
  void drive(RelayId, turn::Event, Env&, Effects&);
  void perform(RelayId, turn::Effects, Env&, Effects&);
  void heard_of(RelayId, turn::ToServer&&, Env&, Effects&);
  void heard_of(RelayId, turn::Ready&&, Env&, Effects&);
  void heard_of(RelayId, turn::Permitted&&, Env&, Effects&);
  void heard_of(RelayId, turn::Bound&&, Env&, Effects&);
  void heard_of(RelayId, turn::Refused&&, Env&, Effects&);
  void heard_of(RelayId, turn::FromPeer&&, Env&, Effects&);
  void heard_of(RelayId, turn::Lost&&, Env&, Effects&);
  void lose_relay(RelayId, Env&, Effects&);
  void give_back_relays(Env&, Effects&);
  void tick_relays(Env&, Effects&);
  void want(const Pair&, bool channel);
  void ask_relays(Env&, Effects&);
  std::optional<Way> unwrap(const Relay&, const Received&) const;

  // agent_checks.cpp
  void heard(const Way&, ByteView bytes, Env&, Effects&);
  void answered(const Way&, const wire::stun::Received&, Env&, Effects&);
  void answered_check(const Transaction&, const Way&, const Authentic&, Env&, Effects&);
  bool is_along_selected(const Transaction&) const;
  void given_up(const Transaction&, Env&, Effects&);
  void fail_check(const CheckOf&, Env&);
  void refused(PairId, Env&);
  void resend(Env&, Effects&);
  void start_what_may(Env&, Effects&);
  bool start_one(Env&, Effects&);
  bool wants_ordinary() const;
  bool has_work() const;
  void send_check(Pair&, bool nominating, Env&, Effects&);
  void send_consent_check(Env&, Effects&);
  void send_probe(std::size_t size, Env&, Effects&);
  void ask_server(const Gathering::Query&, Env&, Effects&);
  bool may_send(const Transaction&, Env&);
  void ask(Purpose, const Generation&, BaseId, const Endpoint& to, bool use_candidate, Env&,
           Effects&);
  std::optional<wire::stun::Message> check_request(const Generation&, BaseId, Env&) const;
  bool wants_channel(const Pair&) const;
  void switch_role(Env&);

  // agent_requests.cpp
  void asked(const Way&, const wire::stun::Received&, Env&, Effects&);
  const Generation* generation_asked(const Username&) const;
  bool conflicts(const Way&, const Authentic&, const Generation&, Env&, Effects&);
  void learn(EarlyRequest, Env&, Effects&);
  void replay_early(Env&, Effects&);
  void answer(const Way&, const wire::stun::Received& request, const wire::stun::Message&,
              const wire::stun::Key*, Env&, Effects&);

  // agent_selection.cpp
  void nominate(Env&, Effects&);
  void feed(nomination::Event, Env&, Effects&);
  Pair* best_valid();
  Pair* best_spare(TimePoint answered_since);
  bool is_settled(const Pair& best) const;
  void consider_nomination(Pair&, Env&, Effects&);
  void select(Pair&, Env&, Effects&);
  void leave_unprobed(Env&, Effects&);
  void renew_relayed(Env&, Effects&);
  bool is_selected(const Pair&) const;
  void watch_consent(Env&, Effects&);
  void feed(consent::Event, Env&, Effects&);
  void feed(path_mtu::Event, Env&, Effects&);
  void perform(const consent::Effects&, Env&, Effects&);
  void perform(const path_mtu::Effects&, Env&, Effects&);
  void escape(const consent::Grave&, Env&, Effects&);
  void prove(Duration patience, Env&, Effects&);
  void peer_elsewhere(const Pair& seen, Env&, Effects&);
  void doubt(Env&);
  void rest(Env&);
  void path_lost(TimePoint since, Env&, Effects&);
  void take_over(Pair&, Env&, Effects&);
  bool in_doubt() const;
  void keep_spares(Env&);

  bool loopback;
  bool controlling;
  std::uint64_t tie_breaker;
  Generation now;
  std::optional<Generation> before;  ///< that of the selected path, during a restart
  bool remote_restarted = false;     ///< ... and we have not yet

  std::vector<WireId> wires;
  LocalCandidates local;
  RemoteCandidates remotes;
  Gathering gathering;
  Relays relays;
  std::vector<Wanted> wanted;
  Checklist checklist;
  Transactions transactions;
  ValidWays valid_ways;
  TokenBucket checks{for_checks}, questions{for_questions}, refusals{for_refusals};
  nomination::Machine::State nomination{};
  std::optional<SelectedPath> selected;
  bool doubt_told = false;  ///< of the selected path
  std::vector<EarlyRequest> early;

  TimePoint pace_at{};
  std::optional<TimePoint> verdict_not_before, verdict_at_latest;
  std::optional<TimePoint> relays_until;  ///< gathering waits for them so long
  bool gathering_told = false, remotes_done = false, over = false;
};

}  // namespace culver::ice
