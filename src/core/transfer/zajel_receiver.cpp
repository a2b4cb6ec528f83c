// The handlers of zajel_receiver.hpp.
#include "core/transfer/zajel_receiver.hpp"

#include "core/transfer/reasons.hpp"

namespace culver::transfer {
namespace zajel_receiver {
namespace {

namespace peer = wire::peer;

// ---- ends ---------------------------------------------------------------------------------------

/// The frame in which a peer hears of a failure: the one that it waits for.
enum class Tell { start_ack, error, complete_ack };

void tell(const Job& job, Tell how, Fault fault, Effects& effects) {
  const auto& id = job.start.id;
  if (how == Tell::start_ack && job.acks)
    effects.push_back(SendEnvelope{peer::FileStartAck{id, false, reason_of(fault)}});
  else if (how == Tell::complete_ack && job.acks)
    effects.push_back(SendEnvelope{peer::FileCompleteAck{id, false, reason_of(fault)}});
  else
    effects.push_back(SendEnvelope{peer::FileError{id, reason_of(fault)}});
}

/// What a living state leaves behind: a connection that it has paused, a target that it has asked
/// for.
template <class S>
void free_all(S& state, Effects& effects) {
  if constexpr (requires { state.buffer; }) state.buffer.release(effects);
  if constexpr (!std::same_as<S, Undecided>) effects.push_back(DropTarget{});
}
template <class S>
Aborted abort(S& state, Fault fault, Effects& effects, std::optional<std::uint64_t> room = {}) {
  free_all(state, effects);
  effects.push_back(Failed{fault, room});
  return {};
}
template <class S>
Aborted abort_and_tell(S& state, Tell how, Fault fault, Effects& effects,
                       std::optional<std::uint64_t> room = {}) {
  tell(state.job, how, fault, effects);
  return abort(state, fault, effects, room);
}
template <class S>
Aborted time_out(S& state, Effects& effects) {
  effects.push_back(
      SendEnvelope{peer::FileCancel{state.job.start.id, std::string(cancelled_by_timeout)}});
  return abort(state, Fault::file_stalled, effects);
}
template <class S>
Aborted cancel(S& state, Fault fault, Effects& effects) {
  if (fault != Fault::peer_gone)
    effects.push_back(
        SendEnvelope{peer::FileCancel{state.job.start.id, std::string(cancelled_by_user)}});
  return abort(state, fault, effects);
}
/// Every byte is here: that the peer leaves now changes nothing.
template <class S>
OneOf<S, Aborted> cancel_arrived(S& state, Fault fault, Effects& effects) {
  if (fault == Fault::peer_gone) return std::move(state);
  return cancel(state, fault, effects);
}
template <class S>
Aborted peer_failed(S& state, Fault fault, Effects& effects) {
  if (told_by_peer(fault)) return abort(state, fault, effects);
  return abort_and_tell(state, Tell::error, fault, effects);
}
/// Nobody decided, or nothing came, in time.
template <class S>
OneOf<S, Aborted> tick(S& state, const Env& env, Effects& effects) {
  if (env.now < state.deadline) return std::move(state);
  return time_out(state, effects);
}
/// The disk said nothing in time.
template <class S>
OneOf<S, Aborted> disk_tick(S& state, Tell how, const Env& env, Effects& effects) {
  if (env.now < state.deadline) return std::move(state);
  return abort_and_tell(state, how, Fault::disk_stalled, effects);
}

// ---- steps --------------------------------------------------------------------------------------

TimePoint chunk_deadline(const ZajelReceiveBuffer& buffer, const Env& env) {
  return env.now + (buffer.paused() ? disk_patience : stall_patience);
}

/// On to the disk's part. Next is the handler's own list of exits.
template <class Next>
Next settle(Job job, Arrived arrived, const Env& env, Effects& effects) {
  const TimePoint deadline = env.now + disk_patience;
  if (arrived.unwritten > 0) return Draining{std::move(job), arrived, deadline};
  effects.push_back(FinishTarget{});
  return Finishing{std::move(job), arrived, deadline};
}

}  // namespace

// ---- Undecided ----------------------------------------------------------------------------------

OneOf<Creating, Aborted> Undecided::on(Decision&& decision, Env& env, Effects& effects) && {
  if (!decision.accepted)
    return abort_and_tell(*this, Tell::start_ack, Fault::file_refused_by_us, effects);
  effects.push_back(CreateTarget{job.start.name, job.start.size});
  return Creating{std::move(job), env.now + disk_patience};
}
OneOf<Undecided, Aborted> Undecided::on(Tick&&, Env& env, Effects& effects) && {
  return tick(*this, env, effects);
}
/// It could not take the file.
OneOf<Aborted> Undecided::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(*this, Tell::start_ack, failed.fault, effects, failed.room);
}
OneOf<Aborted> Undecided::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return peer_failed(*this, failed.fault, effects);
}
OneOf<Aborted> Undecided::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(*this, cause.fault, effects);
}

