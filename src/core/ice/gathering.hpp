// Which base is still to ask which server what it looks like from outside. RFC 8445 section 5.1.1.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "core/ice/candidates.hpp"

namespace culver::ice {

class Gathering {
 public:
  static constexpr std::size_t most_servers = 8;

  struct Query {
    BaseId base;
    Endpoint server;
    bool operator==(const Query&) const = default;
  };

  void base_added(const Base& base);
  void server_named(const Endpoint& server, const std::vector<Base>& bases);
  void base_lost(BaseId base);
  void no_more_bases() { bases_done_ = true; }
  void no_more_servers() { servers_done_ = true; }
  /// Every server once more, by every base.
  void begin_anew(const std::vector<Base>& bases);
  void stop() { to_ask_.clear(); }

  bool wants_to_ask() const { return !to_ask_.empty(); }
  Query next();
  /// Everything that could be asked was asked; the answers are another matter.
  bool all_asked() const { return bases_done_ && servers_done_ && to_ask_.empty(); }

 private:
  void plan(const Base& base, const Endpoint& server);

  std::vector<Endpoint> servers_;
  std::deque<Query> to_ask_;
  bool bases_done_ = false, servers_done_ = false;
};

}  // namespace culver::ice
