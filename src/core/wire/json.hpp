// JSON as the parsers of this folder see it: one bounded object per frame, fields read with their
// type, and objects written field by field in a fixed order. The only file that includes
// Boost.JSON.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "core/base/result.hpp"

namespace culver::wire::json {

/// The fields of one object, valid as long as its Document. Extra fields are never looked at. A
/// text with a NUL in it is malformed: nobody means one, and it would end early in a C interface.
class Fields {
 public:
  explicit Fields(const boost::json::object& object) : object_(&object) {}

  bool has(std::string_view key) const { return object_->contains(key); }
  bool is_null_or_absent(std::string_view key) const;

  Result<std::string_view> text(std::string_view key) const;
  Result<bool> boolean(std::string_view key) const;
  Result<Fields> object(std::string_view key) const;
  /// An array of at most `most` objects; too_large if there are more.
  Result<std::vector<Fields>> objects(std::string_view key, std::size_t most) const;
  /// An array of at most `most` texts; too_large if there are more.
  Result<std::vector<std::string_view>> texts(std::string_view key, std::size_t most) const;
  std::size_t size() const { return object_->size(); }
  /// A whole number, also if written as 1.0 or 1e3. `out_of_range` for any other number: a
  /// fraction, below zero or above `largest`.
  Result<std::uint64_t> number(std::string_view key, std::uint64_t largest,
                               Fault out_of_range) const;
  /// The same, where whatever is greater than `largest` means no more than that.
  Result<std::uint64_t> number_or_largest(std::string_view key, std::uint64_t largest,
                                          Fault out_of_range) const;

  /// For fields that are for people only, or that a peer may get wrong without harm: nullopt if it
  /// is absent or of another type.
  std::optional<std::string_view> text_if_any(std::string_view key) const;
  std::optional<std::int64_t> integer_if_any(std::string_view key) const;
  bool is_true(std::string_view key) const;

  /// The value written as compact JSON; nullopt if absent. Texts and integers of 64 bits stay as
  /// they are, a fraction may change in its last digit.
  std::optional<std::string> raw(std::string_view key) const;

 private:
  const boost::json::object* object_;
};

/// What one frame was parsed into, in memory of its own that is freed at once. A key that occurs
/// twice has its last value.
class Document {
 public:
  /// What is parsed has to be of the same memory, or it would be copied.
  Document() : memory_(buffer_.data(), buffer_.size()), root_(&memory_) {}
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  /// Fault::malformed for anything but one JSON object in valid UTF-8 of bounded depth, without
  /// numbers that are too large for a double. To be called once.
  Result<Fields> parse(std::string_view frame);

 private:
  std::array<unsigned char, 4096> buffer_;
  boost::json::monotonic_resource memory_;
  boost::json::value root_;
};

/// What is escaped in texts.
enum class Escapes : std::uint8_t {
  needed,    ///< what JSON wants; texts must be UTF-8
  terminal,  ///< also what would drive a terminal, and bytes that are no UTF-8 become U+FFFD
};

/// Writes one object, its fields in the order of the calls.
class Writer {
 public:
  explicit Writer(std::size_t expected_size = 128, Escapes escapes = Escapes::needed);

  Writer& text(std::string_view key, std::string_view value);
  Writer& number(std::string_view key, std::uint64_t value);
  Writer& integer(std::string_view key, std::int64_t value);
  Writer& boolean(std::string_view key, bool value);
  Writer& null(std::string_view key);
  Writer& texts(std::string_view key, const std::set<std::string>& values);
  Writer& texts(std::string_view key, const std::vector<std::string>& values);
  Writer& raw(std::string_view key, std::string_view json);
  std::string finish() &&;

 private:
  void begin(std::string_view key);
  void quote(std::string_view text);
  template <class Texts>
  Writer& array(std::string_view key, const Texts& values);
  std::string out_;
  Escapes escapes_;
};

}  // namespace culver::wire::json
