#include "core/handshake/client.hpp"

#include <utility>

namespace culver::handshake::client {

using wire::gateway::ClientAuth;
using wire::gateway::ClientHello;
using wire::gateway::HandshakeNonce;
using wire::gateway::Hex;
using wire::gateway::ServerHello;
using wire::gateway::SessionEstablished;

namespace {

template <class S>
bool is_late(const S& state, const Context& context) {
  return context.env.now >= state.deadline;
}

template <class S>
OneOf<S, Rejected> tick(S&& state, const Context& context) {
  if (is_late(state, context)) return Rejected{Fault::gateway_timeout};
  return std::move(state);
}

/// What follows from a server_hello that is good: in version 2, also the transcript up to here and
/// the keys.
struct Agreement {
  ServerVerified proof;
  std::optional<HandshakeKeys> keys;
  Transcript transcript;
};

}  // namespace

/// Everything here works on what it is given and keeps nothing. server_not_authentic means that
/// the message may be anybody's; every other fault was signed by the server.
struct ServerVerifier {
  static Result<Agreement> verify(const AwaitingServerHello& state, const ServerHello& message,
                                  const Context& context) {
    if (message.version < 1 || message.version > state.hello.version)
      return fail(Fault::server_not_authentic);
    auto secret = crypto::p256_ecdh(state.ephemeral, message.ephemeral.value.data);
    if (!secret) return fail(Fault::server_not_authentic);
    TRY(Agreement agreement,
        message.version == 1 ? verify_v1(state, message) : verify_v2(state, message, *secret));
    CHECK_OK(compare(context.pin, agreement.proof, state.hello, message));
    return agreement;
  }

 private:
  static Result<void> verify_signature(const ServerHello& message, const Digest& digest) {
    if (!crypto::verify(message.identity.value, digest.data, message.signature))
      return fail(Fault::server_not_authentic);
    return {};
  }

  static Result<Agreement> verify_v1(const AwaitingServerHello& state, const ServerHello& message) {
    CHECK_OK(
        verify_signature(message, server_digest_v1(message.identity.text, message.ephemeral.text,
                                                   state.hello.nonce.text, message.nonce.text)));
    return Agreement{ServerVerified(message.identity.value, 1), std::nullopt, {}};
  }

  static Result<Agreement> verify_v2(const AwaitingServerHello& state, const ServerHello& message,
                                     const Secret<32>& secret) {
    Transcript transcript;
    transcript.add_client_hello(state.frame);
    transcript.add_server_hello(message);
    HandshakeKeys keys = handshake_keys(secret, transcript);
    CHECK_OK(verify_signature(message, server_digest_v2(transcript)));
    transcript.add(message.signature.data);
    if (!confirms(message.confirmation, keys.server_confirmation, transcript))
      return fail(Fault::server_not_authentic);
    transcript.add(message.confirmation->data);
    return Agreement{ServerVerified(message.identity.value, 2), std::move(keys),
                     std::move(transcript)};
  }

