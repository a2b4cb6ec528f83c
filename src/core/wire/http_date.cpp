// Fields of fixed width, in and out.
#include "core/wire/http_date.hpp"

#include <array>
#include <charconv>
#include <chrono>

namespace culver::wire {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view shape = "Sun, 06 Nov 1994 08:49:37 GMT";

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The last two of them.
std::string two_digits(unsigned number) {
  return {static_cast<char>('0' + number / 10 % 10), static_cast<char>('0' + number % 10)};
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  if (text.size() != shape.size() || !text.ends_with(" GMT")) return std::nullopt;
  for (const std::size_t at : {3u, 4u, 7u, 11u, 16u, 19u, 22u})
    if (text[at] != shape[at]) return std::nullopt;
  const auto day_of_month = number(text.substr(5, 2)), year_number = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2)), minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  unsigned month_number = 0;
  for (unsigned i = 0; i < months.size(); ++i)
    if (months[i] == text.substr(8, 3)) month_number = i + 1;
  if (!day_of_month || !year_number || !hour || !minute || !second) return std::nullopt;
  const year_month_day date(year(static_cast<int>(*year_number)), month(month_number),
                            day(*day_of_month));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto time = sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second);
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

std::string print_http_date(WallTime time) {
  const auto whole = floor<seconds>(sys_time<milliseconds>(milliseconds(time)));
  const auto today = floor<days>(whole);
  const year_month_day date(today);
  const hh_mm_ss clock(whole - today);
  const auto year_number = static_cast<unsigned>(static_cast<int>(date.year()));
  std::string text(weekdays[weekday(today).c_encoding()]);
  text += ", " + two_digits(static_cast<unsigned>(date.day())) + " ";
  text += months[static_cast<unsigned>(date.month()) - 1];
  text += " " + two_digits(year_number / 100) + two_digits(year_number) + " ";
  text += two_digits(static_cast<unsigned>(clock.hours().count())) + ":";
  text += two_digits(static_cast<unsigned>(clock.minutes().count())) + ":";
  return text + two_digits(static_cast<unsigned>(clock.seconds().count())) + " GMT";
}

}  // namespace culver::wire
