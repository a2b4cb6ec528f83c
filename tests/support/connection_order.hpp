// What an engine may tell of a connection, and do to its transport, in which order: watched in
// every simulation.
#pragma once

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include "core/engine/events.hpp"

namespace culver::test {

class ConnectionOrder {
 public:
  void watch(const engine::Notice& notice) {
    std::visit([&](const auto& n) { told(n); }, notice);
  }
  void watch(const engine::ToTransport& effect) {
    auto& at = connections_[effect.connection];
    if (at.is_dropped) fail(effect.connection, "is used after its end");
    at.is_dropped = std::holds_alternative<connection::DropTransport>(effect.effect);
  }
  /// Its numbers are given anew.
  void restart() { connections_.clear(); }

 private:
  /// As far as it has come. Each is told at most once, but for the first two.
  enum class Told { nothing, establishing, unproven, name_taken, connected, closed };
  struct Connection {
    Told told = Told::nothing;
    bool is_dropped = false;
  };

  /// The simulations run without gtest as well.
  [[noreturn]] static void fail(ConnectionId connection, const std::string& what) {
    std::cerr << "connection " << connection.value << " " << what << "\n";
    std::abort();
  }
  void advance(ConnectionId connection, Told to, bool may_repeat = false) {
    auto& told = connections_[connection].told;
    const bool is_ahead = told < to || (may_repeat && told == to);
    if (!is_ahead)
      fail(connection, "goes from " + std::to_string(static_cast<int>(told)) + " to " +
                           std::to_string(static_cast<int>(to)));
    told = to;
  }
  void expect_connected(ConnectionId connection) {
    if (connections_[connection].told != Told::connected)
      fail(connection, "has said something too early or late");
  }

  void told(const engine::Establishing& n) { advance(n.connection, Told::establishing, true); }
  void told(const engine::Unproven& n) { advance(n.connection, Told::unproven, true); }
  void told(const engine::NameTaken& n) { advance(n.connection, Told::name_taken); }
  void told(const engine::Connected& n) { advance(n.connection, Told::connected); }
  void told(const engine::Closed& n) { advance(n.connection, Told::closed); }
  void told(const engine::TextReceived& n) { expect_connected(n.connection); }
  void told(const engine::GoodbyeReceived& n) { expect_connected(n.connection); }
  void told(const engine::FileOffered& n) { expect_connected(n.connection); }
  template <class Other>
  void told(const Other&) {}

  std::map<ConnectionId, Connection> connections_;
};

}  // namespace culver::test
