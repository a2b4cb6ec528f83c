// What a device says within its session: parsed for the server, printed for the client.
#include <algorithm>
#include <charconv>

#include "core/base/strong.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/gateway_fields.hpp"
#include "core/wire/limits.hpp"

namespace culver::wire::gateway {
namespace {

using json::Fields;

constexpr std::size_t longest_stream_id = 256;
constexpr std::size_t longest_event_type = 64;
constexpr std::uint64_t largest_page = 1'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ':' || c == '_' ||
         c == '-';
}

Result<std::string> read_name(const Fields& fields, std::string_view key, std::size_t longest,
                              Fault fault) {
  const auto text = fields.text(key);
  if (!text || text->empty() || text->size() > longest ||
      !std::all_of(text->begin(), text->end(), is_name_character))
    return fail(fault);
  return std::string(*text);
}

/// The empty text is what a client of the original sends when it leaves this to the server.
Result<std::optional<UserId>> read_user(const Fields& event) {
  if (event.text_if_any("user_id") == "") return std::nullopt;
  return read_bytes_if_any<UserId>(event, "user_id", Fault::bad_user_id);
}

struct Payload {
  std::string_view text;
  std::size_t size;
};

Result<Payload> read_payload(const Fields& event) {
  const auto text = event.text("encrypted_payload");
  if (!text) return fail(Fault::bad_payload);
  const auto size = base64::decoded_size(*text);
  if (!size || *size == 0) return fail(Fault::bad_payload);
  if (*size > limits::event_payload) return fail(Fault::event_too_large);
  return Payload{*text, *size};
}

/// Nothing is kept for longer than the server keeps it anyway, so what lies beyond all times is no
/// mistake.
Result<std::optional<WallTime>> read_ttl(const Fields& event) {
  if (event.is_null_or_absent("ttl")) return std::nullopt;
  TRY(const auto ttl, read_time(event, "ttl", Fault::wrong_type));
  return static_cast<WallTime>(ttl);
}

/// What a refusal is to say about the message besides the fault: filled as far as it was read.
struct Named {
  std::optional<EventId> event;
  std::optional<std::uint64_t> device_seq;
};

Named name_of(const Fields& event) {
  const auto device_seq = read_number(event, "device_seq", 1, Fault::bad_device_seq);
  return {parse_event_id(event.text_if_any("event_id").value_or("")),
          device_seq ? std::optional(*device_seq) : std::nullopt};
}

Result<SessionMessage> read_event(const Fields& frame, Named& named) {
  TRY(const auto event, frame.object("payload"));
  named = name_of(event);
  if (!named.event) return fail(Fault::bad_event_id);
  if (!named.device_seq) return fail(Fault::bad_device_seq);
  TRY(const auto user, read_user(event));
  const auto device = parse_device_id(event.text_if_any("device_id").value_or(""));
  if (!device) return fail(Fault::bad_device_id);
  TRY(auto stream, read_name(event, "stream_id", longest_stream_id, Fault::bad_stream_id));
  TRY(auto type, read_name(event, "type", longest_event_type, Fault::bad_event_type));
  TRY(const auto payload, read_payload(event));
  TRY(const auto expires_at, read_ttl(event));
  return NewEvent{*named.event,
                  user,
                  *device,
                  *named.device_seq,
                  std::move(stream),
                  std::move(type),
                  std::string(payload.text),
                  payload.size,
                  expires_at};
}

/// The object in which to look for a field that clients put into the payload or beside it.
Fields holder_of(std::string_view key, const Fields& frame) {
  const auto payload = frame.object("payload");
  return payload && !payload->is_null_or_absent(key) ? *payload : frame;
}

Result<std::optional<std::uint64_t>> read_cursor(const Fields& frame) {
  return read_number_if_any(holder_of("cursor", frame), "cursor", 0, Fault::bad_cursor);
}

Result<SessionMessage> read_ack(const Fields& frame) {
  TRY(const auto cursor, read_cursor(frame));
  TRY(const auto device_seq,
      read_number_if_any(holder_of("device_seq", frame), "device_seq", 1, Fault::bad_device_seq));
  if (!cursor && !device_seq) return fail(Fault::missing_field);
  return AckReceived{cursor, device_seq};
}

/// Who asks for more gets as much as there is at once, and `has_more`. Out of range at the other
/// end, the original gives the least.
Result<std::uint32_t> read_limit(const Fields& frame, Dialect dialect) {
  const auto fields = holder_of("limit", frame);
  if (fields.is_null_or_absent("limit")) return usual_page;
  const auto limit = fields.number_or_largest("limit", largest_page, Fault::bad_replay_limit);
  if (limit.value_or(0) > 0) return static_cast<std::uint32_t>(*limit);
  const bool is_whole = fields.integer_if_any("limit").has_value();
  if (dialect == Dialect::original && is_whole) return 1;
  return fail(Fault::bad_replay_limit);
}

/// Where a continuation token points: "c" and the cursor, in the one spelling that we print.
std::optional<std::uint64_t> parse_token(std::string_view token) {
  if (!token.starts_with('c')) return std::nullopt;
  token.remove_prefix(1);
  std::uint64_t cursor = 0;
  const char* const end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, cursor);
  if (error != std::errc{} || stop != end || cursor > largest_number) return std::nullopt;
  if (token.size() > 1 && token.front() == '0') return std::nullopt;
  return cursor;
}

