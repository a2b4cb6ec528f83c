// usrsctp as this process has it: one stack, started once, without threads, its clock driven by us,
// and a register that turns the addresses it keeps into associations that still exist.
#pragma once

#include <cstdint>

#include "core/base/bytes.hpp"
#include "core/base/env.hpp"

namespace culver::p2p {

/// What usrsctp calls back, on the thread that called usrsctp.
class SctpCallbacks {
 public:
  virtual void on_packet(ByteView packet) = 0;  ///< to be sent to the peer
  virtual void on_wakeup() = 0;                 ///< something to read, or room to send
 protected:
  ~SctpCallbacks() = default;
};

/// An AF_CONN address: an integer, never a pointer, because usrsctp may speak of an association
/// after we have freed it. What comes for an address that is gone is dropped.
class SctpAddress {
 public:
  explicit SctpAddress(SctpCallbacks& callbacks);
  ~SctpAddress();
  SctpAddress(const SctpAddress&) = delete;
  SctpAddress& operator=(const SctpAddress&) = delete;

  void* value() const { return reinterpret_cast<void*>(id_); }
  static SctpCallbacks* find(void* value);

 private:
  std::uintptr_t id_;
};

/// Lets usrsctp's timers run up to `now`. Whoever has associations calls it every 10 ms; several
/// callers do not make its clock run faster.
void tick_usrsctp(TimePoint now);

}  // namespace culver::p2p