// ---- Creating -----------------------------------------------------------------------------------

OneOf<Receiving> Creating::on(TargetCreated&&, Env& env, Effects& effects) && {
  effects.push_back(SendEnvelope{peer::FileStartAck{job.start.id, true, {}}});
  effects.push_back(Started{});
  ZajelReceiveBuffer buffer(job.start, true);
  return Receiving{std::move(job), std::move(buffer), env.now + stall_patience};
}
OneOf<Creating, Aborted> Creating::on(Tick&&, Env& env, Effects& effects) && {
  return disk_tick(*this, Tell::start_ack, env, effects);
}
OneOf<Aborted> Creating::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return peer_failed(*this, failed.fault, effects);
}
OneOf<Aborted> Creating::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(*this, Tell::start_ack, failed.fault, effects, failed.room);
}
OneOf<Aborted> Creating::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(*this, cause.fault, effects);
}

// ---- Spooling -----------------------------------------------------------------------------------

OneOf<Receiving, Aborted> Spooling::on(Decision&& decision, Env& env, Effects& effects) && {
  if (!decision.accepted)
    return abort_and_tell(*this, Tell::error, Fault::file_refused_by_us, effects);
  effects.push_back(Started{});
  buffer.accept(effects);
  const TimePoint next = chunk_deadline(buffer, env);
  return Receiving{std::move(job), std::move(buffer), next};
}
OneOf<Spooling, Aborted> Spooling::on(OpenedChunk&& chunk, Env&, Effects& effects) && {
  if (auto taken = buffer.take(std::move(chunk), effects); !taken)
    return abort_and_tell(*this, Tell::error, taken.error(), effects);
  return std::move(*this);
}
OneOf<Spooled, Aborted> Spooling::on(PeerComplete&& complete, Env&, Effects& effects) && {
  auto arrived = buffer.complete(complete.sha256, effects);
  if (!arrived) return abort_and_tell(*this, Tell::error, arrived.error(), effects);
  return Spooled{std::move(job), *arrived, deadline};
}
OneOf<Spooling> Spooling::on(BlockWritten&& block, Env&, Effects& effects) && {
  buffer.written(block.bytes, effects);
  return std::move(*this);
}
OneOf<Spooling, Aborted> Spooling::on(Tick&&, Env& env, Effects& effects) && {
  return tick(*this, env, effects);
}
OneOf<Aborted> Spooling::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return peer_failed(*this, failed.fault, effects);
}
OneOf<Aborted> Spooling::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(*this, Tell::error, failed.fault, effects, failed.room);
}
OneOf<Aborted> Spooling::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(*this, cause.fault, effects);
}

// ---- Spooled ------------------------------------------------------------------------------------

OneOf<Draining, Finishing, Aborted> Spooled::on(Decision&& decision, Env& env,
                                                Effects& effects) && {
  if (!decision.accepted)
    return abort_and_tell(*this, Tell::error, Fault::file_refused_by_us, effects);
  effects.push_back(Started{});
  effects.push_back(Progress{job.start.size});
  return settle<OneOf<Draining, Finishing, Aborted>>(std::move(job), arrived, env, effects);
}
OneOf<Spooled> Spooled::on(BlockWritten&& block, Env&, Effects&) && {
  arrived.written(block.bytes);
  return std::move(*this);
}
OneOf<Spooled, Aborted> Spooled::on(Tick&&, Env& env, Effects& effects) && {
  return tick(*this, env, effects);
}
OneOf<Aborted> Spooled::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(*this, Tell::error, failed.fault, effects, failed.room);
}
OneOf<Spooled, Aborted> Spooled::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel_arrived(*this, cause.fault, effects);
}

// ---- Receiving ----------------------------------------------------------------------------------

