#include "shell/p2p/server_names.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "shell/p2p/socket_address.hpp"

namespace culver::p2p {
namespace {

constexpr std::chrono::seconds resolving_time{5};

}  // namespace

ServerNames::ServerNames(boost::asio::io_context& io)
    : resolver_(io), timer_(io), alive_(std::make_shared<ServerNames*>(this)) {}

ServerNames::~ServerNames() { *alive_ = nullptr; }

void ServerNames::resolve(std::span<const IceServer> servers, Found found, Done done) {
  const auto bounded = servers.first(std::min(servers.size(), ice_server_limit));
  servers_.assign(bounded.begin(), bounded.end());
  found_ = std::move(found);
  done_ = std::move(done);
  for (const auto& server : servers_)
    if (server.transport == IceServer::Transport::udp) look_up(server);
  if (asked_ == 0) return settle();
  timer_.expires_after(resolving_time);
  timer_.async_wait([alive = alive_](const boost::system::error_code& error) {
    if (!error && *alive) (*alive)->settle();
  });
}

void ServerNames::look_up(const IceServer& server) {
  if (const auto literal = Endpoint::parse(server.host, server.port))
    return found_(server, *literal);
  ++asked_;
  resolver_.async_resolve(
      server.host, std::to_string(server.port),
      [alive = alive_, &server](const boost::system::error_code& error, const Results& results) {
        if (*alive == nullptr) return;
        if (!error) (*alive)->take(server, results);
        if (--(*alive)->asked_ == 0) (*alive)->settle();
      });
}

void ServerNames::take(const IceServer& server, const Results& results) {
  if (!done_) return;  // too late
  bool seen_v4 = false;
  bool seen_v6 = false;
  for (const auto& result : results) {
    auto name = result.endpoint();
    const auto address = from_socket(*name.data());
    if (!address) continue;
    bool& seen = address->family() == Endpoint::Family::v4 ? seen_v4 : seen_v6;
    if (!std::exchange(seen, true)) found_(server, *address);
  }
}

void ServerNames::settle() {
  timer_.cancel();
  resolver_.cancel();
  if (auto done = std::exchange(done_, nullptr)) done();
}

}  // namespace culver::p2p
