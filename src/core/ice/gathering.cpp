#include "core/ice/gathering.hpp"

#include <algorithm>

namespace culver::ice {

/// A socket bound to loopback reaches loopback only, and no other needs to ask there.
void Gathering::plan(const Base& base, const Endpoint& server) {
  if (base.relay || base.address.family() != server.family()) return;
  if (base.address.is_loopback() != server.is_loopback()) return;
  to_ask_.push_back({base.id, server});
}

void Gathering::base_added(const Base& base) {
  for (const auto& server : servers_) plan(base, server);
}

void Gathering::server_named(const Endpoint& server, const std::vector<Base>& bases) {
  if (servers_.size() >= most_servers || !server.is_unicast()) return;
  if (std::find(servers_.begin(), servers_.end(), server) != servers_.end()) return;
  servers_.push_back(server);
  for (const auto& base : bases) plan(base, server);
}

void Gathering::base_lost(BaseId base) {
  std::erase_if(to_ask_, [&](const Query& query) { return query.base == base; });
}

void Gathering::begin_anew(const std::vector<Base>& bases) {
  to_ask_.clear();
  for (const auto& base : bases) base_added(base);
}

Gathering::Query Gathering::next() {
  auto query = to_ask_.front();
  to_ask_.pop_front();
  return query;
}

}  // namespace culver::ice
