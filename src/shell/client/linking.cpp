// The server channel and the machine of linking.hpp on one socket, and the book.
#include "shell/client/linking.hpp"

#include <utility>

#include "shell/host/entropy.hpp"

namespace culver::client {

namespace server_channel = engine::server_channel;
namespace linking = engine::linking;

Linking::Linking(boost::asio::io_context& loop, KnownServer& server, Self self, Wish wish,
                 OnReport on_report)
    : server_(server),
      pin_(server.pin()),
      self_(std::move(self)),
      wish_(wish),
      on_report_(std::move(on_report)),
      deadline_(loop),
      socket_(loop, server.server,
              [this](net::WsEvent event) {
                std::visit([this](auto&& e) { on(std::move(e)); }, std::move(event));
              }),
      alive_(std::make_shared<Linking*>(this)) {
  socket_.dial();
}

Linking::~Linking() { *alive_ = nullptr; }

void Linking::cancel() {
  on_report_ = nullptr;
  deadline_.cancel();
  socket_.hang_up();
}

// ---- the server channel
// -----------------------------------------------------------------------------------

void Linking::to_server_channel(server_channel::Event event) {
  auto rng = host::system_rng();
  Env env{now(), rng};
  server_channel::Context context{env, self_.account, pin_};
  server_channel::Effects effects;
  server_channel_ = fsm::step<server_channel::Machine>(std::move(server_channel_), std::move(event),
                                                       context, effects);
  for (auto& effect : effects)
    if (on_report_) perform(std::move(effect));
  arm();
}

void Linking::perform(server_channel::Effect effect) {
  std::visit(fsm::overload{[this](server_channel::Transmit&& e) {
                             socket_.send(std::move(e.frame), e.binary);
                           },
                           [this](server_channel::Authenticated&& e) { authenticated_ = e; },
                           [this](server_channel::Ready&&) { enter(); },
                           [this](server_channel::Deliver&& e) {
                             if (auto heard = linking::read(e.text)) to_machine(std::move(*heard));
                           },
                           [this](server_channel::Ended&& e) { finish(linking::Failed{e.fault}); },
                           [](server_channel::Ignored&&) {}},
             std::move(effect));
}

void Linking::enter() {
  if (!authenticated_) return finish(linking::Failed{Fault::server_without_accounts});
  if (const auto noted = server_.remember({authenticated_->identity, authenticated_->version});
      !noted)
    return finish(linking::Failed{noted.error()});
  if (const auto fault = settle_account()) return finish(linking::Failed{*fault});
  auto rng = host::system_rng();
  const Env env{now(), rng};
  const auto* code = std::get_if<LinkCode>(&wish_);
  const auto* offer = std::get_if<Offer>(&wish_);
  auto begun = code ? linking::spend(*code, env) : linking::offer(offer->consent, env);
  machine_ = std::move(begun.state);
  to_server_channel(server_channel::Say{std::move(begun.frame)});
}

/// The server knows best where this device belongs; the book may have missed it. Why this account
/// is not the one for the wish, if it is not.
std::optional<Fault> Linking::settle_account() {
  const auto& own = self_.account.user;
  const auto noted = server_.known ? server_.known->account : std::nullopt;
  // A server that does not tell (version 1) leaves us with what was noted.
  const auto account = authenticated_->account ? *authenticated_->account : noted.value_or(own);
  const auto linked = account == own ? std::nullopt : std::optional(account);
  // Further processes of a machine are devices of the account that its own key founded.
  if (!self_.is_first)
    return linked == noted ? std::nullopt : std::optional(Fault::data_folder_in_use);
  if (linked != noted)
    if (const auto written = server_.belong(linked); !written) return written.error();
  if (linked && std::holds_alternative<LinkCode>(wish_)) return Fault::device_already_linked;
  return std::nullopt;
}

// ---- the machine --------------------------------------------------------------------------------

void Linking::to_machine(linking::Event event) {
  if (!machine_) return;
  auto rng = host::system_rng();
  Env env{now(), rng};
  linking::Context context{env};
  linking::Effects effects;
  machine_ = fsm::step<linking::Machine>(std::move(*machine_), std::move(event), context, effects);
  for (auto& effect : effects)
    if (on_report_) perform(effect);
  arm();
}

void Linking::perform(linking::Effect effect) {
  if (std::holds_alternative<linking::Offered>(effect) ||
      std::holds_alternative<linking::Requested>(effect) ||
      std::holds_alternative<linking::Held>(effect))
    return on_report_(effect);
  if (auto* said = std::get_if<linking::Say>(&effect))
    return to_server_channel(server_channel::Say{std::move(said->frame)});
  if (const auto* entered = std::get_if<linking::Entered>(&effect)) {
    // The code was one of its own account's.
    if (entered->account == self_.account.user)
      return finish(linking::Failed{Fault::device_already_linked});
    if (const auto written = server_.belong(entered->account); !written)
      return finish(linking::Failed{written.error()});
  }
  finish(effect);
}

std::optional<TimePoint> Linking::due() const {
  const auto of_machine = machine_ ? fsm::deadline_of(*machine_) : std::nullopt;
  return fsm::earlier(fsm::deadline_of(server_channel_), of_machine);
}

void Linking::arm() {
  if (!on_report_) return;
  const auto next = due();
  if (!next) return void(deadline_.cancel());
  deadline_.expires_at(clock_.steady(*next));
  deadline_.async_wait([alive = alive_](boost::system::error_code error) {
    if (error || !*alive) return;
    (*alive)->to_server_channel(server_channel::Tick{});
    (*alive)->to_machine(linking::Tick{});
  });
}

void Linking::finish(linking::Effect result) {
  const auto report = std::exchange(on_report_, nullptr);
  cancel();
  report(result);
}

}  // namespace culver::client
