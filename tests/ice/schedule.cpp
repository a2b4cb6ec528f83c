#include "tests/ice/schedule.hpp"

#include <algorithm>
#include <array>
#include <iostream>

namespace culver::ice::test {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t every_long_life = 500;  ///< seeds
constexpr Duration long_life = 24h;

/// A machine as the other side's checks find it.
struct Seen {
  bool open;  ///< anybody may send to its own address
  bool dependent;
  Filtering filtering;
  bool knows_itself;  ///< the address that others see, without a server
};

Seen seen(const Attachment& how) {
  using Kind = Attachment::Kind;
  if (how.kind == Kind::open) return {true, false, Filtering::none, true};
  if (how.kind == Kind::firewalled) return {false, false, Filtering::by_address_and_port, true};
  const bool two = how.kind == Kind::behind_two_nats;
  const bool dependent = how.nat.mapping == Mapping::endpoint_dependent ||
                         (two && how.outer_nat.mapping == Mapping::endpoint_dependent);
  const auto filtering =
      two ? std::max(how.nat.filtering, how.outer_nat.filtering) : how.nat.filtering;
  return {false, dependent, filtering, false};
}

std::string text_of(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) +
         " ms";
}

std::string text_of(const NatKind& nat) {
  static constexpr std::array filters{"full cone", "address restricted", "port restricted"};
  return std::string(nat.mapping == Mapping::endpoint_dependent
                         ? "symmetric"
                         : filters[static_cast<std::size_t>(nat.filtering)]) +
         (nat.hairpin ? " with hairpin" : "");
}

std::string text_of(const Attachment& how) {
  static constexpr std::array kinds{"open", "firewalled", "behind a NAT", "behind two NATs",
                                    "without UDP"};
  std::string text = kinds[static_cast<std::size_t>(how.kind)];
  if (how.kind >= Attachment::Kind::behind_nat) text += ", " + text_of(how.nat);
  if (how.kind == Attachment::Kind::behind_two_nats) text += ", " + text_of(how.outer_nat);
  if (how.relay) text += ", with a relay";
  if (how.relay_by_stream) text += ", with a relay by a stream";
  return text + (how.ipv6 ? ", with IPv6" : "");
}

std::string text_of(const Plan& plan) {
  static constexpr std::array places{"apart", "in one LAN", "behind one outer NAT"};
  return std::string(places[static_cast<std::size_t>(plan.place)]) + "\nA: " + text_of(plan.a) +
         "\nB: " + text_of(plan.b) + "\ndelay " + text_of(plan.quality.delay) + " + " +
         text_of(plan.quality.jitter) + ", loss " + std::to_string(plan.quality.loss) +
         (plan.stun ? ", STUN" : "") + (plan.conflict ? ", same role" : "") +
         (plan.a_controls ? ", A controls" : "") + (plan.says_done ? "" : ", never done") +
         "\nsignaling " + text_of(plan.signaling) + ", head start " + text_of(plan.head_start);
}

}  // namespace

bool has_direct_path(const Plan& plan) {
  using Kind = Attachment::Kind;
  if (plan.place == Plan::Place::same_lan) return true;
  if (plan.a.ipv6 && plan.b.ipv6) return true;
  if (plan.a.kind == Kind::no_udp || plan.b.kind == Kind::no_udp) return false;
  const auto a = seen(plan.a), b = seen(plan.b);
  // A TURN server says as much as a STUN server.
  const bool a_known = a.knows_itself || plan.stun || plan.a.relay;
  const bool b_known = b.knows_itself || plan.stun || plan.b.relay;
  if (plan.place == Plan::Place::same_outer_nat && !plan.a.outer_nat.hairpin) return false;
  const auto open = [](const Seen& side, bool known) {
    return side.open || (known && !side.dependent && side.filtering == Filtering::none);
  };
  if (open(a, a_known) || open(b, b_known)) return true;
  if (!a_known || !b_known) return false;
  if (a.dependent && b.dependent) return false;
  if (a.dependent) return b.filtering != Filtering::by_address_and_port;
  if (b.dependent) return a.filtering != Filtering::by_address_and_port;
  return true;
}

/// A relay lets in whom it was told: the other side's address must be known from somewhere.
bool has_relayed_path(const Plan& plan) {
  const auto udp = [](const Attachment& how) { return how.kind != Attachment::Kind::no_udp; };
  const auto has = [&](const Attachment& how) {
    return (how.relay && udp(how)) || how.relay_by_stream;
  };
  const auto comes_through = [&](const Attachment& how) {
    return has(how) || (udp(how) && (plan.stun ||
                                     (plan.place == Plan::Place::apart && seen(how).knows_itself)));
  };
  return (has(plan.a) && comes_through(plan.b)) || (has(plan.b) && comes_through(plan.a));
}

