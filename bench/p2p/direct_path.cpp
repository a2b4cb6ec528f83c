#include "bench/p2p/direct_path.hpp"

#include <optional>

#include <boost/asio/post.hpp>

#include "shell/p2p/udp.hpp"

namespace culver::p2p::bench {
namespace {

class DirectPath final : public Path {
 public:
  DirectPath(boost::asio::io_context& io, PathSink sink)
      : io_(io),
        sink_(std::move(sink)),
        socket_(UdpSocket::open(io, *Endpoint::parse("127.0.0.1", 0), buffer_,
                                [this](std::span<const Arrival> all) { on_arrivals(all); })) {
    wire::sdp::Candidate own{};
    own.foundation = "1";
    own.priority = 1;
    own.address = "127.0.0.1";
    own.port = socket_->local().port();
    tell(connection::LocalCandidate{own});
    tell(connection::GatheringDone{});
  }
  wire::sdp::IceCredentials credentials() const override {
    return {"none", "nonenonenonenonenonenone"};
  }
  wire::sdp::IceCredentials prepare_restart() override { return credentials(); }
  void restart() override {}
  void set_remote(const wire::sdp::IceCredentials&) override {}
  void add_candidate(const wire::sdp::Candidate& candidate) override {
    peer_ = Endpoint::parse(candidate.address, candidate.port);
    tell(connection::PathReady{connection::PathKind::direct});
  }
  void remote_candidates_done() override {}
  void send_batch(std::span<const Datagram> batch) override { socket_->send_batch(*peer_, batch); }

 private:
  void tell(PathEvent event) {
    boost::asio::post(io_, [this, event = std::move(event)] { sink_.on_event(event); });
  }
  void on_arrivals(std::span<const Arrival> all) {
    batch_.clear();
    for (const auto& arrival : all) batch_.push_back(arrival.bytes);
    sink_.on_batch(batch_);
  }

  boost::asio::io_context& io_;
  PathSink sink_;
  UdpBuffer buffer_;
  std::unique_ptr<UdpSocket> socket_;
  std::optional<Endpoint> peer_;
  std::vector<Datagram> batch_;
};

}  // namespace

PathFactory direct_paths() {
  return [](boost::asio::io_context& io, const PathConfig&, PathSink sink) {
    return std::make_unique<DirectPath>(io, std::move(sink));
  };
}

}  // namespace culver::p2p::bench
