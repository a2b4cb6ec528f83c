// Every way things go wrong, who is to blame, and the one table that maps a fault to the wire, to
// an exit code and to a sentence. It knows no protocol and no operating system.
#pragma once

#include <cstdint>
#include <string_view>

namespace culver {

/// Whose fault it is: ours (a bug, a wrong call, our disk), the peer's (client, server or other
/// machine that broke the protocol), or the world's (network, time, the answer of a person).
enum class Blame : std::uint8_t { us, peer, world };

enum class Fault : std::uint8_t {
  // Ours.
  internal,
  usage,
  bad_config,
  identity_unreadable,
  passphrase_wrong,
  passphrase_needed,
  store_failed,
  text_too_long,
  not_connected,
  no_such_peer,
  name_ambiguous,
  interrupted,
  terminated,
  hung_up,
  quit,
  output_gone,
  output_unwritable,
  no_code_given,
  own_code,
  own_key,
  key_not_offered,
  no_such_message,
  name_taken,
  no_identity,
  passphrase_unfit,
  out_of_descriptors,
  // What a frame can do wrong.
  malformed,
  too_large,
  missing_field,
  wrong_type,
  unknown_message,
  out_of_order,
  bad_pairing_code,
  bad_public_key,
  weak_public_key,
  bad_call,
  bad_description,
  bad_candidate,
  bad_handshake,
  not_authentic,
  replayed,
  reflected,
  queue_full,
  // The server as a client sees it.
  server_unreachable,
  server_untrusted,
  server_lost,
  server_silent,
  server_refused,
  registration_failed,
  rate_limited,
  // The server as it speaks of its clients.
  not_registered,
  too_many_connections,
  register_timeout,
  heartbeat_timeout,
  replaced,
  shutting_down,
  unrelated_target,
  bad_peer_id,
  peer_id_mismatch,
  bad_relay_id,
  bad_rendezvous_point,
  too_many_rendezvous_points,
  bad_rendezvous_token,
  too_many_rendezvous_tokens,
  too_many_dead_drops,
  dead_drop_too_large,
  rendezvous_full,
  // The gateway: who may come in.
  handshake_required,
  handshake_out_of_order,
  gateway_timeout,
  too_many_handshakes,
  bad_ephemeral_key,
  bad_handshake_nonce,
  bad_user_id,
  bad_device_id,
  bad_device_name,
  bad_signature,
  client_not_authentic,
  device_of_another,
  device_revoked,
  device_unknown,
  device_name_refused,
  device_replaced,
  too_many_devices,
  too_many_sessions,
  directory_failed,
  session_expired,
  // The gateway: what its sessions may not do. Answered by an error, and the session goes on.
  bad_event_id,
  bad_stream_id,
  bad_event_type,
  bad_payload,
  bad_device_seq,
  event_of_another_user,
  event_of_another_device,
  event_too_large,
  event_expired,
  event_id_taken,
  device_seq_taken,
  too_many_events,
  too_many_unanswered,
  too_many_stored_events,
  too_many_stored_bytes,
  bad_continuation_token,
  bad_replay_limit,
  replay_running,
  bad_cursor,
  bad_link_code,
  link_code_unknown,
  too_many_link_codes,
  link_pending,
  bad_request_signature,
  stale_request,
  // The gateway as a client sees it.
  server_not_authentic,
  server_identity_changed,
  server_downgraded,
  server_without_accounts,
  server_without_device_list,
  answer_not_signed,
  link_code_unused,
  link_code_burnt,
  link_refused,
  link_refused_by_us,
  link_withdrawn,
  device_already_linked,
  data_folder_in_use,
  // Pairing.
  pair_refused,
  pair_expired,
  pair_unknown,
  pair_left,
  too_many_pending,
  peer_key_changed,
  peer_not_known,
  peer_blocked,
  name_of_another,
  peer_replaced,
  peer_away,
  // Establishing a link.
  signal_timeout,
  ice_failed,
  ice_timeout,
  relay_refused,
  relay_silent,
  dtls_failed,
  dtls_timeout,
  fingerprint_mismatch,
  sctp_failed,
  channel_timeout,
  handshake_timeout,
  key_mismatch,
  peer_downgraded,
  key_worn_out,
  peer_unproven,
  peer_gone,
  cancelled,
  // Letters.
  outbox_full,
  letter_unreadable,
  // Files.
  file_unreadable,
  file_unwritable,
  file_changed,
  file_refused,
  file_refused_by_us,
  file_unanswered,
  file_too_large,
  file_damaged,
  file_protocol,
  file_stalled,
  no_space,
  peer_no_space,
  peer_file_failed,
  file_too_large_here,
  folder_missing,
  folder_not_folder,
  folder_read_only,
  folder_unfit,
  disk_stalled,
  peer_cannot_store,
  peer_store_failed,
  peer_cancelled,
  not_confirmed,
};

/// What a fault means at each of Culver's edges. All texts are static, in English, free of any
/// user text, key or code.
struct FaultInfo {
  Fault fault;
  std::string_view name;  ///< stable identifier for logs, metrics and JSON, snake_case
  Blame blame;
  int exit_code;              ///< of the command line; see docs/protocol/command-line.md
  std::string_view wire;      ///< what the other side of a socket is told, <= 123 bytes
  std::string_view sentence;  ///< what a person is told
  std::string_view advice;    ///< what that person can do, may be empty
};

const FaultInfo& info(Fault fault);

/// The number of faults, for tests that walk the whole table.
inline constexpr std::size_t fault_count = static_cast<std::size_t>(Fault::not_confirmed) + 1;

}  // namespace culver
