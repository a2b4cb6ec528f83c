#include "core/connection/restart.hpp"

#include "core/connection/signals.hpp"

namespace culver::connection {

using fsm::OneOf;
using wire::sdp::Setup;
using wire::signaling::Description;

namespace {

/// Whose it is: another certificate would need another DTLS session, and is none of ours.
bool continues(const RemoteDescription& remote, Description::Kind kind, const Terms& terms,
               Effects& out) {
  if (remote.kind != kind) {
    out.emplace_back(Dropped{Fault::out_of_order, FrameKind::description});
    return false;
  }
  if (remote.sdp.fingerprint.share_one_with(terms.remote.fingerprint)) return true;
  out.emplace_back(Dropped{Fault::fingerprint_mismatch, FrameKind::description});
  return false;
}

bool takes_offer(const RemoteDescription& remote, const Terms& terms, Effects& out) {
  return continues(remote, Description::Kind::offer, terms, out);
}

/// Both descriptions are known.
Restart::Settled begin_anew(Candidates::State candidates,
                            const wire::sdp::SessionDescription& theirs, Env& env, Effects& out) {
  out.emplace_back(TransportEffect{RestartIce{}});
  return {sort(std::move(candidates), theirs, env, out)};
}

/// The roles of DTLS stay as they are, RFC 8842 section 5.5.
Restart::Settled answer(const LocalDescription& ours, const wire::sdp::SessionDescription& offer,
                        Candidates::State candidates, RestartContext& context, Effects& out) {
  const auto setup = context.terms.role == DtlsRole::client ? Setup::active : Setup::passive;
  describe(Description::Kind::answer, ours, setup, offer.mid, out);
  auto next = begin_anew(std::move(candidates), offer, context.env, out);
  next.answered = offer.ice.ufrag;
  return next;
}

}  // namespace

// ---- Settled ------------------------------------------------------------------------------------

OneOf<Restart::Settled, Restart::Preparing> Restart::Settled::on(PathDoubted&&, Context& context,
                                                                 Effects& out) && {
  if (!context.terms.culver) return std::move(*this);
  out.emplace_back(TransportEffect{PrepareRestart{}});
  return Preparing{std::move(candidates)};
}

OneOf<Restart::Settled> Restart::Settled::on(RemoteCandidate&& remote, Context& context,
                                             Effects& out) && {
  candidates = sort(std::move(candidates), std::move(remote), context.env, out);
  return std::move(*this);
}

OneOf<Restart::Settled, Restart::Answering> Restart::Settled::on(RemoteDescription&& remote,
                                                                 Context& context,
                                                                 Effects& out) && {
  if (!takes_offer(remote, context.terms, out)) return std::move(*this);
  if (remote.sdp.ice.ufrag == answered) return std::move(*this);
  out.emplace_back(TransportEffect{PrepareRestart{}});
  return Answering{std::move(remote.sdp), Candidates::Holding{}};
}

// ---- Preparing ----------------------------------------------------------------------------------

OneOf<Restart::Offered> Restart::Preparing::on(LocalDescription&& local, Context& context,
                                               Effects& out) && {
  describe(Description::Kind::offer, local, Setup::actpass, context.terms.mid, out);
  return Offered{std::move(candidates), std::move(local)};
}

OneOf<Restart::Preparing> Restart::Preparing::on(RemoteCandidate&& remote, Context& context,
                                                 Effects& out) && {
  candidates = sort(std::move(candidates), std::move(remote), context.env, out);
  return std::move(*this);
}

/// Our offer has not left yet, so the peer's is the only one.
OneOf<Restart::Preparing, Restart::Answering> Restart::Preparing::on(RemoteDescription&& remote,
                                                                     Context& context,
                                                                     Effects& out) && {
  if (!takes_offer(remote, context.terms, out)) return std::move(*this);
  return Answering{std::move(remote.sdp), Candidates::Holding{}};
}

// ---- Offered ------------------------------------------------------------------------------------

OneOf<Restart::Offered> Restart::Offered::on(PathReady&&, Context&, Effects&) && {
  pressing = false;
  return std::move(*this);
}

OneOf<Restart::Preparing> Restart::Offered::on(PathDoubted&&, Context&, Effects& out) && {
  out.emplace_back(TransportEffect{PrepareRestart{}});
  return Preparing{std::move(candidates)};
}

OneOf<Restart::Offered, Restart::Preparing> Restart::Offered::on(SignalingBack&&, Context&,
                                                                 Effects& out) && {
  if (!pressing) return std::move(*this);
  out.emplace_back(TransportEffect{PrepareRestart{}});
  return Preparing{std::move(candidates)};
}

OneOf<Restart::Offered> Restart::Offered::on(RemoteCandidate&& remote, Context& context,
                                             Effects& out) && {
  candidates = sort(std::move(candidates), std::move(remote), context.env, out);
  return std::move(*this);
}

OneOf<Restart::Offered, Restart::Settled> Restart::Offered::on(RemoteDescription&& remote,
                                                               Context& context, Effects& out) && {
  const bool is_offer = remote.kind == Description::Kind::offer;
  if (!continues(remote, remote.kind, context.terms, out)) return std::move(*this);
  if (is_offer && context.terms.initiator && pressing) {
    describe(Description::Kind::offer, ours, Setup::actpass, context.terms.mid, out);
    return std::move(*this);
  }
  if (is_offer) return answer(ours, remote.sdp, Candidates::Holding{}, context, out);
  return begin_anew(Candidates::Holding{}, remote.sdp, context.env, out);
}

// ---- Answering ----------------------------------------------------------------------------------

OneOf<Restart::Settled> Restart::Answering::on(LocalDescription&& local, Context& context,
                                               Effects& out) && {
  return answer(local, offer, std::move(candidates), context, out);
}

OneOf<Restart::Answering> Restart::Answering::on(RemoteCandidate&& remote, Context& context,
                                                 Effects& out) && {
  candidates = sort(std::move(candidates), std::move(remote), context.env, out);
  return std::move(*this);
}

/// The newest offer is the one that the peer waits for an answer to.
OneOf<Restart::Answering> Restart::Answering::on(RemoteDescription&& remote, Context& context,
                                                 Effects& out) && {
  if (!takes_offer(remote, context.terms, out)) return std::move(*this);
  return Answering{std::move(remote.sdp), Candidates::Holding{}};
}

}  // namespace culver::connection