OneOf<Receiving, Aborted> Receiving::on(OpenedChunk&& chunk, Env& env, Effects& effects) && {
  if (auto taken = buffer.take(std::move(chunk), effects); !taken)
    return abort_and_tell(*this, Tell::error, taken.error(), effects);
  deadline = chunk_deadline(buffer, env);
  return std::move(*this);
}
OneOf<Draining, Finishing, Aborted> Receiving::on(PeerComplete&& complete, Env& env,
                                                  Effects& effects) && {
  auto arrived = buffer.complete(complete.sha256, effects);
  if (!arrived) return abort_and_tell(*this, Tell::complete_ack, arrived.error(), effects);
  return settle<OneOf<Draining, Finishing, Aborted>>(std::move(job), *arrived, env, effects);
}
OneOf<Receiving> Receiving::on(BlockWritten&& block, Env& env, Effects& effects) && {
  const bool was_paused = buffer.paused();
  buffer.written(block.bytes, effects);
  if (was_paused) deadline = chunk_deadline(buffer, env);
  return std::move(*this);
}
OneOf<Receiving, Aborted> Receiving::on(Tick&&, Env& env, Effects& effects) && {
  if (buffer.paused()) return disk_tick(*this, Tell::error, env, effects);
  return tick(*this, env, effects);
}
OneOf<Aborted> Receiving::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return peer_failed(*this, failed.fault, effects);
}
OneOf<Aborted> Receiving::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(*this, Tell::error, failed.fault, effects, failed.room);
}
OneOf<Aborted> Receiving::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(*this, cause.fault, effects);
}

// ---- Draining -----------------------------------------------------------------------------------

OneOf<Draining, Finishing> Draining::on(BlockWritten&& block, Env& env, Effects& effects) && {
  arrived.written(block.bytes);
  return settle<OneOf<Draining, Finishing>>(std::move(job), arrived, env, effects);
}
OneOf<Draining, Aborted> Draining::on(Tick&&, Env& env, Effects& effects) && {
  return disk_tick(*this, Tell::complete_ack, env, effects);
}
OneOf<Aborted> Draining::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(*this, Tell::complete_ack, failed.fault, effects, failed.room);
}
OneOf<Draining, Aborted> Draining::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel_arrived(*this, cause.fault, effects);
}

// ---- Finishing ----------------------------------------------------------------------------------

OneOf<Done> Finishing::on(TargetFinished&& target, Env&, Effects& effects) && {
  if (job.acks) effects.push_back(SendEnvelope{peer::FileCompleteAck{job.start.id, true, {}}});
  effects.push_back(DropTarget{});
  effects.push_back(Finished{std::move(target.path), arrived.sha256, arrived.confirmed});
  return Done{};
}
OneOf<Finishing, Aborted> Finishing::on(Tick&&, Env& env, Effects& effects) && {
  return disk_tick(*this, Tell::complete_ack, env, effects);
}
OneOf<Aborted> Finishing::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(*this, Tell::complete_ack, failed.fault, effects, failed.room);
}
/// Its name is on its way, and cannot be called back: whatever is told must not say otherwise.
OneOf<Finishing> Finishing::on(Cancel&&, Env&, Effects&) && { return std::move(*this); }

// ---- Machine ------------------------------------------------------------------------------------

template <class S>
Aborted Machine::out_of_order(S& state, Effects& effects) {
  return abort_and_tell(state, Tell::error, Fault::file_protocol, effects);
}
template Aborted Machine::out_of_order(Undecided&, Effects&);
template Aborted Machine::out_of_order(Creating&, Effects&);

}  // namespace zajel_receiver

// ---- ZajelReceiver
// -----------------------------------------------------------------------------------

ZajelReceiver ZajelReceiver::start(Params params, Env& env, Effects& effects) {
  using namespace zajel_receiver;
  Job job{std::move(params.start), params.acks};
  const auto& start = job.start;
  if (start.size > params.max_size) {
    tell(job, Tell::start_ack, Fault::file_too_large, effects);
    effects.push_back(Failed{Fault::file_too_large});
    return ZajelReceiver(Aborted{});
  }
  const bool accepted = params.auto_accept;
  effects.push_back(FindTarget{std::nullopt, start.name, start.size});
  if (!accepted) effects.push_back(Offered{});
  if (job.acks && !accepted)
    return ZajelReceiver(Undecided{std::move(job), env.now + decision_patience});

  effects.push_back(CreateTarget{start.name, accepted ? start.size : 0});
  if (job.acks) return ZajelReceiver(Creating{std::move(job), env.now + disk_patience});

  ZajelReceiveBuffer buffer(start, accepted);
  if (!accepted)
    return ZajelReceiver(Spooling{std::move(job), std::move(buffer), env.now + decision_patience});
  effects.push_back(Started{});
  return ZajelReceiver(Receiving{std::move(job), std::move(buffer), env.now + stall_patience});
}

void ZajelReceiver::on(Event event, Env& env, Effects& effects) {
  state_ = fsm::step<zajel_receiver::Machine>(std::move(state_), std::move(event), env, effects);
}

bool ZajelReceiver::ended() const {
  return std::holds_alternative<zajel_receiver::Done>(state_) ||
         std::holds_alternative<zajel_receiver::Aborted>(state_);
}

}  // namespace culver::transfer
