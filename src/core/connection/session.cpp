#include "core/connection/session.hpp"

#include "core/connection/exits.hpp"
#include "core/wire/base64.hpp"

namespace culver::connection {

Session Session::fresh(const SessionKey& key, const PublicKey& peer_key, Channels channels,
                       Terms terms, Candidates::State candidates, Context& context) {
  return Session{.peer_key = peer_key,
                 .sealed = SealedChannel(key, context.env.rng),
                 .memory = FrameMemory(),
                 .dialect = Dialect::prefixes,
                 .channels = channels,
                 .terms = std::move(terms),
                 .restart = Restart::Settled{std::move(candidates)}};
}

Result<Session> Session::lasting(const PublicKey& peer_key, Dialect dialect, Channels channels,
                                 Terms terms, Candidates::State candidates, Context& context) {
  const auto& identity = context.self.identity;
  TRY(const SessionKey key, session_key_v1(identity.secret, peer_key));
  TRY(SessionKey ours, own_frames_key(key, identity.shared));
  return Session{.peer_key = peer_key,
                 .sealed = SealedChannel(key, std::move(ours), context.env.rng),
                 .memory = LastingKey(),
                 .dialect = dialect,
                 .channels = channels,
                 .terms = std::move(terms),
                 .restart = Restart::Settled{std::move(candidates)}};
}

Result<ByteVector> Session::open(std::string_view wire, Context& context, Effects& out) {
  TRY(auto opened, sealed.open(wire));
  if (auto* own = std::get_if<FrameMemory>(&memory)) {
    CHECK_OK(own->take(opened.nonce));
  } else {
    CHECK_OK(context.seen.take(opened.nonce));
    out.emplace_back(FrameTaken{opened.nonce});
  }
  failures = 0;
  return std::move(opened.plaintext);
}

std::optional<Fault> Session::dropped(Fault fault, FrameKind kind, Effects& out) {
  if (fault == Fault::key_worn_out || fault == Fault::store_failed) return fault;
  out.emplace_back(Dropped{fault, kind});
  return ++failures >= tolerated_failures ? std::optional(Fault::not_authentic) : std::nullopt;
}

bool Session::send_text(const Plaintext& text, Effects& out) {
  const auto plaintext = dialect == Dialect::plain ? text.expose() : wire::peer::escape(text);
  const auto frame = sealed.seal(as_bytes(plaintext));
  if (frame) send_on(channels.messages, *frame, out);
  return frame.has_value();
}

void Session::send_file_frame(const std::string& frame, Effects& out) const {
  if (channels.files) send_on(*channels.files, frame, out);
}

bool Session::send_chunk(SendFileChunk&& chunk, Effects& out) {
  if (!channels.files) return true;
  auto data = sealed.seal(as_bytes(wire::base64::encode(chunk.bytes)));
  if (!data) return false;
  const auto frame =
      wire::peer::print(wire::peer::FileChunk{std::move(chunk.id), chunk.index, std::move(*data)});
  send_on(*channels.files, frame, out);
  return true;
}

/// DTLS and SCTP do not notice another path; what was lost meanwhile, SCTP sends again.
void Session::restarted(Restart::Event event, Context& context, Effects& out) {
  RestartContext restarting{context.env, terms};
  restart = fsm::step<Restart>(std::move(restart), std::move(event), restarting, out);
}

}  // namespace culver::connection