Schedule::Schedule(std::uint64_t seed)
    : seed_(seed),
      world_(seed),
      plan_(draw()),
      direct_(has_direct_path(plan_)),
      reachable_(direct_ || has_relayed_path(plan_)) {}

// ---- drawing ------------------------------------------------------------------------------------

NatKind Schedule::draw_nat() {
  auto& random = world_.random;
  NatKind kind;
  if (random.chance(0.3)) {
    kind.mapping = Mapping::endpoint_dependent;
    kind.filtering = Filtering::by_address_and_port;
  } else {
    kind.filtering = std::array{Filtering::none, Filtering::by_address,
                                Filtering::by_address_and_port}[random.below(3)];
  }
  kind.hairpin = random.chance(0.5);
  return kind;
}

Attachment Schedule::draw_attachment() {
  auto& random = world_.random;
  using Kind = Attachment::Kind;
  Attachment how{};
  how.kind = std::array{Kind::open,       Kind::firewalled,      Kind::behind_nat,
                        Kind::behind_nat, Kind::behind_two_nats, Kind::behind_nat}[random.below(6)];
  if (random.chance(0.05)) how.kind = Kind::no_udp;
  how.nat = draw_nat();
  how.outer_nat = draw_nat();
  how.ipv6 = random.chance(0.25);
  how.relay = random.chance(0.3);
  how.relay_by_stream = random.chance(0.1);
  return how;
}

Plan Schedule::draw() {
  auto& random = world_.random;
  const auto some = [&](Duration most) {
    return Duration(random.below(static_cast<std::uint64_t>(most.count())));
  };
  Plan plan{};
  plan.a = draw_attachment();
  plan.b = draw_attachment();
  if (random.chance(0.1))
    plan.place = Plan::Place::same_lan;
  else if (random.chance(0.1))
    plan.place = Plan::Place::same_outer_nat;
  if (plan.place != Plan::Place::apart) plan.a.ipv6 = plan.b.ipv6 = false;
  if (plan.place == Plan::Place::same_outer_nat) {
    plan.a.kind = plan.b.kind = Attachment::Kind::behind_two_nats;
    plan.b.outer_nat = plan.a.outer_nat;
  }
  plan.stun = random.chance(0.9);
  plan.silent_server = random.chance(0.2);
  plan.conflict = random.chance(0.1);
  plan.a_controls = random.chance(0.5);
  plan.says_done = random.chance(0.9);
  if (random.chance(0.9)) plan.quality.delay = some(150ms);
  if (random.chance(0.5)) plan.quality.jitter = some(50ms);
  if (random.chance(0.5)) plan.quality.loss = 0.01 * static_cast<double>(random.below(15));
  if (random.chance(0.5)) plan.quality.doubling = 0.01 * static_cast<double>(random.below(10));
  plan.quality.mtu =
      std::array<std::size_t, 6>{1'200, 1'380, 1'472, 4'000, 8'972, 65'507}[random.below(6)];
  plan.signaling = some(500ms);
  plan.head_start = random.chance(0.5) ? some(2s) : 0ms;
  plan.quiet = 30s + some(7min);
  if (seed_ % every_long_life != 0) return plan;
  // One that is surely kept for long.
  plan.a.kind = plan.b.kind = Attachment::Kind::behind_nat;
  plan.a.nat.mapping = plan.b.nat.mapping = Mapping::endpoint_independent;
  plan.place = Plan::Place::apart;
  plan.stun = true;
  plan.quality.loss = std::min(plan.quality.loss, 0.05);
  plan.quiet = long_life;
  return plan;
}

// ---- building -----------------------------------------------------------------------------------

