// One link's transport: path, DTLS, SCTP and channels put together. It collects what is to be told;
// the stack tells it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "core/base/env.hpp"
#include "core/dcep/channels.hpp"
#include "shell/p2p/counters.hpp"
#include "shell/p2p/dtls.hpp"
#include "shell/p2p/path.hpp"
#include "shell/p2p/sctp.hpp"

namespace culver::p2p {

class Transport {
 public:
  struct Host {  ///< what a transport has of its stack
    boost::asio::io_context& io;
    const DtlsIdentity& identity;
    Counters& counters;
    std::function<void(link::TransportEvent)> tell;  ///< queues the event
    std::function<void()> wake;                      ///< has run() called soon
  };

  Transport(Host host, const PathFactory& make_path, const PathConfig& config);
  ~Transport();  ///< tells the peer if it can
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  void perform(link::PrepareRestart effect);
  void perform(link::RestartIce effect);
  void perform(link::SetRemoteIce effect);
  void perform(link::AddCandidate effect);
  void perform(link::RemoteCandidatesDone effect);
  void perform(link::StartDtls effect);
  void perform(link::StartSctp effect);
  void perform(link::OpenChannel effect);
  void perform(link::SendOn effect);
  void perform(link::PauseReading effect);
  void perform(link::AcknowledgeSeldom effect);
  void perform(link::HangUp effect, TimePoint now);

  /// A turn of the loop: reads a bounded amount, says what changed, sends what is ready.
  void run(TimePoint now);
  /// Whether time matters to it now.
  bool wants_ticks() const;
  /// TransportClosed has been told: nothing more will happen.
  bool ended() const { return ended_; }

 private:
  struct Credit {
    std::size_t left;  ///< of the last Window that was told
  };

  void on_path(PathEvent event);
  void on_batch(std::span<const Datagram> batch);
  void begin_dtls();
  void on_dtls(Datagram datagram);
  void on_dtls_state();
  void read_sctp();
  void on_sctp(SctpMessage message);
  void on_sctp(AssociationUp up);
  void on_sctp(const StreamsReset& reset);
  void on_sctp(AssociationEnded);
  void perform(dcep::Effects&& effects);
  void tell_windows();
  void tell_all_sent(TimePoint now);
  // transport_parting.cpp
  void part(TimePoint now);
  bool may_close_channels(TimePoint now) const;
  void close_channels();
  void shut_down(TimePoint now);
  void enqueue(SctpMessage message);
  void flush();
  void end();

  Host host_;
  Batch out_;
  Batch early_datagrams_;  ///< DTLS records that came before DTLS began
  Batch early_packets_;    ///< SCTP packets that came before StartSctp
  std::unique_ptr<Path> path_;
  bool path_ready_ = false;
  std::size_t datagram_ = base_datagram;  ///< that the path carries
  std::optional<link::DtlsRole> role_;
  std::optional<Dtls> dtls_;
  bool dtls_told_ = false;
  std::optional<link::StartSctp> peer_sctp_;
  std::optional<Association> sctp_;
  std::optional<dcep::Channels> channels_;
  std::map<ChannelId, Credit> credits_;
  std::vector<std::string> waiting_labels_;  ///< of channels asked for before SctpUp
  bool paused_ = false;
  bool all_sent_told_ = true;
  std::optional<TimePoint> all_sent_at_;  ///< told last
  bool peer_reads_to_the_end_ = false;    ///< a Culver: it takes what was sent before a goodbye
  bool peer_left_ = false;
  bool ended_ = false;
  struct Parting {
    enum class Phase : std::uint8_t { sending, closing, leaving } phase;
    TimePoint by;      ///< this phase, at the latest
    TimePoint end_by;  ///< all of it
  };
  std::optional<Parting> parting_;  ///< hanging up
};

}  // namespace culver::p2p
