// The handlers of zajel_sender.hpp.
#include "core/transfer/zajel_sender.hpp"

#include <algorithm>

#include "core/transfer/chunks.hpp"
#include "core/transfer/reasons.hpp"
#include "core/transfer/safe_name.hpp"

namespace culver::transfer {
namespace zajel_sender {
namespace {

using wire::limits::chunk_out;
using wire::limits::chunk_to_zajel;
static_assert(block_size % chunk_out == 0 && block_size % chunk_to_zajel == 0);
namespace peer = wire::peer;

// ---- ends ---------------------------------------------------------------------------------------

Aborted abort(Fault fault, Effects& effects) {
  effects.push_back(DropSource{});
  effects.push_back(Failed{fault});
  return {};
}
/// The peer is told what happened here.
Aborted abort_and_tell(const Job& job, Fault fault, Effects& effects) {
  effects.push_back(SendEnvelope{peer::FileError{job.id, reason_of(fault)}});
  return abort(fault, effects);
}
Aborted time_out(const Job& job, Effects& effects) {
  effects.push_back(SendEnvelope{peer::FileCancel{job.id, std::string(cancelled_by_timeout)}});
  return abort(Fault::file_stalled, effects);
}
Aborted cancel(const Job& job, Fault fault, Effects& effects) {
  if (fault != Fault::peer_gone)
    effects.push_back(SendEnvelope{peer::FileCancel{job.id, std::string(cancelled_by_user)}});
  return abort(fault, effects);
}
Aborted peer_failed(const Job& job, Fault fault, Effects& effects) {
  return told_by_peer(fault) ? abort(fault, effects) : abort_and_tell(job, fault, effects);
}
/// An acknowledgement of the end where there was none yet: a failure is believed, a success cannot
/// be true.
Aborted early_check(const Job& job, const PeerCompleteAck& ack, Effects& effects) {
  if (!ack.success) return abort(fault_of(ack.reason), effects);
  return abort_and_tell(job, Fault::file_protocol, effects);
}
Done finish(const Digest& sha256, bool confirmed, Effects& effects) {
  effects.push_back(DropSource{});
  effects.push_back(Finished{{}, sha256, confirmed});
  return {};
}

/// The peer may still refuse after it accepted, or without having been asked. Accepting twice is
/// harmless.
template <class S>
OneOf<S, Aborted> late_answer(S&& state, const PeerStartAck& ack, Effects& effects) {
  if (ack.accepted) return std::move(state);
  return abort(refusal_of(ack.reason), effects);
}
template <class S>
OneOf<S, Aborted> tick(S&& state, const Env& env, Effects& effects) {
  if (env.now < state.deadline) return std::move(state);
  return time_out(state.job, effects);
}

// ---- reading and sending ------------------------------------------------------------------------

/// Keeps one block ahead of the one being sent. The last read asks for one byte more than the file
/// should have, so that a file that grows is noticed.
void read_ahead(Sending& s, Effects& effects) {
  if (s.asked > 0 || s.read_all || !s.ahead.empty()) return;
  const std::uint64_t left = s.job.size - s.read;
  s.asked = left > block_size ? block_size : static_cast<std::size_t>(left) + 1;
  effects.push_back(ReadBlock{s.asked});
}

/// Our own disk may be slow for longer than a channel may stand still.
Duration patience(const Sending& s) {
  return s.block.empty() && s.asked > 0 ? disk_patience : stall_patience;
}

/// Zajel's clients cannot take an empty file: totalChunks 0 is invalid for the web client, and one
/// announced chunk that never comes is reported as missing. One chunk without bytes passes both
/// checks. Peers with acks are ours and need none.
bool owes_empty_chunk(const Sending& s) {
  return s.job.size == 0 && !s.job.acks && s.next_index == 0 && s.read_all;
}

bool send_one(Sending& s, std::size_t length, Effects& effects) {
  const std::size_t cost = wire_cost(length);
  if (s.budget < cost) return false;
  s.budget -= cost;
  const auto begin = s.block.begin() + static_cast<std::ptrdiff_t>(s.cut);
  ByteVector bytes(begin, begin + static_cast<std::ptrdiff_t>(length));
  effects.push_back(SendChunk{s.job.id, s.next_index++, std::move(bytes)});
  s.cut += length;
  s.sent += length;
  return true;
}

void send_chunks(Sending& s, const Env& env, Effects& effects) {
  const std::uint64_t before = s.next_index;
  if (owes_empty_chunk(s)) send_one(s, 0, effects);
  while (s.cut < s.block.size() &&
         send_one(s, std::min(s.job.chunk, s.block.size() - s.cut), effects)) {
    if (s.cut < s.block.size()) continue;
    s.block = std::exchange(s.ahead, {});
    s.cut = 0;
    read_ahead(s, effects);
  }
  if (s.next_index == before) return;
  s.deadline = env.now + patience(s);
  s.progress.advance(s.sent, effects);
}

/// Sends what there is to send. Next is the handler's own list of exits.
template <class Next>
Next go_on(Sending s, const Env& env, Effects& effects) {
  send_chunks(s, env, effects);
  if (!s.read_all || s.sent < s.job.size || owes_empty_chunk(s)) return s;
  s.progress.end(s.sent, effects);
  const Digest sha256 = std::move(s.hash).finish();
  effects.push_back(SendEnvelope{peer::FileComplete{s.job.id, sha256}});
  const TimePoint deadline = env.now + check_patience;
  if (s.job.acks) return AwaitingCheck{std::move(s.job), sha256, deadline};
  return Flushing{std::move(s.job), sha256, deadline};
}

Sending begin(Job job, std::size_t budget, const Env& env, Effects& effects) {
  effects.push_back(Started{});
  const ProgressMeter progress(job.size);
  Sending s{.job = std::move(job),
            .progress = progress,
            .budget = budget,
            .deadline = env.now + disk_patience};
  read_ahead(s, effects);
  return s;
}

}  // namespace

// ---- AwaitingAck --------------------------------------------------------------------------------

OneOf<Sending, Aborted> AwaitingAck::on(PeerStartAck&& ack, Env& env, Effects& effects) && {
  if (!ack.accepted) return abort(refusal_of(ack.reason), effects);
  return begin(std::move(job), budget, env, effects);
}
OneOf<Aborted> AwaitingAck::on(PeerCompleteAck&& ack, Env&, Effects& effects) && {
  return early_check(job, ack, effects);
}
OneOf<AwaitingAck> AwaitingAck::on(ChannelRoom&& room, Env&, Effects&) && {
  budget = room.bytes;
  return std::move(*this);
}
OneOf<AwaitingAck, Aborted> AwaitingAck::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
}
OneOf<Aborted> AwaitingAck::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return peer_failed(job, failed.fault, effects);
}
OneOf<Aborted> AwaitingAck::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(job, failed.fault, effects);
}
OneOf<Aborted> AwaitingAck::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(job, cause.fault, effects);
}

