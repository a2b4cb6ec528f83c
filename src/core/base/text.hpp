// What people write, and what may reach a log. The two never meet.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/endpoint.hpp"
#include "core/base/fault.hpp"
#include "core/base/strong.hpp"

namespace culver {

/// Text that a person wrote, or that names something of theirs. It cannot be logged: it is not
/// LogSafe and has no operator<<. UTF-8, not validated unless the parser that made it says so.
class Plaintext {
 public:
  Plaintext() = default;
  explicit Plaintext(std::string text) : text_(std::move(text)) {}
  const std::string& expose() const { return text_; }
  bool operator==(const Plaintext&) const = default;

 private:
  std::string text_;
};

/// A name from our own source: of a state, an event, a fault. Made from literals only.
class LogName {
 public:
  template <std::size_t N>
  consteval LogName(const char (&literal)[N]) : text_(literal, N - 1) {}
  constexpr explicit LogName(const FaultInfo& fault) : text_(fault.name) {}
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// What shell/host/log.hpp takes: numbers, names from our source, faults, ids, masked codes, and
/// the addresses of machines.
template <class T>
concept LogSafe = std::is_arithmetic_v<std::remove_cvref_t<T>> ||
    std::same_as<std::remove_cvref_t<T>, LogName> || std::same_as<std::remove_cvref_t<T>, Fault> ||
    std::same_as<std::remove_cvref_t<T>, ConnectionId> ||
    std::same_as<std::remove_cvref_t<T>, TransferId> ||
    std::same_as<std::remove_cvref_t<T>, Endpoint> ||
    std::same_as<std::remove_cvref_t<T>, PairingCode>;

}  // namespace culver
