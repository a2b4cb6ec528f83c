#include "bench/p2p/end.hpp"

#include <cstdio>
#include <cstdlib>

namespace culver::p2p::bench {
namespace {

namespace sdp = wire::sdp;

}  // namespace

End::End(boost::asio::io_context& io, Signals& signals, bool offers, StackConfig config)
    : signals_(signals),
      offers_(offers),
      stack_(io, std::move(config),
             [this](ConnectionId, connection::TransportEvent e) { on(std::move(e)); }) {}

void End::begin() { perform(connection::StartIce{offers_}); }

void End::on_signal(char tag, const std::string& text) {
  if (tag == 'D') {
    const auto description = sdp::parse(text);
    if (!description) std::abort();
    peer_ = description->fingerprint;
    perform(connection::SetRemoteIce{description->ice});
    perform(connection::StartDtls{offers_ ? connection::DtlsRole::server
                                          : connection::DtlsRole::client});
  } else if (tag == 'C') {
    const auto candidate = sdp::parse_candidate(text);
    if (candidate && !candidate->skipped) perform(connection::AddCandidate{candidate->candidate});
  } else if (tag == 'G') {
    perform(connection::RemoteCandidatesDone{});
  }
}

void End::send(const std::string& label, ByteVector bytes, bool binary) {
  all_sent_ = false;
  perform(connection::SendOn{channels_.at(label), std::move(bytes), binary});
}

void End::on(connection::TransportEvent event) {
  if (const auto* own = std::get_if<connection::LocalDescription>(&event)) {
    sdp::SessionDescription description;
    description.ice = own->ice;
    description.fingerprint = own->fingerprint;
    signals_.say('D', sdp::print(description));
  } else if (const auto* candidate = std::get_if<connection::LocalCandidate>(&event)) {
    signals_.say('C', sdp::print(candidate->candidate));
  } else if (std::holds_alternative<connection::GatheringDone>(event)) {
    signals_.say('G');
  } else if (const auto* up = std::get_if<connection::DtlsUp>(&event)) {
    if (peer_.share_one_with(sdp::Fingerprints(up->peer_certificate)))
      perform(connection::StartSctp{5000, 262'144});
  } else if (std::holds_alternative<connection::SctpUp>(event)) {
    perform(connection::AcknowledgeSeldom{});
    if (offers_)
      for (const char* label : {"messages", "files"}) perform(connection::OpenChannel{label});
  } else if (const auto* open = std::get_if<connection::ChannelOpen>(&event)) {
    channels_[open->label] = open->channel;
  } else if (const auto* window = std::get_if<connection::Window>(&event)) {
    windows_[window->channel] = window->bytes;
  } else if (std::holds_alternative<connection::AllSent>(event)) {
    all_sent_ = true;
  } else if (std::holds_alternative<connection::TransportClosed>(event) ||
             std::holds_alternative<connection::PathFailed>(event)) {
    closed_ = true;
  }
  if (also) also(event);
}

}  // namespace culver::p2p::bench
