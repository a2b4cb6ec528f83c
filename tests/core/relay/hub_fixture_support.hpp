// A hub with clients in a room: no network, and a clock that moves when told to.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/relay/hub.hpp"
#include "tests/core/relay/memory_store_support.hpp"

namespace culver::relay {

inline PairingCode code(std::string_view text) { return *PairingCode::parse(text); }
PublicKey key(int number);

class HubFixture {
 public:
  explicit HubFixture(Limits limits = {});

  SocketId accept(Address address = "home");
  SocketId connect(Address address = "home");  ///< accepted and upgraded; its greeting is read
  /// Connected, and registered with that code.
  SocketId join(std::string_view code, int key_number, Address address = "home");
  void enroll(SocketId socket, std::string_view code, int key_number);
  /// Two sockets whose codes are matched; all that was said is read.
  void pair(SocketId a, std::string_view a_code, SocketId b, std::string_view b_code);

  void say(SocketId socket, std::string frame);
  void ask(SocketId socket, std::string_view target);
  void answer(SocketId socket, std::string_view requester, bool accepted);
  void offer(SocketId socket, std::string_view target);
  void hang_up(SocketId socket, bool goodbye = true);
  void deliver(Event event);
  /// Every deadline on the way is kept; `alive` sockets answer their pings.
  void pass(Duration time);

  /// What the socket was sent since the last look, one per line.
  std::string read(SocketId socket);
  std::optional<Close> closed(SocketId socket) const;
  std::size_t pings(SocketId socket) const;

  Hub hub;
  MemoryStore store;           ///< answers at once
  bool holds_answers = false;  ///< until let_answer()
  void let_answer();
  TimePoint now{std::chrono::hours(1)};
  bool answers_pings = true;
  Effects last;  ///< of the last event

 private:
  Rng rng_;
  std::uint64_t last_id_ = 0;
  std::map<SocketId, std::string> inbox_;
  std::map<SocketId, Close> closes_;
  std::map<SocketId, std::size_t> pings_;
};

}  // namespace culver::relay
