// The handshake's machine, driven as far as the proof.
#include "shell/client/introduction.hpp"

#include <utility>

#include "core/engine/server_channel.hpp"
#include "core/wire/signaling.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/entropy.hpp"

namespace culver::client {
namespace {

namespace hs = handshake::client;

hs::Account make_up() {
  auto rng = host::system_rng();
  crypto::SigningKey key(rng.secret<32>());
  const UserId user{key.verify_key().data};
  return {std::move(key), user, DeviceId{rng.bytes<DeviceId::size>()}, std::nullopt, std::nullopt};
}

bool says_it_has_no_identity(const std::string& frame) {
  const auto message = wire::signaling::parse_server(frame);
  if (!message) return false;
  const auto* info = std::get_if<wire::signaling::ServerInfo>(&*message);
  return info && info->gateway < wire::gateway::oldest_version;
}

}  // namespace

Introduction::Introduction(boost::asio::io_context& loop, net::WsClientConfig server, hs::Pin known,
                           Done done)
    : done_(std::move(done)),
      nobody_(make_up()),
      known_(known),
      patience_(loop),
      server_(loop, std::move(server),
              [this](net::WsEvent event) {
                std::visit([this](auto&& e) { on(std::move(e)); }, std::move(event));
              }),
      alive_(std::make_shared<Introduction*>(this)) {
  server_.dial();
}

void Introduction::on(net::WsOpened&&) {
  auto rng = host::system_rng();
  Env env{host::now(), rng};
  hs::Context context{env, nobody_, known_};
  auto begun = hs::begin(env.now, context);
  machine_ = std::move(begun.state);
  server_.send(std::move(begun.frame));
  wait_until(env.now + hs::handshake_time);
}

void Introduction::on(net::WsFrame&& frame) {
  if (!machine_) return;
  if (says_it_has_no_identity(frame.text)) {
    has_identity_ = false;
    wait_until(host::now() + engine::server_channel::greeting_time);
  }
  step(hs::read(*machine_, std::move(frame.text)));
}

void Introduction::on(net::WsLost&& lost) {
  finish(fail(has_identity_ ? std::move(lost.fault) : Failure(Fault::server_not_authentic)));
}

void Introduction::step(hs::Event event) {
  auto rng = host::system_rng();
  Env env{host::now(), rng};
  hs::Context context{env, nobody_, known_};
  hs::Effects unsent;  // client_auth: not for this server, not yet
  machine_ = fsm::step<hs::Machine>(std::move(*machine_), std::move(event), context, unsent);
  if (const auto* proven = std::get_if<hs::AwaitingEstablished>(&*machine_))
    finish(ServerProof{proven->proof.identity(), proven->proof.version()});
  else if (const auto* rejected = std::get_if<hs::Rejected>(&*machine_))
    finish(fail(rejected->fault));
}

void Introduction::wait_until(TimePoint deadline) {
  patience_.expires_at(deadline);
  patience_.async_wait([alive = alive_](boost::system::error_code error) {
    if (error || !*alive) return;
    auto& self = **alive;
    self.finish(fail(self.has_identity_ ? Fault::gateway_timeout : Fault::server_not_authentic));
  });
}

void Introduction::finish(Proven result) {
  machine_.reset();
  patience_.cancel();
  server_.hang_up();
  if (const auto done = std::exchange(done_, nullptr)) done(std::move(result));
}

}  // namespace culver::client