void Schedule::build() {
  auto& net = world_.network;
  net.far = plan_.quality;
  net.near.delay = plan_.quality.delay / 20;
  net.near.doubling = plan_.quality.doubling;
  net.near.mtu = plan_.quality.mtu;
  world_.signaling_delay = plan_.signaling;
  if (plan_.stun) servers_.push_back(world_.add_stun_server(address("198.51.100.1")));
  if (plan_.stun) servers_.push_back(world_.add_stun_server(address("2001:db8:5::1")));
  world_.add_turn_server(address("198.51.100.3"));
  if (plan_.silent_server)
    servers_.push_back(world_.add_stun_server(address("198.51.100.2"), false));
  world_.start(world_.a, plan_.a_controls);
  world_.start(world_.b, plan_.conflict ? plan_.a_controls : !plan_.a_controls);
  world_.a.says_done = world_.b.says_done = plan_.says_done;

  auto shared = Network::internet;
  if (plan_.place != Plan::Place::apart) {
    shared = net.add_realm();
    const auto& kind = plan_.place == Plan::Place::same_lan ? plan_.a.nat : plan_.a.outer_nat;
    net.add_nat(kind, shared, Network::internet, address("203.0.113.50"));
  }
  int number = 1;
  for (auto* side : {&world_.a, &world_.b}) {
    const auto& how = side == &world_.a ? plan_.a : plan_.b;
    if (plan_.place == Plan::Place::same_lan) {
      attach_behind(*side, shared, number);
    } else if (plan_.place == Plan::Place::same_outer_nat) {
      const auto home = net.add_realm();
      net.add_nat(how.nat, home, shared, address("100.64.0." + std::to_string(number)));
      attach_behind(*side, home, number);
    } else {
      attach(*side, how, number);
    }
    ++number;
  }
}

void Schedule::attach_behind(Side& side, Network::Realm realm, int number) {
  const auto text = (realm == Network::internet ? "192.0.2." : "10.0.0.") + std::to_string(number);
  const auto place = world_.network.attach(realm, address(text));
  places_.emplace_back(&side, place);
  world_.open(side, place, address(text));
}

void Schedule::attach(Side& side, const Attachment& how, int number) {
  using Kind = Attachment::Kind;
  auto& net = world_.network;
  const auto outer = address("203.0.113." + std::to_string(number));
  auto realm = Network::internet;
  if (how.kind == Kind::behind_nat) {
    realm = net.add_realm();
    net.add_nat(how.nat, realm, Network::internet, outer);
  } else if (how.kind == Kind::behind_two_nats) {
    const auto carrier = net.add_realm();
    net.add_nat(how.outer_nat, carrier, Network::internet, outer);
    realm = net.add_realm();
    net.add_nat(how.nat, realm, carrier, address("100.64.0." + std::to_string(number)));
  }
  attach_behind(side, realm, number);
  const auto place = places_.back().second;
  if (how.kind == Kind::firewalled) net.protect(place);
  if (how.kind == Kind::no_udp) {
    net.cut(place, true);
    places_.pop_back();
  }
  if (!how.ipv6) return;
  const auto six = address("2001:db8::" + std::to_string(number));
  const auto place6 = net.attach(Network::internet, six);
  net.protect(place6);
  places_.emplace_back(&side, place6);
  world_.open(side, place6, six);
}

// ---- living -------------------------------------------------------------------------------------

void Schedule::must(bool holds, std::string_view what) {
  if (!holds && good()) world_.broken = what;
}

std::string Schedule::play(bool trace) {
  world_.trace = trace;
  if (trace) std::cerr << text_of(plan_) << (reachable_ ? "" : "\nno direct path") << '\n';
  build();
  establish();
  if (good() && world_.both_selected()) keep();
  if (good() && world_.both_selected()) something_happens();
  end();
  return world_.broken;
}

void Schedule::establish() {
  for (auto* side : {&world_.a, &world_.b}) {
    for (const auto& server : servers_) world_.tell(*side, ice::StunServer{server});
    const auto& how = side == &world_.a ? plan_.a : plan_.b;
    if (how.relay) world_.use_turn_server(*side, false);
    if (how.relay_by_stream) world_.use_turn_server(*side, true);
    world_.introduce(*side);
    world_.finish(*side);
    if (side == &world_.a) world_.run_for(plan_.head_start);
  }
  const auto settled = [&] {
    const auto over = [](const Side& side) { return side.selected || side.failed; };
    return over(world_.a) && over(world_.b);
  };
  must(world_.run_until(settled, 70s), "neither selected nor failed");
  if (!reachable_) {
    must(!world_.a.selected && !world_.b.selected, "a path where there is none");
    outcome_ = "no path";
    return;
  }
  must(world_.both_selected(), "a path that exists was not found");
  outcome_ = direct_ ? "path" : "relayed path";
  expect_path("after it was selected");
}

/// Both ways, and both use the same pair.
void Schedule::expect_path(std::string_view when) {
  if (!good()) return;
  // A nomination may be under way.
  const auto agree = [&] { return world_.hear_each_other() && world_.same_pair(); };
  bool agreed = false;
  for (int tries = 0; tries < 4 && !agreed; ++tries) {
    agreed = agree();
    if (!agreed) world_.run_for(4s);
  }
  must(agreed, "no data, or not by the same pair, " + std::string(when));
}

