// Any order of events at an ICE agent, true and forged messages among them: it never waits in the
// past or for ever, speaks only along wires that it has, selects only what the peer has answered,
// and leaves nothing behind.
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>

#include "core/ice/agent.hpp"
#include "core/ice/path_mtu.hpp"
#include "core/wire/stun.hpp"
#include "fuzz/input.hpp"
#include "tests/ice/turn_server.hpp"
#include "tests/support/seeded.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
namespace stun = wire::stun;

wire::sdp::IceCredentials credentials(bool ours, unsigned generation) {
  const auto name = std::string(ours ? "ours" : "them") + std::to_string(generation % 4);
  return {name, name + name + name + name + name};
}

Endpoint place(std::uint8_t choice) {
  if (choice & 0x40) return *Endpoint::parse("2001:db8::1", 1 + (choice & 7));
  if (choice & 0x20) return *Endpoint::parse("127.0.0.1", 1 + (choice & 7));
  return Endpoint::v4({std::byte{192}, std::byte{0}, std::byte{2}, std::byte(choice & 0x1F)},
                      static_cast<std::uint16_t>(choice & 0x80 ? 2 : 1));
}

const Endpoint turn_at = *Endpoint::parse("198.51.100.3", 3478);

class Fuzzed {
 public:
  explicit Fuzzed(std::uint8_t choice)
      : random_(choice), env_{TimePoint{} + std::chrono::hours(1), random_.rng()} {
    agent_.emplace(ice::Config{(choice & 1) != 0, credentials(true, 0), (choice & 2) != 0}, env_);
  }

  void act(Input& input) {
    switch (input.byte() % 14) {
      case 0:
        return tick();
      case 1:
        env_.now += std::chrono::milliseconds(20 * input.byte());
        return step(ice::Tick{});
      case 2:
        return open(place(input.byte()));
      case 3:
        return lose(input.byte());
      case 4:
        return step(ice::RemoteCredentials{credentials(false, input.byte())});
      case 5:
        return candidate(place(input.byte()), input.byte());
      case 6:
        return done(input.byte());
      case 7:
        return answer(input.byte(), input.byte());
      case 8:
        return ask(input.byte(), input.byte(), input.byte());
      case 9:
        return spoil(input);
      case 10:
        return step(ice::Restart{credentials(true, ++ours_)});
      case 11:
        return serve(input.byte());
      case 12:
        return let_turn_answer();
      default:
        return by_channel(input.byte(), input.byte());
    }
  }

  void close() {
    ice::Effects effects;
    agent_->close(env_, effects);
    for (const auto& [wire, local] : wires_) agent_->step(ice::WireLost{wire}, env_, effects);
    require(agent_->census() == ice::Census{});
  }

 private:
  struct Sent {
    ice::WireId wire;
    Endpoint to;
    stun::Message message;
    bool relayed;
  };

  void step(ice::Event event) {
    ice::Effects effects;
    const bool restarted = std::holds_alternative<ice::Restart>(event);
    agent_->step(std::move(event), env_, effects);
    if (restarted) failed_ = false;
    for (auto& effect : effects) std::visit([this](auto& e) { note(e); }, effect);
    require(failed_ != agent_->deadline().has_value());
    const auto census = agent_->census();
    require(census.pairs <= 100 && census.transactions <= 600 && census.allocations <= 8);
  }

