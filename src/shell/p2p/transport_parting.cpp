// How a transport hangs up: everything is acknowledged, the channels are closed (RFC 8831 section
// 6.7) and the peer has answered, then the association, then DTLS. Each of it is bounded.
//
// That SCTP has acknowledged a message does not say that the program above has it. A Culver reads
// what came before a goodbye. A browser throws away what its page has not asked for when a channel
// closes: a page that is busy when its channel opens takes it later. Nothing on the wire tells, so
// such a peer is left some time after the last message.
#include <algorithm>
#include <chrono>
#include <utility>

#include "shell/p2p/transport.hpp"

namespace culver::p2p {
namespace {

constexpr std::chrono::seconds parting_time{5};
constexpr std::chrono::seconds reading_time{2};  // of it, for a page after the last message
constexpr std::chrono::seconds answer_time{1};   // of it, for each answer to our goodbye

}  // namespace

void Transport::perform(link::HangUp, TimePoint now) {
  if (parting_) return;
  const auto end_by = now + parting_time;
  parting_ = Parting{Parting::Phase::sending, end_by, end_by};
}

bool Transport::may_close_channels(TimePoint now) const {
  if (sctp_->buffered() != 0) return false;
  return peer_reads_to_the_end_ || !all_sent_at_ || now >= *all_sent_at_ + reading_time;
}

/// A Culver takes the end of one channel for the end of all, also of what it has not read yet.
void Transport::close_channels() {
  if (peer_reads_to_the_end_ || !channels_) return;
  perform(channels_->close_all());
}

/// Without DTLS the peer could not answer, and some notice that a channel has closed by SCTP only.
void Transport::shut_down(TimePoint now) {
  sctp_->shutdown();
  parting_->phase = Parting::Phase::leaving;
  parting_->by = std::min(parting_->end_by, now + answer_time);
}

void Transport::part(TimePoint now) {
  using Phase = Parting::Phase;
  if (!parting_ || ended_) return;
  if (sctp_ && parting_->phase == Phase::sending && now < parting_->by) {
    if (!may_close_channels(now)) return;
    close_channels();
    parting_->phase = Phase::closing;
    parting_->by = std::min(parting_->end_by, now + answer_time);
  }
  if (sctp_ && parting_->phase == Phase::closing && now < parting_->end_by) {
    const bool waits = !peer_reads_to_the_end_ && channels_ && !channels_->empty();
    if (waits && now < parting_->by) return;
    return shut_down(now);
  }
  if (sctp_ && now < parting_->by) return;
  if (dtls_) dtls_->close();
  end();
}

}  // namespace culver::p2p
