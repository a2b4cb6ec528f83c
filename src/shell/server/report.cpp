// Reporting through spdlog, to stderr, since stdout belongs to whoever started the server.
#include "shell/server/report.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace culver::server {
namespace {

spdlog::logger& logger() {
  static const auto instance = spdlog::stderr_logger_st("culver-server");
  return *instance;
}

}  // namespace

void report(LogName event) { logger().info("{}", event.text()); }
void report(LogName event, std::uint64_t number) { logger().info("{} {}", event.text(), number); }

}  // namespace culver::server
