// The handlers of receiver.hpp.
#include "core/transfer/receiver.hpp"

#include "core/crypto/hash.hpp"
#include "core/transfer/reasons.hpp"

namespace culver::transfer {
namespace receiver {
namespace {

using namespace stream;
namespace ws = wire::stream;

// ---- ends ---------------------------------------------------------------------------------------

/// What is there is worth a second attempt if only the connection, the time, the peer's disk or the
/// folder failed, or if we were stopped. Whoever cancels does not want it, and what broke a rule or
/// could not be written is not trusted.
bool worth_keeping(Fault fault) {
  switch (fault) {
    case Fault::cancelled:
    case Fault::file_refused_by_us:
    case Fault::file_damaged:
    case Fault::file_protocol:
    case Fault::file_changed:
    case Fault::file_unwritable:
    case Fault::no_space:
    case Fault::file_too_large_here:
    case Fault::peer_cancelled:
      return false;
    default:
      return true;
  }
}

/// A state from before OpenTarget has nothing on the disk.
template <class S>
constexpr bool has_target = !std::same_as<S, Surveying> && !std::same_as<S, Undecided>;

template <class S>
Aborted abort(S&, Fault fault, Effects& effects, std::optional<std::uint64_t> room = {}) {
  if constexpr (has_target<S>) {
    if (worth_keeping(fault))
      effects.push_back(KeepTarget{});
    else
      effects.push_back(DropTarget{});
  }
  effects.push_back(Failed{fault, room});
  return {};
}
template <class S>
Aborted abort_and_tell(S& state, Fault fault, Effects& effects,
                       std::optional<std::uint64_t> room = {}) {
  effects.push_back(SendFrame{print(ws::Refuse{state.job.number, stream_reason_of(fault)})});
  return abort(state, fault, effects, room);
}
template <class S>
Aborted disk_failed(S& state, const DiskFailed& failed, Effects& effects) {
  return abort_and_tell(state, failed.fault, effects, failed.room);
}
/// Whoever is only stopped says nothing: to the peer that is a lost connection, and it keeps what
/// it has.
template <class S>
Aborted cancel(S& state, Fault fault, Effects& effects) {
  if (fault == Fault::peer_gone || fault == Fault::interrupted) return abort(state, fault, effects);
  return abort_and_tell(state, fault, effects);
}
/// Every byte is here: that the peer leaves now changes nothing.
template <class S>
OneOf<S, Aborted> cancel_arrived(S& state, Fault fault, Effects& effects) {
  if (fault == Fault::peer_gone) return std::move(state);
  return cancel(state, fault, effects);
}
template <class S>
OneOf<S, Aborted> tick(S& state, Fault fault, const Env& env, Effects& effects) {
  if (env.now < state.deadline) return std::move(state);
  return abort_and_tell(state, fault, effects);
}

// ---- steps --------------------------------------------------------------------------------------

TimePoint data_deadline(const ReceiveBuffer& buffer, const Env& env) {
  return env.now + (buffer.waits_for_disk() ? disk_patience : peer_disk_patience);
}

/// What the disk has hashed is what the peer has, or worth nothing. Next is the handler's own list
/// of exits.
template <class Next, class S>
Next compare(S& state, const Digest& ours, const Digest& theirs, const Env& env, Effects& effects) {
  if (!crypto::equal_in_constant_time(ours.view(), theirs.view()))
    return abort_and_tell(state, Fault::file_damaged, effects);
  effects.push_back(FinishTarget{state.attributes});
  return Finishing{std::move(state.job), ours, env.now + disk_patience};
}

void ask_for_hash(std::uint64_t left, Effects& effects) {
  effects.push_back(HashPart{static_cast<std::size_t>(std::min<std::uint64_t>(left, hash_step))});
}

AwaitingBegin accept(Job job, std::uint64_t have, const Digest& prefix, const Env& env,
                     Effects& effects) {
  effects.push_back(SendFrame{print(ws::Accept{job.number, have, window, prefix})});
  return AwaitingBegin{std::move(job), have, env.now + peer_disk_patience};
}

}  // namespace

template <class S>
Aborted Machine::out_of_order(S& state, Effects& effects) {
  return abort_and_tell(state, Fault::file_protocol, effects);
}
template Aborted Machine::out_of_order(Surveying&, Effects&);
template Aborted Machine::out_of_order(Undecided&, Effects&);
template Aborted Machine::out_of_order(Opening&, Effects&);
template Aborted Machine::out_of_order(Checking&, Effects&);
template Aborted Machine::out_of_order(AwaitingBegin&, Effects&);
template Aborted Machine::out_of_order(Receiving&, Effects&);

// ---- Surveying ----------------------------------------------------------------------------------

OneOf<Undecided> Surveying::on(TargetFound&& found, Env& env, Effects& effects) && {
  effects.push_back(Offered{found.have});
  return Undecided{std::move(job), env.now + decision_patience};
}
OneOf<Surveying, Aborted> Surveying::on(Tick&&, Env& env, Effects& effects) && {
  return tick(*this, Fault::disk_stalled, env, effects);
}
OneOf<Aborted> Surveying::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(*this, failed.fault, effects);
}
OneOf<Aborted> Surveying::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return disk_failed(*this, failed, effects);
}
OneOf<Aborted> Surveying::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(*this, cause.fault, effects);
}

