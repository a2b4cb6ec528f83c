#include "tests/shell/p2p/raw_peer_support.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "core/wire/dcep.hpp"

namespace culver::p2p::test {

class RawPeer::MemoryPath final : public Path {
 public:
  explicit MemoryPath(RawPeer& peer) : peer_(peer) {}
  wire::sdp::IceCredentials credentials() const override { return {"none", "none"}; }
  wire::sdp::IceCredentials prepare_restart() override { return credentials(); }
  void restart() override {}
  void set_remote(const wire::sdp::IceCredentials&) override {}
  void add_candidate(const wire::sdp::Candidate&) override {}
  void remote_candidates_done() override {}
  void send_batch(std::span<const Datagram> batch) override {
    std::vector<ByteVector> copies;
    for (const auto& datagram : batch) copies.emplace_back(datagram.begin(), datagram.end());
    boost::asio::post(peer_.io, [&peer = peer_, copies] { peer.on_batch(copies); });
  }

 private:
  RawPeer& peer_;
};

RawPeer::RawPeer() : dtls_(identity_, connection::DtlsRole::client, out_) {
  StackConfig config;
  config.make_path = [this](boost::asio::io_context&, const PathConfig&, PathSink sink) {
    sink_ = std::move(sink);
    boost::asio::post(
        io, [this] { sink_.on_event(connection::PathReady{connection::PathKind::direct}); });
    return std::make_unique<MemoryPath>(*this);
  };
  stack =
      std::make_unique<Stack>(io, config, [this](ConnectionId, connection::TransportEvent event) {
        names.emplace_back(fsm::name_of(event));
        if (std::holds_alternative<connection::DtlsUp>(event))
          stack->perform(link_id, connection::StartSctp{5000, 0});
        if (std::holds_alternative<connection::TransportClosed>(event)) sink_ = {};
        events.push_back(std::move(event));
      });
}

RawPeer::~RawPeer() {
  sctp_.reset();
  stack.reset();
}

bool RawPeer::connect() {
  stack->perform(link_id, connection::StartIce{false});
  stack->perform(link_id, connection::StartDtls{connection::DtlsRole::server});
  dtls_.start();
  flush();
  return until([this] { return saw("SctpUp"); });
}

bool RawPeer::until(const std::function<bool()>& done, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(100));
    read();
    flush();
  }
  return true;
}

std::size_t RawPeer::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count(names.begin(), names.end(), name));
}
bool RawPeer::saw(std::string_view name) const { return count(name) != 0; }

void RawPeer::on_batch(const std::vector<ByteVector>& batch) {
  for (const auto& datagram : batch) {
    largest_datagram = std::max(largest_datagram, datagram.size());
    dtls_.feed(datagram);
    if (dtls_.state() == Dtls::State::up && !sctp_)
      sctp_ = std::make_unique<Association>(5000, base_datagram,
                                            [this](ByteView packet) { dtls_.send(packet); });
    while (const auto packet = dtls_.read())
      if (sctp_) sctp_->input(*packet);
  }
  read();
  flush();
}

void RawPeer::read() {
  if (!sctp_) return;
  while (auto event = sctp_->next()) {
    if (auto* message = std::get_if<SctpMessage>(&*event)) heard.push_back(std::move(*message));
    if (auto* reset = std::get_if<StreamsReset>(&*event)) resets.push_back(*reset);
  }
}

void RawPeer::flush() {
  if (out_.empty()) return;
  for (const auto& datagram : out_.views()) {
    ByteVector copy(datagram.begin(), datagram.end());
    if (datagrams.size() < 1'000) datagrams.push_back(copy);
    boost::asio::post(io, [this, copy] { say_datagram(copy); });
  }
  out_.clear();
}

void RawPeer::say_datagram(Datagram datagram) {
  if (sink_.on_batch) sink_.on_batch(std::span(&datagram, 1));
}

void RawPeer::say(std::uint16_t stream, std::uint32_t ppid, ByteVector bytes) {
  ASSERT_TRUE(sctp_->send({stream, ppid, std::move(bytes)}));
  flush();
}

void RawPeer::say(std::uint16_t stream, std::uint32_t ppid, std::string_view text) {
  const auto bytes = as_bytes(text);
  say(stream, ppid, ByteVector(bytes.begin(), bytes.end()));
}

void RawPeer::open_channel(std::uint16_t stream, std::string label) {
  wire::dcep::Open open;
  open.label = std::move(label);
  say(stream, wire::dcep::ppid_dcep, wire::dcep::print(open));
}

void RawPeer::say_packet(ByteView packet) {
  dtls_.send(packet);
  flush();
}

void RawPeer::reset(std::uint16_t stream) {
  sctp_->reset(stream);
  flush();
}

}  // namespace culver::p2p::test