void Schedule::keep() {
  world_.run_for(plan_.quiet);
  must(world_.both_selected(), "lost while nothing happened");
  must(world_.network.far.loss > 0.02 || world_.a.doubts + world_.b.doubts == 0,
       "doubted while nothing happened");
  for (auto* side : {&world_.a, &world_.b})
    must(world_.network.far.loss > 0 || side->carries == expected_size(*side),
         "not the largest size that the path carries");
  must(!direct_ || (!world_.a.selected->relayed && !world_.b.selected->relayed),
       "a relay where there is a direct path");
  expect_path("after a time without data");
  for (auto* side : {&world_.a, &world_.b})
    must(side->agent->census().transactions <= 24, "transactions pile up");
  if (plan_.quiet >= long_life) outcome_ += ", a day";
}

std::size_t Schedule::expected_size(const Side& side) const {
  auto best = ice::path_mtu::base;
  if (!side.selected->relayed)
    for (const auto size : ice::path_mtu::sizes)
      if (size <= plan_.quality.mtu) best = size;
  return best;
}

void Schedule::something_happens() {
  static constexpr std::array happenings{&Schedule::short_outage, &Schedule::long_outage,
                                         &Schedule::death,        &Schedule::restart,
                                         &Schedule::roam,         &Schedule::rebind,
                                         &Schedule::both_roam,    &Schedule::both_change_over};
  was_disturbed_ = true;
  (this->*happenings[world_.random.below(happenings.size())])();
}

void Schedule::cut(bool is_cut) {
  for (const auto& [side, place] : places_) world_.network.cut(place, is_cut);
  world_.a.offline = world_.b.offline = is_cut;
}

void Schedule::short_outage() {
  outcome_ += ", short outage";
  cut(true);
  world_.run_for(std::chrono::milliseconds(1'000 + world_.random.below(8'000)));
  cut(false);
  world_.run_for(10s);
  must(world_.both_selected(), "lost by a short outage");
  expect_path("after a short outage");
}

void Schedule::long_outage() {
  outcome_ += ", long outage";
  cut(true);
  const auto since = world_.network.now;
  world_.run_for(16s);
  for (auto* side : {&world_.a, &world_.b}) expect_loss(*side, since);
}

void Schedule::death() {
  outcome_ += ", death";
  world_.a.alive = false;
  const auto since = world_.network.now;
  world_.run_for(16s);
  expect_loss(world_.b, since);
}

void Schedule::expect_loss(Side& side, TimePoint since) {
  must(side.failed == ice::Failed::Why::consent_lost, "a loss was not noticed");
  if (good()) must(*side.failed_at - since <= 15s, "a loss was noticed late");
}

void Schedule::restart() {
  outcome_ += ", restart";
  auto& side = world_.random.chance(0.5) ? world_.a : world_.b;
  const auto before = world_.a.credentials.ufrag;
  world_.restart(side);
  if (world_.random.chance(0.2)) world_.restart(world_.other(side));
  const auto heard = world_.a.data_heard + world_.b.data_heard;
  world_.send_data_every(100ms);
  world_.run_for(40s);
  world_.send_data_every(0ms);
  must(world_.both_selected(), "lost by a restart");
  must(world_.a.data_heard + world_.b.data_heard > heard + 500, "data stood still in a restart");
  must(world_.a.credentials.ufrag != before || &side == &world_.b, "no new credentials");
  must(!world_.a.agent->restarting() && !world_.b.agent->restarting(),
       "a restart is never finished");
  expect_path("after a restart");
}

/// Another address, from another network, and then the old one is gone.
void Schedule::roam() {
  auto& side = world_.random.chance(0.5) ? world_.a : world_.b;
  outcome_ += ", roaming";
  const auto old = side.sockets;
  const auto streams = side.streams;
  const bool first = world_.random.chance(0.5);
  const auto leave = [&] {
    for (const auto& socket : old) world_.lose(side, socket.first);
    for (const auto& stream : streams) world_.lose(side, stream.first);
  };
  if (first) leave();
  if (first) world_.run_for(1s);
  const auto text = address("192.0.2." + std::to_string(++fresh_address_));
  const auto place = world_.network.attach(Network::internet, text);
  places_.emplace_back(&side, place);
  world_.open(side, place, text);
  if (!first) world_.run_for(3s);
  if (!first) leave();
  world_.run_for(20s);
  // An open address can be reached by whoever can send at all by IPv4.
  const auto& other = &side == &world_.a ? plan_.b : plan_.a;
  if (plan_.place == Plan::Place::apart && other.kind == Attachment::Kind::no_udp) return;
  must(world_.both_selected(), "lost by roaming");
  expect_path("after roaming");
}

