// Reunion's asks: whose turn it is, at which pace, and what an answer means for those that wait.
#include <algorithm>
#include <utility>

#include "core/signaling/reunion.hpp"

namespace culver::signaling {

ReunionEffects Reunion::turn(Env& env) {
  ReunionEffects effects;
  const auto told = std::exchange(next_ask_, std::nullopt);
  if (!code_) return effects;
  const auto found = std::find_if(sought_.begin(), sought_.end(), [](const auto& one) {
    return std::holds_alternative<search::Found>(one.second.search);
  });
  if (found == sought_.end() && unnamed_.empty()) return effects;
  if (!asks_.take(env.now)) {
    next_ask_ = asks_.next(env.now);
    if (next_ask_ && next_ask_ != told) effects.emplace_back(AskingLater{*next_ask_});
    return effects;
  }
  asked_at_ = env.now;
  if (found != sought_.end())
    step(found->first, search::Turn{}, env, effects);
  else
    ask_unnamed(env, effects);
  return effects;
}

void Reunion::ask_unnamed(Env& env, ReunionEffects& effects) {
  const auto code = unnamed_.front();
  unnamed_.pop_front();
  if (unnamed_asked_.size() >= unnamed_asked_at_once)
    unnamed_asked_.erase(std::ranges::min_element(unnamed_asked_, {},
                                                  [](const auto& asked) { return asked.second; }));
  unnamed_asked_.emplace(code, env.now);
  asking_unnamed_ = Unnamed{code, env.now + search::ask_patience};
  effects.emplace_back(search::AskFor{code});
}

void Reunion::pace(std::size_t requests, std::size_t registrations) {
  asks_.limit(std::max(asks_per_minute, share_of(requests)));
  registrations_.limit(std::max(registrations_per_minute, share_of(registrations)));
}

std::optional<PairingCode> Reunion::asked() const {
  if (asking_unnamed_) return asking_unnamed_->code;
  for (const auto& [key, sought] : sought_)
    if (const auto* asking = std::get_if<search::Asking>(&sought.search)) return asking->code;
  return std::nullopt;
}

std::optional<PublicKey> Reunion::sought_by(const PairingCode& code) const {
  for (const auto& [key, sought] : sought_)
    if (const auto* asking = std::get_if<search::Asking>(&sought.search);
        asking && asking->code == code)
      return key;
  return std::nullopt;
}

bool Reunion::expects(const PairingCode& code, const PublicKey& key) const {
  if (const auto expected = sought_by(code)) return *expected == key;
  if (asking_unnamed_ && asking_unnamed_->code == code) return is_sought(key);
  return true;
}

bool Reunion::is_ours(const PairingCode& code) const {
  return sought_by(code) || (asking_unnamed_ && asking_unnamed_->code == code) ||
         let_in_.contains(code);
}

void Reunion::failed(const PairingCode& code, Fault fault, Env& env) {
  ReunionEffects none;  // a failure asks for nothing but time
  let_in_.erase(code);
  if (asked() == code) {
    if (fault == Fault::rate_limited) asks_.exhaust(env.now);
    // Nobody has that code: it cost nobody anything, and others wait.
    if (fault == Fault::pair_unknown && env.now < asked_at_ + at_once) asks_.give_back();
  }
  if (asking_unnamed_ && asking_unnamed_->code == code) asking_unnamed_.reset();
  if (const auto key = sought_by(code)) step(*key, search::AskFailed{fault}, env, none);
}

}  // namespace culver::signaling
