// What each address has open and has used up. It outlives the sockets, so that reconnecting resets
// nothing, and forgets an address once all its allowances are whole again.
#pragma once

#include <cstddef>
#include <list>
#include <map>

#include "core/relay/events.hpp"
#include "core/relay/limits.hpp"

namespace culver::relay {

class Addresses {
 public:
  explicit Addresses(const Limits& limits) : limits_(limits) {}
  /// From now on.
  void limit(const Limits& limits) { limits_ = limits; }

  std::size_t sockets(const Address& address) const;
  void open(const Address& address, TimePoint now);
  void close(const Address& address, TimePoint now);

  /// False if the address has used up its allowance. Only for addresses with an open socket.
  bool take_message(const Address& address, TimePoint now);
  bool take_register(const Address& address, TimePoint now);
  bool take_pair_request(const Address& address, TimePoint now);
  bool take_rendezvous(const Address& address, TimePoint now);
  bool take_handshake(const Address& address, TimePoint now);
  bool take_link_try(const Address& address, TimePoint now);  ///< of six digits
  bool take_admin_request(const Address& address, TimePoint now);

  /// How long until the next is granted.
  Duration message_wait(const Address& address, TimePoint now) const;
  Duration register_wait(const Address& address, TimePoint now) const;
  Duration pair_request_wait(const Address& address, TimePoint now) const;
  Duration rendezvous_wait(const Address& address, TimePoint now) const;
  Duration handshake_wait(const Address& address, TimePoint now) const;
  Duration link_try_wait(const Address& address, TimePoint now) const;

  /// Forgets what is whole again.
  void sweep(TimePoint now);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Idle {
    Address address;
    TimePoint since;
  };
  struct Entry {
    std::size_t sockets = 0;
    Allowance messages;
    Allowance registers;
    Allowance pair_requests;
    Allowance rendezvous;
    Allowance handshakes;
    Allowance link_tries;
    Allowance admin_requests;
    std::list<Idle>::iterator idle;  ///< valid while sockets == 0
  };
  bool take(const Address& address, Allowance Entry::*allowance, const Rate& rate, TimePoint now);
  Duration wait(const Address& address, Allowance Entry::*allowance, const Rate& rate,
                TimePoint now) const;
  Duration memory() const;

  Limits limits_;
  std::map<Address, Entry> entries_;
  std::list<Idle> idle_;  ///< without sockets, the longest idle first
};

}  // namespace culver::relay
