// Identifiers that cannot be mistaken for one another.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace culver {

/// A number that means one thing only.
template <class Tag, class T>
struct Strong {
  T value{};
  auto operator<=>(const Strong&) const = default;
};

/// One peer connection of this process, never reused within its life.
using ConnectionId = Strong<struct ConnectionIdTag, std::uint32_t>;
/// One file on its way, in either direction, never reused within the life of the process.
using TransferId = Strong<struct TransferIdTag, std::uint32_t>;
/// A text that waits for a peer, by its place in the queue. Never given again.
/// A text that the program above gives; its choice.
using TextId = Strong<struct TextIdTag, std::uint64_t>;
using LetterId = Strong<struct LetterIdTag, std::int64_t>;
/// A text that came and has not been shown yet. Never given again.
using HeldId = Strong<struct HeldIdTag, std::int64_t>;
/// An SCTP stream that carries a data channel, RFC 8832.
using ChannelId = Strong<struct ChannelIdTag, std::uint16_t>;

/// Six characters by which two machines find each other: 30 bits, upper case, without I, O, 0, 1.
/// A code is a bearer secret while it lives: logs show masked() only.
class PairingCode {
 public:
  static constexpr std::string_view alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  static constexpr std::size_t length = 6;

  /// Exactly as the wire has it.
  static Result<PairingCode> parse(std::string_view text);
  /// As a person types it: blanks and dashes anywhere, either case.
  static Result<PairingCode> parse_typed(std::string_view text);
  /// Unbiased, since 256 is a multiple of 32.
  static PairingCode from_random(std::array<std::byte, length> random);

  std::string_view text() const { return {chars_.data(), chars_.size()}; }
  /// First and last character only.
  std::string masked() const;
  auto operator<=>(const PairingCode&) const = default;

 private:
  std::array<char, length> chars_{};
};

/// Lets one device into an account, once, while it lives: a bearer secret too. Eleven characters of
/// 55 bits, which nobody guesses; or the six digits of version 1 of the gateway.
class LinkCode {
 public:
  static constexpr std::size_t length = 11;
  static constexpr std::size_t digits = 6;

  /// Exactly as the wire has it. bad_link_code.
  static Result<LinkCode> parse(std::string_view text);
  /// As a person types it: blanks and dashes anywhere, either case.
  static Result<LinkCode> parse_typed(std::string_view text);
  /// Unbiased, since 256 is a multiple of 32.
  static LinkCode from_random(std::array<std::byte, length> random);

  std::string_view text() const { return {chars_.data(), size_}; }
  /// As a person reads it: three characters, four and four, with dashes between them.
  std::string spoken() const;
  bool is_digits() const { return size_ == digits; }
  auto operator<=>(const LinkCode&) const = default;

 private:
  std::array<char, length> chars_{};
  std::size_t size_ = 0;
};

}  // namespace culver

template <class Tag, class T>
struct std::hash<culver::Strong<Tag, T>> {
  std::size_t operator()(const culver::Strong<Tag, T>& s) const noexcept {
    return std::hash<T>{}(s.value);
  }
};

template <>
struct std::hash<culver::PairingCode> {
  std::size_t operator()(const culver::PairingCode& code) const noexcept {
    return std::hash<std::string_view>{}(code.text());
  }
};
