// The log's sink, spdlog on stderr.
#include "shell/host/log.hpp"

#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>

#include <spdlog/sinks/base_sink.h>
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

/// To stderr, or to whoever shows it there with the rest. Any thread may log, hence the lock.
class Sink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void redirect(std::function<void(std::string)> to) {
    const std::lock_guard lock(mutex_);
    to_ = std::move(to);
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    std::string line(text.data(), text.size());
    if (!to_) {
      (void)std::fwrite(line.data(), 1, line.size(), stderr);
      return flush_();
    }
    if (line.ends_with('\n')) line.pop_back();
    to_(std::move(line));
  }
  void flush_() override { (void)std::fflush(stderr); }

  std::function<void(std::string)> to_;
};

std::shared_ptr<Sink> sink() {
  static const auto made = std::make_shared<Sink>();
  return made;
}

/// The one logger.
spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("culver", sink());
    made.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made.set_level(spdlog::level::warn);
    return made;
  }();
  return instance;
}

}  // namespace

void set_level(Level level) { logger().set_level(to_spdlog(level)); }

void redirect(std::function<void(std::string line)> to) { sink()->redirect(std::move(to)); }

bool enabled(Level level) { return logger().should_log(to_spdlog(level)); }

Level level_from(int verbosity, std::string_view variable) {
  if (verbosity > 1) return Level::debug;
  if (verbosity == 1) return Level::info;
  if (variable == "debug") return Level::debug;
  if (variable == "info") return Level::info;
  if (variable == "error") return Level::error;
  return Level::warn;
}

bool is_level(std::string_view variable) {
  return variable.empty() || variable == "debug" || variable == "info" || variable == "warn" ||
         variable == "error";
}

namespace detail {

void write(Level level, const std::string& line) { logger().log(to_spdlog(level), "{}", line); }

void append(std::string& line, LogName name) { line += name.text(); }
void append(std::string& line, Fault fault) { line += info(fault).name; }
void append(std::string& line, ConnectionId link) { line += "link=" + std::to_string(link.value); }
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