/// Both find themselves elsewhere at the same moment: neither knows where the other is, and only
/// what they tell each other in a restart helps.
void Schedule::both_roam() {
  outcome_ += ", both roaming";
  world_.restarts_when_doubted = true;
  const auto since = world_.network.now;
  for (auto* side : {&world_.a, &world_.b}) {
    const auto old = side->sockets;
    for (const auto& socket : old) world_.lose(*side, socket.first);
    for (const auto& stream : std::exchange(side->streams, {})) world_.lose(*side, stream.first);
  }
  world_.run_for(std::chrono::milliseconds(world_.random.below(5'000)));
  for (auto* side : {&world_.a, &world_.b}) {
    const auto text = address("192.0.2." + std::to_string(++fresh_address_));
    const auto place = world_.network.attach(Network::internet, text);
    places_.emplace_back(side, place);
    world_.open(*side, place, text);
    side->selected_at.reset();
  }
  const auto moved = [&] { return world_.a.selected_at && world_.b.selected_at; };
  must(world_.run_until(moved, 10s), "lost when both have moved");
  if (good()) must(world_.network.now - since <= 15s, "moved too late");
  world_.restarts_when_doubted = false;
  world_.run_for(10s);
  must(world_.both_selected(), "lost after both have moved");
  expect_path("after both have moved");
}

/// Both have another address for a while before the old one goes: nobody needs to be asked.
void Schedule::both_change_over() {
  outcome_ += ", both changing over";
  const std::array old{world_.a.sockets, world_.b.sockets};
  for (auto* side : {&world_.a, &world_.b}) {
    const auto text = address("192.0.2." + std::to_string(++fresh_address_));
    const auto place = world_.network.attach(Network::internet, text);
    places_.emplace_back(side, place);
    world_.open(*side, place, text);
  }
  world_.run_for(5s + std::chrono::milliseconds(world_.random.below(40'000)));
  const auto doubts = world_.a.doubts + world_.b.doubts;
  // Who is not cut itself hears of it by silence only.
  const bool are_cut = old[0].count(world_.a.selected->route.wire) > 0 &&
                       old[1].count(world_.b.selected->route.wire) > 0;
  const bool is_clear = are_cut && world_.network.far.loss <= 0.02;
  for (auto* side : {&world_.a, &world_.b}) {
    for (const auto& socket : old[side == &world_.a ? 0 : 1]) world_.lose(*side, socket.first);
    for (const auto& stream : std::exchange(side->streams, {})) world_.lose(*side, stream.first);
  }
  world_.send_data_every(20ms);
  const auto a = world_.a.data_heard, b = world_.b.data_heard;
  const auto moved = [&] { return world_.a.data_heard > a + 9 && world_.b.data_heard > b + 9; };
  must(world_.run_until(moved, is_clear ? 2s : 9s), "changing over takes too long");
  world_.send_data_every(0ms);
  must(!is_clear || doubts == world_.a.doubts + world_.b.doubts, "doubted while changing over");
  world_.run_for(10s);
  must(world_.both_selected(), "lost after both changed over");
  expect_path("after both changed over");
}

/// A NAT that was restarted.
void Schedule::rebind() {
  outcome_ += ", rebinding";
  world_.network.forget_mappings();
  world_.run_for(30s);
  const bool lost = world_.a.failed && world_.b.failed;
  if (!lost) must(world_.both_selected(), "one side is lost, the other is not");
  if (world_.both_selected()) expect_path("after the mappings of the NATs were forgotten");
  outcome_ += lost ? ", lost" : ", kept";
}

void Schedule::end() {
  const bool heard = world_.a.alive && world_.network.far.loss == 0 && !was_disturbed_;
  for (auto* side : {&world_.a, &world_.b}) {
    world_.close(*side);
    must(side->agent->census() == ice::Census{}, "something is left after the end");
  }
  world_.run_for(2s);
  must(!heard || world_.allocations() == 0, "a relay was not given back");
  if (!good()) world_.broken += " (after " + text_of(world_.simulated()) + ", " + outcome_ + ")";
}

}  // namespace culver::ice::test
