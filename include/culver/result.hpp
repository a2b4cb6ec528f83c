// A value or an error. Nothing here throws, and nothing in the library does but std::bad_alloc.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "culver/export.hpp"

namespace culver::CULVER_INLINE v1 {
/// Whose fault it is: ours (this program, this library, this disk), the peer's (the other machine
/// broke the protocol), or the world's (network, time, the answer of a person).
enum class Blame : std::uint8_t { us, peer, world };

/// What went wrong. All of it is text in English and UTF-8; only `code` is for programs.
struct Error {
  std::string code;      ///< stable, snake_case, never empty: "peer_away", "no_such_peer"
  Blame blame;           ///< whose fault it is
  std::string sentence;  ///< what happened, for a person; never empty
  std::string advice;    ///< what that person can do; may be empty
  std::string about;     ///< the file, peer, address or option that was meant; may be empty

  /// Sentence, what it is about, and advice in one line, for a person.
  std::string text() const {
    auto line = about.empty() ? sentence : about + ": " + sentence;
    return advice.empty() ? line : line + " " + advice;
  }
};

/// A T, or why there is none. Asking for the one that is not there ends the program
/// (std::terminate): look first. A value like any other: no thread rules of its own.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & noexcept { return *there(std::get_if<0>(&held_)); }
  const T& operator*() const& noexcept { return *there(std::get_if<0>(&held_)); }
  /// A value: what a call has returned may stand in a range-for.
  T operator*() && { return std::move(*there(std::get_if<0>(&held_))); }
  T* operator->() noexcept { return there(std::get_if<0>(&held_)); }
  const T* operator->() const noexcept { return there(std::get_if<0>(&held_)); }

  const Error& error() const noexcept { return *there(std::get_if<1>(&held_)); }
  T value_or(T otherwise) const { return has_value() ? **this : std::move(otherwise); }

 private:
  template <class Pointer>
  static Pointer there(Pointer pointer) noexcept {
    if (pointer == nullptr) std::terminate();
    return pointer;
  }
  std::variant<T, Error> held_;
};

/// Done, or why not.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }
  const Error& error() const noexcept {
    if (!error_) std::terminate();
    return *error_;
  }

 private:
  std::optional<Error> error_;
};
}  // namespace culver::CULVER_INLINEv1