  void note(ice::Transmit& out) {
    require(wires_.count(out.wire) || streams_.count(out.wire));
    const auto received = stun::parse(out.bytes);
    require(received && received->has_fingerprint);
    if (out.to == turn_at) to_turn_.emplace_back(out.wire, out.bytes);
    const auto& message = received->message;
    if (message.kind != stun::Class::indication) return note_request(out.wire, out.to, message);
    require(out.to == turn_at && message.peer && message.data);
    const auto inner = stun::parse(*message.data);
    require(inner.has_value());
    note_request(out.wire, *message.peer, inner->message, true);
  }
  void note_request(ice::WireId wire, const Endpoint& to, const stun::Message& message,
                    bool relayed = false) {
    if (message.kind != stun::Class::request) return;
    if (message.method != stun::Method::binding || !message.username) return;
    sent_.push_back({wire, to, message, relayed});
    if (sent_.size() > 40) sent_.pop_front();
  }
  void note(const ice::LocalCandidate& local) { require(local.candidate.port != 0); }
  void note(const ice::GatheringDone&) {}
  void note(const ice::Carries& path) {
    require(path.bytes >= ice::path_mtu::base && path.bytes <= ice::path_mtu::largest);
  }
  void note(const ice::Relayed& relayed) { require(!relayed.bytes.empty()); }
  /// Nobody has the peer's keys but this program.
  void note(const ice::Selected& selected) {
    require(true_answers_ > 0 && !failed_);
    require(wires_.count(selected.route.wire) || streams_.count(selected.route.wire));
    if (!selected.route.channel) return;
    require(selected.relayed && selected.route.to == turn_at);
    require(agent_->way_of(selected.route.wire, turn_at, *selected.route.channel).has_value());
  }
  void note(const ice::Doubted& doubted) {
    require(true_answers_ > 0 && doubted.heard <= env_.now);
  }
  void note(const ice::RelayFailed&) {}
  void note(const ice::Failed&) {
    require(!failed_);
    failed_ = true;
  }

  /// Deadlines are met and then move on.
  void tick() {
    for (int i = 0; i < 300; ++i) {
      const auto at = agent_->deadline();
      if (!at) return;
      if (i > 0 && *at > env_.now) return;
      env_.now = std::max(env_.now, *at);
      step(ice::Tick{});
    }
    require(false);
  }

  void open(const Endpoint& local) {
    if (wires_.size() >= 6) return;
    const ice::WireId wire{++last_wire_};
    wires_[wire] = local;
    step(ice::WireOpened{wire, local});
  }
  void lose(std::uint8_t choice) {
    auto& from = choice & 0x80 ? streams_ : wires_;
    if (from.empty()) return;
    const auto at = std::next(from.begin(), choice % static_cast<std::ptrdiff_t>(from.size()));
    const auto wire = at->first;
    from.erase(at);
    step(ice::WireLost{wire});
  }
  void candidate(const Endpoint& at, std::uint8_t choice) {
    const auto type = static_cast<wire::sdp::CandidateType>(choice % 4);
    step(ice::RemoteCandidate{{std::to_string(choice % 3),
                               std::uint32_t{choice} << 20,
                               at.address_text(),
                               at.port(),
                               type,
                               {},
                               0}});
  }
  void done(std::uint8_t choice) {
    if (choice & 1) step(ice::WiresDone{});
    if (choice & 2) step(ice::ServersDone{});
    if (choice & 4) step(ice::RemoteCandidatesDone{});
  }

  void hear(ice::WireId wire, const Endpoint& from, const ByteVector& bytes,
            std::optional<std::uint16_t> channel = {}) {
    step(ice::Received{wire, from, bytes, channel});
  }
  std::optional<ice::WireId> any_wire(std::uint8_t choice) const {
    if (wires_.empty()) return std::nullopt;
    return std::next(wires_.begin(), choice % static_cast<std::ptrdiff_t>(wires_.size()))->first;
  }

  void answer(std::uint8_t which, std::uint8_t how) {
    if (sent_.empty()) return;
    const auto sent = sent_[sent_.size() - 1 - which % sent_.size()];
    stun::Message message{};
    message.method = stun::Method::binding;
    message.kind = how & 0x40 ? stun::Class::error : stun::Class::success;
    message.id = sent.message.id;
    if (how & 0x40)
      message.error = stun::ErrorCode{how & 0x20 ? stun::role_conflict : std::uint16_t{500}, "no"};
    else if (!(how & 0x20))
      message.mapped = place(how);
    const auto asked = sent.message.username->substr(0, 5);
    const auto key = stun::Key::short_term(asked + asked + asked + asked + asked);
    const auto wrong = stun::Key::short_term("wrong");
    const bool good = (how & 3) != 3;
    if (good && message.mapped) ++true_answers_;
    hear(sent.wire, how & 0x10 ? place(how) : sent.to,
         stun::print(message, how & 0x80 ? nullptr
                              : good     ? &key
                                         : &wrong));
  }

