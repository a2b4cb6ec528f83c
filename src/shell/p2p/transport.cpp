// A transport's life from its path to its association, and its turns.
#include "shell/p2p/transport.hpp"

#include <stdexcept>
#include <utility>

#include "core/base/fsm.hpp"
#include "shell/host/log_exception.hpp"

namespace culver::p2p {
namespace {

constexpr std::size_t flush_at = std::size_t{64} << 10;  // bytes
constexpr std::size_t early_limit = 64;                  // datagrams, of each kind

bool keep(Batch& batch, Datagram datagram, Counters& counters) {
  if (batch.size() >= early_limit) {
    ++counters.datagrams_overflow;
    return false;
  }
  batch.append(datagram);
  return true;
}

}  // namespace

Transport::Transport(Host host, const PathFactory& make_path, const PathConfig& config)
    : host_(std::move(host)) {
  PathSink sink{[this](PathEvent event) { on_path(std::move(event)); },
                [this](std::span<const Datagram> batch) { on_batch(batch); }};
  path_ = make_path(host_.io, config, std::move(sink));
  if (!path_) throw std::runtime_error("no path");
  host_.tell(connection::LocalDescription{path_->credentials(), host_.identity.fingerprint()});
}

Transport::~Transport() {
  say_goodbye(phase_);
  flush();
}

// ---- path ---------------------------------------------------------------------------------------

void Transport::perform(connection::PrepareRestart) {
  host_.tell(connection::LocalDescription{path_->prepare_restart(), host_.identity.fingerprint()});
}
void Transport::perform(connection::RestartIce) { path_->restart(); }
void Transport::perform(connection::SetRemoteIce effect) { path_->set_remote(effect.ice); }
void Transport::perform(connection::AddCandidate effect) { path_->add_candidate(effect.candidate); }
void Transport::perform(connection::RemoteCandidatesDone) { path_->remote_candidates_done(); }

void Transport::on_path(PathEvent event) {
  if (ended()) return;
  std::visit(fsm::overload{
                 [this](PathCarries& path) {
                   datagram_ = path.bytes;
                   if (auto* session = phase::session_of(phase_))
                     session->sctp->set_datagram(datagram_);
                 },
                 [this](connection::PathReady& ready) {
                   host_.tell(ready);
                   on_path_ready();
                 },
                 [this](auto& e) { host_.tell(std::move(e)); },
             },
             event);
  host_.wake();
}

void Transport::on_path_ready() {
  if (auto* gathering = std::get_if<phase::Gathering>(&phase_))
    phase_ = phase::WaitingForRole{std::move(gathering->records)};
  else if (auto* waiting = std::get_if<phase::WaitingForPath>(&phase_))
    begin_dtls(waiting->role, std::move(waiting->records));
}

void Transport::on_batch(std::span<const Datagram> batch) {
  for (const auto& datagram : batch) {
    if (!looks_like_dtls(datagram)) {
      ++host_.counters.datagrams_not_dtls;
    } else if (auto* records = phase::records_of(phase_)) {
      if (keep(*records, datagram, host_.counters)) ++host_.counters.datagrams_early;
    } else {
      on_dtls(datagram);
    }
  }
  host_.wake();
}

void Transport::flush() {
  if (out_.empty()) return;
  path_->send_batch(out_.views());
  out_.clear();
}

// ---- DTLS ---------------------------------------------------------------------------------------

void Transport::perform(connection::StartDtls effect) {
  if (auto* gathering = std::get_if<phase::Gathering>(&phase_))
    phase_ = phase::WaitingForPath{effect.role, std::move(gathering->records)};
  else if (auto* waiting = std::get_if<phase::WaitingForRole>(&phase_))
    begin_dtls(effect.role, std::move(waiting->records));
}

void Transport::begin_dtls(connection::DtlsRole role, Batch records) {
  auto dtls = std::make_unique<Dtls>(host_.identity, role, out_);
  dtls->start();
  phase_ = phase::ShakingHands{role, std::move(dtls)};
  on_handshake();
  for (const auto& datagram : records.views()) on_dtls(datagram);
}

void Transport::on_dtls(Datagram datagram) {
  if (auto* dtls = phase::dtls_of(phase_)) dtls->feed(datagram);
  on_handshake();
  auto* dtls = phase::dtls_of(phase_);  // gone, if the handshake has failed
  if (!dtls) return;
  while (const auto packet = dtls->read()) on_packet(*packet);
}

void Transport::on_packet(ByteView packet) {
  if (auto* session = phase::session_of(phase_))
    session->sctp->input(packet);
  else if (auto* waiting = std::get_if<phase::WaitingForSctp>(&phase_))
    keep(waiting->packets, packet, host_.counters);
}

void Transport::on_handshake() {
  auto* shaking = std::get_if<phase::ShakingHands>(&phase_);
  if (!shaking || shaking->dtls->state() == Dtls::State::handshaking) return;
  const auto certificate = shaking->dtls->peer_certificate();
  if (!certificate) {
    shaking->dtls->close();
    phase_ = phase::Failed{};
    return host_.tell(connection::DtlsFailed{});
  }
  phase_ = phase::WaitingForSctp{shaking->role, std::move(shaking->dtls), {}};
  host_.tell(connection::DtlsUp{*certificate});
}

void Transport::repeat_flight() {
  auto* shaking = std::get_if<phase::ShakingHands>(&phase_);
  if (!shaking) return;
  const auto left = shaking->dtls->timeout();
  if (!left || *left > left->zero()) return;
  ++host_.counters.dtls_retransmissions;
  shaking->dtls->on_timeout();
  on_handshake();
}

bool Transport::peer_has_left() {
  const auto* dtls = phase::dtls_of(phase_);
  if (!dtls || dtls->state() != Dtls::State::closed) return false;
  // What it sent before is delivered first, however long the reader pauses.
  const auto* session = phase::session_of(phase_);
  return !(session && session->sctp->has_unread());
}

// ---- SCTP ---------------------------------------------------------------------------------------

void Transport::perform(connection::StartSctp effect) {
  auto* waiting = std::get_if<phase::WaitingForSctp>(&phase_);
  if (!waiting || waiting->dtls->state() != Dtls::State::up) return;
  std::unique_ptr<Association> sctp;
  try {
    sctp = std::make_unique<Association>(effect.port, datagram_,
                                         [this, dtls = waiting->dtls.get()](ByteView packet) {
                                           dtls->send(packet);
                                           if (out_.bytes() >= flush_at) flush();
                                         });
  } catch (const std::exception& error) {
    log::caught(log::Level::error, "no SCTP association on connection", error, host_.connection);
    return end();
  }
  sctp->pause(paused_);
  for (const auto& packet : waiting->packets.views()) sctp->input(packet);
  phase_ = phase::Connecting{
      waiting->role, effect.max_message_size, {std::move(waiting->dtls), std::move(sctp)}};
}

void Transport::perform(connection::PauseReading effect) {
  paused_ = effect.paused;
  if (auto* session = phase::session_of(phase_)) session->sctp->pause(paused_);
}

// ---- time and end -------------------------------------------------------------------------------

bool Transport::wants_ticks() {
  return phase::session_of(phase_) || std::holds_alternative<phase::ShakingHands>(phase_);
}

void Transport::run(TimePoint now) {
  if (ended()) return;
  repeat_flight();
  read_sctp();
  if (auto* live = phase::live_of(phase_)) {
    live->session.sctp->pump();
    tell_windows(*live);
    tell_all_sent(*live, now);
  }
  if (peer_has_left()) end();
  part(now);
  flush();
}

void Transport::end() {
  auto last = std::exchange(phase_, phase::Ended{});
  say_goodbye(last);
  host_.tell(connection::TransportClosed{});
}

}  // namespace culver::p2p
