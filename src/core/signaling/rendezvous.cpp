// Tokens to keys, keys to lookups, lookups to effects.
#include "core/signaling/rendezvous.hpp"

#include <algorithm>

#include "core/crypto/aead.hpp"
#include "core/crypto/hash.hpp"
#include "core/signaling/rendezvous_points.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/drop_content.hpp"
#include "core/wire/limits.hpp"

namespace culver::signaling {
namespace {

namespace sig = wire::signaling;
using std::chrono::hours;
using std::chrono::milliseconds;

/// A token is on the server for 3 hours after it was brought, a point for longer than anybody asks.
constexpr Duration text_life = hours(49);
/// A note of the future was written by a clock that is wrong.
constexpr WallTime clocks_differ = 600'000;
constexpr WallTime one_hour = 3'600'000;
/// The turn of the hour, and a little more: not everybody at once.
constexpr Duration after_the_turn = std::chrono::seconds(2);
constexpr double spread_seconds = 60;

Result<Secret<32>> derive(const Secret<32>& from, std::string_view info) {
  Secret<32> out;
  CHECK_OK(crypto::hkdf_sha256(from.expose(), {}, as_bytes(info), out.expose_to_fill()));
  return out;
}

std::string seal_note(const Secret<32>& key, const PublicKey& own, Env& env) {
  const auto text = print(wire::DropContent{own, env.wall});
  const Nonce nonce{env.rng.bytes<Nonce::size>()};
  ByteVector sealed(Nonce::size + text.size() + crypto::Aead::tag_size);
  std::copy(nonce.data.begin(), nonce.data.end(), sealed.begin());
  crypto::seal_once(crypto::AeadAlgorithm::chacha20_poly1305, key, nonce, {}, as_bytes(text),
                    std::span(sealed).subspan(Nonce::size));
  return wire::base64::encode(sealed);
}

Result<wire::DropContent> open_note(const Secret<32>& key, std::string_view text) {
  const auto sealed = wire::base64::decode(text);
  constexpr auto overhead = Nonce::size + crypto::Aead::tag_size;
  if (!sealed || sealed->size() < overhead) return fail(Fault::malformed);
  const auto nonce = Nonce::from(ByteView(*sealed).first(Nonce::size));
  ByteVector opened(sealed->size() - overhead);
  CHECK_OK(crypto::open_once(crypto::AeadAlgorithm::chacha20_poly1305, key, *nonce, {},
                             ByteView(*sealed).subspan(Nonce::size), opened));
  return wire::parse_drop_content(as_text(opened));
}

}  // namespace

// ---- SlidingWindow
// ----------------------------------------------------------------------------------

bool SlidingWindow::take(TimePoint now) {
  while (!taken_.empty() && taken_.front() + window_ <= now) taken_.pop_front();
  if (taken_.size() >= most_) return false;
  taken_.push_back(now);
  return true;
}

std::optional<TimePoint> SlidingWindow::next(TimePoint now) const {
  if (taken_.size() < most_ || taken_.front() + window_ <= now) return std::nullopt;
  return taken_.front() + window_;
}

// ---- whom we look for ---------------------------------------------------------------------------

RendezvousEffects Rendezvous::look_for(const crypto::KeyPair& own, const PublicKey& key,
                                       bool is_culver, Env& env) {
  RendezvousEffects effects;
  if (sought_.contains(key) || sought_.size() >= peers_at_once || key == own.shared) return effects;
  const auto shared = crypto::x25519(own.secret, key);
  if (!shared) return effects;
  auto tokens = derive(*shared, "culver meeting");
  if (!tokens) return effects;
  auto notes = derive(*tokens, "culver note");
  if (!notes) return effects;
  sought_.emplace(key, Sought{is_culver, std::move(*tokens), std::move(*notes)});
  if (code_) step(key, lookup::Reached{}, env, effects);
  bring(env, effects);
  return effects;
}

// ---- the server ---------------------------------------------------------------------------------

RendezvousEffects Rendezvous::online(const PublicKey& own, const PairingCode& code, Env& env) {
  RendezvousEffects effects;
  offline(env);
  own_ = own;
  code_ = code;
  spread_ = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(spread_seconds) *
                                                 env.rng.unit());
  step_all(lookup::Reached{}, env, effects);
  bring(env, effects);
  return effects;
}

RendezvousEffects Rendezvous::clock_set(Env& env) {
  RendezvousEffects effects;
  if (!code_) return effects;
  step_all(lookup::Reached{}, env, effects);
  bring(env, effects);
  return effects;
}

