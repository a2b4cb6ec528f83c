#include "core/handshake/server.hpp"

#include <algorithm>

#include "core/crypto/p256.hpp"

namespace culver::handshake::server {

using wire::gateway::ClientAuth;
using wire::gateway::ClientHello;
using wire::gateway::HandshakeNonce;
using wire::gateway::Hex;
using wire::gateway::ServerHello;

struct SignatureVerifier {
  static Result<SignatureVerified> verify(const ClientAuth& auth, const Digest& digest) {
    const crypto::VerifyKey key{auth.user.value.data};
    if (!crypto::verify(key, digest.data, auth.signature)) return fail(Fault::client_not_authentic);
    return SignatureVerified(auth.user.value);
  }
};

namespace {

/// Asked before anything that happens, so that a handshake ends at its deadline even if the tick
/// comes late.
template <class S>
bool is_late(const S& state, const Context& context) {
  return context.env.now >= state.deadline;
}

/// What this side brings into a handshake, and what the point of the other side makes of it.
struct Share {
  Hex<crypto::P256Public> ephemeral;
  Hex<HandshakeNonce> nonce;
  Secret<32> secret;
};

/// Fault::bad_ephemeral_key for a point that is not on the curve.
Result<Share> share_with(const ClientHello& hello, unsigned version, Context& context) {
  const crypto::P256Private ephemeral = crypto::p256_generate(context.env.rng);
  auto secret = crypto::p256_ecdh(ephemeral, hello.ephemeral.value.data);
  if (!secret) return fail(Fault::bad_ephemeral_key);
  TRY(const crypto::P256Public point, crypto::p256_public_of(ephemeral));
  HandshakeNonce nonce{context.env.rng.bytes<HandshakeNonce::size>()};
  if (version < context.version) put_downgrade_mark(nonce);
  return Share{Hex<crypto::P256Public>::of(point), Hex<HandshakeNonce>::of(nonce),
               std::move(*secret)};
}

/// A server_hello of version 1, unsigned.
ServerHello hello_with(const Share& share, const Identity& identity) {
  ServerHello hello;
  hello.ephemeral = share.ephemeral;
  hello.identity = {identity.key.verify_key(), identity.text};
  hello.nonce = share.nonce;
  return hello;
}

AwaitingAuth answer_v1(TimePoint deadline, ClientHello&& hello, Share&& share, Context& context,
                       Effects& effects) {
  const Identity& identity = context.identity;
  ServerHello answer = hello_with(share, identity);
  const Digest digest =
      server_digest_v1(identity.text, share.ephemeral.text, hello.nonce.text, share.nonce.text);
  answer.signature = identity.key.sign(digest.data);
  std::string frame = print(answer);
  effects.push_back(SendFrame{frame});
  return AwaitingAuth{deadline, std::move(hello), std::move(frame), std::move(share.ephemeral.text),
                      std::move(share.nonce.text)};
}

AwaitingSealedAuth answer_v2(TimePoint deadline, HelloCame&& came, Share&& share, Context& context,
                             Effects& effects) {
  ServerHello answer = hello_with(share, context.identity);
  answer.version = 2;
  answer.client_version = came.message.version;
  Transcript transcript;
  transcript.add_client_hello(came.frame);
  transcript.add_server_hello(answer);
  HandshakeKeys keys = handshake_keys(share.secret, transcript);
  answer.signature = context.identity.key.sign(server_digest_v2(transcript).data);
  transcript.add(answer.signature.data);
  answer.confirmation = confirmation(keys.server_confirmation, transcript);
  transcript.add(answer.confirmation->data);
  std::string frame = print(answer);
  effects.push_back(SendFrame{frame});
  return AwaitingSealedAuth{deadline,
                            std::move(came.message),
                            std::move(frame),
                            std::move(transcript),
                            std::move(keys.client_confirmation),
                            std::move(keys.session),
                            RecordOpener(std::move(keys.client_auth))};
}

/// The hello that was answered already is answered the same way; there is no second handshake on a
/// connection.
template <class S>
OneOf<S, Rejected> answer_again(S&& state, const HelloCame& came, Context& context,
                                Effects& effects) {
  if (is_late(state, context)) return Rejected{Fault::gateway_timeout};
  if (came.message != state.hello) return Rejected{Fault::handshake_out_of_order};
  effects.push_back(SendFrame{state.answer});
  return std::move(state);
}

/// Not taken; the handshake goes on, unless there has been too much of it.
template <class S>
OneOf<S, Rejected> overlook(S&& state, const Context& context) {
  if (is_late(state, context)) return Rejected{state.overlooked.end};
  if (++state.overlooked.frames > most_overlooked) return Rejected{Fault::handshake_out_of_order};
  return std::move(state);
}

/// That a frame is none of the handshake, and so says nothing about it.
bool is_foreign(Fault fault) {
  return fault == Fault::unknown_message || fault == Fault::malformed ||
         fault == Fault::too_large || fault == Fault::missing_field;
}

template <class S>
OneOf<S, Rejected> tick(S&& state, const Context& context) {
  if (is_late(state, context)) return Rejected{Fault::gateway_timeout};
  return std::move(state);
}

CheckingDevice ask(TimePoint deadline, SignatureVerified&& proof, ClientAuth&& auth,
                   std::optional<SessionKeys>&& keys, Effects& effects) {
  const auto type = wire::gateway::device_type_named(auth.device_type.value_or(""));
  effects.push_back(AskDirectory{proof.key(), auth.device, std::move(auth.device_name), type});
  return CheckingDevice{deadline, std::move(proof), auth.device, std::move(auth.device_text),
                        std::move(keys)};
}

}  // namespace

// ---- AwaitingHello ------------------------------------------------------------------------------

OneOf<AwaitingAuth, AwaitingSealedAuth, Rejected> AwaitingHello::on(HelloCame&& event,
                                                                    Context& context,
                                                                    Effects& effects) && {
  if (is_late(*this, context)) return Rejected{Fault::gateway_timeout};
  const unsigned version = std::min(event.message.version, context.version);
  auto share = share_with(event.message, version, context);
  if (!share) return Rejected{share.error()};
  if (version < 2)
    return answer_v1(deadline, std::move(event.message), std::move(*share), context, effects);
  return answer_v2(deadline, std::move(event), std::move(*share), context, effects);
}

/// Made for another connection, perhaps by a client that has just lost that one.
OneOf<AwaitingHello, Rejected> AwaitingHello::on(AuthCame&&, Context& context, Effects&) && {
  return overlook(std::move(*this), context);
}

OneOf<AwaitingHello, Rejected> AwaitingHello::on(BadFrame&& event, Context& context, Effects&) && {
  if (event.fault != Fault::unknown_message) return Rejected{event.fault};
  return overlook(std::move(*this), context);
}

OneOf<AwaitingHello, Rejected> AwaitingHello::on(Tick&&, Context& context, Effects&) && {
  return tick(std::move(*this), context);
}

// ---- AwaitingAuth -------------------------------------------------------------------------------

/// Another hello changes nothing: what we have signed, and what the client has to sign, is the
/// nonce of the first.
OneOf<AwaitingAuth, Rejected> AwaitingAuth::on(HelloCame&& event, Context& context,
                                               Effects& effects) && {
  if (event.message == hello && !is_late(*this, context)) effects.push_back(SendFrame{answer});
  return overlook(std::move(*this), context);
}

OneOf<CheckingDevice, AwaitingAuth, Rejected> AwaitingAuth::on(AuthCame&& event, Context& context,
                                                               Effects& effects) && {
  if (is_late(*this, context)) return Rejected{overlooked.end};
  ClientAuth& auth = event.message;
  auto proof = SignatureVerifier::verify(
      auth, client_digest_v1(auth.user.text, auth.device_text, hello.nonce.text, nonce_text,
                             ephemeral_text));
  if (!proof) {
    if (++overlooked.auths > most_overlooked_auths) return Rejected{proof.error()};
    overlooked.end = proof.error();
    if (++overlooked.frames > most_overlooked) return Rejected{proof.error()};
    return std::move(*this);
  }
  return ask(deadline, std::move(*proof), std::move(auth), std::nullopt, effects);
}

OneOf<AwaitingAuth, Rejected> AwaitingAuth::on(BadFrame&& event, Context& context, Effects&) && {
  if (!is_foreign(event.fault)) overlooked.end = event.fault;
  return overlook(std::move(*this), context);
}

OneOf<AwaitingAuth, Rejected> AwaitingAuth::on(Tick&&, Context& context, Effects&) && {
  if (is_late(*this, context)) return Rejected{overlooked.end};
  return std::move(*this);
}

// ---- AwaitingSealedAuth -------------------------------------------------------------------------

OneOf<AwaitingSealedAuth, Rejected> AwaitingSealedAuth::on(HelloCame&& event, Context& context,
                                                           Effects& effects) && {
  return answer_again(std::move(*this), event, context, effects);
}

OneOf<CheckingDevice, Rejected> AwaitingSealedAuth::on(AuthCame&& event, Context& context,
                                                       Effects& effects) && {
  if (is_late(*this, context)) return Rejected{Fault::gateway_timeout};
  ClientAuth& auth = event.message;
  Transcript whole = transcript;
  whole.add_client_auth(auth);
  auto proof = SignatureVerifier::verify(auth, client_digest_v2(whole));
  if (!proof) return Rejected{proof.error()};
  whole.add(auth.signature.data);
  if (!confirms(auth.confirmation, confirmation_key, whole))
    return Rejected{Fault::client_not_authentic};
  whole.add(auth.confirmation->data);
  return ask(deadline, std::move(*proof), std::move(auth), session_keys(session_secret, whole),
             effects);
}

OneOf<AwaitingSealedAuth, Rejected> AwaitingSealedAuth::on(Tick&&, Context& context, Effects&) && {
  return tick(std::move(*this), context);
}

// ---- CheckingDevice -----------------------------------------------------------------------------

OneOf<Established, Rejected> CheckingDevice::on(DeviceAnswer&& event, Context& context,
                                                Effects&) && {
  if (is_late(*this, context)) return Rejected{Fault::gateway_timeout};
  if (!event.answer) return Rejected{event.answer.error()};
  const DeviceAnswer::Admitted& admitted = *event.answer;
  wire::gateway::SessionEstablished greeting;
  greeting.device_text = std::move(device_text);
  greeting.last_ack_device_seq = admitted.last_ack_device_seq;
  greeting.expires_at = admitted.expires_at;
  greeting.user = admitted.user;
  greeting.cursor = admitted.cursor;
  std::optional<RecordLayer> records;
  if (keys) {
    greeting.session = keys->id;
    records = RecordLayer{RecordSealer(std::move(keys->server_to_client)),
                          RecordOpener(std::move(keys->client_to_server))};
  }
  return Established{std::move(proof), device, admitted, std::move(records), print(greeting)};
}

OneOf<CheckingDevice, Rejected> CheckingDevice::on(Tick&&, Context& context, Effects&) && {
  return tick(std::move(*this), context);
}

// ---- frames -------------------------------------------------------------------------------------

namespace {

Event read_clear(std::string frame) {
  auto parsed = wire::gateway::parse_handshake_client(frame);
  if (!parsed) return BadFrame{parsed.error()};
  if (auto* hello = std::get_if<ClientHello>(&*parsed))
    return HelloCame{std::move(*hello), std::move(frame)};
  return AuthCame{std::move(std::get<ClientAuth>(*parsed))};
}

/// Where client_auth is expected sealed: one in the clear has betrayed its device already and is
/// not taken, nor is a hello that somebody took the trouble to seal.
Event read_sealed(RecordOpener& opener, std::string frame) {
  const bool in_the_clear = wire::gateway::is_handshake(frame);
  auto text = in_the_clear ? Result<std::string>(std::move(frame)) : opener.open(frame);
  if (!text) return BadFrame{text.error()};
  Event event = read_clear(std::move(*text));
  if (std::holds_alternative<BadFrame>(event)) return event;
  if (std::holds_alternative<HelloCame>(event) == in_the_clear) return event;
  return BadFrame{Fault::handshake_out_of_order};
}

}  // namespace

bool wants_input(const Machine::State& state) {
  return !std::holds_alternative<CheckingDevice>(state);
}

bool forgives(const Machine::State& state) {
  const auto* checking = std::get_if<CheckingDevice>(&state);
  return std::holds_alternative<AwaitingAuth>(state) || (checking && !checking->keys);
}

Event read(Machine::State& state, std::string frame) {
  if (auto* sealed = std::get_if<AwaitingSealedAuth>(&state))
    return read_sealed(sealed->opener, std::move(frame));
  return read_clear(std::move(frame));
}

}  // namespace culver::handshake::server