Result<SessionMessage> read_place(const Fields& frame, Dialect dialect) {
  TRY(const auto limit, read_limit(frame, dialect));
  const auto fields = holder_of("continuation_token", frame);
  if (!fields.is_null_or_absent("continuation_token")) {
    const auto cursor = parse_token(fields.text_if_any("continuation_token").value_or(""));
    if (!cursor) return fail(Fault::bad_continuation_token);
    return ReplayRequest{limit, cursor, true};
  }
  TRY(const auto cursor, read_cursor(frame));
  return ReplayRequest{limit, cursor, false};
}

/// Whoever hears no errors would wait for ever: the original begins where the acknowledgements
/// ended.
Result<SessionMessage> read_replay_request(const Fields& frame, Dialect dialect) {
  auto request = read_place(frame, dialect);
  if (!request && dialect == Dialect::original) return ReplayRequest{usual_page, {}, false};
  return request;
}

Result<SessionMessage> read_scratchpad(const Fields& frame) {
  auto payload = frame.raw("payload");
  if (!payload) return fail(Fault::missing_field);
  if (payload->size() > limits::scratchpad) return fail(Fault::too_large);
  return ScratchpadSync{*std::move(payload)};
}

/// What cannot be read must not be taken for a code that lets everybody in. The original's clients
/// know no other code, and hear no errors.
Result<SessionMessage> read_initiate_pairing(const Fields& frame, Dialect dialect) {
  if (dialect == Dialect::original) return InitiatePairing{};
  const auto fields = holder_of("asks", frame);
  if (fields.is_null_or_absent("asks")) return InitiatePairing{};
  TRY(const auto asks, fields.boolean("asks"));
  return InitiatePairing{asks};
}

Result<SessionMessage> read_answer_pairing(const Fields& frame) {
  TRY(const auto answer, frame.object("payload"));
  if (answer.is_null_or_absent("id")) return fail(Fault::missing_field);
  TRY(const auto id, read_number(answer, "id", 1, Fault::wrong_type));
  TRY(const auto accepted, answer.boolean("accepted"));
  return AnswerPairing{id, accepted};
}

Result<SessionMessage> read_complete_pairing(const Fields& frame) {
  const auto text = holder_of("pairing_code", frame).text_if_any("pairing_code").value_or("");
  TRY(const auto code, LinkCode::parse(text));
  return CompletePairing{std::string(code.text())};
}

Result<SessionMessage> read_session(std::string_view frame, Dialect dialect, Named& named) {
  if (frame.size() > limits::gateway_frame_in) return fail(Fault::too_large);
  json::Document document;
  TRY(const auto fields, document.parse(frame));
  TRY(const auto type, fields.text("type"));
  if (type == "event") return read_event(fields, named);
  if (type == "ack") return read_ack(fields);
  if (type == "replay_request") return read_replay_request(fields, dialect);
  if (type == "ping") return Ping{};
  if (type == "scratchpad_sync") return read_scratchpad(fields);
  if (type == "initiate_pairing") return read_initiate_pairing(fields, dialect);
  if (type == "complete_pairing") return read_complete_pairing(fields);
  if (type == "answer_pairing") return read_answer_pairing(fields);
  return fail(Fault::unknown_message);
}

}  // namespace

tl::expected<SessionMessage, Refusal> parse_session(std::string_view frame, Dialect dialect) {
  Named named;
  auto message = read_session(frame, dialect, named);
  if (message) return *std::move(message);
  return tl::unexpected(Refusal{message.error(), named.event, named.device_seq});
}

bool is_of_session(std::string_view frame) {
  if (frame.size() > limits::gateway_frame_in) return false;
  json::Document document;
  const auto fields = document.parse(frame);
  const auto type = fields ? fields->text_if_any("type").value_or("") : "";
  return type == "event" || type == "ack" || type == "replay_request" ||
         type == "scratchpad_sync" || type == "initiate_pairing" || type == "complete_pairing" ||
         type == "answer_pairing";
}

std::string print(const NewEvent& message) {
  json::Writer payload(message.encrypted_payload.size() + 512);
  payload.text("event_id", print_uuid(message.id.view()))
      .text("user_id", message.user ? print_hex(message.user->view()) : "")
      .text("device_id", print_uuid(message.device.view()))
      .number("device_seq", message.device_seq)
      .text("stream_id", message.stream)
      .text("type", message.type)
      .text("encrypted_payload", message.encrypted_payload);
  if (message.expires_at) payload.integer("ttl", *message.expires_at);
  return in_envelope("event", std::move(payload));
}

std::string print(const AckReceived& message) {
  auto payload = payload_of_type("ack");
  if (message.device_seq) payload.number("device_seq", *message.device_seq);
  if (message.cursor) payload.number("cursor", *message.cursor);
  return in_envelope("ack", std::move(payload));
}

std::string print(const ReplayRequest& message) {
  json::Writer out;
  out.text("type", "replay_request").number("limit", message.limit);
  if (message.after && message.is_continuation)
    out.text("continuation_token", print_token(*message.after));
  else if (message.after)
    out.number("cursor", *message.after);
  return std::move(out).finish();
}

std::string print(const Ping&) { return R"({"type":"ping"})"; }

std::string print(const InitiatePairing& message) {
  json::Writer payload;
  if (message.asks) payload.boolean("asks", true);
  return in_envelope("initiate_pairing", std::move(payload));
}

std::string print(const CompletePairing& message) {
  json::Writer payload;
  payload.text("pairing_code", message.code);
  return in_envelope("complete_pairing", std::move(payload));
}

std::string print(const AnswerPairing& message) {
  json::Writer payload;
  payload.number("id", message.id).boolean("accepted", message.accepted);
  return in_envelope("answer_pairing", std::move(payload));
}

}  // namespace culver::wire::gateway