// ---- Sending ------------------------------------------------------------------------------------

OneOf<Sending, Flushing, AwaitingCheck, Aborted> Sending::on(BlockRead&& event, Env& env,
                                                             Effects& effects) && {
  using Next = OneOf<Sending, Flushing, AwaitingCheck, Aborted>;
  if (asked == 0) return std::move(*this);
  const std::uint64_t left = job.size - read;
  const bool last = left <= block_size;
  if (event.bytes.size() != (last ? left : block_size))
    return abort_and_tell(job, Fault::file_changed, effects);
  hash.update(event.bytes);
  read += event.bytes.size();
  read_all = last;
  asked = 0;
  if (block.empty()) deadline = env.now + stall_patience;
  (block.empty() ? block : ahead) = std::move(event.bytes);
  read_ahead(*this, effects);
  return go_on<Next>(std::move(*this), env, effects);
}
OneOf<Sending, Flushing, AwaitingCheck> Sending::on(ChannelRoom&& room, Env& env,
                                                    Effects& effects) && {
  budget = room.bytes;
  if (budget > 0) deadline = env.now + patience(*this);
  return go_on<OneOf<Sending, Flushing, AwaitingCheck>>(std::move(*this), env, effects);
}
OneOf<Sending, Aborted> Sending::on(PeerStartAck&& ack, Env&, Effects& effects) && {
  return late_answer(std::move(*this), ack, effects);
}
OneOf<Aborted> Sending::on(PeerCompleteAck&& ack, Env&, Effects& effects) && {
  return early_check(job, ack, effects);
}
OneOf<Sending, Aborted> Sending::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
}
OneOf<Aborted> Sending::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return peer_failed(job, failed.fault, effects);
}
OneOf<Aborted> Sending::on(DiskFailed&& failed, Env&, Effects& effects) && {
  return abort_and_tell(job, failed.fault, effects);
}
OneOf<Aborted> Sending::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(job, cause.fault, effects);
}

