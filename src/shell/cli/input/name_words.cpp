#include "shell/cli/input/name_words.hpp"

#include <algorithm>

#include "core/engine/names.hpp"

namespace culver::cli {
namespace {

struct Seen {
  bool is_utf8 = true, has_controls = false, begins_blank = false, ends_blank = false;
  std::size_t characters = 0;
};

Seen look_at(std::string_view name) {
  Seen seen;
  while (!name.empty()) {
    const auto point = unicode::first(name);
    seen.is_utf8 = seen.is_utf8 && point.valid;
    seen.has_controls = seen.has_controls || unicode::is_control(point.value);
    seen.ends_blank = unicode::is_blank(point.value);
    seen.begins_blank = seen.begins_blank || (seen.characters == 0 && seen.ends_blank);
    ++seen.characters;
    name.remove_prefix(point.size);
  }
  return seen;
}

std::string_view what_it_reads_like(engine::ReadsLike like) {
  switch (like) {
    case engine::ReadsLike::fingerprint:
      return "like a fingerprint";
    case engine::ReadsLike::handle:
      return "like NAME@DIGITS, by which culver tells peers of one name apart";
    case engine::ReadsLike::mark:
      return "like a mark that culver prints behind a name";
    case engine::ReadsLike::ours:
      return "like what culver says itself";
    case engine::ReadsLike::speech:
      break;
  }
  return "like somebody who speaks or is asked: a colon, a question mark, quotation marks";
}

}  // namespace

std::optional<std::string> why_not_read_as(std::string_view name) {
  const auto like = engine::reads_like(name);
  if (!like) return std::nullopt;
  return "The name reads " + std::string(what_it_reads_like(*like)) +
         ": it would not be shown. Choose another.";
}

std::optional<std::string> why_not_called(std::string_view name, unicode::Room room) {
  const auto seen = look_at(name);
  if (name.empty()) return "The name is empty.";
  if (!seen.is_utf8) return "The name is not UTF-8.";
  if (seen.has_controls)
    return "The name has characters that cannot be shown, such as a tab, a line end or a mark of "
           "direction.";
  if (unicode::label(name, {}).empty()) return "The name has no character that is seen.";
  if (seen.begins_blank || seen.ends_blank) return "The name begins or ends with a blank.";
  if (name.size() > room.bytes)
    return "The name is longer than " + std::to_string(room.bytes) + " bytes.";
  if (seen.characters > room.characters)
    return "The name is longer than " + std::to_string(room.characters) + " characters.";
  return why_not_read_as(name);
}

}  // namespace culver::cli
