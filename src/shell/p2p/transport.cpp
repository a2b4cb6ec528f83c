#include "shell/p2p/transport.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/base/fsm.hpp"

namespace culver::p2p {
namespace {

constexpr std::size_t refill = std::size_t{768} << 10;         // bytes that a window is told for
constexpr std::size_t worth_telling = std::size_t{256} << 10;  // bytes of it that were used
constexpr std::size_t flush_at = std::size_t{64} << 10;        // bytes
constexpr std::size_t early_limit = 64;                        // datagrams, of each kind
constexpr std::size_t unsent_limit = std::size_t{64} << 10;    // bytes, while there is no path
constexpr std::size_t read_per_turn = std::size_t{256} << 10;  // bytes

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
  host_.tell(link::LocalDescription{path_->credentials(), host_.identity.fingerprint()});
}

Transport::~Transport() {
  sctp_.reset();
  if (dtls_) dtls_->close();
  flush();
}

// ---- path ---------------------------------------------------------------------------------------

void Transport::perform(link::PrepareRestart) {
  host_.tell(link::LocalDescription{path_->prepare_restart(), host_.identity.fingerprint()});
}
void Transport::perform(link::RestartIce) { path_->restart(); }
void Transport::perform(link::SetRemoteIce effect) { path_->set_remote(effect.ice); }
void Transport::perform(link::AddCandidate effect) { path_->add_candidate(effect.candidate); }
void Transport::perform(link::RemoteCandidatesDone) { path_->remote_candidates_done(); }

void Transport::on_path(PathEvent event) {
  std::visit(fsm::overload{
                 [this](PathCarries& path) {
                   datagram_ = path.bytes;
                   if (sctp_) sctp_->set_datagram(datagram_);
                 },
                 [this](link::PathReady& ready) {
                   path_ready_ = true;
                   host_.tell(ready);
                 },
                 [this](auto& e) { host_.tell(std::move(e)); },
             },
             event);
  begin_dtls();
  host_.wake();
}

void Transport::on_batch(std::span<const Datagram> batch) {
  for (const auto& datagram : batch) {
    if (!looks_like_dtls(datagram)) {
      ++host_.counters.datagrams_not_dtls;
    } else if (dtls_) {
      on_dtls(datagram);
    } else if (keep(early_datagrams_, datagram, host_.counters)) {
      ++host_.counters.datagrams_early;
    }
  }
  host_.wake();
}

// What cannot go yet is kept while it is little, and lost like any datagram when it is much.
void Transport::flush() {
  if (out_.empty()) return;
  if (path_ready_) {
    path_->send_batch(out_.views());
    out_.clear();
  } else if (out_.bytes() > unsent_limit) {
    out_.clear();
  }
}

// ---- DTLS ---------------------------------------------------------------------------------------

void Transport::perform(link::StartDtls effect) {
  role_ = effect.role;
  begin_dtls();
}

// Not before there is a path: a flight into nothing would only start the timer.
void Transport::begin_dtls() {
  if (!role_ || !path_ready_ || dtls_) return;
  dtls_.emplace(host_.identity, *role_, out_);
  dtls_->start();
  on_dtls_state();
  for (const auto& datagram : early_datagrams_.views()) on_dtls(datagram);
  early_datagrams_.clear();
}

void Transport::on_dtls(Datagram datagram) {
  dtls_->feed(datagram);
  on_dtls_state();
  while (const auto packet = dtls_->read()) {
    if (sctp_)
      sctp_->input(*packet);
    else
      keep(early_packets_, *packet, host_.counters);
  }
  if (dtls_->state() == Dtls::State::closed) peer_left_ = true;
}

void Transport::on_dtls_state() {
  if (dtls_told_ || dtls_->state() == Dtls::State::handshaking) return;
  dtls_told_ = true;
  const auto certificate = dtls_->peer_certificate();
  if (certificate)
    host_.tell(link::DtlsUp{*certificate});
  else
    host_.tell(link::DtlsFailed{});
}

// ---- SCTP ---------------------------------------------------------------------------------------

void Transport::perform(link::StartSctp effect) {
  if (sctp_ || !dtls_ || dtls_->state() != Dtls::State::up) return;
  peer_sctp_ = effect;
  try {
    sctp_.emplace(effect.port, datagram_, [this](ByteView packet) {
      dtls_->send(packet);
      if (out_.bytes() >= flush_at) flush();
    });
  } catch (const std::exception&) {
    end();
    return;
  }
  sctp_->pause(paused_);
  for (const auto& packet : early_packets_.views()) sctp_->input(packet);
  early_packets_.clear();
}

void Transport::read_sctp() {
  std::size_t budget = read_per_turn;
  while (sctp_ && !ended_) {
    if (budget == 0) {
      host_.wake();
      return;
    }
    auto event = sctp_->next();
    if (!event) return;
    const auto* message = std::get_if<SctpMessage>(&*event);
    budget -= std::min(budget, message ? std::max<std::size_t>(message->bytes.size(), 64) : 64);
    std::visit([this](auto&& e) { on_sctp(std::move(e)); }, std::move(*event));
  }
}

void Transport::on_sctp(AssociationUp up) {
  const auto ids = *role_ == link::DtlsRole::client ? dcep::Ids::even : dcep::Ids::odd;
  channels_.emplace(dcep::Channels::Association{ids, up.streams, peer_sctp_->max_message_size});
  host_.tell(link::SctpUp{});
  for (auto& label : std::exchange(waiting_labels_, {}))
    perform(link::OpenChannel{std::move(label)});
}

void Transport::on_sctp(AssociationEnded) { end(); }

void Transport::enqueue(SctpMessage message) {
  if (!sctp_->send(std::move(message))) end();
}

// ---- channels -----------------------------------------------------------------------------------

void Transport::perform(link::OpenChannel effect) {
  if (!channels_) {
    if (waiting_labels_.size() < dcep::Channels::limit)
      waiting_labels_.push_back(std::move(effect.label));
    return;
  }
  perform(channels_->open(std::move(effect.label)));
}

void Transport::on_sctp(SctpMessage message) {
  if (!channels_) {
    ++host_.counters.messages_dropped;
    return;
  }
  perform(channels_->take(message.stream, message.ppid, std::move(message.bytes)));
}

void Transport::on_sctp(const StreamsReset& reset) {
  if (!channels_) return;
  if (reset.incoming)
    perform(channels_->on_incoming_reset(reset.streams));
  else
    channels_->on_outgoing_reset(reset.streams);
}

void Transport::perform(link::SendOn effect) {
  if (!channels_) {
    ++host_.counters.messages_dropped;
    return;
  }
  const auto size = effect.bytes.size();
  auto effects = channels_->send(effect.channel, std::move(effect.bytes), effect.binary);
  if (std::holds_alternative<dcep::Send>(effects.front())) {
    auto& left = credits_[effect.channel].left;
    left -= std::min(left, size);
    all_sent_told_ = false;
  }
  perform(std::move(effects));
}

void Transport::perform(dcep::Effects&& effects) {
  const fsm::overload one{[this](dcep::Send& e) {
                            enqueue({e.stream, e.ppid, std::move(e.bytes)});
                          },
                          [this](dcep::ResetStream& e) { sctp_->reset(e.stream); },
                          [this](dcep::Opened& e) {
                            host_.tell(link::ChannelOpen{e.channel, std::move(e.label)});
                            credits_[e.channel] = {sctp_->room()};
                            host_.tell(link::Window{e.channel, sctp_->room()});
                          },
                          [this](dcep::Data& e) {
                            host_.tell(link::ChannelData{e.channel, std::move(e.bytes), e.binary});
                          },
                          [this](dcep::Closed& e) {
                            credits_.erase(e.channel);
                            host_.tell(link::ChannelClosed{e.channel});
                          },
                          [this](dcep::Dropped& e) {
                            ++(e.what == dcep::Dropped::What::control
                                   ? host_.counters.channels_refused
                                   : host_.counters.messages_dropped);
                          },
                          [this](dcep::TooLarge&) { end(); }};
  for (auto& effect : effects) std::visit(one, effect);
}

void Transport::perform(link::PauseReading effect) {
  paused_ = effect.paused;
  if (sctp_) sctp_->pause(paused_);
}

void Transport::perform(link::AcknowledgeSeldom) {
  peer_reads_to_the_end_ = true;
  if (sctp_) sctp_->acknowledge_seldom();
}

// A window is told anew only when it was used, so that an idle channel is silent.
void Transport::tell_windows() {
  const auto room = sctp_->room();
  const auto used = [room](const auto& entry) { return entry.second.left < room - worth_telling; };
  if (std::none_of(credits_.begin(), credits_.end(), used)) return;
  const auto buffered = sctp_->buffered();
  if (buffered > room - refill) return;
  for (auto& entry : credits_) {
    if (!used(entry)) continue;
    entry.second.left = room - buffered;
    host_.tell(link::Window{entry.first, entry.second.left});
  }
}

// By the amount that is not acknowledged, not by SCTP's "sender dry": that notice waits in the
// receive buffer behind data that a paused reader does not take.
void Transport::tell_all_sent(TimePoint now) {
  if (all_sent_told_ || sctp_->buffered() != 0) return;
  all_sent_told_ = true;
  all_sent_at_ = now;
  host_.tell(link::AllSent{});
}

// ---- time and end -------------------------------------------------------------------------------

bool Transport::wants_ticks() const {
  return sctp_ || (dtls_ && dtls_->state() == Dtls::State::handshaking);
}

void Transport::run(TimePoint now) {
  if (ended_) return;
  if (dtls_ && dtls_->state() == Dtls::State::handshaking) {
    const auto left = dtls_->timeout();
    if (left && *left <= left->zero()) {
      ++host_.counters.dtls_retransmissions;
      dtls_->on_timeout();
      on_dtls_state();
    }
  }
  read_sctp();
  if (sctp_ && !ended_) {
    sctp_->pump();
    tell_windows();
    tell_all_sent(now);
  }
  // What the peer sent before it left is delivered first, however long the reader pauses.
  if (peer_left_ && !(sctp_ && sctp_->has_unread())) end();
  part(now);
  flush();
}

void Transport::end() {
  if (std::exchange(ended_, true)) return;
  host_.tell(link::TransportClosed{});
}

}  // namespace culver::p2p
