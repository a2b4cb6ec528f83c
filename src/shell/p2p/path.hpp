// The road that datagrams take between two machines: an interface of batches, so that what lies
// below can change without the layers above noticing. It knows nothing of DTLS.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/base/dial_failure.hpp"
#include "core/base/endpoint.hpp"
#include "core/connection/events.hpp"

namespace culver::p2p {

/// Lives as long as the batch that it is part of.
using Datagram = ByteView;

/// Datagrams one after the other in one buffer that is used again and again.
class Batch {
 public:
  void append(Datagram datagram);
  void append(ByteView head, ByteView rest);  ///< as one datagram
  void clear();
  bool empty() const { return ends_.empty(); }
  std::size_t size() const { return ends_.size(); }
  std::size_t bytes() const { return bytes_.size(); }
  /// Valid until something is appended.
  std::span<const Datagram> views();

 private:
  ByteVector bytes_;
  std::vector<std::size_t> ends_;
  std::vector<Datagram> views_;  ///< made when asked for, since appending moves the bytes
};

struct IceServer {
  enum class Kind : std::uint8_t { stun, turn } kind;
  std::string host;
  std::uint16_t port;
  std::string user, password;
  enum class Transport : std::uint8_t { udp, tcp, tls } transport = Transport::udp;  ///< of turn
  std::string extra_ca_file = {};  ///< PEM, trusted besides the system's store
};

inline constexpr std::size_t ice_server_limit = 16;

/// A TURN server that is of no use, and why.
struct RelayTrouble {
  std::string host;
  std::uint16_t port;
  Failure fault;
};
using OnRelayTrouble = std::function<void(const RelayTrouble&)>;

struct PathConfig {
  bool controlling;
  std::span<const IceServer> servers;
  bool loopback;                           ///< gather 127.0.0.1 too
  std::span<const std::string> addresses;  ///< gather these only; empty: every interface
  std::span<const Endpoint> places = {};   ///< that our addresses should lead to: the server
  OnRelayTrouble on_relay_trouble = {};    ///< may be called from within a member of the path
};

/// Every path carries datagrams of so many bytes. Longer ones may be sent once it has said so.
inline constexpr std::size_t base_datagram = 1'200;
struct PathCarries {
  std::size_t bytes;  ///< UDP payload; at least base_datagram
};

using PathEvent =
    std::variant<connection::LocalCandidate, connection::GatheringDone, connection::PathReady,
                 connection::PathDoubted, connection::PathFailed, PathCarries>;

/// Called on the thread of the io_context, never from within a member function of the path.
struct PathSink {
  std::function<void(PathEvent)> on_event;
  std::function<void(std::span<const Datagram>)> on_batch;
};

class Path {
 public:
  virtual ~Path() = default;  ///< nothing reaches the sink afterwards
  virtual wire::sdp::IceCredentials credentials() const = 0;
  /// Credentials for a restart, which does not begin yet.
  virtual wire::sdp::IceCredentials prepare_restart() = 0;
  /// With those that were prepared last; nothing if none were. The selected pair is used until
  /// there is another.
  virtual void restart() = 0;
  virtual void set_remote(const wire::sdp::IceCredentials& ice) = 0;
  virtual void add_candidate(const wire::sdp::Candidate& candidate) = 0;
  virtual void remote_candidates_done() = 0;
  /// What the network does not take is lost, as datagrams are.
  virtual void send_batch(std::span<const Datagram> batch) = 0;
};

/// Begins gathering at once. Null if ICE cannot start at all.
using PathFactory =
    std::function<std::unique_ptr<Path>(boost::asio::io_context&, const PathConfig&, PathSink)>;

}  // namespace culver::p2p
