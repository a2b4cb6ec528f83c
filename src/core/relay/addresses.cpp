// Counting by address.
#include "core/relay/addresses.hpp"

namespace culver::relay {

std::size_t Addresses::sockets(const Address& address) const {
  const auto found = entries_.find(address);
  return found == entries_.end() ? 0 : found->second.sockets;
}

void Addresses::open(const Address& address, TimePoint now) {
  sweep(now);
  auto [entry, is_new] = entries_.try_emplace(address);
  if (!is_new && entry->second.sockets == 0) idle_.erase(entry->second.idle);
  ++entry->second.sockets;
  // Too many strangers: the one that has been away longest starts afresh.
  if (entries_.size() > limits_.addresses && !idle_.empty()) {
    entries_.erase(idle_.front().address);
    idle_.pop_front();
  }
}

void Addresses::close(const Address& address, TimePoint now) {
  const auto entry = entries_.find(address);
  if (entry == entries_.end() || entry->second.sockets == 0) return;
  if (--entry->second.sockets == 0)
    entry->second.idle = idle_.insert(idle_.end(), Idle{address, now});
  sweep(now);
}

bool Addresses::take_message(const Address& address, TimePoint now) {
  return take(address, &Entry::messages, limits_.messages_per_address, now);
}
bool Addresses::take_register(const Address& address, TimePoint now) {
  return take(address, &Entry::registers, limits_.registers_per_address, now);
}
bool Addresses::take_pair_request(const Address& address, TimePoint now) {
  return take(address, &Entry::pair_requests, limits_.pair_requests_per_address, now);
}
bool Addresses::take_rendezvous(const Address& address, TimePoint now) {
  return take(address, &Entry::rendezvous, limits_.rendezvous_per_address, now);
}
bool Addresses::take_handshake(const Address& address, TimePoint now) {
  return take(address, &Entry::handshakes, limits_.handshakes_per_address, now);
}
bool Addresses::take_link_try(const Address& address, TimePoint now) {
  return take(address, &Entry::link_tries, limits_.link_tries, now);
}
bool Addresses::take_admin_request(const Address& address, TimePoint now) {
  return take(address, &Entry::admin_requests, limits_.admin_requests_per_address, now);
}

bool Addresses::take(const Address& address, Allowance Entry::*allowance, const Rate& rate,
                     TimePoint now) {
  const auto entry = entries_.find(address);
  return entry != entries_.end() && (entry->second.*allowance).take(rate, now);
}

Duration Addresses::message_wait(const Address& address, TimePoint now) const {
  return wait(address, &Entry::messages, limits_.messages_per_address, now);
}
Duration Addresses::register_wait(const Address& address, TimePoint now) const {
  return wait(address, &Entry::registers, limits_.registers_per_address, now);
}
Duration Addresses::pair_request_wait(const Address& address, TimePoint now) const {
  return wait(address, &Entry::pair_requests, limits_.pair_requests_per_address, now);
}
Duration Addresses::rendezvous_wait(const Address& address, TimePoint now) const {
  return wait(address, &Entry::rendezvous, limits_.rendezvous_per_address, now);
}
Duration Addresses::handshake_wait(const Address& address, TimePoint now) const {
  return wait(address, &Entry::handshakes, limits_.handshakes_per_address, now);
}

Duration Addresses::link_try_wait(const Address& address, TimePoint now) const {
  return wait(address, &Entry::link_tries, limits_.link_tries, now);
}

Duration Addresses::wait(const Address& address, Allowance Entry::*allowance, const Rate& rate,
                         TimePoint now) const {
  const auto entry = entries_.find(address);
  return entry == entries_.end() ? Duration::zero() : (entry->second.*allowance).wait(rate, now);
}

void Addresses::sweep(TimePoint now) {
  while (!idle_.empty() && now - idle_.front().since >= memory()) {
    entries_.erase(idle_.front().address);
    idle_.pop_front();
  }
}

/// After this long without a socket every allowance is whole.
Duration Addresses::memory() const {
  return std::max({limits_.messages_per_address.window, limits_.registers_per_address.window,
                   limits_.pair_requests_per_address.window, limits_.rendezvous_per_address.window,
                   limits_.handshakes_per_address.window, limits_.link_tries.window,
                   limits_.admin_requests_per_address.window});
}

}  // namespace culver::relay
