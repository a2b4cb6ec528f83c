// The UDP sockets of one path: one for each address that this machine has, coming and going with
// them. What the agent of ICE knows as wires.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/ice/events.hpp"
#include "shell/p2p/address_watch.hpp"
#include "shell/p2p/udp.hpp"

namespace culver::p2p {

/// What the paths of one thread have together. It outlives them.
struct SharedUdp {
  explicit SharedUdp(boost::asio::io_context& io) : watch(io) {}
  UdpBuffer buffer;
  AddressWatch watch;
};

/// All on the io_context's thread. Nothing is called from within a member.
class UdpWires {
 public:
  struct Sink {
    std::function<void(ice::WireId, std::span<const Arrival>)> on_arrivals;
    /// Addresses may have changed: time to update().
    std::function<void()> on_change;
  };

  /// `only`: see local_addresses. No socket is open yet.
  UdpWires(boost::asio::io_context& io, std::shared_ptr<SharedUdp> shared, bool loopback,
           std::span<const std::string> only, Sink sink);
  ~UdpWires();
  UdpWires(const UdpWires&) = delete;
  UdpWires& operator=(const UdpWires&) = delete;

  /// Besides local_address_limit, for addresses that lead somewhere when the others are taken.
  static constexpr std::size_t most_extra = 8;
  /// Of the places to which a way is kept in mind.
  static constexpr std::size_t most_places = 64;

  /// The server, or the peer, may be there: the address that leads there comes before others. True
  /// if it has no socket yet, so that an update() may open one.
  bool lead_to(const Endpoint& place);
  /// Opens and closes what the addresses ask for, at most local_address_limit at once. What came
  /// stands before what went: with it the agent finds a way out sooner. Numbers count from 0.
  std::vector<std::variant<ice::WireOpened, ice::WireLost>> update();
  bool empty() const { return sockets_.empty(); }
  /// Null if it is none of these, or no more.
  UdpSocket* find(ice::WireId wire) const;

 private:
  bool has(const Endpoint& address) const;

  boost::asio::io_context& io_;
  std::shared_ptr<SharedUdp> shared_;
  bool loopback_;
  std::vector<std::string> only_;
  std::vector<Endpoint> places_;  ///< that a way should lead to
  Sink sink_;
  AddressWatch::Id watching_;
  std::map<ice::WireId, std::unique_ptr<UdpSocket>> sockets_;
  std::uint32_t last_ = 0;
};

}  // namespace culver::p2p