  /// With what is known of the server from before, and with what we offered.
  static Result<void> compare(const Pin& pin, const ServerVerified& proof, const ClientHello& hello,
                              const ServerHello& message) {
    if (pin.identity && *pin.identity != proof.identity())
      return fail(Fault::server_identity_changed);
    if (proof.version() < pin.version) return fail(Fault::server_downgraded);
    const bool offer_was_lost =
        proof.version() == 1 ? hello.version > 1 && carries_downgrade_mark(message.nonce.value)
                             : message.client_version != hello.version;
    if (offer_was_lost) return fail(Fault::server_downgraded);
    return {};
  }
};

namespace {

ClientAuth auth_of(const Account& account, Env& env) {
  ClientAuth auth;
  auth.user = Hex<UserId>::of(account.user);
  auth.device = account.device;
  auth.device_text = print_uuid(account.device.data);
  auth.nonce2 = Hex<HandshakeNonce>::of(HandshakeNonce{env.rng.bytes<HandshakeNonce::size>()});
  // The wire does not tell an empty name from none.
  if (account.device_name && !account.device_name->expose().empty())
    auth.device_name = account.device_name;
  if (account.device_type) auth.device_type = wire::gateway::name(*account.device_type);
  return auth;
}

AwaitingEstablished authenticate_v1(const AwaitingServerHello& state, const ServerHello& message,
                                    Agreement&& agreement, Context& context, Effects& effects) {
  ClientAuth auth = auth_of(context.account, context.env);
  const Digest digest = client_digest_v1(auth.user.text, auth.device_text, state.hello.nonce.text,
                                         message.nonce.text, message.ephemeral.text);
  auth.signature = context.account.key.sign(digest.data);
  effects.push_back(SendFrame{print(auth), false});
  return AwaitingEstablished{state.deadline, std::move(agreement.proof), std::nullopt,
                             std::nullopt};
}

AwaitingEstablished authenticate_v2(TimePoint deadline, Agreement&& agreement, Context& context,
                                    Effects& effects) {
  HandshakeKeys& keys = *agreement.keys;
  Transcript& whole = agreement.transcript;
  ClientAuth auth = auth_of(context.account, context.env);
  whole.add_client_auth(auth);
  auth.signature = context.account.key.sign(client_digest_v2(whole).data);
  whole.add(auth.signature.data);
  auth.confirmation = confirmation(keys.client_confirmation, whole);
  whole.add(auth.confirmation->data);
  effects.push_back(SendFrame{RecordSealer(std::move(keys.client_auth)).seal(print(auth)), true});
  SessionKeys session = session_keys(keys.session, whole);
  return AwaitingEstablished{deadline, std::move(agreement.proof), session.id,
                             RecordLayer{RecordSealer(std::move(session.client_to_server)),
                                         RecordOpener(std::move(session.server_to_client))}};
}

}  // namespace

// ---- AwaitingServerHello ------------------------------------------------------------------------

OneOf<AwaitingServerHello, AwaitingEstablished, Rejected> AwaitingServerHello::on(
    ServerHelloCame&& event, Context& context, Effects& effects) && {
  if (is_late(*this, context)) return Rejected{Fault::gateway_timeout};
  auto agreement = ServerVerifier::verify(*this, event.message, context);
  if (!agreement) {
    if (agreement.error() != Fault::server_not_authentic || forged == forged_hellos)
      return Rejected{agreement.error()};
    ++forged;
    return std::move(*this);
  }
  if (agreement->proof.version() == 1)
    return authenticate_v1(*this, event.message, std::move(*agreement), context, effects);
  return authenticate_v2(deadline, std::move(*agreement), context, effects);
}

OneOf<AwaitingServerHello, Rejected> AwaitingServerHello::on(Tick&&, Context& context,
                                                             Effects&) && {
  return tick(std::move(*this), context);
}

// ---- AwaitingEstablished ------------------------------------------------------------------------

OneOf<Established, Rejected> AwaitingEstablished::on(EstablishedCame&& event, Context& context,
                                                     Effects&) && {
  if (is_late(*this, context)) return Rejected{Fault::gateway_timeout};
  if (event.message.device_text != print_uuid(context.account.device.data))
    return Rejected{Fault::bad_handshake};
  if (session && event.message.session != session) return Rejected{Fault::bad_handshake};
  return Established{std::move(proof), std::move(event.message), std::move(records)};
}

OneOf<AwaitingEstablished, Rejected> AwaitingEstablished::on(Tick&&, Context& context,
                                                             Effects&) && {
  return tick(std::move(*this), context);
}

// ---- frames -------------------------------------------------------------------------------------

namespace {

Event read_clear(std::string_view frame) {
  auto parsed = wire::gateway::parse_handshake_server(frame);
  if (!parsed) return OtherFrame{parsed.error()};
  if (auto* hello = std::get_if<ServerHello>(&*parsed)) return ServerHelloCame{std::move(*hello)};
  return EstablishedCame{std::move(std::get<SessionEstablished>(*parsed))};
}

/// Only a server_hello may come in the clear now, since it may have been sent twice.
Event read_sealed(RecordOpener& opener, std::string_view frame) {
  const auto text = opener.open(frame);
  if (text) return read_clear(*text);
  Event event = read_clear(frame);
  if (std::holds_alternative<ServerHelloCame>(event)) return event;
  return OtherFrame{text.error()};
}

}  // namespace

Begun begin(TimePoint connected, Context& context) {
  Rng& rng = context.env.rng;
  crypto::P256Private ephemeral = crypto::p256_generate(rng);
  ClientHello hello;
  hello.ephemeral = Hex<crypto::P256Public>::of(*crypto::p256_public_of(ephemeral));
  hello.nonce = Hex<HandshakeNonce>::of(HandshakeNonce{rng.bytes<HandshakeNonce::size>()});
  hello.version = context.version;
  std::string frame = print(hello);
  return Begun{AwaitingServerHello{connected + handshake_time, std::move(ephemeral),
                                   std::move(hello), frame},
               frame};
}

Event read(Machine::State& state, std::string frame) {
  if (auto* waiting = std::get_if<AwaitingEstablished>(&state); waiting && waiting->records)
    return read_sealed(waiting->records->in, frame);
  return read_clear(frame);
}

}  // namespace culver::handshake::client
