#include "shell/library/quiet_log.hpp"

#include <mutex>
#include <string>

#include "culver/client.hpp"
#include "culver/version.hpp"
#include "shell/host/log.hpp"
#include "shell/host/version.hpp"

namespace culver {

namespace library {

namespace {

std::once_flag quiet;

void set(v1::LogLevel level) {
  const auto of = [&] {
    switch (level) {
      case v1::LogLevel::debug:
        return log::Level::debug;
      case v1::LogLevel::info:
        return log::Level::info;
      case v1::LogLevel::warn:
        return log::Level::warn;
      case v1::LogLevel::error:
      case v1::LogLevel::off:
        break;
    }
    return log::Level::error;
  };
  log::set_level(of());
  if (level == v1::LogLevel::off)
    log::redirect([](const std::string&) {});
  else
    log::redirect(nullptr);
}

}  // namespace

void be_quiet_at_first() {
  std::call_once(quiet, [] { set(v1::LogLevel::off); });
}

}  // namespace library

namespace v1 {

void set_log_level(LogLevel level) {
  std::call_once(library::quiet, [] {});
  library::set(level);
}

const char* version() noexcept { return CULVER_VERSION; }

}  // namespace v1

}  // namespace culver
