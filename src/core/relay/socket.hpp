// One connection as the hub keeps it: where it is received (open signaling, handshake, session of
// a device, HTTP), and what it has used up. What is large is held only while it is needed.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "core/handshake/record.hpp"
#include "core/relay/admin.hpp"
#include "core/relay/device_session.hpp"
#include "core/relay/gateway.hpp"
#include "core/relay/session.hpp"
#include "core/relay/waiting.hpp"

namespace culver::relay {

/// A device that was let in. Besides its session it may take part in signaling.
struct DeviceSocket {
  device_session::Machine::State session;
  session::Machine::State signaling;
  std::optional<handshake::RecordLayer> records;  ///< version 2: everything is sealed
  Waiting waiting;                                ///< opened already
  Allowance frames;
};

struct Socket {
  using Place = std::variant<session::Machine::State, std::unique_ptr<Handshaking>,
                             std::unique_ptr<DeviceSocket>, std::unique_ptr<admin::Request>>;
  Place place;
  Address address;
  TimePoint accepted;
  bool over_limit = false;
  bool has_spoken = false;
  bool is_closed = false;   ///< its Close or its Respond is out: nothing more is said or heard
  std::uint32_t early = 0;  ///< frames of a session that came before its hello
  Allowance messages;
  Allowance pair_requests;
  Allowance rendezvous;

  DeviceSocket* device() {
    auto* held = std::get_if<std::unique_ptr<DeviceSocket>>(&place);
    return held ? held->get() : nullptr;
  }
  Handshaking* handshaking() {
    auto* held = std::get_if<std::unique_ptr<Handshaking>>(&place);
    return held ? held->get() : nullptr;
  }
  admin::Request* request() {
    auto* held = std::get_if<std::unique_ptr<admin::Request>>(&place);
    return held ? held->get() : nullptr;
  }
  const DeviceSocket* device() const {
    const auto* held = std::get_if<std::unique_ptr<DeviceSocket>>(&place);
    return held ? held->get() : nullptr;
  }
  /// Its part in signaling, if it has one.
  const session::Machine::State* signaling() const {
    if (const auto* mine = device()) return &mine->signaling;
    return std::get_if<session::Machine::State>(&place);
  }
  session::Machine::State* signaling() {
    if (auto* mine = device()) return &mine->signaling;
    return std::get_if<session::Machine::State>(&place);
  }
};

}  // namespace culver::relay