void Rendezvous::offline(Env& env) {
  RendezvousEffects none;
  code_.reset();
  own_.reset();
  step_all(lookup::Unreached{}, env, none);
  to_bring_.clear();
  texts_.clear();
  unnamed_.clear();
  unnamed_asked_.clear();
  asking_unnamed_.reset();
  let_in_.clear();
  next_ask_.reset();
  next_registration_.reset();
}

RendezvousEffects Rendezvous::on(const sig::ServerMessage& message, Env& env) {
  RendezvousEffects effects;
  if (!code_ || sought_.empty()) return effects;
  if (const auto* result = std::get_if<sig::RendezvousResult>(&message)) {
    for (const auto& match : result->live) sighted(match, env, effects);  // the newest comes last
    for (const auto& drop : result->drops)
      if (!is_live(drop, *result)) read(drop, env, effects);
  } else if (const auto* push = std::get_if<sig::RendezvousMatch>(&message)) {
    sighted(push->match, env, effects);
    if (asking_unnamed_ && !unnamed_.empty() && asked_at_ + alive_patience <= env.now) {
      effects.emplace_back(lookup::LetGo{asking_unnamed_->code});
      asking_unnamed_.reset();
    }
  }
  return effects;
}

/// Whoever has left it is there still, or again: nobody needs its note.
bool Rendezvous::is_live(const sig::DeadDrop& drop, const sig::RendezvousResult& result) const {
  const auto owner = texts_.find(drop.point);
  return std::any_of(result.live.begin(), result.live.end(), [&](const auto& match) {
    if (match.peer == drop.peer) return true;
    const auto seen = texts_.find(match.token);
    return owner != texts_.end() && seen != texts_.end() && seen->second.key == owner->second.key;
  });
}

/// The side with the smaller code asks, and the other one waits for it.
void Rendezvous::sighted(const sig::LiveMatch& match, Env& env, RendezvousEffects& effects) {
  if (!(*code_ < match.peer)) return;
  if (match.token.empty()) return sighted_unnamed(match.peer, env.now);
  const auto owner = texts_.find(match.token);
  if (owner == texts_.end()) return;
  step(owner->second.key, lookup::Sighted{match.peer}, env, effects);
}

/// A server that does not say by which token: the pairing will tell whose code it is. Such a server
/// also tells codes whose owners are long gone, and the newest are the likeliest to answer.
void Rendezvous::sighted_unnamed(const PairingCode& code, TimePoint now) {
  std::erase_if(unnamed_asked_,
                [&](const auto& asked) { return asked.second + unnamed_again_after <= now; });
  if (unnamed_asked_.contains(code) || (asking_unnamed_ && asking_unnamed_->code == code)) return;
  const bool is_with_us = std::any_of(sought_.begin(), sought_.end(), [&](const auto& one) {
    const auto* together = std::get_if<lookup::Together>(&one.second.lookup);
    return together && together->code == code;
  });
  if (is_with_us) return;
  std::erase(unnamed_, code);
  unnamed_.push_front(code);
  if (unnamed_.size() > unnamed_at_once) unnamed_.pop_back();
}

/// Only what its peer has sealed, at a point of the two, counts; and it is news only while nothing
/// newer is known.
void Rendezvous::read(const sig::DeadDrop& drop, Env& env, RendezvousEffects& effects) {
  const auto owner = texts_.find(drop.point);
  if (owner == texts_.end()) return;
  const auto found = sought_.find(owner->second.key);
  if (found == sought_.end()) return;
  auto& [key, sought] = *found;
  if (std::holds_alternative<lookup::Together>(sought.lookup)) return;
  const auto note = open_note(sought.notes, drop.text);
  if (!note || note->key != key) return;
  if (note->at <= sought.was_here || note->at > env.wall + clocks_differ) return;
  sought.was_here = note->at;
  effects.emplace_back(WasHere{key, note->at});
}

/// As many messages as it takes for the points and tokens of everybody whose turn it is.
void Rendezvous::bring(Env& env, RendezvousEffects& effects) {
  next_registration_.reset();
  std::erase_if(texts_, [&](const auto& text) { return text.second.until <= env.now; });
  std::erase_if(to_bring_, [&](const auto& one) { return !sought_.contains(one.first); });
  while (code_ && !to_bring_.empty()) {
    if (!registrations_.take(env.now)) {
      next_registration_ = registrations_.next(env.now);
      return;
    }
    const std::string own(code_->text());
    sig::RegisterRendezvous message{own, own, {}, {}, {}};
    while (!to_bring_.empty() && add_to(message, to_bring_.begin()->first, env))
      to_bring_.erase(to_bring_.begin());
    effects.emplace_back(SendMessage{std::move(message)});
  }
}