  stun::Message request(std::uint8_t how) {
    stun::Message message{};
    message.kind = stun::Class::request;
    message.method = stun::Method::binding;
    message.id.data = env_.rng.bytes<12>();
    message.username = credentials(true, ours_).ufrag + ":" + credentials(false, how >> 6).ufrag;
    message.priority = how;
    const std::uint64_t tie_breaker = how & 8 ? ~std::uint64_t{0} : 0;
    (how & 1 ? message.controlling : message.controlled) = tie_breaker;
    message.use_candidate = how & 2;
    return message;
  }
  void ask(std::uint8_t wire, std::uint8_t from, std::uint8_t how) {
    const auto key = stun::Key::short_term(how & 16 ? "wrong" : credentials(true, ours_).pwd);
    if (const auto on = any_wire(wire)) hear(*on, place(from), stun::print(request(how), &key));
  }
  /// A good message with some of its bytes changed.
  void spoil(Input& input) {
    const auto on = any_wire(input.byte());
    const auto key = stun::Key::short_term(credentials(true, ours_).pwd);
    auto bytes = stun::print(request(input.byte()), &key);
    for (int i = 0; i < 3; ++i) bytes[input.byte() % bytes.size()] ^= std::byte{input.byte()};
    if (input.byte() & 1) bytes.resize(input.byte() % bytes.size());
    if (on) hear(*on, place(input.byte()), bytes);
  }

  void serve(std::uint8_t choice) {
    if (choice & 1) return step(ice::StunServer{turn_at});
    ice::TurnServer server{turn_at, std::nullopt, std::string(ice::test::TurnServer::user),
                           SecretBytes(as_bytes(ice::test::TurnServer::password))};
    if (choice & 2 && streams_.size() < 4) {
      server.stream = ice::WireId{++last_wire_};
      streams_[*server.stream] = *Endpoint::parse("240.0.0.1", 1);
    }
    step(std::move(server));
  }
  Endpoint client_of(ice::WireId wire) const {
    return *Endpoint::parse("203.0.113.1", static_cast<std::uint16_t>(1'000 + wire.value % 60'000));
  }
  void let_turn_answer() {
    for (const auto& [wire, bytes] : std::exchange(to_turn_, {}))
      for (const auto& out : turn_.from_client(client_of(wire), bytes, env_.now))
        if (out.client && (wires_.count(wire) || streams_.count(wire)))
          hear(wire, turn_at, out.bytes);
  }
  void by_channel(std::uint8_t wire, std::uint8_t how) {
    const auto key = stun::Key::short_term(credentials(true, ours_).pwd);
    const auto number = static_cast<std::uint16_t>(stun::first_channel + how % 3);
    if (const auto on = any_wire(wire)) hear(*on, turn_at, stun::print(request(how), &key), number);
  }

  test::SeededRng random_;
  Env env_;
  std::optional<ice::Agent> agent_;
  std::map<ice::WireId, Endpoint> wires_, streams_;
  std::deque<Sent> sent_;
  std::vector<std::pair<ice::WireId, ByteVector>> to_turn_;
  ice::test::TurnServer turn_{turn_at.with_port(0)};
  std::uint32_t last_wire_ = 0;
  unsigned ours_ = 0, true_answers_ = 0;
  bool failed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, data + size};
  Fuzzed fuzzed(input.byte());
  for (int i = 0; i < 100 && !input.empty(); ++i) fuzzed.act(input);
  fuzzed.close();
  return 0;
}
