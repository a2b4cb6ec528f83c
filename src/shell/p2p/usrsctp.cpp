#include "shell/p2p/usrsctp.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <unordered_map>

#include <usrsctp.h>

#include "shell/p2p/crc32c.hpp"

namespace culver::p2p {
namespace {

constexpr std::size_t checksum_offset = 8;

struct Process {
  std::unordered_map<std::uintptr_t, SctpCallbacks*> live;
  std::uintptr_t next = 1;
  std::optional<TimePoint> ticked;
  bool fills_checksum = false;
};

int send_packet(void* address, void* data, std::size_t size, std::uint8_t, std::uint8_t);

void set_defaults() {
  usrsctp_sysctl_set_sctp_ecn_enable(0);
  usrsctp_sysctl_set_sctp_asconf_enable(0);
  usrsctp_sysctl_set_sctp_auth_enable(0);
  usrsctp_sysctl_set_sctp_nrsack_enable(0);
  usrsctp_sysctl_set_sctp_pktdrop_enable(0);
  usrsctp_sysctl_set_sctp_initial_cwnd(10);
  // No limit but the congestion window: a burst below the SACK frequency would make the peer's
  // delayed SACK, 20 ms, the clock of the transfer (measured: 0.6 MB/s instead of 96).
  usrsctp_sysctl_set_sctp_max_burst_default(0);
  usrsctp_sysctl_set_sctp_fr_max_burst_default(4);
  // While it doubles the congestion window, a SACK may count for more packets than a Culver has it
  // for (RFC 3465 counts two, for SACKs of every second packet): else it grows more slowly.
  usrsctp_sysctl_set_sctp_L2_abc_variable(16);
  // Must grow with the buffers: 4 MiB in chunks of 256 bytes and up.
  usrsctp_sysctl_set_sctp_max_chunks_on_queue(16'384);
  // 200 ms gave spurious retransmissions on busy machines.
  usrsctp_sysctl_set_sctp_rto_min_default(1'000);
  usrsctp_sysctl_set_sctp_rto_initial_default(1'000);
  // Whether the path lives is ICE's to say, and when it is back, this is how long one waits for
  // what was lost. With 10 repetitions it outlives every outage that ICE bears.
  usrsctp_sysctl_set_sctp_rto_max_default(3'000);
}

// Never torn down: usrsctp_finish needs every socket to be gone, and the process ends anyway.
Process& process() {
  static Process* const started = [] {
    auto* made = new Process;
    usrsctp_init_nothreads(0, send_packet, nullptr);
    set_defaults();
    if (has_crc32c_instruction()) {
      // Incoming checksums are then not checked either: DTLS has authenticated the packet.
      usrsctp_enable_crc32c_offload();
      made->fills_checksum = true;
    }
    return made;
  }();
  return *started;
}

int send_packet(void* address, void* data, std::size_t size, std::uint8_t, std::uint8_t) {
  SctpCallbacks* callbacks = SctpAddress::find(address);
  if (callbacks == nullptr) return 0;
  auto* bytes = static_cast<std::byte*>(data);
  const ByteView packet(bytes, size);
  if (process().fills_checksum && size >= checksum_offset + 4) {
    std::memset(bytes + checksum_offset, 0, 4);
    const std::uint32_t checksum = crc32c(packet);
    std::memcpy(bytes + checksum_offset, &checksum, 4);
  }
  callbacks->on_packet(packet);
  return 0;
}

}  // namespace

SctpAddress::SctpAddress(SctpCallbacks& callbacks) : id_(process().next++) {
  process().live.emplace(id_, &callbacks);
  usrsctp_register_address(value());
}

SctpAddress::~SctpAddress() {
  usrsctp_deregister_address(value());
  process().live.erase(id_);
}

SctpCallbacks* SctpAddress::find(void* value) {
  const auto& live = process().live;
  const auto found = live.find(reinterpret_cast<std::uintptr_t>(value));
  return found == live.end() ? nullptr : found->second;
}

void tick_usrsctp(TimePoint now) {
  using std::chrono::milliseconds;
  Process& p = process();
  if (p.live.empty() || !p.ticked) {
    p.ticked = now;
    return;
  }
  const auto elapsed = std::chrono::duration_cast<milliseconds>(now - *p.ticked);
  if (elapsed <= milliseconds::zero()) return;
  *p.ticked += elapsed;
  // After a pause (a sleeping laptop, no association for a while) time goes on, it does not jump.
  const auto step = std::min(elapsed, milliseconds(1'000));
  usrsctp_handle_timers(static_cast<std::uint32_t>(step.count()));
}

}  // namespace culver::p2p
