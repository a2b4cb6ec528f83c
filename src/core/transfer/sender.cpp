// The handlers of sender.hpp.
#include "core/transfer/sender.hpp"

#include <algorithm>

#include "core/crypto/hash.hpp"
#include "core/transfer/reasons.hpp"
#include "core/transfer/safe_name.hpp"
#include "core/wire/utf8.hpp"

namespace culver::transfer {
namespace sender {
namespace {

using namespace stream;
namespace ws = wire::stream;

// ---- ends ---------------------------------------------------------------------------------------

Aborted abort(Fault fault, Effects& effects) {
  effects.push_back(DropSource{});
  effects.push_back(Failed{fault});
  return {};
}
/// The peer is told what happened here.
Aborted abort_and_tell(const Job& job, Fault fault, Effects& effects) {
  effects.push_back(SendFrame{print(ws::Cancel{job.number, stream_reason_of(fault)})});
  return abort(fault, effects);
}
Aborted cancel(const Job& job, Fault fault, Effects& effects) {
  // Whoever is only stopped says nothing: the peer keeps what it has for another time.
  if (fault == Fault::peer_gone || fault == Fault::interrupted) return abort(fault, effects);
  return abort_and_tell(job, fault, effects);
}
template <class S>
OneOf<S, Aborted> tick(S&& state, const Env& env, Effects& effects,
                       Fault fault = Fault::file_stalled) {
  if (env.now < state.deadline) return std::move(state);
  return abort_and_tell(state.job, fault, effects);
}

// ---- comparing ----------------------------------------------------------------------------------

void ask_for_hash(std::uint64_t from, std::uint64_t have, Effects& effects) {
  const auto size = std::min<std::uint64_t>(have - from, hash_step);
  effects.push_back(HashPrefix{from, static_cast<std::size_t>(size)});
}

/// Of what was announced before, or nothing of it.
bool is_consistent(const PeerAccept& accept, std::uint64_t have) {
  return (accept.have == have || accept.have == 0) && accept.window >= least_window;
}

/// Renews the wait for a peer that gets on.
template <class S>
OneOf<S, Aborted> peer_works(S&& state, const PeerWorking& working, const Env& env,
                             Effects& effects) {
  if (working.of != state.have || working.done > working.of)
    return abort_and_tell(state.job, Fault::file_protocol, effects);
  if (working.done > state.peer_done) {
    state.peer_done = working.done;
    state.deadline = env.now + peer_disk_patience;
  }
  return std::move(state);
}

// ---- reading and sending ------------------------------------------------------------------------

/// Asks for the next block while no more than one is held.
void read_ahead(Sending& s, Effects& effects) {
  if (s.reading || s.sha256 || s.read - s.sent > block) return;
  s.asked = static_cast<std::size_t>(std::min<std::uint64_t>(block, s.job.size - s.read));
  s.reading = true;
  const bool last = s.read + s.asked == s.job.size;
  effects.push_back(ReadFrames{s.read, s.asked, s.job.frame, last});
}

std::size_t bytes_in(const ByteVector& frame) { return frame.size() - ws::data_overhead; }

/// Whether the peer's credit, and not the channel, is what the next frame waits for.
bool waits_for_credit(const Sending& s) {
  return !s.frames.empty() && s.sent + bytes_in(s.frames.front()) > s.up_to;
}

bool send_one(Sending& s, Effects& effects) {
  if (s.frames.empty() || waits_for_credit(s)) return false;
  auto& frame = s.frames.front();
  if (s.job.budget < frame.size()) return false;
  s.job.budget -= frame.size();
  s.sent += bytes_in(frame);
  ws::print_data_head(s.job.number, frame);
  effects.push_back(SendFrame{std::move(frame)});
  s.frames.pop_front();
  return true;
}

bool waits_for_disk(const Sending& s) { return s.frames.empty() && s.reading; }

/// What the next step waits for.
Duration patience(const Sending& s) {
  if (waits_for_disk(s)) return disk_patience;
  return waits_for_credit(s) ? peer_disk_patience : stall_patience;
}

/// Sends what there is to send. `moved`: something has happened that the clock was waiting for.
/// Next is the handler's own list of exits.
template <class Next>
Next go_on(Sending s, bool moved, const Env& env, Effects& effects) {
  while (send_one(s, effects)) moved = true;
  s.progress.advance(s.sent, effects);
  if (!s.sha256 || s.sent < s.job.size) {
    read_ahead(s, effects);
    if (moved) s.deadline = env.now + patience(s);
    return s;
  }
  s.progress.end(s.sent, effects);
  const auto& about = s.job.attributes;
  effects.push_back(SendFrame{print(ws::About{s.job.number, about.modified, about.mode})});
  effects.push_back(SendFrame{print(ws::Complete{s.job.number, *s.sha256})});
  return AwaitingCheck{std::move(s.job), *s.sha256, env.now + peer_disk_patience};
}

Sending begin(Job job, std::uint64_t from, std::uint32_t peer_window, const Env& env,
              Effects& effects) {
  effects.push_back(SendFrame{print(ws::Begin{job.number, from})});
  effects.push_back(Started{from});
  const ProgressMeter progress(job.size, from);
  Sending s{.job = std::move(job),
            .progress = progress,
            .read = from,
            .sent = from,
            .up_to = from + peer_window,
            .deadline = env.now + disk_patience};
  read_ahead(s, effects);
  return s;
}

/// The receiver makes it safe, and tells its person if that is another.
Plaintext announced(const Plaintext& name) {
  const auto& text = name.expose();
  const bool can_be =
      !text.empty() && text.size() <= wire::limits::file_name && wire::utf8::is_valid(text);
  return can_be ? name : Plaintext(safe_name(text));
}

}  // namespace

Aborted Machine::out_of_order(const Job& job, Effects& effects) {
  return abort_and_tell(job, Fault::file_protocol, effects);
}

// ---- Offering -----------------------------------------------------------------------------------

OneOf<Verifying, Sending, Aborted> Offering::on(PeerAccept&& accept, Env& env,
                                                Effects& effects) && {
  if (accept.have > job.size || accept.window < least_window)
    return abort_and_tell(job, Fault::file_protocol, effects);
  if (accept.have == 0) return begin(std::move(job), 0, accept.window, env, effects);
  effects.push_back(Checking{accept.have, 0});
  ask_for_hash(0, accept.have, effects);
  return Verifying{std::move(job), accept, ProgressMeter(accept.have), env.now,
                   env.now + disk_patience};
}
OneOf<Hashing, Aborted> Offering::on(PeerWorking&& working, Env& env, Effects& effects) && {
  if (working.of == 0 || working.of > job.size)
    return abort_and_tell(job, Fault::file_protocol, effects);
  effects.push_back(Checking{working.of, 0});
  ask_for_hash(0, working.of, effects);
  return Hashing{std::move(job), working.of, working.done, ProgressMeter(working.of),
                 env.now + peer_disk_patience};
}
OneOf<Offering> Offering::on(ChannelRoom&& room, Env&, Effects&) && {
  job.budget = room.bytes;
  return std::move(*this);
}
OneOf<Offering, Aborted> Offering::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
}
OneOf<Aborted> Offering::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(failed.fault, effects);
}
OneOf<Aborted> Offering::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(job, failed.fault, effects);
}
OneOf<Aborted> Offering::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(job, cause.fault, effects);
}

