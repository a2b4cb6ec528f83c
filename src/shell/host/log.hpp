// The log: stderr, one line per record. It takes LogSafe values only, so that texts, names, keys
// and whole pairing codes cannot get into it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/text.hpp"

namespace culver::log {

enum class Level { debug, info, warn, error };

void set_level(Level level);
/// Where the lines go instead of stderr, from any thread; nothing: stderr again.
void redirect(std::function<void(std::string line)> to);
bool enabled(Level level);
/// warn by default; the variable CULVER_LOG (debug, info, warn, error) sets it; each -v lowers it
/// by one step from info on. Unknown words are ignored: whoever reads it asks is_level() first.
Level level_from(int verbosity, std::string_view variable);
/// Nothing is one as well.
bool is_level(std::string_view variable);

namespace detail {
void write(Level level, const std::string& line);
void append(std::string& line, LogName name);
void append(std::string& line, Fault fault);
void append(std::string& line, ConnectionId link);
void append(std::string& line, const Endpoint& endpoint);
void append(std::string& line, TransferId transfer);
void append(std::string& line, const PairingCode& code);  ///< masked
template <class Number>
requires std::is_arithmetic_v<Number>
void append(std::string& line, Number number) { line += std::to_string(number); }
}  // namespace detail

/// "event field field": what is written, without level and time.
template <LogSafe... Fields>
std::string line(LogName event, const Fields&... fields) {
  std::string text(event.text());
  ((text += ' ', detail::append(text, fields)), ...);
  return text;
}

template <LogSafe... Fields>
void write(Level level, LogName event, const Fields&... fields) {
  if (enabled(level)) detail::write(level, line(event, fields...));
}
template <LogSafe... Fields>
void debug(LogName event, const Fields&... fields) {
  write(Level::debug, event, fields...);
}
template <LogSafe... Fields>
void info(LogName event, const Fields&... fields) {
  write(Level::info, event, fields...);
}
template <LogSafe... Fields>
void warn(LogName event, const Fields&... fields) {
  write(Level::warn, event, fields...);
}
template <LogSafe... Fields>
void error(LogName event, const Fields&... fields) {
  write(Level::error, event, fields...);
}

}  // namespace culver::log