// ---- Undecided ----------------------------------------------------------------------------------

OneOf<Opening, Aborted> Undecided::on(Decision&& decision, Env& env, Effects& effects) && {
  if (!decision.accepted) return abort_and_tell(*this, Fault::file_refused_by_us, effects);
  effects.push_back(OpenTarget{job.peer, job.name, job.size});
  return Opening{std::move(job), env.now + disk_patience};
}
OneOf<Undecided, Aborted> Undecided::on(Tick&&, Env& env, Effects& effects) && {
  return tick(*this, Fault::file_stalled, env, effects);
}
OneOf<Aborted> Undecided::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(*this, failed.fault, effects);
}
OneOf<Aborted> Undecided::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(*this, cause.fault, effects);
}

// ---- Opening ------------------------------------------------------------------------------------

OneOf<Checking, AwaitingBegin> Opening::on(TargetOpened&& target, Env& env, Effects& effects) && {
  if (target.have == 0) return accept(std::move(job), 0, crypto::sha256({}), env, effects);
  effects.push_back(SendFrame{print(ws::Working{job.number, target.have, 0})});
  effects.push_back(transfer::Checking{target.have, 0});
  ask_for_hash(target.have, effects);
  return Checking{std::move(job), target.have, ProgressMeter(target.have), env.now,
                  env.now + disk_patience};
}
OneOf<Opening, Aborted> Opening::on(Tick&&, Env& env, Effects& effects) && {
  return tick(*this, Fault::disk_stalled, env, effects);
}
OneOf<Aborted> Opening::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(*this, failed.fault, effects);
}
OneOf<Aborted> Opening::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return disk_failed(*this, failed, effects);
}
OneOf<Aborted> Opening::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(*this, cause.fault, effects);
}

// ---- Checking -----------------------------------------------------------------------------------

OneOf<Checking, AwaitingBegin> Checking::on(PartHashed&& part, Env& env, Effects& effects) && {
  if (part.bytes == 0) return accept(std::move(job), 0, part.sha256, env, effects);
  if (progress.is_due(part.bytes)) effects.push_back(transfer::Checking{have, part.bytes});
  if (part.bytes == have) return accept(std::move(job), have, part.sha256, env, effects);
  if (env.now - told >= word_interval) {
    effects.push_back(SendFrame{print(ws::Working{job.number, have, part.bytes})});
    told = env.now;
  }
  ask_for_hash(have - part.bytes, effects);
  deadline = env.now + disk_patience;
  return std::move(*this);
}
OneOf<Checking, Aborted> Checking::on(Tick&&, Env& env, Effects& effects) && {
  return tick(*this, Fault::disk_stalled, env, effects);
}
OneOf<Aborted> Checking::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(*this, failed.fault, effects);
}
OneOf<Aborted> Checking::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return disk_failed(*this, failed, effects);
}
OneOf<Aborted> Checking::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(*this, cause.fault, effects);
}

// ---- AwaitingBegin ------------------------------------------------------------------------------

OneOf<Receiving, Aborted> AwaitingBegin::on(PeerBegin&& begin, Env& env, Effects& effects) && {
  if (begin.from != 0 && begin.from != have)
    return abort_and_tell(*this, Fault::file_protocol, effects);
  if (begin.from != have) effects.push_back(RestartTarget{});
  effects.push_back(Started{begin.from});
  ReceiveBuffer buffer(job.number, job.size, begin.from, effects);
  const auto next = data_deadline(buffer, env);
  return Receiving{std::move(job), std::move(buffer), next};
}
/// Its disk is at work as long as it gets on.
OneOf<AwaitingBegin> AwaitingBegin::on(PeerWorking&& working, Env& env, Effects&) && {
  if (working.done <= checked || working.done > have) return std::move(*this);
  checked = working.done;
  deadline = env.now + peer_disk_patience;
  return std::move(*this);
}
OneOf<AwaitingBegin, Aborted> AwaitingBegin::on(Tick&&, Env& env, Effects& effects) && {
  return tick(*this, Fault::file_stalled, env, effects);
}
OneOf<Aborted> AwaitingBegin::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(*this, failed.fault, effects);
}
OneOf<Aborted> AwaitingBegin::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(*this, cause.fault, effects);
}