// ---- Hashing ------------------------------------------------------------------------------------

OneOf<Hashing, Hashed> Hashing::on(PrefixHashed&& prefix, Env& env, Effects& effects) && {
  if (progress.is_due(prefix.bytes)) effects.push_back(Checking{have, prefix.bytes});
  deadline = env.now + peer_disk_patience;
  if (prefix.bytes == have) return Hashed{std::move(job), have, peer_done, prefix.sha256, deadline};
  ask_for_hash(prefix.bytes, have, effects);
  return std::move(*this);
}
OneOf<Verifying, Sending, Aborted> Hashing::on(PeerAccept&& accept, Env& env, Effects& effects) && {
  if (!is_consistent(accept, have)) return abort_and_tell(job, Fault::file_protocol, effects);
  if (accept.have == 0) return begin(std::move(job), 0, accept.window, env, effects);
  return Verifying{std::move(job), accept, progress, env.now, env.now + disk_patience};
}
OneOf<Hashing, Aborted> Hashing::on(PeerWorking&& working, Env& env, Effects& effects) && {
  return peer_works(std::move(*this), working, env, effects);
}
OneOf<Hashing> Hashing::on(ChannelRoom&& room, Env&, Effects&) && {
  job.budget = room.bytes;
  return std::move(*this);
}
OneOf<Hashing, Aborted> Hashing::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
}
OneOf<Aborted> Hashing::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(failed.fault, effects);
}
OneOf<Aborted> Hashing::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(job, failed.fault, effects);
}
OneOf<Aborted> Hashing::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(job, cause.fault, effects);
}

// ---- Hashed -------------------------------------------------------------------------------------

OneOf<Sending, Aborted> Hashed::on(PeerAccept&& accept, Env& env, Effects& effects) && {
  if (!is_consistent(accept, have)) return abort_and_tell(job, Fault::file_protocol, effects);
  const bool same =
      accept.have == have && crypto::equal_in_constant_time(sha256.view(), accept.prefix.view());
  return begin(std::move(job), same ? have : 0, accept.window, env, effects);
}
OneOf<Hashed, Aborted> Hashed::on(PeerWorking&& working, Env& env, Effects& effects) && {
  return peer_works(std::move(*this), working, env, effects);
}
OneOf<Hashed> Hashed::on(ChannelRoom&& room, Env&, Effects&) && {
  job.budget = room.bytes;
  return std::move(*this);
}
OneOf<Hashed, Aborted> Hashed::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
}
OneOf<Aborted> Hashed::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(failed.fault, effects);
}
OneOf<Aborted> Hashed::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(job, cause.fault, effects);
}

