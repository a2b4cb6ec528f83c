// The log's sink, spdlog on stderr.
#include "shell/host/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace culver::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      break;
  }
  return spdlog::level::err;
}

/// The one logger. Any thread may log, hence the locking sink.
spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("culver", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made.set_level(spdlog::level::warn);
    return made;
  }();
  return instance;
}

}  // namespace

void set_level(Level level) { logger().set_level(to_spdlog(level)); }

bool enabled(Level level) { return logger().should_log(to_spdlog(level)); }

Level level_from(int verbosity, std::string_view variable) {
  if (verbosity > 1) return Level::debug;
  if (verbosity == 1) return Level::info;
  if (variable == "debug") return Level::debug;
  if (variable == "info") return Level::info;
  if (variable == "error") return Level::error;
  return Level::warn;
}

namespace detail {

void write(Level level, const std::string& line) { logger().log(to_spdlog(level), "{}", line); }

void append(std::string& line, LogName name) { line += name.text(); }
void append(std::string& line, Fault fault) { line += info(fault).name; }
void append(std::string& line, LinkId link) { line += "link=" + std::to_string(link.value); }
void append(std::string& line, const Endpoint& endpoint) {
  const auto address = endpoint.address_text();
  const bool is_v6 = endpoint.family() == Endpoint::Family::v6;
  line += (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(endpoint.port());
}
void append(std::string& line, TransferId transfer) {
  line += "transfer=" + std::to_string(transfer.value);
}
void append(std::string& line, const PairingCode& code) { line += code.masked(); }

}  // namespace detail
}  // namespace culver::log
