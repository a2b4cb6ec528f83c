// A hub, its store, and devices that shake hands with real client machines: no network, and every
// frame, answer and tick happens when the test says so.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "core/handshake/client.hpp"
#include "core/relay/hub.hpp"
#include "tests/core/relay/memory_store_support.hpp"
#include "tests/support/seeded.hpp"

namespace culver::relay {

/// A field of a frame.
inline std::uint64_t number(const boost::json::object& fields, const char* key) {
  return fields.at(key).to_number<std::uint64_t>();
}

/// One device, over all its connections.
class Phone {
 public:
  Phone(int number, unsigned version);

  handshake::client::Account account;
  handshake::client::Pin pin;
  unsigned version;
  Address address = "home";
  std::uint64_t last_device_seq = 0;

  // The connection that it has now, or had last.
  std::optional<SocketId> socket;
  std::optional<handshake::client::Machine::State> shaking;
  std::optional<handshake::RecordLayer> records;
  bool is_in = false;  ///< session_established has come
  std::optional<Fault> rejected;
  std::optional<Close> closed;
  std::optional<wire::gateway::SessionEstablished> session;
  std::deque<std::string> outgoing;  ///< as they travel
  std::deque<SendToSocket> incoming;
  std::vector<std::string> heard;  ///< what came after session_established, opened

  DeviceId id() const { return account.device; }
  /// A frame of the session, sealed if that is agreed. Also before session_established has come.
  void say(const std::string& text);
  wire::gateway::NewEvent make_event(std::string stream = "main");
  /// Messages of this type that came, oldest first; forgotten by it.
  std::vector<boost::json::object> take(std::string_view type);
  std::string error();  ///< the code of the only error that came, or how many came
};

class GatewayFixture {
 public:
  explicit GatewayFixture(Limits limits = {}, bool handshake_required = false);

  SocketId accept(Address address = "home");
  SocketId open(Address address = "home");  ///< accepted and upgraded
  /// A new connection of the phone; its client_hello is in `outgoing`.
  void dial(Phone& phone);
  /// Dials, and lets everything happen until nothing is under way.
  void connect(Phone& phone);
  void say(Phone& phone, const std::string& text);
  wire::gateway::NewEvent publish(Phone& phone, std::string stream = "main");
  void hang_up(Phone& phone, bool goodbye = false);
  void revoke(const DeviceId& device, Phone& by);

  // One happening each.
  void to_server(Phone& phone);
  void to_phone(Phone& phone);
  void answer();

  void settle();
  void deliver(Event event);
  void pass(Duration time);
  WallTime wall() const;
  WallTime set_by = 0;                             ///< the clock on the wall, since the beginning
  std::vector<std::chrono::milliseconds> stepped;  ///< as the hub has said
  /// The status and the body of the only Respond to this socket.
  std::optional<Respond> responded(SocketId socket) const;
  HttpRequest signed_request(const Phone& phone, std::string method, std::string target,
                             std::string body = {});
  Respond request(HttpRequest request);
  std::vector<std::string> sent(SocketId socket) const;  ///< to sockets that are no phone's

  Hub hub;
  MemoryStore store;
  TimePoint now{std::chrono::hours(1)};
  test::SeededRng random{1};
  std::vector<Phone*> phones;
  bool answers_pings = true;
  bool holds_answers = false;  ///< settle() leaves the store alone
  std::map<SocketId, Close> closes;
  std::map<SocketId, std::vector<std::size_t>> frame_limits;  ///< that it was given, in order

 private:
  Phone* owner_of(SocketId socket);
  std::uint64_t last_id_ = 0;
  std::map<SocketId, std::vector<std::string>> sent_;
  std::map<SocketId, Respond> responds_;
};

}  // namespace culver::relay
