// One life of a connection, as a seed draws it: two machines somewhere behind NATs and firewalls,
// how they are introduced, and what happens to them afterwards. The same seed gives the same life.
#pragma once

#include <string>
#include <vector>

#include "tests/ice/world.hpp"

namespace culver::ice::test {

/// How a machine is connected.
struct Attachment {
  enum class Kind : std::uint8_t { open, firewalled, behind_nat, behind_two_nats, no_udp } kind;
  NatKind nat, outer_nat;
  bool ipv6 = false;  ///< besides, with a firewall
  bool relay = false, relay_by_stream = false;
};

struct Plan {
  enum class Place : std::uint8_t { apart, same_lan, same_outer_nat } place;
  Attachment a, b;
  bool stun;           ///< there is a server that answers
  bool silent_server;  ///< there is one that does not
  bool conflict;       ///< both begin in the same role
  bool a_controls;
  bool says_done;  ///< the peers say when they have no more candidates
  Quality quality;
  Duration signaling, head_start;
  Duration quiet;  ///< how long the path is kept without data
};

class Schedule {
 public:
  explicit Schedule(std::uint64_t seed);
  /// To the end. Empty, or what did not hold.
  std::string play(bool trace = false);
  /// What became of it, for counting.
  std::string outcome() const { return outcome_; }
  Duration simulated() const { return world_.simulated(); }

 private:
  Plan draw();
  Attachment draw_attachment();
  NatKind draw_nat();
  void build();
  void attach(Side& side, const Attachment& how, int number);
  void attach_behind(Side& side, Network::Realm realm, int number);

  void establish();
  void keep();
  void something_happens();
  void short_outage();
  void long_outage();
  void death();
  void restart();
  void roam();
  void rebind();
  void both_roam();
  void both_change_over();
  void end();

  void expect_path(std::string_view when);
  std::size_t expected_size(const Side& side) const;
  void expect_loss(Side& side, TimePoint since);
  void must(bool holds, std::string_view what);
  bool good() const { return world_.broken.empty(); }
  void cut(bool is_cut);

  std::uint64_t seed_;
  World world_;
  Plan plan_;
  bool direct_, reachable_;
  std::vector<std::pair<Side*, Network::Place>> places_;
  std::vector<Endpoint> servers_;
  int fresh_address_ = 200;
  bool was_disturbed_ = false;
  std::string outcome_;
};

/// Whether there is a way between them at all, without a relay: RFC 5128 section 3.
bool has_direct_path(const Plan& plan);
/// ... and with the relays that they have.
bool has_relayed_path(const Plan& plan);

}  // namespace culver::ice::test
