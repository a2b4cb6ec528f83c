// Links devices of one account: signs in, has a code given and waits until another device has used
// it, or uses a code. What a server confirms is noted in the server book before it is told.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/engine/linking.hpp"
#include "core/engine/server_channel.hpp"
#include "shell/client/known_server.hpp"
#include "shell/host/lived_clock.hpp"
#include "shell/net/ws_client.hpp"

namespace culver::client {

class Linking {
 public:
  struct Offer {
    engine::linking::Consent consent;
  };
  using Wish = std::variant<Offer, LinkCode>;
  struct Self {
    handshake::client::Account account;
    bool is_first;  ///< host::DeviceSlot
  };
  /// Called on the loop: Offered, Requested or Held perhaps, and then once Joined, Entered or
  /// Failed, after which nothing is left to do. server_without_accounts, device_already_linked,
  /// data_folder_in_use, store_failed; what the server channel, the socket and linking.hpp say. It
  /// must not destroy this.
  using OnReport = std::function<void(engine::linking::Effect)>;

  /// A LinkCode is used by the first process of a data folder only.
  Linking(boost::asio::io_context& loop, KnownServer& server, Self self, Wish wish,
          OnReport on_report);
  ~Linking();
  Linking(const Linking&) = delete;
  Linking& operator=(const Linking&) = delete;

  /// About the device that was Requested.
  void decide(bool accepted) { to_machine(engine::linking::Decided{accepted}); }
  /// Leaves without a word to anybody.
  void cancel();

 private:
  void on(net::WsOpened&&) { to_server_channel(engine::server_channel::Opened{}); }
  void on(net::WsFrame&& frame) {
    to_server_channel(engine::server_channel::Frame{std::move(frame.text)});
  }
  void on(net::WsLost&& lost) {
    to_server_channel(engine::server_channel::Lost{std::move(lost.fault)});
  }
  void to_server_channel(engine::server_channel::Event event);
  void perform(engine::server_channel::Effect effect);
  void enter();
  std::optional<Fault> settle_account();
  void to_machine(engine::linking::Event event);
  void perform(engine::linking::Effect effect);
  std::optional<TimePoint> due() const;
  TimePoint now() { return clock_.now(due().value_or(TimePoint::max())); }
  void arm();
  void finish(engine::linking::Effect result);

  KnownServer& server_;
  const engine::server_channel::Pin pin_;
  Self self_;
  Wish wish_;
  OnReport on_report_;  ///< none once it is over
  engine::server_channel::Machine::State server_channel_;
  std::optional<engine::server_channel::Authenticated> authenticated_;
  std::optional<engine::linking::Machine::State>
      machine_;  ///< none before the server channel is open
  host::LivedClock clock_;
  boost::asio::steady_timer deadline_;
  net::WsClient socket_;
  std::shared_ptr<Linking*> alive_;  ///< the timer's handler may be queued when this dies
};

}  // namespace culver::client
