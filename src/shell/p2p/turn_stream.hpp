// A TCP or TLS connection to a TURN server: whole messages in and out (RFC 8656 section 12.5). It
// dials once and knows nothing of what the messages mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "core/base/bytes.hpp"
#include "core/base/dial_failure.hpp"
#include "core/base/endpoint.hpp"
#include "shell/host/name_lookup.hpp"

namespace culver::p2p {

struct TurnStreamConfig {
  std::string host;  ///< a name, or an IPv4 or IPv6 address without brackets
  std::uint16_t port;
  bool tls;
  /// Waiting to be sent; what is beyond it is lost, as datagrams are.
  std::size_t queue_bytes = 262'144;
  std::chrono::milliseconds dial_time{5'000};  ///< resolve, connect and TLS together
  std::string extra_ca_file;  ///< PEM, trusted besides the system's store; empty for none
  host::LookUp look_up = host::system_look_up;
};

struct TurnStreamOpened {
  Endpoint server;
};
/// Told once; nothing follows. With a DialFailure: relay_silent (no name, no connection, not in
/// time), server_untrusted (certificate), relay_refused (no TLS there); or server_lost, malformed.
struct TurnStreamLost {
  Failure fault;
};
using TurnStreamEvent = std::variant<TurnStreamOpened, TurnStreamLost>;

/// Called on the io_context's thread, never from inside a method of TurnStream. Either may destroy
/// the stream.
struct TurnStreamSink {
  std::function<void(TurnStreamEvent)> on_event;
  /// STUN, or ChannelData with its padding. The bytes live for the call.
  std::function<void(ByteView)> on_message;
};

class TurnStream {
 public:
  /// Begins to dial.
  TurnStream(boost::asio::io_context& io, TurnStreamConfig config, TurnStreamSink sink);
  /// Drops the socket at once; the sink is not called any more.
  ~TurnStream();
  TurnStream(const TurnStream&) = delete;
  TurnStream& operator=(const TurnStream&) = delete;

  /// One message, in two parts if that is how they lie; ChannelData is padded here. What is sent in
  /// one turn of the loop leaves together. False: it is dropped, for lack of a connection or of
  /// room.
  bool send(ByteView head, ByteView tail = {});

 private:
  class Connection;
  std::shared_ptr<Connection> connection_;
};

}  // namespace culver::p2p
