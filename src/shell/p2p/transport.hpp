// One connection's transport: path, DTLS, SCTP and channels put together. It collects what is to be
// told; the stack tells it.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "core/base/env.hpp"
#include "shell/p2p/counters.hpp"
#include "shell/p2p/transport_phases.hpp"

namespace culver::p2p {

class Transport {
 public:
  struct Host {  ///< what a transport has of its stack
    ConnectionId connection;
    boost::asio::io_context& io;
    const DtlsIdentity& identity;
    Counters& counters;
    std::function<void(connection::TransportEvent)> tell;  ///< queues the event
    std::function<void()> wake;                            ///< has run() called soon
  };

  Transport(Host host, const PathFactory& make_path, const PathConfig& config);
  ~Transport();  ///< tells the peer if it can
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  void perform(connection::PrepareRestart effect);
  void perform(connection::RestartIce effect);
  void perform(connection::SetRemoteIce effect);
  void perform(connection::AddCandidate effect);
  void perform(connection::RemoteCandidatesDone effect);
  void perform(connection::StartDtls effect);
  void perform(connection::StartSctp effect);
  void perform(connection::OpenChannel effect);
  void perform(connection::SendOn effect);
  void perform(connection::PauseReading effect);
  void perform(connection::AcknowledgeSeldom effect);
  void perform(connection::HangUp effect, TimePoint now);

  /// A turn of the loop: reads a bounded amount, says what changed, sends what is ready.
  void run(TimePoint now);
  /// Whether time matters to it now.
  bool wants_ticks();
  /// TransportClosed has been told: nothing more will happen.
  bool ended() const { return std::holds_alternative<phase::Ended>(phase_); }

 private:
  void on_path(PathEvent event);
  void on_path_ready();
  void on_batch(std::span<const Datagram> batch);
  void begin_dtls(connection::DtlsRole role, Batch records);
  void on_dtls(Datagram datagram);
  void on_packet(ByteView packet);
  void on_handshake();
  void repeat_flight();
  bool peer_has_left();
  void flush();
  void end();
  // transport_channels.cpp
  void read_sctp();
  void on_sctp(SctpMessage message);
  void on_sctp(AssociationUp up);
  void on_sctp(const StreamsReset& reset);
  void on_sctp(AssociationEnded);
  [[nodiscard]] bool perform(phase::Live& live, dcep::Effects effects);
  void tell_windows(phase::Live& live);
  void tell_all_sent(phase::Live& live, TimePoint now);
  // transport_parting.cpp
  void part(TimePoint now);
  void cut();
  static void say_goodbye(phase::Phase& phase);

  Host host_;
  Batch out_;  ///< what DTLS says: there is a path as soon as there is DTLS
  std::unique_ptr<Path> path_;
  std::size_t datagram_ = base_datagram;  ///< that the path carries
  bool paused_ = false;                   ///< the reader's wish, in any phase
  phase::Phase phase_;
};

}  // namespace culver::p2p
