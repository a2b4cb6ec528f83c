// What an engine may tell of a link, and do to its transport, in which order: watched in every
// simulation.
#pragma once

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include "core/engine/events.hpp"

namespace culver::test {

class LinkOrder {
 public:
  void watch(const engine::Notice& notice) {
    std::visit([&](const auto& n) { told(n); }, notice);
  }
  void watch(const engine::ToTransport& effect) {
    auto& at = links_[effect.link];
    if (at.is_dropped) fail(effect.link, "is used after its end");
    at.is_dropped = std::holds_alternative<link::DropTransport>(effect.effect);
  }
  /// Its numbers are given anew.
  void restart() { links_.clear(); }

 private:
  /// As far as it has come. Each is told at most once, but for the first two.
  enum class Told { nothing, establishing, unproven, name_taken, connected, closed };
  struct Link {
    Told told = Told::nothing;
    bool is_dropped = false;
  };

  /// The simulations run without gtest as well.
  [[noreturn]] static void fail(LinkId link, const std::string& what) {
    std::cerr << "link " << link.value << " " << what << "\n";
    std::abort();
  }
  void advance(LinkId link, Told to, bool may_repeat = false) {
    auto& told = links_[link].told;
    const bool is_ahead = told < to || (may_repeat && told == to);
    if (!is_ahead)
      fail(link, "goes from " + std::to_string(static_cast<int>(told)) + " to " +
                     std::to_string(static_cast<int>(to)));
    told = to;
  }
  void expect_connected(LinkId link) {
    if (links_[link].told != Told::connected) fail(link, "has said something too early or late");
  }

  void told(const engine::Establishing& n) { advance(n.link, Told::establishing, true); }
  void told(const engine::Unproven& n) { advance(n.link, Told::unproven, true); }
  void told(const engine::NameTaken& n) { advance(n.link, Told::name_taken); }
  void told(const engine::Connected& n) { advance(n.link, Told::connected); }
  void told(const engine::Closed& n) { advance(n.link, Told::closed); }
  void told(const engine::TextReceived& n) { expect_connected(n.link); }
  void told(const engine::GoodbyeReceived& n) { expect_connected(n.link); }
  void told(const engine::FileOffered& n) { expect_connected(n.link); }
  template <class Other>
  void told(const Other&) {}

  std::map<LinkId, Link> links_;
};

}  // namespace culver::test
