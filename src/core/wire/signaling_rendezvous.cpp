// Reading and printing the messages of rendezvous, in both directions.
#include "core/wire/signaling_rendezvous.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/wire/signaling_fields.hpp"

namespace culver::wire::signaling {
namespace {

using json::Fields;
using json::Writer;

bool fits(std::string_view text, std::size_t utf16_units) {
  return utf8::utf16_length(text) <= utf16_units;
}

/// The spelling that is there; camelCase wins.
std::string_view spelling(const Fields& fields, std::string_view camel, std::string_view snake) {
  return fields.is_null_or_absent(camel) ? snake : camel;
}

// ---- client -> server ---------------------------------------------------------------------------

bool is_peer_id(std::string_view text) {
  constexpr std::string_view allowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return !text.empty() && text.size() <= limits::peer_id &&
         text.find_first_not_of(allowed) == std::string_view::npos;
}

Result<std::string> read_relay_id(const Fields& fields) {
  if (fields.is_null_or_absent("relayId")) return std::string();
  const auto text = fields.text("relayId");
  if (!text || !fits(*text, limits::relay_id)) return fail(Fault::bad_relay_id);
  return std::string(*text);
}

/// Points or tokens.
Result<std::set<std::string>> read_rendezvous_texts(const Fields& fields, std::string_view key,
                                                    std::size_t most, Fault bad, Fault too_many) {
  std::set<std::string> found;
  if (fields.is_null_or_absent(key)) return found;
  // A text that is there twice counts once, so all are looked at: the frame bounds them.
  const auto texts = fields.texts(key, limits::signaling_frame_in);
  if (!texts) return fail(bad);
  for (const auto text : *texts) {
    if (text.empty() || !fits(text, limits::rendezvous_text)) return fail(bad);
    found.emplace(text);
    if (found.size() > most) return fail(too_many);
  }
  return found;
}

/// nullopt for an empty one: that is none.
Result<std::optional<std::string>> read_drop(const Fields& fields, std::string_view key) {
  if (fields.is_null_or_absent(key)) return std::nullopt;
  TRY(const auto text, fields.text(key));
  if (!fits(text, limits::dead_drop)) return fail(Fault::dead_drop_too_large);
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

/// A drop for each point, or one for all of them. What the map has beside the points is ignored.
Result<std::map<std::string, std::string>> read_drops(const Fields& fields,
                                                      const std::set<std::string>& points) {
  std::map<std::string, std::string> drops;
  const auto key = spelling(fields, "deadDrops", "dead_drops");
  if (!fields.is_null_or_absent(key)) {
    TRY(const auto map, fields.object(key));
    if (map.size() > limits::rendezvous_points) return fail(Fault::too_many_dead_drops);
    for (const auto& point : points) {
      TRY(auto drop, read_drop(map, point));
      if (drop) drops.emplace(point, std::move(*drop));
    }
    if (map.size() > 0) return drops;
  }
  TRY(const auto for_all, read_drop(fields, "deadDrop"));
  if (for_all)
    for (const auto& point : points) drops.emplace(point, *for_all);
  return drops;
}

// ---- server -> client ---------------------------------------------------------------------------

/// A text that may be missing; nullopt if it is longer than any that we would send.
std::optional<std::string> read_short(const Fields& fields, std::string_view key,
                                      std::size_t utf16_units) {
  const auto text = fields.text_if_any(key).value_or("");
  return fits(text, utf16_units) ? std::optional<std::string>(text) : std::nullopt;
}

std::optional<LiveMatch> read_live_match(const Fields& fields) {
  const auto peer = read_code(fields, "peerId");
  auto relay_id = read_short(fields, "relayId", limits::relay_id);
  auto token = read_short(fields, "token", limits::rendezvous_text);
  if (!peer || !relay_id || !token) return std::nullopt;
  return LiveMatch{*peer, std::move(*relay_id), std::move(*token)};
}

std::optional<DeadDrop> read_dead_drop(const Fields& fields) {
  const auto peer = read_code(fields, "peerId");
  auto text = read_short(fields, "deadDrop", limits::dead_drop);
  auto relay_id = read_short(fields, "relayId", limits::relay_id);
  auto point = read_short(fields, "meetingPoint", limits::rendezvous_text);
  if (!peer || !text || text->empty() || !relay_id || !point) return std::nullopt;
  return DeadDrop{*peer, std::move(*text), std::move(*relay_id), std::move(*point)};
}

template <class Entry>
Result<std::vector<Entry>> read_entries(const Fields& fields, std::string_view key,
                                        std::optional<Entry> (*read)(const Fields&)) {
  std::vector<Entry> entries;
  if (fields.is_null_or_absent(key)) return entries;
  TRY(const auto objects, fields.objects(key, limits::rendezvous_entries));
  for (const auto& object : objects)
    if (auto entry = read(object)) entries.push_back(std::move(*entry));
  return entries;
}

std::string print_entry(const LiveMatch& match) {
  Writer out;
  out.text("peerId", match.peer.text()).text("relayId", match.relay_id);
  if (!match.token.empty()) out.text("token", match.token);
  return std::move(out).finish();
}

std::string print_entry(const DeadDrop& drop) {
  Writer out(drop.text.size() + 256);
  out.text("peerId", drop.peer.text()).text("deadDrop", drop.text).text("relayId", drop.relay_id);
  if (!drop.point.empty()) out.text("meetingPoint", drop.point);
  return std::move(out).finish();
}

/// An array of what fits into `room`, which becomes smaller by it.
template <class Entry>
std::string print_entries(const std::vector<Entry>& entries, std::size_t& room) {
  std::string array = "[";
  for (const auto& entry : entries) {
    const auto text = print_entry(entry);
    if (text.size() + 1 > room) continue;
    room -= text.size() + 1;
    if (array.size() > 1) array += ',';
    array += text;
  }
  return array + "]";
}

}  // namespace

Result<RegisterRendezvous> read_register_rendezvous(const Fields& fields) {
  RegisterRendezvous message;
  TRY(const auto peer_id, fields.text("peerId"));
  if (!is_peer_id(peer_id)) return fail(Fault::bad_peer_id);
  message.peer_id = peer_id;
  TRY(message.relay_id, read_relay_id(fields));
  const auto points = spelling(fields, "dailyPoints", "daily_points");
  TRY(message.points,
      read_rendezvous_texts(fields, points, limits::rendezvous_points, Fault::bad_rendezvous_point,
                            Fault::too_many_rendezvous_points));
  const auto tokens = spelling(fields, "hourlyTokens", "hourly_tokens");
  TRY(message.tokens,
      read_rendezvous_texts(fields, tokens, limits::rendezvous_tokens, Fault::bad_rendezvous_token,
                            Fault::too_many_rendezvous_tokens));
  TRY(message.drops, read_drops(fields, message.points));
  return message;
}

void write(Writer& out, const RegisterRendezvous& message) {
  // Newer servers of Zajel's refuse a message without relayId.
  out.text("type", "register_rendezvous")
      .text("peerId", message.peer_id)
      .text("relayId", message.relay_id)
      .texts("dailyPoints", message.points)
      .texts("hourlyTokens", message.tokens);
  if (message.drops.empty()) return;
  Writer drops;
  for (const auto& [point, text] : message.drops) drops.text(point, text);
  out.raw("deadDrops", std::move(drops).finish());
}

Result<RendezvousResult> read_rendezvous_result(const Fields& fields) {
  RendezvousResult result;
  TRY(result.live, read_entries(fields, "liveMatches", &read_live_match));
  TRY(result.drops, read_entries(fields, "deadDrops", &read_dead_drop));
  return result;
}

Result<std::optional<RendezvousMatch>> read_rendezvous_match(const Fields& fields) {
  TRY(const auto inner, fields.object("match"));
  auto match = read_live_match(inner);
  if (!match) return std::nullopt;
  return RendezvousMatch{std::move(*match)};
}

std::string print(const RendezvousResult& result) {
  constexpr std::size_t around = 80;  // what is neither a match nor a drop
  std::size_t room = limits::signaling_frame_in - around;
  const auto live = print_entries(result.live, room);
  const auto drops = print_entries(result.drops, room);
  Writer out(live.size() + drops.size() + around);
  out.text("type", "rendezvous_result").raw("liveMatches", live).raw("deadDrops", drops);
  return std::move(out).finish();
}

std::string print(const RendezvousMatch& message) {
  Writer out;
  out.text("type", "rendezvous_match").raw("match", print_entry(message.match));
  return std::move(out).finish();
}

}  // namespace culver::wire::signaling