// ---- Verifying ----------------------------------------------------------------------------------

/// Another file of that name and size begins anew.
OneOf<Verifying, Sending> Verifying::on(PrefixHashed&& prefix, Env& env, Effects& effects) && {
  if (progress.is_due(prefix.bytes)) effects.push_back(Checking{accepted.have, prefix.bytes});
  if (prefix.bytes < accepted.have) {
    if (env.now - told >= word_interval) {
      effects.push_back(SendFrame{print(ws::Comparing{job.number, accepted.have, prefix.bytes})});
      told = env.now;
    }
    ask_for_hash(prefix.bytes, accepted.have, effects);
    deadline = env.now + disk_patience;
    return std::move(*this);
  }
  const bool same = crypto::equal_in_constant_time(prefix.sha256.view(), accepted.prefix.view());
  return begin(std::move(job), same ? accepted.have : 0, accepted.window, env, effects);
}
OneOf<Verifying> Verifying::on(ChannelRoom&& room, Env&, Effects&) && {
  job.budget = room.bytes;
  return std::move(*this);
}
OneOf<Verifying, Aborted> Verifying::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects, Fault::disk_stalled);
}
OneOf<Aborted> Verifying::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(failed.fault, effects);
}
OneOf<Aborted> Verifying::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(job, failed.fault, effects);
}
OneOf<Aborted> Verifying::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(job, cause.fault, effects);
}

// ---- Sending ------------------------------------------------------------------------------------

OneOf<Sending, AwaitingCheck> Sending::on(FramesRead&& event, Env& env, Effects& effects) && {
  if (!reading) return std::move(*this);
  reading = false;
  read += asked;
  sha256 = event.sha256;
  for (auto& frame : event.frames) frames.push_back(std::move(frame));
  return go_on<OneOf<Sending, AwaitingCheck>>(std::move(*this), true, env, effects);
}
OneOf<Sending, AwaitingCheck> Sending::on(ChannelRoom&& room, Env& env, Effects& effects) && {
  job.budget = room.bytes;
  return go_on<OneOf<Sending, AwaitingCheck>>(std::move(*this), false, env, effects);
}
OneOf<Sending, AwaitingCheck, Aborted> Sending::on(PeerCredit&& credit, Env& env,
                                                   Effects& effects) && {
  if (credit.up_to < up_to) return abort_and_tell(job, Fault::file_protocol, effects);
  const bool more = credit.up_to > std::exchange(up_to, credit.up_to);
  return go_on<OneOf<Sending, AwaitingCheck, Aborted>>(std::move(*this), more, env, effects);
}
OneOf<Sending, Aborted> Sending::on(Tick&&, Env& env, Effects& effects) && {
  const auto fault = waits_for_disk(*this) ? Fault::disk_stalled : Fault::file_stalled;
  return tick(std::move(*this), env, effects, fault);
}
OneOf<Aborted> Sending::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(failed.fault, effects);
}
OneOf<Aborted> Sending::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(job, failed.fault, effects);
}
OneOf<Aborted> Sending::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(job, cause.fault, effects);
}

// ---- AwaitingCheck ------------------------------------------------------------------------------

OneOf<Done> AwaitingCheck::on(PeerChecked&&, Env&, Effects& effects) && {
  effects.push_back(DropSource{});
  effects.push_back(Finished{{}, sha256, true});
  return Done{};
}
/// Told while the last bytes were on their way.
OneOf<AwaitingCheck> AwaitingCheck::on(PeerCredit&&, Env&, Effects&) && { return std::move(*this); }
OneOf<AwaitingCheck, Aborted> AwaitingCheck::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
}
OneOf<Aborted> AwaitingCheck::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(failed.fault, effects);
}
OneOf<Aborted> AwaitingCheck::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(job, cause.fault, effects);
}

}  // namespace sender

// ---- Sender -------------------------------------------------------------------------------

Sender Sender::start(Params params, Env& env, Effects& effects) {
  using namespace sender;
  if (params.size > wire::limits::file_size) return Sender(abort(Fault::file_too_large, effects));
  effects.push_back(SendFrame{wire::stream::print(
      wire::stream::Offer{params.number, params.size, announced(params.name)})});
  return Sender(Offering{.job = {params.number, params.size, params.frame, params.attributes},
                         .deadline = env.now + stream::answer_patience});
}

void Sender::on(Event event, Env& env, Effects& effects) {
  state_ = fsm::step<sender::Machine>(std::move(state_), std::move(event), env, effects);
}

bool Sender::ended() const {
  return std::holds_alternative<sender::Done>(state_) ||
         std::holds_alternative<sender::Aborted>(state_);
}

}  // namespace culver::transfer
