// An exception that goes no further is not lost: it is a line of the log.
#pragma once

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>

#include "core/base/text.hpp"
#include "shell/host/log.hpp"

namespace culver::log {

/// The words of the libraries that throw, and of our own throws: they name calls and their errors.
/// Cut, and on one line, whatever they are.
inline std::string words_of(const std::exception& error) {
  constexpr std::size_t most = 160;
  std::string words(std::string_view(error.what()).substr(0, most));
  std::replace_if(
      words.begin(), words.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return words;
}

template <LogSafe... Fields>
void caught(Level level, LogName event, const std::exception& error, const Fields&... fields) {
  if (enabled(level)) detail::write(level, line(event, fields...) + ": " + words_of(error));
}

/// For co_spawn, in the place of asio::detached, which forgets what a coroutine throws.
struct Caught {
  LogName what;
  void operator()(const std::exception_ptr& thrown) const {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      caught(Level::error, what, error);
    }
  }
};

}  // namespace culver::log
