// One small object, and the calendar of ISO 8601.
#include "core/wire/drop_content.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "core/wire/base64.hpp"
#include "core/wire/json.hpp"

namespace culver::wire {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Instant = std::chrono::sys_time<milliseconds>;

std::string padded(long long number, std::size_t digits) {
  const auto text = std::to_string(number);
  return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

/// 2025-01-31T23:59:59.123Z
std::string print_time(WallTime wall) {
  const Instant instant{milliseconds(wall)};
  const auto day = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  return padded(static_cast<int>(date.year()), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" +
         padded(static_cast<unsigned>(date.day()), 2) + "T" + padded(time.hours().count(), 2) +
         ":" + padded(time.minutes().count(), 2) + ":" + padded(time.seconds().count(), 2) + "." +
         padded(time.subseconds().count(), 3) + "Z";
}

/// The next number of exactly this many digits, and the character behind it if one is asked for.
std::optional<int> take(std::string_view& text, std::size_t digits, char behind = '\0') {
  const std::size_t size = digits + (behind == '\0' ? 0 : 1);
  if (text.size() < size || (behind != '\0' && text[digits] != behind)) return std::nullopt;
  if (!std::all_of(text.begin(), text.begin() + digits,
                   [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  int number = 0;
  std::from_chars(text.data(), text.data() + digits, number);
  text.remove_prefix(size);
  return number;
}

/// ".123456": what is finer than a millisecond is cut.
std::optional<milliseconds> take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) return milliseconds(0);
  text.remove_prefix(1);
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || digits > 9) return std::nullopt;
  auto shown = std::string(text.substr(0, std::min<std::size_t>(digits, 3)));
  shown.resize(3, '0');
  text.remove_prefix(digits);
  return milliseconds(std::stoi(shown));
}

std::optional<WallTime> parse_time(std::string_view text) {
  const auto year = take(text, 4, '-');
  const auto month = take(text, 2, '-');
  const auto day = take(text, 2, 'T');
  const auto hour = take(text, 2, ':');
  const auto minute = take(text, 2, ':');
  const auto second = take(text, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction || (text != "Z" && text != "+00:00")) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const Instant instant =
      std::chrono::sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second) + *fraction;
  return instant.time_since_epoch().count();
}

}  // namespace

std::string print(const DropContent& note) {
  json::Writer out;
  out.text("pubkey", base64::print(note.key))
      .raw("fallbackRelays", "[]")
      .text("timestamp", print_time(note.at));
  return std::move(out).finish();
}

Result<DropContent> parse_drop_content(std::string_view text) {
  json::Document document;
  TRY(const auto fields, document.parse(text));
  TRY(const auto key_text, fields.text("pubkey"));
  TRY(const auto key, base64::parse_public_key(key_text));
  TRY(const auto time_text, fields.text("timestamp"));
  const auto at = parse_time(time_text);
  if (!at) return fail(Fault::malformed);
  return DropContent{key, *at};
}

}  // namespace culver::wire
