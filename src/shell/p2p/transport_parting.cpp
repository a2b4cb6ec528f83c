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

/// What was sent is acknowledged, and a page has had time to take it.
bool has_everything(const phase::Live& live, TimePoint now) {
  if (live.session.sctp->buffered() != 0) return false;
  if (live.peer_reads_to_the_end) return true;
  const auto* sent = std::get_if<phase::AllSent>(&live.delivery);
  return !sent || now >= sent->told + reading_time;
}

/// A Culver takes the end of one channel for the end of all, also of what it has not read yet.
void close_channels(phase::Live& live) {
  if (live.peer_reads_to_the_end) return;
  for (const auto& reset : live.channels.close_all()) live.session.sctp->reset(reset.stream);
}

/// Without DTLS the peer could not answer, and some notice that a channel has closed by SCTP only.
TimePoint shut_down(phase::Session& session, TimePoint now) {
  session.sctp->shutdown();
  return now + answer_time;
}

}  // namespace

void Transport::perform(connection::HangUp, TimePoint now) {
  if (auto* up = std::get_if<phase::Up>(&phase_)) {
    phase_ = phase::Sending{std::move(up->live), now + parting_time};
  } else if (auto* connecting = std::get_if<phase::Connecting>(&phase_)) {
    const auto by = shut_down(connecting->session, now);
    phase_ = phase::LeavingEarly{std::move(connecting->session), by};
  } else if (!phase::session_of(phase_) && !ended()) {
    end();
  }
}

void Transport::part(TimePoint now) {
  if (auto* sending = std::get_if<phase::Sending>(&phase_)) {
    if (now >= sending->end_by) return cut();
    if (!has_everything(sending->live, now)) return;
    close_channels(sending->live);
    const auto end_by = sending->end_by;
    phase_ = phase::Closing{std::move(sending->live), std::min(end_by, now + answer_time), end_by};
  }
  if (auto* closing = std::get_if<phase::Closing>(&phase_)) {
    auto& live = closing->live;
    if (now >= closing->end_by) return cut();
    const bool waits = !live.peer_reads_to_the_end && !live.channels.empty();
    if (waits && now < closing->by) return;
    const auto by = std::min(closing->end_by, shut_down(live.session, now));
    phase_ = phase::Leaving{std::move(live), by};
    return;
  }
  const auto* leaving = std::get_if<phase::Leaving>(&phase_);
  const auto* early = std::get_if<phase::LeavingEarly>(&phase_);
  if ((leaving && now >= leaving->by) || (early && now >= early->by)) cut();
}

/// The peer has had its time: without DTLS, SCTP says no more.
void Transport::cut() {
  if (auto* dtls = phase::dtls_of(phase_)) dtls->close();
  end();
}

void Transport::say_goodbye(phase::Phase& phase) {
  if (auto* session = phase::session_of(phase)) session->sctp.reset();
  if (auto* dtls = phase::dtls_of(phase)) dtls->close();
}

}  // namespace culver::p2p
