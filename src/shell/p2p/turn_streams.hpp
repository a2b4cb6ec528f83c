// TURN over TCP and TLS: the streams of one path. Each is a wire of its own to the agent, numbered
// from first_stream on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/ice/events.hpp"
#include "shell/p2p/path.hpp"
#include "shell/p2p/turn_stream.hpp"

namespace culver::p2p {

struct TurnStreamsSink {
  /// The first word of a server: it is connected at this address.
  std::function<void(ice::WireId, const IceServer&, const Endpoint&)> on_opened;
  /// The first word of a server: it cannot be reached.
  std::function<void(const IceServer&, const Failure&)> on_failed;
  /// It was connected.
  std::function<void(ice::WireId)> on_lost;
  std::function<void(ice::WireId, const Endpoint& server, ByteView message)> on_message;
};

class TurnStreams {
 public:
  /// Sockets come and go with the addresses of the machine, and have the numbers below.
  static constexpr std::uint32_t first_stream = 1U << 31;

  explicit TurnStreams(TurnStreamsSink sink) : sink_(std::move(sink)) {}
  TurnStreams(const TurnStreams&) = delete;
  TurnStreams& operator=(const TurnStreams&) = delete;

  /// Dials those that are spoken to over streams. How many these are: so many first words follow.
  std::size_t dial(boost::asio::io_context& io, std::span<const IceServer> servers);
  TurnStream* find(ice::WireId wire);

 private:
  struct Relay {
    IceServer server;
    std::unique_ptr<TurnStream> stream;
    std::optional<Endpoint> address;  ///< once it is connected
  };
  void on_event(ice::WireId wire, const TurnStreamEvent& event);
  Relay& relay(ice::WireId wire) { return relays_[wire.value - first_stream]; }

  TurnStreamsSink sink_;
  std::vector<Relay> relays_;
};

}  // namespace culver::p2p
