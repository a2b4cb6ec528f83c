// What the server says within a session. Events are printed from what was prepared when they were
// stored, so that a page of them is little more than copying.
#include <array>
#include <charconv>
#include <utility>

#include "core/wire/gateway_fields.hpp"

namespace culver::wire::gateway {
namespace {

/// What an event has around its body, at most.
constexpr std::size_t frame_around_event = 128;
constexpr std::size_t frame_around_page = 320;

void append_number(std::uint64_t number, std::string& out) {
  std::array<char, 20> digits;
  auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// The object that an event frame and a page hold.
void append_event(const StoredEvent& event, std::string& out) {
  out += '{';
  out += event.body;
  out += ",\"stream_seq\":";
  append_number(event.stream_seq, out);
  out += ",\"cursor\":";
  append_number(event.cursor, out);
  out += '}';
}

std::size_t size_of(const std::vector<StoredEvent>& events) {
  std::size_t size = 0;
  for (const auto& event : events) size += event.body.size() + frame_around_event;
  return size;
}

void append_events(const std::vector<StoredEvent>& events, std::string& out) {
  char separator = '[';
  for (const auto& event : events) {
    out += std::exchange(separator, ',');
    append_event(event, out);
  }
  out += events.empty() ? "[]" : "]";
}

/// What follows the events of a page: members and the closing brace.
std::string rest_of_page(const ReplayResponse& page) {
  json::Writer rest;
  rest.boolean("has_more", page.has_more).number("page_size", page.events.size());
  if (page.has_more) rest.text("continuation_token", print_token(page.cursor));
  rest.number("cursor", page.cursor);
  if (page.lost) rest.boolean("gap", true).number("lost_up_to", *page.lost);
  return std::move(rest).finish().substr(1);
}

}  // namespace

std::string beginning_of_body(const NewEvent& event, const UserId& user) {
  json::Writer members(event.encrypted_payload.size() + event.stream.size() + 384);
  members.text("event_id", print_uuid(event.id.view()))
      .text("user_id", print_hex(user.view()))
      .text("device_id", print_uuid(event.device.view()))
      .number("device_seq", event.device_seq)
      .text("stream_id", event.stream)
      .text("type", event.type)
      .text("encrypted_payload", event.encrypted_payload);
  if (event.expires_at) members.integer("ttl", *event.expires_at);
  std::string beginning = std::move(members).finish();
  beginning.pop_back();
  beginning.erase(0, 1);
  return beginning + R"(,"created_at":)";
}

std::string body_of(const NewEvent& event, const UserId& user, WallTime created_at) {
  return beginning_of_body(event, user) + std::to_string(created_at);
}

std::string print_event(const StoredEvent& event) {
  std::string out;
  out.reserve(event.body.size() + frame_around_event);
  out += R"({"type":"event","payload":)";
  append_event(event, out);
  out += '}';
  return out;
}

std::string print(const Ack& message) {
  auto payload = payload_of_type("ack");
  payload.number("device_seq", message.device_seq)
      .text("event_id", print_uuid(message.event.view()));
  return in_envelope("ack", std::move(payload));
}

std::string print(const ReplayResponse& message) {
  std::string out;
  out.reserve(size_of(message.events) + frame_around_page);
  out += R"({"type":"replay_response","payload":{"type":"replay_response","events":)";
  append_events(message.events, out);
  out += ',';
  out += rest_of_page(message);
  out += '}';
  return out;
}

std::string print(const DeviceStatusChanged& message) {
  auto payload = payload_of_type("device_status_changed");
  payload.text("user_id", print_hex(message.user.view()))
      .text("device_id", print_uuid(message.device.view()));
  if (message.device_name) payload.text("device_name", message.device_name->expose());
  if (message.device_type) payload.text("device_type", name(*message.device_type));
  payload.boolean("is_online", message.is_online).integer("timestamp", message.timestamp);
  return in_envelope("device_status_changed", std::move(payload));
}

std::string print(const DeviceRevoked& message) {
  auto payload = payload_of_type("device_revoked");
  payload.text("reason", info(Fault::device_revoked).wire).integer("timestamp", message.timestamp);
  return in_envelope("device_revoked", std::move(payload));
}

std::string print(const SessionExpiringSoon& message) {
  auto payload = payload_of_type("session_expiring_soon");
  payload.number("expires_in_seconds", message.expires_in_seconds)
      .integer("expires_at", message.expires_at);
  return in_envelope("session_expiring_soon", std::move(payload));
}

std::string print(const Pong& message) {
  json::Writer payload;
  payload.integer("timestamp", message.timestamp);
  return in_envelope("pong", std::move(payload));
}

std::string print(const PairingInitiated& message) {
  json::Writer payload;
  payload.text("code", message.code).number("expiresIn", message.expires_in_ms);
  if (message.asks) payload.boolean("asks", true);
  return in_envelope("pairing_initiated", std::move(payload));
}

std::string print(const PairingCompleted& message) {
  json::Writer payload;
  payload.boolean("success", true).text("linkedUserId", print_hex(message.linked_user.view()));
  return in_envelope("pairing_completed", std::move(payload));
}

std::string print(const PairingFailed& message) {
  json::Writer payload;
  payload.text("error", info(message.fault).wire).text("code", info(message.fault).name);
  if (message.retry_after_ms) payload.number("retry_after_ms", *message.retry_after_ms);
  return in_envelope("pairing_failed", std::move(payload));
}

std::string print(const DevicePaired& message) {
  auto payload = payload_of_type("device_paired");
  payload.text("device_id", print_uuid(message.device.view()))
      .integer("timestamp", message.timestamp);
  return in_envelope("device_paired", std::move(payload));
}

std::string print(const PairingRequested& message) {
  auto payload = payload_of_type("pairing_requested");
  payload.number("id", message.id)
      .text("device_id", print_uuid(message.device.view()))
      .text("device_key", print_hex(message.device_key.view()));
  if (message.device_name) payload.text("device_name", message.device_name->expose());
  if (message.device_type) payload.text("device_type", name(*message.device_type));
  payload.number("expiresIn", message.expires_in_ms);
  return in_envelope("pairing_requested", std::move(payload));
}

std::string print(const PairingWithdrawn& message) {
  auto payload = payload_of_type("pairing_withdrawn");
  payload.number("id", message.id)
      .text("error", info(message.fault).wire)
      .text("code", info(message.fault).name);
  return in_envelope("pairing_withdrawn", std::move(payload));
}

std::string print(const PairingPending& message) {
  auto payload = payload_of_type("pairing_pending");
  payload.number("expiresIn", message.expires_in_ms);
  return in_envelope("pairing_pending", std::move(payload));
}

std::string print(const ReplayFailed& message) {
  auto payload = payload_of_type("replay_failed");
  payload.text("error", info(message.fault).wire).text("code", info(message.fault).name);
  return in_envelope("replay_failed", std::move(payload));
}

std::string print(const Error& message) {
  auto payload = payload_of_type("error");
  payload.text("code", info(message.fault).name).text("message", info(message.fault).wire);
  if (message.retry_after_ms) payload.number("retry_after_ms", *message.retry_after_ms);
  if (message.event) payload.text("event_id", print_uuid(message.event->view()));
  if (message.device_seq) payload.number("device_seq", *message.device_seq);
  return in_envelope("error", std::move(payload));
}

std::string print_scratchpad(std::string_view payload) {
  return in_envelope("scratchpad_sync", payload);
}

}  // namespace culver::wire::gateway