// ---- Receiving ----------------------------------------------------------------------------------

OneOf<Receiving, Aborted> Receiving::on(PeerData&& data, Env& env, Effects& effects) && {
  if (auto taken = buffer.take(std::move(data.bytes), effects); !taken)
    return abort_and_tell(*this, taken.error(), effects);
  deadline = data_deadline(buffer, env);
  return std::move(*this);
}
OneOf<Receiving> Receiving::on(PeerAbout&& about, Env&, Effects&) && {
  attributes = about.attributes;
  return std::move(*this);
}
OneOf<Receiving> Receiving::on(BlockWritten&& block, Env& env, Effects& effects) && {
  const bool waited = buffer.waits_for_disk();
  buffer.written(block.bytes, effects);
  if (block.sha256) sha256 = block.sha256;
  if (waited) deadline = data_deadline(buffer, env);
  return std::move(*this);
}
OneOf<Draining, Finishing, Aborted> Receiving::on(PeerComplete&& complete, Env& env,
                                                  Effects& effects) && {
  using Next = OneOf<Draining, Finishing, Aborted>;
  if (!buffer.complete() || !complete.sha256)
    return abort_and_tell(*this, Fault::file_protocol, effects);
  if (sha256) return compare<Next>(*this, *sha256, *complete.sha256, env, effects);
  return Draining{std::move(job), *complete.sha256, attributes, env.now + disk_patience};
}
OneOf<Receiving, Aborted> Receiving::on(Tick&&, Env& env, Effects& effects) && {
  const bool disk = buffer.waits_for_disk();
  return tick(*this, disk ? Fault::disk_stalled : Fault::file_stalled, env, effects);
}
OneOf<Aborted> Receiving::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return abort(*this, failed.fault, effects);
}
OneOf<Aborted> Receiving::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return disk_failed(*this, failed, effects);
}
OneOf<Aborted> Receiving::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(*this, cause.fault, effects);
}

// ---- Draining -----------------------------------------------------------------------------------

OneOf<Draining, Finishing, Aborted> Draining::on(BlockWritten&& block, Env& env,
                                                 Effects& effects) && {
  using Next = OneOf<Draining, Finishing, Aborted>;
  if (block.sha256) return compare<Next>(*this, *block.sha256, expected, env, effects);
  deadline = env.now + disk_patience;
  return std::move(*this);
}
OneOf<Draining, Aborted> Draining::on(Tick&&, Env& env, Effects& effects) && {
  return tick(*this, Fault::disk_stalled, env, effects);
}
OneOf<Aborted> Draining::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return disk_failed(*this, failed, effects);
}
OneOf<Draining, Aborted> Draining::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel_arrived(*this, cause.fault, effects);
}

// ---- Finishing ----------------------------------------------------------------------------------

OneOf<Done> Finishing::on(TargetFinished&& target, Env&, Effects& effects) && {
  effects.push_back(SendFrame{print(ws::Checked{job.number})});
  effects.push_back(DropTarget{});
  effects.push_back(Finished{std::move(target.path), sha256, true});
  return Done{};
}
OneOf<Finishing, Aborted> Finishing::on(Tick&&, Env& env, Effects& effects) && {
  return tick(*this, Fault::disk_stalled, env, effects);
}
OneOf<Aborted> Finishing::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return disk_failed(*this, failed, effects);
}
/// Its name is on its way, and cannot be called back: whatever is told must not say otherwise.
OneOf<Finishing> Finishing::on(Cancel&&, Env&, Effects&) && { return std::move(*this); }

}  // namespace receiver

// ---- Receiver -----------------------------------------------------------------------------

Receiver Receiver::start(Params params, Env& env, Effects& effects) {
  using namespace receiver;
  auto& offer = params.offer;
  Surveying surveying{Job{params.peer, offer.transfer, std::move(offer.name), offer.size},
                      env.now + stream::disk_patience};
  const auto& job = surveying.job;
  if (job.size > params.max_size)
    return Receiver(abort_and_tell(surveying, Fault::file_too_large, effects));
  effects.push_back(FindTarget{job.peer, job.name, job.size});
  return Receiver(std::move(surveying));
}

void Receiver::on(Event event, Env& env, Effects& effects) {
  state_ = fsm::step<receiver::Machine>(std::move(state_), std::move(event), env, effects);
}

bool Receiver::ended() const {
  return std::holds_alternative<receiver::Done>(state_) ||
         std::holds_alternative<receiver::Aborted>(state_);
}

}  // namespace culver::transfer