// ---- Flushing -----------------------------------------------------------------------------------

OneOf<Done> Flushing::on(Flushed&&, Env&, Effects& effects) && {
  return finish(sha256, false, effects);
}
OneOf<Flushing, Aborted> Flushing::on(PeerStartAck&& ack, Env&, Effects& effects) && {
  return late_answer(std::move(*this), ack, effects);
}
OneOf<Done, Aborted> Flushing::on(PeerCompleteAck&& ack, Env&, Effects& effects) && {
  if (!ack.success) return abort(fault_of(ack.reason), effects);
  return finish(sha256, true, effects);
}
OneOf<Flushing, Aborted> Flushing::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
}
OneOf<Aborted> Flushing::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return peer_failed(job, failed.fault, effects);
}
OneOf<Aborted> Flushing::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(job, cause.fault, effects);
}

// ---- AwaitingCheck ------------------------------------------------------------------------------

OneOf<AwaitingCheck, Aborted> AwaitingCheck::on(PeerStartAck&& ack, Env&, Effects& effects) && {
  return late_answer(std::move(*this), ack, effects);
}
OneOf<Done, Aborted> AwaitingCheck::on(PeerCompleteAck&& ack, Env&, Effects& effects) && {
  if (!ack.success) return abort(fault_of(ack.reason), effects);
  return finish(sha256, true, effects);
}
OneOf<AwaitingCheck, Aborted> AwaitingCheck::on(Tick&&, Env& env, Effects& effects) && {
  return tick(std::move(*this), env, effects);
}
OneOf<Aborted> AwaitingCheck::on(PeerFailed&& failed, Env&, Effects& effects) && {
  return peer_failed(job, failed.fault, effects);
}
OneOf<Aborted> AwaitingCheck::on(Cancel&& cause, Env&, Effects& effects) && {
  return cancel(job, cause.fault, effects);
}

}  // namespace zajel_sender

// ---- ZajelSender
// -------------------------------------------------------------------------------------

ZajelSender ZajelSender::start(Params params, Env& env, Effects& effects) {
  using namespace zajel_sender;
  if (params.size > wire::limits::file_size)
    return ZajelSender(abort(Fault::file_too_large, effects));
  // Zajel's Python client takes no others, whatever was announced.
  auto chunk = params.acks ? chunk_out : chunk_to_zajel;
  while (chunk > least_chunk && wire_cost(chunk) > params.largest_message) chunk /= 2;
  Job job{std::move(params.id), params.size, params.acks, chunk};
  const bool empty_for_zajel = job.size == 0 && !job.acks;
  const std::uint64_t chunks = empty_for_zajel ? 1 : chunk_count(job.size, chunk);
  effects.push_back(SendEnvelope{
      peer::FileStart{job.id, Plaintext(safe_name(params.name.expose())), job.size, chunks}});
  if (!job.acks) return ZajelSender(begin(std::move(job), 0, env, effects));
  return ZajelSender(AwaitingAck{.job = std::move(job), .deadline = env.now + answer_patience});
}

void ZajelSender::on(Event event, Env& env, Effects& effects) {
  state_ = fsm::step<zajel_sender::Machine>(std::move(state_), std::move(event), env, effects);
}

bool ZajelSender::ended() const {
  return std::holds_alternative<zajel_sender::Done>(state_) ||
         std::holds_alternative<zajel_sender::Aborted>(state_);
}

}  // namespace culver::transfer
