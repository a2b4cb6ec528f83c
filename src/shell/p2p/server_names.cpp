// One coroutine for each name. They share the search, which may be over before they are.
#include "shell/p2p/server_names.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include "shell/host/log_exception.hpp"
#include "shell/p2p/socket_address.hpp"

namespace culver::p2p {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds resolving_time{5};

}  // namespace

class ServerNames::Search {
 public:
  using Ref = std::shared_ptr<Search>;

  Search(asio::io_context& io, host::LookUp look_up) : io_(io), look_up_(std::move(look_up)) {}

  static void begin(const Ref& self, std::span<const IceServer> servers, Found found, Done done);
  /// Without a word to anybody.
  void drop();

 private:
  static asio::awaitable<void> look_up(Ref self, IceServer server);
  void take(const IceServer& server, const host::Endpoints& endpoints);
  void settle() {
    if (--asked_ > 0) return;
    if (auto done = std::exchange(done_, nullptr)) done();
  }

  asio::io_context& io_;
  host::LookUp look_up_;
  Found found_;
  Done done_;  ///< none once it was called, or nobody wants to know
  std::deque<host::NameLookup> lookups_;
  std::size_t asked_ = 1;  ///< names that have no answer yet, and the asking
};

ServerNames::ServerNames(asio::io_context& io, host::LookUp look_up)
    : search_(std::make_shared<Search>(io, std::move(look_up))) {}

ServerNames::~ServerNames() { search_->drop(); }

void ServerNames::resolve(std::span<const IceServer> servers, Found found, Done done) {
  Search::begin(search_, servers.first(std::min(servers.size(), ice_server_limit)),
                std::move(found), std::move(done));
}

void ServerNames::Search::begin(const Ref& self, std::span<const IceServer> servers, Found found,
                                Done done) {
  self->found_ = std::move(found);
  self->done_ = std::move(done);
  for (const auto& server : servers) {
    if (server.transport != IceServer::Transport::udp) continue;
    if (const auto literal = Endpoint::parse(server.host, server.port)) {
      self->found_(server, *literal);
      continue;
    }
    ++self->asked_;
    asio::co_spawn(self->io_, look_up(self, server),
                   log::Caught{"the look-up of an ICE server ended"});
  }
  self->settle();
}

asio::awaitable<void> ServerNames::Search::look_up(Ref self, IceServer server) {
  if (!self->done_) co_return;
  auto& lookup = self->lookups_.emplace_back(self->io_, self->look_up_);
  const auto found = co_await lookup.find(server.host, server.port, resolving_time);
  if (found && self->done_) self->take(server, *found);
  self->settle();
}

void ServerNames::Search::take(const IceServer& server, const host::Endpoints& endpoints) {
  bool seen_v4 = false;
  bool seen_v6 = false;
  for (auto endpoint : endpoints) {
    const auto address = from_socket(*endpoint.data());
    if (!address) continue;
    bool& seen = address->family() == Endpoint::Family::v4 ? seen_v4 : seen_v6;
    if (!std::exchange(seen, true)) found_(server, *address);
  }
}

void ServerNames::Search::drop() {
  done_ = nullptr;
  for (auto& lookup : lookups_) lookup.cancel();
}

}  // namespace culver::p2p
