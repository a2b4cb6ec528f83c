// Sorts the server's messages to the attempts that they are about.
#include "core/signaling/pairing.hpp"

#include <algorithm>
#include <chrono>
#include <type_traits>

namespace culver::signaling {
namespace {

namespace sig = wire::signaling;

/// Longer promises of the server are cut to this.
constexpr std::uint32_t longest_request_ms = 600'000;

// The texts by which an error tells what it is about (zajel-server 4): it names no code.
constexpr std::string_view too_many_asks = "Too many pair requests";
constexpr std::string_view too_many_messages = "Rate limit exceeded";
constexpr std::string_view answer_was_void[] = {"No pending request", "Request not found"};

bool is_about_an_answer(const sig::PairError& error) {
  return std::ranges::any_of(answer_was_void,
                             [&](std::string_view text) { return error.error.starts_with(text); });
}

bool is_settled(const Request::State& request) { return std::holds_alternative<Settled>(request); }

bool is_answered(const Request::State& request) {
  return std::holds_alternative<Accepted>(request) || std::holds_alternative<Declined>(request);
}

bool is_from(const Request::State& request, const PairingCode& code) {
  return std::visit(
      [&](const auto& state) {
        if constexpr (requires { state.from; })
          return state.from == code;
        else
          return false;
      },
      request);
}

}  // namespace

// ---- what a person does -------------------------------------------------------------------------

PairingEffects Pairing::ask(const PairingCode& target, std::optional<Plaintext> own_name,
                            TimePoint now) {
  PairingEffects effects;
  if (!own_) {
    effects.push_back(Failed{target, Fault::server_lost});
    return effects;
  }
  if (target == *own_) {
    effects.push_back(Failed{target, Fault::pair_unknown});
    return effects;
  }
  if (asking(target)) return effects;
  if (auto* request = find(target); request && !std::holds_alternative<Declined>(*request))
    return answer(target, true, now);
  if (asking()) {
    effects.push_back(Failed{target, Fault::too_many_pending});
    return effects;
  }
  ask_ = Asking{target, now + reply_time, now + ask_time, std::nullopt};
  effects.push_back(SendMessage{sig::PairRequest{target, std::move(own_name)}});
  return effects;
}

PairingEffects Pairing::answer(const PairingCode& from, bool accepted, TimePoint now) {
  PairingEffects effects;
  const auto* request = find(from);
  if (request && std::holds_alternative<Undecided>(*request))
    to_request(from, Answer{accepted}, now, effects);
  else if (accepted && !(request && std::holds_alternative<Accepted>(*request)))
    effects.push_back(Failed{from, own_ ? Fault::pair_left : Fault::server_lost});
  return effects;
}

std::vector<PairingCode> Pairing::undecided() const {
  std::vector<PairingCode> codes;
  for (const auto& request : requests_)
    if (const auto* waiting = std::get_if<Undecided>(&request)) codes.push_back(waiting->from);
  return codes;
}

std::optional<PublicKey> Pairing::key_of(const PairingCode& from) const {
  for (const auto& request : requests_)
    if (is_from(request, from))
      return std::visit(
          [](const auto& r) -> std::optional<PublicKey> {
            if constexpr (requires { r.key; })
              return r.key;
            else
              return std::nullopt;
          },
          request);
  return std::nullopt;
}

// ---- what the server says -----------------------------------------------------------------------

PairingEffects Pairing::on(const Message& message, TimePoint now) {
  PairingEffects effects;
  if (!own_) return effects;
  const auto sort = fsm::overload{
      [&](const sig::PairIncoming& incoming) { on(incoming, now, effects); },
      [&](const sig::PairMatched& match) { on(match, now, effects); },
      [&](const sig::PairRejected& m) { end(m.peer, Fault::pair_refused, now, effects); },
      [&](const sig::PairTimeout& m) { end(m.peer, Fault::pair_expired, now, effects); },
      [&](const sig::PeerLeft& m) { end(m.peer, Fault::pair_left, now, effects); },
      [&](const sig::PairError& error) { on(error, now, effects); },
      [&](const sig::Error& error) { on(error, now, effects); },
      [](const auto&) {},
  };
  std::visit(sort, message);
  return effects;
}

void Pairing::on(const sig::PairIncoming& incoming, TimePoint now, PairingEffects& effects) {
  if (incoming.from == *own_) return;
  if (asking(incoming.from))
    return to_ask(Crossed{incoming.key, incoming.proposed_name}, now, effects);

  const auto lifetime = std::min(incoming.expires_in_ms, longest_request_ms);
  Undecided request{incoming.from, incoming.key, incoming.proposed_name,
                    now + std::chrono::milliseconds(lifetime)};
  if (auto* known = find(incoming.from)) {
    // A repeat is the same request with a new deadline; under another key it is somebody else's.
    if (auto* undecided = std::get_if<Undecided>(known); undecided && undecided->key == request.key)
      return void(*undecided = request);
    if (auto* accepted = std::get_if<Accepted>(known); accepted && accepted->key == request.key)
      return;
    to_request(incoming.from, Ended{Fault::pair_left}, now, effects);
  }
  const auto undecided = std::count_if(requests_.begin(), requests_.end(), [](const auto& r) {
    return std::holds_alternative<Undecided>(r);
  });
  if (requests_.size() == pairings_at_once ||
      static_cast<std::size_t>(undecided) == requests_at_once)
    return effects.push_back(SendMessage{sig::PairResponse{incoming.from, false}});
  requests_.push_back(std::move(request));
  effects.push_back(Requested{incoming.from, incoming.key, incoming.proposed_name});
}

/// A match for a code that we neither asked nor accepted fits nothing and is dropped.
void Pairing::on(const sig::PairMatched& matched, TimePoint now, PairingEffects& effects) {
  const Match match{matched.key, matched.initiator};
  if (const auto* running = asking(matched.peer)) {
    if (running->key) twin_ = Twin{matched.peer, matched.key, !matched.initiator, now + match_time};
    to_ask(match, now, effects);
  } else if (is_twin(matched, now)) {
    twin_.reset();
    effects.push_back(Matched{matched.peer, matched.key, matched.initiator, Crossing::second});
  } else {
    to_request(matched.peer, match, now, effects);
  }
}

bool Pairing::is_twin(const sig::PairMatched& matched, TimePoint now) const {
  return twin_ && twin_->peer == matched.peer && twin_->key == matched.key &&
         twin_->initiator == matched.initiator && now < twin_->until;
}

void Pairing::on(const sig::PairError& error, TimePoint now, PairingEffects& effects) {
  if (!is_about_an_answer(error)) return to_ask(Ended{Fault::pair_unknown}, now, effects);
  // It names no code: with two answers under way it could be about either, and time must tell.
  if (std::ranges::count_if(requests_, is_answered) != 1) return;
  auto& request = *std::ranges::find_if(requests_, is_answered);
  PairingContext context{now};
  request = fsm::step<Request>(std::move(request), Ended{Fault::pair_left}, context, effects);
  std::erase_if(requests_, is_settled);
}

/// An error that may be about anything counts for our ask only while the reply to it can still be
/// on its way; a ping or a candidate that was one too many does not end it.
void Pairing::on(const sig::Error& error, TimePoint now, PairingEffects& effects) {
  const auto* running = asking();
  if (!running) return;
  const bool ours = error.message.starts_with(too_many_asks) ||
                    (error.message.starts_with(too_many_messages) && now < running->reply_deadline);
  if (ours) to_ask(Ended{Fault::rate_limited}, now, effects);
}

void Pairing::end(const PairingCode& peer, Fault fault, TimePoint now, PairingEffects& effects) {
  if (asking(peer))
    to_ask(Ended{fault}, now, effects);
  else
    to_request(peer, Ended{fault}, now, effects);
}

// ---- the session and the clock ------------------------------------------------------------------

PairingEffects Pairing::online(const PairingCode& own) {
  auto effects = offline();
  own_ = own;
  return effects;
}

PairingEffects Pairing::offline() {
  PairingEffects effects;
  PairingContext context{};
  own_.reset();
  twin_.reset();
  to_ask(Ended{Fault::server_lost}, context.now, effects);
  for (auto& request : requests_)
    fsm::step<Request>(std::move(request), Ended{Fault::server_lost}, context, effects);
  requests_.clear();
  return effects;
}

PairingEffects Pairing::tick(TimePoint now) {
  PairingEffects effects;
  PairingContext context{now};
  to_ask(Tick{}, now, effects);
  for (auto& request : requests_)
    request = fsm::step<Request>(std::move(request), Tick{}, context, effects);
  std::erase_if(requests_, is_settled);
  return effects;
}

std::optional<TimePoint> Pairing::deadline() const {
  auto first = fsm::deadline_of(ask_);
  for (const auto& request : requests_) first = fsm::earlier(first, fsm::deadline_of(request));
  return first;
}

// ---- finding and stepping -----------------------------------------------------------------------

Asking* Pairing::asking() { return std::get_if<Asking>(&ask_); }

Asking* Pairing::asking(const PairingCode& target) {
  auto* running = asking();
  return running && running->target == target ? running : nullptr;
}

Request::State* Pairing::find(const PairingCode& from) {
  const auto found =
      std::ranges::find_if(requests_, [&](const auto& request) { return is_from(request, from); });
  return found == requests_.end() ? nullptr : &*found;
}

void Pairing::to_ask(Ask::Event event, TimePoint now, PairingEffects& effects) {
  PairingContext context{now};
  ask_ = fsm::step<Ask>(std::move(ask_), std::move(event), context, effects);
}

void Pairing::to_request(const PairingCode& from, Request::Event event, TimePoint now,
                         PairingEffects& effects) {
  auto* request = find(from);
  if (!request) return;
  PairingContext context{now};
  *request = fsm::step<Request>(std::move(*request), std::move(event), context, effects);
  std::erase_if(requests_, is_settled);
}

}  // namespace culver::signaling
