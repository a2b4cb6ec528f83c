// How much one client, one address and all of them together may ask of the server, and how long
// the server waits for anything. Values with defaults; the tests shorten them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/base/env.hpp"

namespace culver::relay {

/// `count` events in any window of this length; all of them may come at once.
struct Rate {
  std::uint32_t count;
  Duration window;
};

/// What may be left in a store: in all, by one owner, from one address, and at one key.
struct ExpiringStoreLimits {
  std::size_t values;
  std::size_t bytes;
  std::size_t values_per_owner;
  std::size_t values_per_address;
  std::size_t bytes_per_address;
  std::size_t owners_per_key;
  std::size_t owners_per_key_and_address;
};

struct Limits {
  std::size_t connections = 10'000;
  std::size_t connections_per_address = 250;
  /// Connections above the limit of their address that are still told so by a close frame; the
  /// ones beyond are cut at the door.
  std::size_t refusals_per_address = 8;

  Rate messages_per_socket{100, std::chrono::seconds(60)};
  Rate messages_per_device{1'000, std::chrono::seconds(60)};  ///< of open signaling
  Rate messages_per_address{3'000, std::chrono::seconds(60)};
  Rate registers_per_address{600, std::chrono::seconds(60)};
  Rate pair_requests_per_socket{10, std::chrono::seconds(60)};
  Rate pair_requests_per_device{120, std::chrono::seconds(60)};  ///< that has signed in
  Rate pair_requests_per_address{300, std::chrono::seconds(60)};
  /// Addresses remembered at once, so that reconnecting does not reset what they used up.
  std::size_t addresses = 65'536;

  std::size_t pending_per_target = 10;             ///< as many as a client keeps
  std::size_t pending_per_target_and_address = 8;  ///< so that one address leaves room for others
  std::size_t matches_per_code = 256;

  Duration upgrade = std::chrono::seconds(10);  ///< from accept to the end of the HTTP upgrade
  Duration registration =
      std::chrono::seconds(15);  ///< from the connection, if it has spoken by then
  Duration ping_interval = std::chrono::seconds(30);  ///< a ping unanswered for as long: dropped
  Duration pair_expiry = std::chrono::seconds(120);
  Duration pair_warning = std::chrono::seconds(90);
  /// How long a lost socket's code and matches wait for the same key to come back.
  Duration reconnect_grace = std::chrono::seconds(10);

  // ---- rendezvous -------------------------------------------------------------------------------

  Rate rendezvous_per_socket{20, std::chrono::seconds(60)};
  Rate rendezvous_per_device{120, std::chrono::seconds(60)};
  Rate rendezvous_per_address{1'200, std::chrono::seconds(60)};
  Duration dead_drop_life = std::chrono::hours(48);
  Duration rendezvous_token_life = std::chrono::hours(3);
  /// Few enough at one key that all that was left there fits into one answer, also if every
  /// character of it has to be escaped.
  ExpiringStoreLimits dead_drops{65'536, std::size_t{64} << 20, 256, 2'048, std::size_t{2} << 20, 8,
                                 4};
  ExpiringStoreLimits rendezvous_tokens{
      131'072, std::size_t{32} << 20, 512, 4'096, std::size_t{1} << 20, 8, 4};

  // ---- the gateway: coming in -------------------------------------------------------------------

  /// From accept to session_established, and to the first frame of whoever will not shake hands.
  Duration handshake = std::chrono::seconds(30);
  /// Of what a device says in its session, before its hello: a client may have kept it.
  std::uint32_t frames_before_hello = 100;
  Rate handshakes_per_address{600, std::chrono::seconds(60)};
  std::size_t handshakes = 1'024;  ///< under way at once, of all addresses
  std::size_t devices_per_user = 10;
  std::size_t sessions_per_user = 10;
  /// Frames of one connection that wait while the store is asked about it.
  std::size_t waiting_frames = 64;
  std::size_t waiting_bytes = 262'144;
  Duration session_life = std::chrono::hours(24);
  Duration expiry_warning = std::chrono::minutes(5);

  // ---- the gateway: what its sessions may ask ---------------------------------------------------

  Rate frames_per_session{12'000, std::chrono::seconds(60)};
  Rate events_per_user{6'000, std::chrono::seconds(60)};
  std::size_t unanswered_events = 2'048;  ///< of one session
  std::size_t unanswered_bytes = 4'194'304;
  std::size_t questions = 65'536;  ///< to the store, of all sessions
  std::size_t question_bytes = 268'435'456;
  Duration store_retry = std::chrono::seconds(1);  ///< told to whom the store has failed
  std::uint64_t stored_events_per_user = 1'000'000;
  std::uint64_t stored_bytes_per_user = std::uint64_t{4} << 30;
  std::uint64_t stored_bytes = std::uint64_t{32} << 30;  ///< on the disk, of all accounts
  std::size_t page_bytes = 524'288;
  std::size_t accounts = 65'536;  ///< remembered for the sake of their rates, without a session

  std::size_t link_codes = 1'000;
  std::size_t link_codes_per_user = 3;
  std::size_t link_codes_per_address = 30;
  /// Wrong ones of six digits, of everybody together, until a code of six digits is void.
  std::uint32_t link_code_tries = 3;
  Duration link_code_life = std::chrono::seconds(300);
  /// For the person at the device that shows the code.
  Duration link_answer = std::chrono::seconds(60);
  /// Of an account; and, of codes of six digits, of an address.
  Rate link_tries{5, std::chrono::seconds(60)};
  /// Wrong whole codes, of everybody together: what a guesser has, if he has the world's addresses.
  Rate wrong_link_tries{60'000, std::chrono::seconds(60)};

  Rate admin_requests_per_address{60, std::chrono::seconds(60)};
  Duration request_skew = std::chrono::seconds(60);  ///< of a signed request's time from ours
  std::uint32_t nonces_per_device = 1'024;           ///< of signed requests, remembered

  Duration retention = std::chrono::hours(24 * 30);
  Duration prune_interval = std::chrono::minutes(10);
  std::uint32_t prune_events = 10'000;  ///< removed at once
};

/// As it is told to a client: when it may ask again, and no sooner.
constexpr std::uint32_t whole_seconds(Duration wait) {
  return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(wait).count());
}

/// What is left of a rate: the generic cell rate algorithm, which needs one instant per counter.
class Allowance {
 public:
  bool take(const Rate& rate, TimePoint now) {
    const auto next = std::max(used_until_, now) + rate.window / rate.count;
    if (next - now > rate.window) return false;
    used_until_ = next;
    return true;
  }
  /// How long until take() will be granted again.
  Duration wait(const Rate& rate, TimePoint now) const {
    const auto next = std::max(used_until_, now) + rate.window / rate.count;
    return std::max(next - now - rate.window, Duration::zero());
  }
  bool is_whole(TimePoint now) const { return used_until_ <= now; }

 private:
  TimePoint used_until_{};
};

}  // namespace culver::relay
