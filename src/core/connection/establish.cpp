// The connection machine from the match to the open channel.
#include <algorithm>

#include "core/connection/connection.hpp"
#include "core/connection/exits.hpp"
#include "core/connection/signals.hpp"
#include "core/crypto/hash.hpp"
#include "core/wire/limits.hpp"

namespace culver::connection {
namespace {

using wire::sdp::Setup;
using Kind = wire::signaling::Description::Kind;

Connecting connect(bool initiator, Match match, Candidates::State candidates,
                   wire::sdp::SessionDescription theirs, DtlsRole role, Context& context,
                   Effects& out) {
  candidates = sort(std::move(candidates), theirs, context.env, out);
  out.emplace_back(TransportEffect{StartDtls{role}});
  const Remote remote{theirs.fingerprint, theirs.sctp_port, theirs.max_message_size};
  return Connecting{std::move(match), Terms{initiator, role, std::move(theirs.mid), remote},
                    std::move(candidates), context.env.now + context.timeouts.path};
}

}  // namespace

Machine::State start(bool initiator, const PublicKey& peer_key, Demand demand, Context& context,
                     Effects& out) {
  Match match{peer_key, crypto::KeyPair::generate(context.env.rng), demand, context.env.now};
  const auto deadline = context.env.now + context.timeouts.signal;
  if (!initiator) return Awaiting{std::move(match), Candidates::Holding{}, deadline};
  out.emplace_back(TransportEffect{StartIce{.controlling = true}});
  return Gathering{std::move(match), Candidates::Holding{}, deadline};
}

// ---- Gathering ----------------------------------------------------------------------------------

fsm::OneOf<Offering> Gathering::on(LocalDescription&& local, Context&, Effects& out) && {
  describe(Kind::offer, local, Setup::actpass, "0", out);
  return Offering{std::move(match), std::move(candidates), deadline};
}

// ---- Offering -----------------------------------------------------------------------------------

fsm::OneOf<Connecting, Offering, Closed> Offering::on(RemoteDescription&& remote, Context& context,
                                                      Effects& out) && {
  if (remote.kind != Kind::answer) {
    out.emplace_back(Dropped{Fault::out_of_order, FrameKind::description});
    return std::move(*this);
  }
  if (remote.sdp.setup == Setup::actpass) return close(Fault::bad_description, out);
  const auto role = remote.sdp.setup == Setup::active ? DtlsRole::server : DtlsRole::client;
  return connect(true, std::move(match), std::move(candidates), std::move(remote.sdp), role,
                 context, out);
}

// ---- Awaiting -----------------------------------------------------------------------------------

fsm::OneOf<Answering, Awaiting> Awaiting::on(RemoteDescription&& remote, Context&,
                                             Effects& out) && {
  if (remote.kind != Kind::offer) {
    out.emplace_back(Dropped{Fault::out_of_order, FrameKind::description});
    return std::move(*this);
  }
  out.emplace_back(TransportEffect{StartIce{.controlling = false}});
  return Answering{std::move(match), std::move(candidates), std::move(remote.sdp), deadline};
}

// ---- Answering ----------------------------------------------------------------------------------

fsm::OneOf<Connecting> Answering::on(LocalDescription&& local, Context& context, Effects& out) && {
  // Active unless the offer insists on being the client itself: one round trip less.
  const bool offer_is_client = offer.setup == Setup::active || offer.setup == Setup::unstated;
  describe(Kind::answer, local, offer_is_client ? Setup::passive : Setup::active, offer.mid, out);
  return connect(false, std::move(match), std::move(candidates), std::move(offer),
                 offer_is_client ? DtlsRole::server : DtlsRole::client, context, out);
}

// ---- Connecting ---------------------------------------------------------------------------------

fsm::OneOf<Securing> Connecting::on(PathReady&& ready, Context& context, Effects&) && {
  return Securing{std::move(match), std::move(terms), std::move(candidates), ready.path,
                  context.env.now + context.timeouts.dtls};
}

// ---- Securing -----------------------------------------------------------------------------------

fsm::OneOf<Opening, Closed> Securing::on(DtlsUp&& up, Context& context, Effects& out) && {
  auto& remote = terms.remote;
  const wire::sdp::Fingerprints shown(up.peer_certificate);
  if (!remote.fingerprint.share_one_with(shown)) return close(Fault::fingerprint_mismatch, out);
  remote.fingerprint = shown;
  out.emplace_back(TransportEffect{StartSctp{remote.sctp_port, remote.max_message_size}});
  std::size_t largest_frame = wire::limits::channel_frame_out;
  if (remote.max_message_size != 0)
    largest_frame = std::min<std::size_t>(largest_frame, remote.max_message_size);
  return Opening{.match = std::move(match),
                 .terms = std::move(terms),
                 .candidates = std::move(candidates),
                 .path = path,
                 .largest_frame = largest_frame,
                 .files = std::nullopt,
                 .window = 0,
                 .deadline = context.env.now + context.timeouts.channel};
}

// ---- Opening ------------------------------------------------------------------------------------

fsm::OneOf<Opening> Opening::on(SctpUp&&, Context&, Effects& out) && {
  if (terms.initiator) {
    out.emplace_back(TransportEffect{OpenChannel{"messages"}});
    out.emplace_back(TransportEffect{OpenChannel{"files"}});
  }
  return std::move(*this);
}

fsm::OneOf<Opening> Opening::on(Window&& told, Context&, Effects&) && {
  if (told.channel == files) window = told.bytes;
  return std::move(*this);
}

fsm::OneOf<Opening, Proving> Opening::on(ChannelOpen&& open, Context& context, Effects& out) && {
  if (open.label == "files" && !files) files = open.channel;
  if (open.label != "messages") return std::move(*this);
  wire::peer::Handshake ours{.key = context.self.identity.shared,
                             .ephemeral = match.ephemeral.shared,
                             .ratchet_version = 1,
                             .username = context.self.username,
                             .stable_id = crypto::stable_id(context.self.identity.shared),
                             .file_acks = true};
  const auto frame = wire::peer::print(ours);
  const auto bytes = as_bytes(frame);
  out.emplace_back(TransportEffect{SendOn{open.channel, {bytes.begin(), bytes.end()}}});
  // Who took long to come so far may take long to say who it is.
  const auto silence = std::clamp<Duration>(2 * (context.env.now - match.made),
                                            context.timeouts.silence, 4 * context.timeouts.silence);
  const auto patience = match.demand == Demand::confirmation ? context.timeouts.handshake : silence;
  return Proving{.match = std::move(match),
                 .terms = std::move(terms),
                 .candidates = std::move(candidates),
                 .path = path,
                 .largest_frame = largest_frame,
                 .channels = {open.channel, files},
                 .window = window,
                 .our_handshake = crypto::sha256(bytes),
                 .early = {},
                 .deadline = context.env.now + patience};
}

}  // namespace culver::connection
