// The client's side of signaling: the address, and frames of a server through the session into the
// pairing. Lines of the input are frames; a line that begins with '!' is something else that
// happens, told by its second character.
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "core/signaling/pairing.hpp"
#include "core/signaling/session.hpp"
#include "core/wire/signaling.hpp"
#include "core/wire/url.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::signaling;

/// The smallest engine: session and pairing, and the bookkeeping that checks them.
class Client {
 public:
  void step(SessionEvent event) {
    Rng rng(&fill, this);
    SessionContext context{Env{now_, rng}, config_};
    SessionEffects effects;
    const bool stop = std::holds_alternative<Stop>(event);
    state_ = fsm::step<Session>(std::move(state_), std::move(event), context, effects);
    for (auto& effect : effects)
      if (auto* announce = std::get_if<Announce>(&effect)) std::visit(*this, announce->notice);
    if (stop) note(pairing_.offline());
    const bool waits =
        !std::holds_alternative<Offline>(state_) && !std::holds_alternative<Closed>(state_);
    require(fsm::deadline_of(state_).has_value() == waits);
  }

  void frame(std::string_view text) {
    auto message = wire::signaling::parse_server(text);
    if (message)
      step(Frame{std::move(*message)});
    else
      step(BadFrame{message.error()});
  }

  void happen(std::string_view what) {
    const auto code = PairingCode::parse(what.substr(std::min<std::size_t>(1, what.size())));
    switch (what.empty() ? '.' : what.front()) {
      case 's':
        return step(Start{});
      case 'o':
        return step(SocketOpened{});
      case 'l':
        return step(SocketLost{Fault::server_lost});
      case 'm':
        return step(NetworkChanged{});
      case 'q':
        return step(Stop{});
      case 'r':
        return registered();
      case 'a':
        return code ? ask(*code) : void();
      case 'y':
        return code ? note(pairing_.answer(*code, true, now_)) : void();
      case 'n':
        return code ? note(pairing_.answer(*code, false, now_)) : void();
      default:
        return pass();
    }
  }

  // What the session announces.
  void operator()(const WentOnline& online) { note(pairing_.online(online.code)); }
  void operator()(const WentOffline&) { note(pairing_.offline()); }
  void operator()(const Received& received) { note(pairing_.on(received.message, now_)); }

 private:
  static void fill(void* self, std::span<std::byte> out) {
    for (auto& byte : out) byte = static_cast<std::byte>(++static_cast<Client*>(self)->counter_);
  }

  void registered() {
    if (const auto* registering = std::get_if<Registering>(&state_))
      step(Frame{wire::signaling::Registered{registering->place.code, "s"}});
  }

  void ask(const PairingCode& code) {
    const bool was_running = running_.has_value();
    const auto effects = pairing_.ask(code, std::nullopt, now_);
    const bool begun = effects.size() == 1 && is_request(effects.front());
    require(!(begun && was_running));
    if (begun) running_ = code;
    note(effects);
  }

  static bool is_request(const PairingEffect& effect) {
    const auto* send = std::get_if<SendMessage>(&effect);
    return send && std::holds_alternative<wire::signaling::PairRequest>(send->message);
  }

  void note(const PairingEffects& effects) {
    for (const auto& effect : effects) {
      if (const auto* send = std::get_if<SendMessage>(&effect)) step(*send);
      if (const auto* matched = std::get_if<Matched>(&effect)) end(matched->peer);
      if (const auto* failed = std::get_if<Failed>(&effect)) end(failed->peer);
    }
    require(!running_ || pairing_.deadline());
  }
  void end(const PairingCode& peer) {
    if (running_ == peer) running_.reset();
  }

  void pass() {
    const auto next = fsm::earlier(fsm::deadline_of(state_), pairing_.deadline());
    now_ = std::max(now_, next.value_or(now_ + std::chrono::seconds(1)));
    step(Tick{});
    note(pairing_.tick(now_));
    if (const auto after = pairing_.deadline()) require(*after > now_);
  }

  SessionConfig config_{};
  TimePoint now_{};
  std::uint8_t counter_ = 0;
  Session::State state_ = Offline{};
  Pairing pairing_;
  std::optional<PairingCode> running_;  ///< our ask
};

void check_url(std::string_view text) {
  const auto url = wire::WsUrl::parse(text);
  if (!url) return;
  // What was understood, printed, is understood as the same.
  const std::string printed = url->origin() + url->target;
  const auto again = wire::WsUrl::parse(printed);
  require(again ? *again == *url : printed.size() > wire::WsUrl::max_length);
  (void)url->loopback();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Client client;
  while (!input.empty()) {
    const auto end = std::min(input.find('\n'), input.size());
    const auto line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    check_url(line);
    if (line.starts_with('!'))
      client.happen(line.substr(1));
    else
      client.frame(line);
  }
  return 0;
}
