#include "tests/shell/p2p/pair_support.hpp"

#include <filesystem>

#include <gtest/gtest.h>

namespace culver::p2p::test {

End::End(boost::asio::io_context& io, bool offering, StackConfig config) : offers(offering) {
  stack = std::make_unique<Stack>(
      io, std::move(config), [this](ConnectionId id, connection::TransportEvent e) {
        EXPECT_EQ(id, link_id);
        EXPECT_FALSE(performing) << "the sink was called from within perform";
        on(std::move(e));
      });
}

void End::send(ChannelId on_channel, std::size_t size, char fill) {
  perform(connection::SendOn{on_channel, ByteVector(size, static_cast<std::byte>(fill))});
}

std::size_t End::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count(names.begin(), names.end(), name));
}

void End::on(connection::TransportEvent event) {
  names.emplace_back(fsm::name_of(event));
  answer(event);
  if (also) also(event);
}

void End::answer(const connection::TransportEvent& event) {
  const auto visitor =
      fsm::overload{[this](const connection::LocalDescription& e) {
                      if (std::exchange(own_fingerprint, e.fingerprint)) return prepared(e.ice);
                      peer->perform(connection::SetRemoteIce{e.ice});
                      const auto role = peer->offers ? connection::DtlsRole::server
                                                     : connection::DtlsRole::client;
                      if (peer->auto_dtls) peer->perform(connection::StartDtls{role});
                    },
                    [this](const connection::LocalCandidate& e) {
                      if (tells_candidates && (!tells_only || e.candidate.type == *tells_only))
                        peer->perform(connection::AddCandidate{e.candidate});
                    },
                    [this](const connection::GatheringDone&) {
                      peer->perform(connection::RemoteCandidatesDone{});
                    },
                    [this](const connection::PathReady& e) { path = e.path; },
                    [this](const connection::PathDoubted&) {
                      if (restarts_when_doubted) restart();
                    },
                    [this](const connection::DtlsUp& e) {
                      seen_fingerprint = e.peer_certificate.sha256;
                      const bool right = seen_fingerprint == peer->own_fingerprint;
                      if (right && auto_sctp) perform(connection::StartSctp{5000, 262'144});
                    },
                    [this](const connection::SctpUp&) {
                      if (offers) perform(connection::OpenChannel{"messages"});
                    },
                    [this](const connection::ChannelOpen& e) { channels[e.label] = e.channel; },
                    [this](const connection::Window& e) { windows[e.channel] = e.bytes; },
                    [this](const connection::ChannelData& e) {
                      received_bytes += e.bytes.size();
                      if (keep_data) data.push_back(e.bytes);
                    },
                    [](const auto&) {}};
  std::visit(visitor, event);
}

/// Both begin anew once both have told: as if the answer were here.
void End::prepared(wire::sdp::IceCredentials ice) {
  fresh = std::move(ice);
  if (!peer->fresh) return peer->perform(connection::PrepareRestart{});
  for (End* end : {this, peer}) end->perform(connection::RestartIce{});
  for (End* end : {this, peer}) end->perform(connection::SetRemoteIce{*end->peer->fresh});
  fresh.reset();
  peer->fresh.reset();
}

Pair::Pair(StackConfig for_a, StackConfig for_b)
    : a(io, true, std::move(for_a)), b(io, false, std::move(for_b)) {
  a.peer = &b;
  b.peer = &a;
}

StackConfig Pair::on_loopback() {
  StackConfig config;
  config.addresses = {"127.0.0.1"};
  return config;
}

void End::restart() {
  if (!fresh && !peer->fresh) perform(connection::PrepareRestart{});
}

void Pair::start() {
  a.perform(connection::StartIce{true});
  b.perform(connection::StartIce{false});
}

bool Pair::until(const std::function<bool()>& done, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(100));
  }
  return true;
}

bool Pair::open() {
  start();
  return until([this] { return a.has("messages") && b.has("messages"); });
}

std::size_t open_descriptors() {
  std::size_t open = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the iterator's own descriptor, or one that closes meanwhile
    const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
    // A transport has sockets, eventfds and timerfds. The pipes are those of the thread sanitizer
    // to its symbolizer, which it starts whenever it first has something to suppress.
    open += !target.starts_with("pipe:");
  }
  return open;
}

std::size_t running_threads() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace culver::p2p::test
