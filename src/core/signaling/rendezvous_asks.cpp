// Rendezvous's asks: whose turn it is, at which pace, and what an answer means for those that wait.
#include <algorithm>
#include <utility>

#include "core/signaling/rendezvous.hpp"

namespace culver::signaling {

RendezvousEffects Rendezvous::turn(Env& env) {
  RendezvousEffects effects;
  const auto told = std::exchange(next_ask_, std::nullopt);
  if (!code_) return effects;
  const auto found = std::find_if(sought_.begin(), sought_.end(), [](const auto& one) {
    return std::holds_alternative<lookup::Found>(one.second.lookup);
  });
  if (found == sought_.end() && unnamed_.empty()) return effects;
  if (!asks_.take(env.now)) {
    next_ask_ = asks_.next(env.now);
    if (next_ask_ && next_ask_ != told) effects.emplace_back(AskingLater{*next_ask_});
    return effects;
  }
  asked_at_ = env.now;
  if (found != sought_.end())
    step(found->first, lookup::Turn{}, env, effects);
  else
    ask_unnamed(env, effects);
  return effects;
}

void Rendezvous::ask_unnamed(Env& env, RendezvousEffects& effects) {
  const auto code = unnamed_.front();
  unnamed_.pop_front();
  if (unnamed_asked_.size() >= unnamed_asked_at_once)
    unnamed_asked_.erase(std::ranges::min_element(unnamed_asked_, {},
                                                  [](const auto& asked) { return asked.second; }));
  unnamed_asked_.emplace(code, env.now);
  asking_unnamed_ = Unnamed{code, env.now + lookup::ask_patience};
  effects.emplace_back(lookup::AskFor{code});
}

void Rendezvous::pace(std::size_t requests, std::size_t registrations) {
  asks_.limit(std::max(asks_per_minute, share_of(requests)));
  registrations_.limit(std::max(registrations_per_minute, share_of(registrations)));
}

std::optional<PairingCode> Rendezvous::asked() const {
  if (asking_unnamed_) return asking_unnamed_->code;
  for (const auto& [key, sought] : sought_)
    if (const auto* asking = std::get_if<lookup::Asking>(&sought.lookup)) return asking->code;
  return std::nullopt;
}

std::optional<PublicKey> Rendezvous::sought_by(const PairingCode& code) const {
  for (const auto& [key, sought] : sought_)
    if (const auto* asking = std::get_if<lookup::Asking>(&sought.lookup);
        asking && asking->code == code)
      return key;
  return std::nullopt;
}

bool Rendezvous::expects(const PairingCode& code, const PublicKey& key) const {
  if (const auto expected = sought_by(code)) return *expected == key;
  if (asking_unnamed_ && asking_unnamed_->code == code) return is_sought(key);
  return true;
}

bool Rendezvous::is_ours(const PairingCode& code) const {
  return sought_by(code) || (asking_unnamed_ && asking_unnamed_->code == code) ||
         let_in_.contains(code);
}

void Rendezvous::failed(const PairingCode& code, Fault fault, Env& env) {
  RendezvousEffects none;  // a failure asks for nothing but time
  let_in_.erase(code);
  if (asked() == code) {
    if (fault == Fault::rate_limited) asks_.exhaust(env.now);
    // Nobody has that code: it cost nobody anything, and others wait.
    if (fault == Fault::pair_unknown && env.now < asked_at_ + at_once) asks_.give_back();
  }
  if (asking_unnamed_ && asking_unnamed_->code == code) asking_unnamed_.reset();
  if (const auto key = sought_by(code)) step(*key, lookup::AskFailed{fault}, env, none);
}

}  // namespace culver::signaling
