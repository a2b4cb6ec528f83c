// The connection machine between the open channel and the proven peer: handshakes, and between two
// Culvers what each seals to confirm them.
#include <algorithm>

#include "core/connection/connection.hpp"
#include "core/connection/exits.hpp"
#include "core/connection/proof.hpp"
#include "core/connection/session_keys.hpp"
#include "core/connection/signals.hpp"
#include "core/crypto/hash.hpp"
#include "core/wire/limits.hpp"

namespace culver::connection {
namespace {

using namespace wire::peer;

/// The forms of files that we speak, by their newest.
constexpr std::uint64_t first_form = 1;
constexpr std::uint64_t stream_form = 2;
/// The forms of letters that we speak, by their newest.
constexpr std::uint64_t first_letters = 1;
constexpr std::uint64_t letters_with_goodbyes = 2;
/// Peers that take less at once than we send speak the first form, whose chunks are smaller.
constexpr std::size_t least_stream_frame = wire::limits::channel_frame_out;

/// What one side says of the two handshakes: its own one first.
Digest handshakes_seen(const Digest& sent, const Digest& received) {
  std::array<std::byte, 2 * Digest::size> both;
  std::copy(received.data.begin(), received.data.end(),
            std::copy(sent.data.begin(), sent.data.end(), both.begin()));
  return crypto::sha256(both);
}

/// Secured, with what came early. Next is the handler's own list of exits.
template <class Next>
Next enter(Secured next, WaitingFrames early, Context& context, Effects& out) {
  if (const auto fatal = next.catch_up(std::move(early), context, out)) return close(*fatal, out);
  return next;
}

bool opens_under_version_1(std::string_view frame, const Match& match, Context& context) {
  const auto key = session_key_v1(context.self.identity.secret, match.peer_key);
  return key && SealedChannel(*key, context.env.rng).open(frame);
}

/// A Culver with a fresh key: it confirms, and waits for us to.
bool confirms(const Handshake& theirs) { return theirs.file_acks && theirs.ephemeral; }

}  // namespace

// ---- Proving ------------------------------------------------------------------------------------

fsm::OneOf<Proving> Proving::on(ChannelOpen&& open, Context&, Effects&) && {
  if (open.label == "files" && !channels.files) channels.files = open.channel;
  return std::move(*this);
}

fsm::OneOf<Proving> Proving::on(Window&& told, Context&, Effects&) && {
  if (told.channel == channels.files) window = told.bytes;
  return std::move(*this);
}

Proving::Next Proving::on(ChannelData&& data, Context& context, Effects& out) && {
  if (data.channel == channels.files) {
    if (!early.keep(std::move(data))) return close(Fault::queue_full, out);
    return std::move(*this);
  }
  if (data.channel != channels.messages) {
    out.emplace_back(Dropped{Fault::unknown_message, FrameKind::other_channel});
    return std::move(*this);
  }
  auto parsed = parse_messages_frame(as_text(data.bytes));
  if (!parsed) return close(parsed.error(), out);
  if (auto* handshake = std::get_if<Handshake>(&*parsed))
    return std::move(*this).by_handshake(std::move(*handshake), data.bytes, context, out);
  if (std::holds_alternative<OtherJson>(*parsed) || match.demand == Demand::confirmation) {
    out.emplace_back(Dropped{Fault::unknown_message, FrameKind::message});
    return std::move(*this);
  }
  // Zajel's web page may speak version 1 without ever sending its handshake.
  if (!opens_under_version_1(as_text(data.bytes), match, context)) {
    out.emplace_back(Dropped{Fault::not_authentic, FrameKind::message});
    return std::move(*this);
  }
  auto unheard = std::move(*this).unheard(context, out);
  if (!unheard) return close(unheard.error(), out);
  return std::move(*unheard).on(std::move(data), context, out);
}

Proving::Next Proving::by_handshake(Handshake theirs, ByteView frame, Context& context,
                                    Effects& out) && {
  if (const auto claim = Proof::claim(match.peer_key, theirs); !claim)
    return close(claim.error(), out);
  if (confirms(theirs)) return std::move(*this).confirm(std::move(theirs), frame, context, out);
  // Whoever left it out, this is not the peer that we know.
  if (match.demand == Demand::confirmation) return close(Fault::peer_downgraded, out);
  return std::move(*this).claimed(std::move(theirs), context, out);
}

/// Version 2 with a fresh key, version 1 without.
Proving::Next Proving::claimed(Handshake theirs, Context& context, Effects& out) && {
  auto session = std::move(*this).session(theirs, context);
  if (!session) return close(session.error(), out);
  const auto largest = session->terms.remote.largest_message();
  out.emplace_back(Claimed{path, theirs.username, largest});
  if (window > 0) out.emplace_back(FilesWindow{window});
  return Unproven{std::move(*session), Heard{std::move(theirs.username), theirs.file_acks}, path,
                  window, std::move(early)};
}

Result<Session> Proving::session(const Handshake& theirs, Context& context) && {
  if (theirs.ephemeral) {
    TRY(const auto key, session_key_v2(context.self.identity.secret, match.peer_key,
                                       match.ephemeral.secret, *theirs.ephemeral));
    return Session::fresh(key, match.peer_key, channels, std::move(terms), std::move(candidates),
                          context);
  }
  return Session::lasting(match.peer_key, dialect_of(theirs), channels, std::move(terms),
                          std::move(candidates), context);
}

/// No handshake: what Zajel's page would be.
Result<Unproven> Proving::unheard(Context& context, Effects& out) && {
  TRY(auto session, Session::lasting(match.peer_key, Dialect::plain, channels, std::move(terms),
                                     std::move(candidates), context));
  out.emplace_back(Claimed{path, std::nullopt, session.terms.remote.largest_message()});
  if (window > 0) out.emplace_back(FilesWindow{window});
  Unheard unheard{std::move(match), largest_frame, our_handshake};
  return Unproven{std::move(session), std::move(unheard), path, window, std::move(early)};
}

/// Both sides say at once what they can do, sealed.
Proving::Next Proving::confirm(Handshake theirs, ByteView frame, Context& context,
                               Effects& out) && {
  const auto key = session_key_v2(context.self.identity.secret, match.peer_key,
                                  match.ephemeral.secret, *theirs.ephemeral);
  if (!key) return close(key.error(), out);
  const Party us{context.self.identity.shared, match.ephemeral.shared};
  auto keys = stream_keys(*key, us, {theirs.key, *theirs.ephemeral});
  if (!keys) return close(keys.error(), out);
  auto session = Session::fresh(*key, match.peer_key, channels, std::move(terms),
                                std::move(candidates), context);
  const auto their_handshake = crypto::sha256(frame);
  const Capabilities ours{.file_form = context.self.streams ? stream_form : first_form,
                          .largest_frame = wire::limits::channel_frame_in,
                          .handshakes = handshakes_seen(our_handshake, their_handshake),
                          .letters = context.self.letters ? letters_with_goodbyes : 0};
  const auto confirmation = session.sealed.seal(as_bytes(print(ours)));
  if (!confirmation) return close(confirmation.error(), out);
  send_on(channels.messages, *confirmation, out);
  return Confirming{.session = std::move(session),
                    .stream = StreamSeal(*keys),
                    .username = std::move(theirs.username),
                    .path = path,
                    .largest_frame = largest_frame,
                    .window = window,
                    .handshakes = handshakes_seen(their_handshake, our_handshake),
                    .early = std::move(early),
                    .deadline = context.env.now + context.timeouts.handshake};
}

fsm::OneOf<Unproven, Closed> Proving::on(Tick&&, Context& context, Effects& out) && {
  if (match.demand == Demand::confirmation) return close(Fault::handshake_timeout, out);
  auto next = std::move(*this).unheard(context, out);
  if (!next) return close(next.error(), out);
  return std::move(*next);
}

// ---- Confirming ---------------------------------------------------------------------------------

fsm::OneOf<Confirming> Confirming::on(ChannelOpen&& open, Context&, Effects&) && {
  if (open.label == "files" && !session.channels.files) session.channels.files = open.channel;
  return std::move(*this);
}

fsm::OneOf<Confirming> Confirming::on(Window&& told, Context&, Effects&) && {
  if (told.channel == session.channels.files) window = told.bytes;
  return std::move(*this);
}

fsm::OneOf<Confirming, Secured, Closed> Confirming::on(ChannelData&& data, Context& context,
                                                       Effects& out) && {
  if (data.channel == session.channels.files) {
    if (!early.keep(std::move(data))) return close(Fault::queue_full, out);
    return std::move(*this);
  }
  if (data.channel != session.channels.messages) {
    out.emplace_back(Dropped{Fault::unknown_message, FrameKind::other_channel});
    return std::move(*this);
  }
  const auto frame = as_text(data.bytes);
  auto parsed = parse_messages_frame(frame);
  if (parsed && std::holds_alternative<NotHandshake>(*parsed))
    return std::move(*this).by_frame(frame, context, out);
  // A second handshake changes nothing, and what we do not know is ignored, as ever.
  const bool is_handshake = parsed && std::holds_alternative<Handshake>(*parsed);
  out.emplace_back(Dropped{parsed ? Fault::out_of_order : parsed.error(),
                           is_handshake ? FrameKind::handshake : FrameKind::message});
  return std::move(*this);
}

fsm::OneOf<Confirming, Secured, Closed> Confirming::by_frame(std::string_view frame,
                                                             Context& context, Effects& out) && {
  auto confirmed = Proof::by_confirmation(session, handshakes, frame, context, out);
  if (!confirmed) return close(confirmed.error(), out);
  const auto& theirs = confirmed->capabilities;
  const auto theirs_at_most = static_cast<std::size_t>(theirs.largest_frame);
  const bool streams = context.self.streams && theirs.file_form >= stream_form &&
                       std::min(largest_frame, theirs_at_most) >= least_stream_frame;
  const bool letters = context.self.letters && theirs.letters >= first_letters &&
                       theirs_at_most >= wire::limits::channel_frame_in;
  out.emplace_back(Established{.path = path,
                               .username = std::move(username),
                               .file_acks = true,
                               .is_culver = true,
                               .stream_frame = streams ? least_stream_frame : 0,
                               .letters = letters,
                               .largest_message = session.terms.remote.largest_message()});
  if (window > 0) out.emplace_back(FilesWindow{window});
  session.terms.culver = true;
  Secured next{.session = std::move(session),
               .proof = std::move(confirmed->proof),
               .stream = std::nullopt,
               .handshake_seen = true,
               .letters = std::nullopt};
  if (letters) next.letters = LetterTalk{theirs.letters >= letters_with_goodbyes};
  out.emplace_back(TransportEffect{AcknowledgeSeldom{}});
  if (streams) next.stream = std::move(stream);
  return enter<fsm::OneOf<Confirming, Secured, Closed>>(std::move(next), std::move(early), context,
                                                        out);
}

}  // namespace culver::connection