/// False if it does not fit any more.
bool Rendezvous::add_to(sig::RegisterRendezvous& message, const PublicKey& key, Env& env) {
  const auto& sought = sought_.at(key);
  const auto points = sought.is_culver ? secret_points(sought.tokens, env.wall)
                                       : daily_points(*own_, key, env.wall);
  const auto hourly = hourly_tokens(sought.tokens, env.wall);
  std::vector<std::string> tokens(hourly.begin(), hourly.end());
  // Zajel's app lists its points as tokens too, and derives none from what we have.
  if (!sought.is_culver) tokens.insert(tokens.end(), points.begin(), points.end());
  if (message.points.size() + points.size() > wire::limits::rendezvous_points ||
      message.tokens.size() + tokens.size() > wire::limits::rendezvous_tokens)
    return false;
  const Owner owner{key, env.now + text_life};
  for (const auto& point : points) texts_.insert_or_assign(point, owner);
  for (const auto& token : tokens) texts_.insert_or_assign(token, owner);
  // The server tells our code with a note: none is left where somebody else could look.
  if (to_bring_.at(key) && sought.is_culver)
    message.drops.emplace(points[1], seal_note(sought.notes, *own_, env));
  message.points.insert(points.begin(), points.end());
  message.tokens.insert(tokens.begin(), tokens.end());
  return true;
}

// ---- connections --------------------------------------------------------------------------------

void Rendezvous::matched(const PairingCode& code, const PublicKey& key, Env& env) {
  RendezvousEffects none;
  let_in_.erase(code);
  if (asking_unnamed_ && asking_unnamed_->code == code) asking_unnamed_.reset();
  step(key, lookup::Granted{code}, env, none);
}

void Rendezvous::proven(const PublicKey& key, Env& env) {
  RendezvousEffects none;
  step(key, lookup::Proven{}, env, none);
}

void Rendezvous::parted(const PublicKey& key, lookup::Parted how, Env& env) {
  RendezvousEffects none;
  step(key, std::move(how), env, none);
}

// ---- stepping and time --------------------------------------------------------------------------

lookup::Context Rendezvous::context(Env& env) const {
  const auto until = milliseconds(one_hour - env.wall % one_hour);
  return {env, code_.has_value(), until + after_the_turn + spread_};
}

void Rendezvous::step(const PublicKey& key, lookup::Machine::Event event, Env& env,
                      RendezvousEffects& effects) {
  const auto found = sought_.find(key);
  if (found == sought_.end()) return;
  auto lookup_context = context(env);
  lookup::Effects out;
  auto& state = found->second.lookup;
  state = fsm::step<lookup::Machine>(std::move(state), std::move(event), lookup_context, out);
  for (auto& effect : out)
    std::visit(fsm::overload{
                   [&](const lookup::Bring& e) {
                     auto& leave_drop = to_bring_.try_emplace(key, false).first->second;
                     leave_drop = leave_drop || e.leave_drop;
                   },
                   [&](const lookup::AskFor& e) { effects.emplace_back(e); },
                   [&](const lookup::LetGo& e) { effects.emplace_back(e); },
               },
               effect);
}

void Rendezvous::step_all(const lookup::Machine::Event& event, Env& env,
                          RendezvousEffects& effects) {
  for (const auto& [key, sought] : sought_) step(key, event, env, effects);
}

RendezvousEffects Rendezvous::tick(Env& env) {
  RendezvousEffects effects;
  step_all(Tick{}, env, effects);
  if (asking_unnamed_ && asking_unnamed_->deadline <= env.now) {
    effects.emplace_back(lookup::LetGo{asking_unnamed_->code});
    asking_unnamed_.reset();
  }
  if (next_ask_ && *next_ask_ <= env.now) next_ask_.reset();  // turn() is next
  bring(env, effects);
  return effects;
}

std::optional<TimePoint> Rendezvous::deadline() const {
  auto first = fsm::earlier(next_ask_, next_registration_);
  if (asking_unnamed_) first = fsm::earlier(first, asking_unnamed_->deadline);
  for (const auto& [key, sought] : sought_)
    first = fsm::earlier(first, fsm::deadline_of(sought.lookup));
  return first;
}

}  // namespace culver::signaling
