// The handlers of stream_sender.hpp.
#include "core/transfer/stream_sender.hpp"

#include <algorithm>

#include "core/crypto/hash.hpp"
#include "core/transfer/reasons.hpp"
#include "core/transfer/safe_name.hpp"

namespace culver::transfer {
namespace stream_sender {
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
  if (fault == Fault::peer_gone) return abort(fault, effects);
  return abort_and_tell(job, fault, effects);
}
template <class S>
OneOf<S, Aborted> tick(S&& state, const Env& env, Effects& effects) {
  if (env.now < state.deadline) return std::move(state);
  return abort_and_tell(state.job, Fault::file_stalled, effects);
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

/// Sends what there is to send. `moved`: something has happened that the clock was waiting for.
/// Next is the handler's own list of exits.
template <class Next>
Next go_on(Sending s, bool moved, const Env& env, Effects& effects) {
  while (send_one(s, effects)) moved = true;
  if (moved) s.deadline = env.now + (waits_for_credit(s) ? peer_disk_patience : stall_patience);
  s.progress.advance(s.sent, effects);
  if (!s.sha256 || s.sent < s.job.size) {
    read_ahead(s, effects);
    return s;
  }
  s.progress.end(s.sent, effects);
  effects.push_back(SendFrame{print(ws::Complete{s.job.number, *s.sha256})});
  return AwaitingCheck{std::move(s.job), *s.sha256, env.now + peer_disk_patience};
}

Sending begin(Job job, std::uint64_t from, std::uint32_t peer_window, const Env& env,
              Effects& effects) {
  effects.push_back(SendFrame{print(ws::Begin{job.number, from})});
  effects.push_back(Started{from});
  Sending s{.job = std::move(job),
            .progress = ProgressMeter(job.size, from),
            .read = from,
            .sent = from,
            .up_to = from + peer_window,
            .deadline = env.now + stall_patience};
  read_ahead(s, effects);
  return s;
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
  effects.push_back(HashPrefix{accept.have});
  return Verifying{std::move(job), accept, env.now + disk_patience};
}
OneOf<Offering> Offering::on(Credit&& credit, Env&, Effects&) && {
  job.budget = credit.bytes;
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

// ---- Verifying ----------------------------------------------------------------------------------

/// Another file of that name and size begins anew.
OneOf<Sending> Verifying::on(PrefixHashed&& prefix, Env& env, Effects& effects) && {
  const bool same = crypto::equal_in_constant_time(prefix.sha256.view(), accepted.prefix.view());
  return begin(std::move(job), same ? accepted.have : 0, accepted.window, env, effects);
}
OneOf<Verifying> Verifying::on(Credit&& credit, Env&, Effects&) && {
  job.budget = credit.bytes;
  return std::move(*this);
}
OneOf<Verifying, Aborted> Verifying::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
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
OneOf<Sending, AwaitingCheck> Sending::on(Credit&& credit, Env& env, Effects& effects) && {
  job.budget = credit.bytes;
  return go_on<OneOf<Sending, AwaitingCheck>>(std::move(*this), false, env, effects);
}
OneOf<Sending, AwaitingCheck, Aborted> Sending::on(PeerCredit&& credit, Env& env,
                                                   Effects& effects) && {
  if (credit.up_to < up_to) return abort_and_tell(job, Fault::file_protocol, effects);
  const bool more = credit.up_to > std::exchange(up_to, credit.up_to);
  return go_on<OneOf<Sending, AwaitingCheck, Aborted>>(std::move(*this), more, env, effects);
}
OneOf<Sending, Aborted> Sending::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
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

}  // namespace stream_sender

// ---- StreamSender -------------------------------------------------------------------------------

StreamSender StreamSender::start(Params params, Env& env, Effects& effects) {
  using namespace stream_sender;
  if (params.size > wire::limits::file_size)
    return StreamSender(abort(Fault::file_too_large, effects));
  effects.push_back(SendFrame{wire::stream::print(wire::stream::Offer{
      params.number, params.size, Plaintext(safe_name(params.name.expose()))})});
  return StreamSender(Offering{.job = {params.number, params.size, params.frame},
                               .deadline = env.now + stream::answer_patience});
}

void StreamSender::on(Event event, Env& env, Effects& effects) {
  state_ = fsm::step<stream_sender::Machine>(std::move(state_), std::move(event), env, effects);
}

bool StreamSender::ended() const {
  return std::holds_alternative<stream_sender::Done>(state_) ||
         std::holds_alternative<stream_sender::Aborted>(state_);
}

}  // namespace culver::transfer
