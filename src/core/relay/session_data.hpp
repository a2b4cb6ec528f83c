// Whose an authenticated connection is and what has been agreed with it, and the handling of
// everything that does not depend on what the session is doing.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "core/relay/addresses.hpp"
#include "core/relay/counters.hpp"
#include "core/relay/device_events.hpp"
#include "core/relay/devices.hpp"
#include "core/relay/link_codes.hpp"
#include "core/relay/position.hpp"
#include "core/relay/questions.hpp"

namespace culver::relay::device_session {

struct Verdict {
  SocketId joining;
  std::variant<LetIn, TurnedAway> verdict;
};

/// What a handler may touch besides its own socket.
struct Context {
  SocketId socket;
  const Address& address;
  const Env& env;
  RunTime ran;  ///< by the server, until now
  const Limits& limits;
  Devices& devices;
  Addresses& addresses;
  Questions& questions;
  LinkCodes& codes;
  Counters& counters;
  /// What this session's step decides for others that wait for it: they are to take it afterwards.
  std::vector<Verdict> verdicts = {};
};

/// Who it is and what has been agreed, whatever it is doing.
struct SessionData {
  UserId user;
  DeviceId device;
  UserId key;        ///< the device's own, by which it came in
  unsigned version;  ///< of the gateway that it speaks
  std::optional<Plaintext> name;
  std::optional<gateway::DeviceType> type;
  Position position;
  TimePoint expires;  ///< set once: no sign of life moves it
  WallTime expires_at;
  TimePoint next_ping;
  std::optional<TimePoint> unanswered_ping = {};  ///< when it was sent; nothing came since
  bool is_warned = false;                         ///< that it will expire
  std::uint32_t unanswered = 0;                   ///< events that the store has not answered
  std::size_t unanswered_bytes = 0;               ///< of their frames
};

/// What a device asks, and is answered in any state that takes messages.
template <class E>
concept Served = std::same_as<E, AckCame> || std::same_as<E, PingCame> ||
    std::same_as<E, ScratchpadCame> || std::same_as<E, CodeAsked> || std::same_as<E, AnswerCame>;
/// The same, of what may have come too fast. A client of version 1 does not understand to wait, and
/// is sent away to say it all again.
template <class E>
concept Metered = std::same_as<E, EventCame> || std::same_as<E, BadFrame>;
/// What happens whether or not the session takes messages.
template <class E>
concept Noted = std::same_as<E, EventStored> || std::same_as<E, EchoAnswered> ||
    std::same_as<E, Renamed> || std::same_as<E, Heard>;
/// What may end the session.
template <class E>
concept Watched = std::same_as<E, EventRefused> || std::same_as<E, Due>;
template <class E>
concept Ending = std::same_as<E, Replaced> || std::same_as<E, Revoked> || std::same_as<E, Gone>;

void serve(SessionData&, AckCame&&, Context&, Effects&);
void serve(SessionData&, PingCame&&, Context&, Effects&);
void serve(SessionData&, ScratchpadCame&&, Context&, Effects&);
void serve(SessionData&, CodeAsked&&, Context&, Effects&);
void serve(SessionData&, AnswerCame&&, Context&, Effects&);
void serve(SessionData&, EventStored&&, Context&, Effects&);
void serve(SessionData&, EchoAnswered&&, Context&, Effects&);
void serve(SessionData&, Renamed&&, Context&, Effects&);
void serve(SessionData&, Heard&&, Context&, Effects&);
/// False: the session is over, its Close is among the effects.
[[nodiscard]] bool outlives(SessionData&, EventCame&&, Context&, Effects&);
[[nodiscard]] bool outlives(SessionData&, BadFrame&&, Context&, Effects&);
[[nodiscard]] bool outlives(SessionData&, EventRefused&&, Context&, Effects&);
[[nodiscard]] bool outlives(SessionData&, Due&&, Context&, Effects&);
void end(SessionData&, Replaced&&, Context&, Effects&);
void end(SessionData&, Revoked&&, Context&, Effects&);
void end(SessionData&, Gone&&, Context&, Effects&);

/// What the device has read.
void save(const SessionData& data, std::uint64_t cursor, Context& context, Effects& effects);
/// The device is entered among the connected ones, and the others are told unless it
/// only comes back by a newer connection.
void enter(const SessionData& data, bool replaces, Context& context, Effects& effects);
/// A Close, after which nothing is said on the socket.
void close(const SessionData& data, Fault fault, Context& context, Effects& effects);
/// To the device itself.
template <class Message>
void answer(const Message& message, Context& context, Effects& effects) {
  effects.push_back(SendToSocket{context.socket, gateway::print(message)});
}
/// The answer to a message that is refused for good. In version 1 there is none, unless the client
/// can mend it: whatever error one of these hears, it stops for ever.
void refuse(const SessionData& data, const gateway::Error& error, Context& context,
            Effects& effects);
/// The answer to a page that is not given.
void refuse_page(const SessionData& data, Fault fault, Context& context, Effects& effects);
void fail_pairing(const gateway::PairingFailed& failed, Context& context, Effects& effects);
/// Those who wait to be let into this account by this session are turned away.
void turn_away_all(Context& context);
/// This device waits to be let in no longer.
void stop_waiting(Context& context, Effects& effects);
/// As it is told to a device: no sooner.
std::uint64_t in_milliseconds(Duration duration);
/// To the account's other devices that are connected, whatever their sessions are doing.
void tell_others(const SessionData& data, const std::string& frame, Context& context,
                 Effects& effects);
void announce(const SessionData& data, bool is_online, Context& context, Effects& effects);

}  // namespace culver::relay::device_session
