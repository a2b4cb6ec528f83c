// The link machine between the open channel and the proven peer: handshakes, and between two
// Culvers what each seals to confirm them.
#include <algorithm>

#include "core/crypto/hash.hpp"
#include "core/link/exits.hpp"
#include "core/link/link.hpp"
#include "core/link/proof.hpp"
#include "core/link/session_keys.hpp"
#include "core/link/signals.hpp"
#include "core/wire/limits.hpp"

namespace culver::link {
namespace {

using namespace wire::peer;

/// The forms of files that we speak, by their newest.
constexpr std::uint64_t first_form = 1;
constexpr std::uint64_t stream_form = 2;
/// The form of letters that we speak.
constexpr std::uint64_t letters_form = 1;
/// Peers that take less at once than we send speak the first form, whose chunks are smaller.
constexpr std::size_t least_stream_frame = wire::limits::channel_frame_out;

/// The key of the session that this handshake leads to: v2 if the peer has an ephemeral key.
Result<SessionKey> session_key(const Match& match, const Handshake& theirs, const Self& self) {
  const auto& identity = self.identity.secret;
  if (!theirs.ephemeral) return session_key_v1(identity, match.peer_key);
  return session_key_v2(identity, match.peer_key, match.ephemeral.secret, *theirs.ephemeral);
}

/// What one side says of the two handshakes: its own one first.
Digest handshakes_seen(const Digest& sent, const Digest& received) {
  std::array<std::byte, 2 * Digest::size> both;
  std::copy(received.data.begin(), received.data.end(),
            std::copy(sent.data.begin(), sent.data.end(), both.begin()));
  return crypto::sha256(both);
}

/// Secured, with what came early. Next is the handler's own list of exits.
template <class Next>
Next enter(Secured next, EarlyFrames early, Effects& out) {
  if (const auto fatal = next.catch_up(std::move(early), out)) return close(*fatal, out);
  return next;
}

/// A Culver with a fresh key: it confirms, and waits for us to.
bool confirms(const Handshake& theirs) { return theirs.file_acks && theirs.ephemeral; }

}  // namespace

// ---- Proving ------------------------------------------------------------------------------------

fsm::OneOf<Proving> Proving::on(LocalCandidate&& local, Context&, Effects& out) && {
  trickle(local.candidate, out);
  return std::move(*this);
}

fsm::OneOf<Proving> Proving::on(RemoteCandidate&& remote, Context& context, Effects& out) && {
  candidates = sort(std::move(candidates), std::move(remote), context.env, out);
  return std::move(*this);
}

fsm::OneOf<Proving> Proving::on(ChannelOpen&& open, Context&, Effects&) && {
  if (open.label == "files" && !channels.files) channels.files = open.channel;
  return std::move(*this);
}

fsm::OneOf<Proving> Proving::on(PathReady&& ready, Context&, Effects&) && {
  path = ready.path;
  return std::move(*this);
}

fsm::OneOf<Proving> Proving::on(Window&& told, Context&, Effects&) && {
  if (told.channel == channels.files) window = told.bytes;
  return std::move(*this);
}

fsm::OneOf<Proving, Confirming, Secured, Closed> Proving::on(ChannelData&& data, Context& context,
                                                             Effects& out) && {
  if (data.channel == channels.files) {
    if (!early.keep(std::move(data.bytes))) return close(Fault::queue_full, out);
    return std::move(*this);
  }
  if (data.channel != channels.messages) {
    out.emplace_back(Dropped{Fault::unknown_message});
    return std::move(*this);
  }
  const auto frame = as_text(data.bytes);
  auto parsed = parse_messages_frame(frame);
  if (!parsed) return close(parsed.error(), out);
  if (auto* handshake = std::get_if<Handshake>(&*parsed))
    return std::move(*this).by_handshake(std::move(*handshake), data.bytes, context, out);
  if (std::holds_alternative<NotHandshake>(*parsed))
    return std::move(*this).by_frame(frame, context, out);
  out.emplace_back(Dropped{Fault::unknown_message});
  return std::move(*this);
}

Proving::Next Proving::by_handshake(Handshake theirs, ByteView frame, Context& context,
                                    Effects& out) && {
  auto proof = Proof::by_handshake(match.peer_key, theirs);
  if (!proof) return close(proof.error(), out);
  const auto key = session_key(match, theirs, context.self);
  if (!key) return close(key.error(), out);
  SealedChannel sealed{*key, context.env.rng};
  if (confirms(theirs))
    return std::move(*this).confirm(std::move(sealed), *key, std::move(theirs), frame, context,
                                    out);
  auto held = std::move(early);
  auto next = std::move(*this).secured(std::move(sealed), std::move(*proof), &theirs, out);
  return enter<Next>(std::move(next), std::move(held), out);
}

/// Zajel's web page may never send its handshake: a frame under the pairing keys says as much.
Proving::Next Proving::by_frame(std::string_view frame, Context& context, Effects& out) && {
  const auto key = session_key_v1(context.self.identity.secret, match.peer_key);
  if (!key) return close(key.error(), out);
  SealedChannel v1{*key, context.env.rng};
  auto opened = Proof::by_frame(v1, frame);
  if (!opened) {
    out.emplace_back(Dropped{opened.error()});
    return std::move(*this);
  }
  auto content = parse_content(std::string(as_text(opened->plaintext)));
  auto held = std::move(early);
  auto next = std::move(*this).secured(std::move(v1), std::move(opened->proof), nullptr, out);
  if (content && std::holds_alternative<ChatText>(*content))
    out.emplace_back(TextArrived{std::move(std::get<ChatText>(*content).text)});
  return enter<Next>(std::move(next), std::move(held), out);
}

/// Both sides say at once what they can do, sealed.
Proving::Next Proving::confirm(SealedChannel sealed, const SessionKey& key, Handshake theirs,
                               ByteView frame, Context& context, Effects& out) && {
  const Party us{context.self.identity.shared, match.ephemeral.shared};
  auto keys = stream_keys(key, us, {theirs.key, *theirs.ephemeral});
  if (!keys) return close(keys.error(), out);
  const auto their_handshake = crypto::sha256(frame);
  const Capabilities ours{.file_form = context.self.streams ? stream_form : first_form,
                          .largest_frame = wire::limits::channel_frame_in,
                          .handshakes = handshakes_seen(our_handshake, their_handshake),
                          .letters = context.self.letters ? letters_form : 0};
  const auto confirmation = sealed.seal(as_bytes(print(ours)));
  if (!confirmation) return close(confirmation.error(), out);
  send_on(channels.messages, *confirmation, out);
  return Confirming{.peer_key = match.peer_key,
                    .sealed = std::move(sealed),
                    .stream = StreamSeal(*keys),
                    .username = std::move(theirs.username),
                    .terms = std::move(terms),
                    .candidates = std::move(candidates),
                    .path = path,
                    .largest_frame = largest_frame,
                    .channels = channels,
                    .window = window,
                    .handshakes = handshakes_seen(their_handshake, our_handshake),
                    .early = std::move(early),
                    .deadline = deadline};
}

Secured Proving::secured(SealedChannel sealed, PeerKeyProven proof, const Handshake* theirs,
                         Effects& out) && {
  out.emplace_back(Established{path, theirs ? theirs->username : std::nullopt,
                               theirs != nullptr && theirs->file_acks});
  if (window > 0) out.emplace_back(FilesWindow{window});
  return Secured{.peer_key = match.peer_key,
                 .proof = std::move(proof),
                 .sealed = std::move(sealed),
                 .stream = std::nullopt,
                 .channels = channels,
                 .terms = std::move(terms),
                 .restart = Restart::Settled{std::move(candidates)},
                 .handshake_seen = theirs != nullptr};
}

fsm::OneOf<Closed> Proving::on(Tick&&, Context&, Effects& out) && {
  return close(Fault::handshake_timeout, out);
}

fsm::OneOf<Closed> Proving::on(Abandon&& abandon, Context&, Effects& out) && {
  return close(abandon.fault, out);
}

// ---- Confirming ---------------------------------------------------------------------------------

fsm::OneOf<Confirming> Confirming::on(LocalCandidate&& local, Context&, Effects& out) && {
  trickle(local.candidate, out);
  return std::move(*this);
}

fsm::OneOf<Confirming> Confirming::on(RemoteCandidate&& remote, Context& context, Effects& out) && {
  candidates = sort(std::move(candidates), std::move(remote), context.env, out);
  return std::move(*this);
}

fsm::OneOf<Confirming> Confirming::on(ChannelOpen&& open, Context&, Effects&) && {
  if (open.label == "files" && !channels.files) channels.files = open.channel;
  return std::move(*this);
}

fsm::OneOf<Confirming> Confirming::on(PathReady&& ready, Context&, Effects&) && {
  path = ready.path;
  return std::move(*this);
}

fsm::OneOf<Confirming> Confirming::on(Window&& told, Context&, Effects&) && {
  if (told.channel == channels.files) window = told.bytes;
  return std::move(*this);
}

fsm::OneOf<Confirming, Secured, Closed> Confirming::on(ChannelData&& data, Context& context,
                                                       Effects& out) && {
  if (data.channel == channels.files) {
    if (!early.keep(std::move(data.bytes))) return close(Fault::queue_full, out);
    return std::move(*this);
  }
  if (data.channel != channels.messages) {
    out.emplace_back(Dropped{Fault::unknown_message});
    return std::move(*this);
  }
  const auto frame = as_text(data.bytes);
  auto parsed = parse_messages_frame(frame);
  if (parsed && std::holds_alternative<NotHandshake>(*parsed))
    return std::move(*this).by_frame(frame, context, out);
  // A second handshake changes nothing, and what we do not know is ignored, as ever.
  out.emplace_back(Dropped{parsed ? Fault::out_of_order : parsed.error()});
  return std::move(*this);
}

fsm::OneOf<Confirming, Secured, Closed> Confirming::by_frame(std::string_view frame,
                                                             Context& context, Effects& out) && {
  auto confirmed = Proof::by_confirmation(sealed, handshakes, frame);
  if (!confirmed) return close(confirmed.error(), out);
  const auto& theirs = confirmed->capabilities;
  const auto theirs_at_most = static_cast<std::size_t>(theirs.largest_frame);
  const bool streams = context.self.streams && theirs.file_form >= stream_form &&
                       std::min(largest_frame, theirs_at_most) >= least_stream_frame;
  const bool letters = context.self.letters && theirs.letters >= letters_form &&
                       theirs_at_most >= wire::limits::channel_frame_in;
  out.emplace_back(Established{path, std::move(username), true, true,
                               streams ? least_stream_frame : 0, letters});
  if (window > 0) out.emplace_back(FilesWindow{window});
  terms.culver = true;
  Secured next{.peer_key = peer_key,
               .proof = std::move(confirmed->proof),
               .sealed = std::move(sealed),
               .stream = std::nullopt,
               .channels = channels,
               .terms = std::move(terms),
               .restart = Restart::Settled{std::move(candidates)},
               .handshake_seen = true,
               .letters = letters ? std::optional(LetterCount{}) : std::nullopt};
  out.emplace_back(TransportEffect{AcknowledgeSeldom{}});
  if (streams) next.stream = std::move(stream);
  return enter<fsm::OneOf<Confirming, Secured, Closed>>(std::move(next), std::move(early), out);
}

fsm::OneOf<Closed> Confirming::on(Tick&&, Context&, Effects& out) && {
  return close(Fault::handshake_timeout, out);
}

fsm::OneOf<Closed> Confirming::on(Abandon&& abandon, Context&, Effects& out) && {
  return close(abandon.fault, out);
}

}  // namespace culver::link
