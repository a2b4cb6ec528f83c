// The frames of the channel `messages`: the handshake, and the texts that travel sealed.
#include <algorithm>
#include <array>

#include "core/base/ids.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/json.hpp"
#include "core/wire/peer.hpp"
#include "core/wire/utf8.hpp"

namespace culver::wire::peer {
namespace {

using json::Fields;

using StableId = Bytes<struct StableIdTag, 8>;

/// Malformed ids are dropped, as Zajel's web client does: the key alone identifies a peer.
std::optional<std::string> read_stable_id(const Fields& fields) {
  const auto text = fields.text_if_any("stableId");
  if (!text || !parse_hex<StableId>(*text)) return std::nullopt;
  std::string id(*text);
  std::transform(id.begin(), id.end(), id.begin(),
                 [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
  return id;
}

/// Keys must be right, since the session is made from them; the rest only informs.
Result<MessagesFrame> read_handshake(const Fields& fields) {
  const auto key = fields.text("publicKey").and_then(base64::parse_public_key);
  if (!key) return fail(Fault::bad_handshake);
  Handshake handshake;
  handshake.key = *key;
  if (!fields.is_null_or_absent("ephemeralKey")) {
    const auto ephemeral = fields.text("ephemeralKey").and_then(base64::parse_public_key);
    if (!ephemeral) return fail(Fault::bad_handshake);
    handshake.ephemeral = *ephemeral;
  }
  handshake.ratchet_version = fields.integer_if_any("ratchetVersion");
  std::string name =
      utf8::printable(fields.text_if_any("username").value_or(""), limits::proposed_name);
  if (!name.empty()) handshake.username = Plaintext(std::move(name));
  handshake.stable_id = read_stable_id(fields);
  handshake.file_acks = fields.is_true("fileAcks");
  return handshake;
}

constexpr std::string_view capabilities_type = "capabilities";

// ---- texts --------------------------------------------------------------------------------------

constexpr std::string_view typing = "typ:";
constexpr std::string_view receipt = "rcpt:";
constexpr std::string_view ratchet = "ratchet:";
constexpr std::array<std::string_view, 3> group_controls{"ginv:", "grp:", "grm:"};

constexpr std::string_view zero_width_space = "\xe2\x80\x8b";  // U+200B

bool is_group_control(std::string_view text) {
  return std::any_of(group_controls.begin(), group_controls.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

bool is_control(std::string_view text) {
  return text.starts_with(typing) || text.starts_with(receipt) || text.starts_with(ratchet) ||
         is_group_control(text);
}

/// Would this text be mistaken for a control text once every escape in front is undone?
bool needs_escape(std::string_view text) {
  while (text.starts_with(zero_width_space)) text.remove_prefix(zero_width_space.size());
  return is_control(text);
}

}  // namespace

Result<MessagesFrame> parse_messages_frame(std::string_view frame) {
  if (frame.size() > limits::channel_frame_in) return fail(Fault::too_large);
  json::Document document;
  const auto fields = document.parse(frame);
  if (!fields || !fields->has("type")) return NotHandshake{};
  if (fields->text_if_any("type") != "handshake") return OtherJson{};
  return read_handshake(*fields);
}

std::string print(const Handshake& handshake) {
  json::Writer out(384);
  out.text("type", "handshake").text("publicKey", base64::print(handshake.key));
  if (handshake.ratchet_version) out.integer("ratchetVersion", *handshake.ratchet_version);
  if (handshake.ephemeral) out.text("ephemeralKey", base64::print(*handshake.ephemeral));
  if (handshake.username) out.text("username", handshake.username->expose());
  if (handshake.stable_id) out.text("stableId", *handshake.stable_id);
  if (handshake.file_acks) out.boolean("fileAcks", true);
  return std::move(out).finish();
}

Result<Capabilities> parse_capabilities(std::string_view opened) {
  json::Document document;
  TRY(const auto fields, document.parse(opened));
  TRY(const auto type, fields.text("type"));
  if (type != capabilities_type) return fail(Fault::unknown_message);
  constexpr std::uint64_t any = 0xFFFF'FFFF;  // a form of later times is as good as any other
  TRY(const auto file_form, fields.number_or_largest("fileForm", any, Fault::wrong_type));
  TRY(const auto largest_frame, fields.number_or_largest("largestFrame", any, Fault::wrong_type));
  TRY(const auto handshakes, fields.text("handshakes"));
  const auto digest = parse_hex<Digest>(handshakes);
  if (!digest) return fail(Fault::wrong_type);
  std::uint64_t letters = 0;
  if (fields.has("letters")) {
    TRY(letters, fields.number_or_largest("letters", any, Fault::wrong_type));
  }
  return Capabilities{file_form, largest_frame, *digest, letters};
}

std::string print(const Capabilities& capabilities) {
  json::Writer out(192);
  out.text("type", capabilities_type)
      .number("fileForm", capabilities.file_form)
      .number("largestFrame", capabilities.largest_frame)
      .text("handshakes", print_hex(capabilities.handshakes.view()));
  if (capabilities.letters > 0) out.number("letters", capabilities.letters);
  return std::move(out).finish();
}

Dialect dialect_of(const Handshake& handshake) {
  return handshake.ephemeral || handshake.stable_id ? Dialect::prefixes : Dialect::plain;
}

Result<Content> parse_content(std::string opened, Dialect dialect) {
  if (!utf8::is_valid(opened)) return fail(Fault::malformed);
  if (dialect == Dialect::plain) return ChatText{Plaintext(std::move(opened))};
  if (opened.starts_with(typing)) {
    // Flutter says start and nothing else, the headless client 1 and 0.
    const std::string_view body = std::string_view(opened).substr(typing.size());
    return Typing{body == "start" || body == "1"};
  }
  if (opened.starts_with(receipt)) return Receipt{};
  if (opened.starts_with(ratchet)) return Ratchet{};
  if (is_group_control(opened)) return GroupControl{};
  if (opened.starts_with(zero_width_space) && needs_escape(opened))
    opened.erase(0, zero_width_space.size());
  return ChatText{Plaintext(std::move(opened))};
}

std::string escape(const Plaintext& text) {
  if (!needs_escape(text.expose())) return text.expose();
  return std::string(zero_width_space) + text.expose();
}

}  // namespace culver::wire::peer
