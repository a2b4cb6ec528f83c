// Whom the client looks for: everybody in the peer book who is not blocked, as culver receive does.
#pragma once

#include <functional>
#include <set>
#include <span>

#include "core/engine/api.hpp"

namespace culver::library {

class KnownPeers {
 public:
  using Command = std::function<void(engine::Command)>;

  KnownPeers(std::span<const engine::Known> book, Command command) : command_(std::move(command)) {
    for (const auto& peer : book) {
      known_.insert(peer.key);
      if (!peer.is_blocked) welcome_.insert(peer.key);
    }
  }

  bool has(const PublicKey& key) const { return known_.contains(key); }

  void go_online() {
    for (const auto& key : welcome_) command_(engine::LookFor{key});
  }
  /// Whoever was let in once is known from now on.
  void on(const engine::Connected& notice) {
    known_.insert(notice.key);
    welcome_.insert(notice.key);
    command_(engine::LookFor{notice.key});
  }
  /// Another hand has written in the book.
  void on(const engine::PeerBookChanged& notice) {
    if (!notice.is_welcome) return void(welcome_.erase(notice.key));
    known_.insert(notice.key);
    welcome_.insert(notice.key);
    command_(engine::LookFor{notice.key});
  }

 private:
  Command command_;
  std::set<PublicKey> known_;
  std::set<PublicKey> welcome_;  ///< of these, those that are looked for
};

}  // namespace culver::library
