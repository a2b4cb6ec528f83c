// What a transport reads from its association and sends on it. What it means, the table of channels
// says (core/dcep); here it is performed.
#include <algorithm>
#include <utility>

#include "core/base/fsm.hpp"
#include "shell/p2p/transport.hpp"

namespace culver::p2p {
namespace {

constexpr std::size_t refill = std::size_t{768} << 10;         // bytes that a window is told for
constexpr std::size_t worth_telling = std::size_t{256} << 10;  // bytes of it that were used
constexpr std::size_t read_per_turn = std::size_t{256} << 10;  // bytes

dcep::Ids ids_of(connection::DtlsRole role) {
  return role == connection::DtlsRole::client ? dcep::Ids::even : dcep::Ids::odd;
}

}  // namespace

void Transport::read_sctp() {
  std::size_t budget = read_per_turn;
  while (auto* session = phase::session_of(phase_)) {
    if (budget == 0) {
      host_.wake();
      return;
    }
    auto event = session->sctp->next();
    if (!event) return;
    const auto* message = std::get_if<SctpMessage>(&*event);
    budget -= std::min(budget, message ? std::max<std::size_t>(message->bytes.size(), 64) : 64);
    std::visit([this](auto&& e) { on_sctp(std::move(e)); }, std::move(*event));
  }
}

void Transport::on_sctp(AssociationUp up) {
  auto* connecting = std::get_if<phase::Connecting>(&phase_);
  if (!connecting) return;  // we are leaving already
  auto labels = std::move(connecting->labels);
  const dcep::Channels::Association association{ids_of(connecting->role), up.streams,
                                                connecting->largest_sent};
  phase_ = phase::Up{phase::Live{std::move(connecting->session), dcep::Channels(association)}};
  host_.tell(connection::SctpUp{});
  for (auto& label : labels) perform(connection::OpenChannel{std::move(label)});
}

void Transport::on_sctp(AssociationEnded) { end(); }

void Transport::on_sctp(SctpMessage message) {
  auto* live = phase::live_of(phase_);
  if (!live) {
    ++host_.counters.messages_dropped;
    return;
  }
  if (!perform(*live, live->channels.take(message.stream, message.ppid, std::move(message.bytes))))
    end();
}

void Transport::on_sctp(const StreamsReset& reset) {
  auto* live = phase::live_of(phase_);
  if (!live) return;
  if (!reset.incoming) return live->channels.on_outgoing_reset(reset.streams);
  if (!perform(*live, live->channels.on_incoming_reset(reset.streams))) end();
}

void Transport::perform(connection::OpenChannel effect) {
  if (auto* connecting = std::get_if<phase::Connecting>(&phase_)) {
    if (connecting->labels.size() < dcep::Channels::limit)
      connecting->labels.push_back(std::move(effect.label));
    return;
  }
  // Where none is free, the machine's own deadline for channels tells.
  auto* live = phase::live_of(phase_);
  if (live && !perform(*live, live->channels.open(std::move(effect.label)))) end();
}

void Transport::perform(connection::SendOn effect) {
  auto* live = phase::live_of(phase_);
  if (!live) {
    ++host_.counters.messages_dropped;
    return;
  }
  const auto size = effect.bytes.size();
  auto effects = live->channels.send(effect.channel, std::move(effect.bytes), effect.binary);
  if (std::holds_alternative<dcep::SendOnStream>(effects.front())) {
    auto& left = live->windows_left[effect.channel].left;
    left -= std::min(left, size);
    live->delivery = phase::Unacknowledged{};
  }
  if (!perform(*live, std::move(effects))) end();
}

void Transport::perform(connection::AcknowledgeSeldom) {
  auto* live = phase::live_of(phase_);
  if (!live) return;
  live->peer_reads_to_the_end = true;
  live->session.sctp->acknowledge_seldom();
}

/// False if the association cannot go on.
bool Transport::perform(phase::Live& live, dcep::Effects effects) {
  auto& sctp = *live.session.sctp;
  const fsm::overload one{
      [&](dcep::SendOnStream& e) {
        return sctp.send({e.stream, e.ppid, std::move(e.bytes)});
      },
      [&](dcep::ResetStream& e) { return sctp.reset(e.stream), true; },
      [&](dcep::Opened& e) {
        live.windows_left[e.channel] = {sctp.room()};
        host_.tell(connection::ChannelOpen{e.channel, std::move(e.label)});
        return host_.tell(connection::Window{e.channel, sctp.room()}), true;
      },
      [&](dcep::Data& e) {
        return host_.tell(connection::ChannelData{e.channel, std::move(e.bytes), e.binary}), true;
      },
      [&](dcep::Closed& e) {
        live.windows_left.erase(e.channel);
        return host_.tell(connection::ChannelClosed{e.channel}), true;
      },
      [&](dcep::Dropped& e) {
        ++(e.what == dcep::Dropped::What::control ? host_.counters.channels_refused
                                                  : host_.counters.messages_dropped);
        return true;
      },
      [](dcep::TooLarge&) { return false; }};
  return std::all_of(effects.begin(), effects.end(),
                     [&](auto& effect) { return std::visit(one, effect); });
}

// A window is told anew only when it was used, so that an idle channel is silent.
void Transport::tell_windows(phase::Live& live) {
  const auto room = live.session.sctp->room();
  const auto used = [room](const auto& entry) { return entry.second.left < room - worth_telling; };
  if (std::none_of(live.windows_left.begin(), live.windows_left.end(), used)) return;
  const auto buffered = live.session.sctp->buffered();
  if (buffered > room - refill) return;
  for (auto& entry : live.windows_left) {
    if (!used(entry)) continue;
    entry.second.left = room - buffered;
    host_.tell(connection::Window{entry.first, entry.second.left});
  }
}

// By the amount that is not acknowledged, not by SCTP's "sender dry": that notice waits in the
// receive buffer behind data that a paused reader does not take.
void Transport::tell_all_sent(phase::Live& live, TimePoint now) {
  if (!std::holds_alternative<phase::Unacknowledged>(live.delivery)) return;
  if (live.session.sctp->buffered() != 0) return;
  live.delivery = phase::AllSent{now};
  host_.tell(connection::AllSent{});
}

}  // namespace culver::p2p
