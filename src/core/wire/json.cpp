// Typed field readers and a writer for JSON objects.
#include "core/wire/json.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/base/unicode.hpp"
#include "core/wire/limits.hpp"

namespace culver::wire::json {
namespace {

/// Beyond this a double no longer tells neighbouring integers apart.
constexpr double exact_integers = 9007199254740992.0;  // 2^53

std::optional<std::int64_t> integer_of(const boost::json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (!value.is_double()) return std::nullopt;
  const double number = value.get_double();
  if (!(std::abs(number) <= exact_integers) || number != std::trunc(number)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

/// JSON has numbers that no double holds, and none that could be written for what they became.
bool is_finite(const boost::json::value& value) {
  if (const auto* object = value.if_object())
    return std::all_of(object->begin(), object->end(),
                       [](const auto& field) { return is_finite(field.value()); });
  if (const auto* array = value.if_array())
    return std::all_of(array->begin(), array->end(), is_finite);
  return !value.is_double() || std::isfinite(value.get_double());
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Result<std::string_view> text_of(const boost::json::value& value) {
  const auto* string = value.if_string();
  if (string == nullptr) return fail(Fault::wrong_type);
  const std::string_view text(string->data(), string->size());
  if (has_nul(text)) return fail(Fault::malformed);
  return text;
}

bool must_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escape(char c, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
  }
}

/// The first character from `i` on that must be escaped, or the end. Whole blocks are tested
/// without a branch per character, which compilers turn into vector instructions.
std::size_t next_escape(std::string_view text, std::size_t i) {
  constexpr std::size_t block = 32;
  for (; i + block <= text.size(); i += block) {
    unsigned any = 0;
    for (std::size_t k = 0; k < block; ++k) any |= must_escape(text[i + k]) ? 1U : 0U;
    if (any != 0) break;
  }
  while (i < text.size() && !must_escape(text[i])) ++i;
  return i;
}

void append_unit(char32_t unit, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[unit >> shift & 0xF];
}

/// Nothing that drives a terminal, and nothing that is no UTF-8.
void append_code_point(unicode::CodePoint point, std::string_view bytes, std::string& out) {
  if (!point.valid) {
    out += "\\ufffd";
  } else if (point.value == '"' || point.value == '\\') {
    out += '\\';
    out += bytes;
  } else if (point.value == '\n') {
    out += "\\n";
  } else if (!unicode::is_control(point.value)) {
    out += bytes;
  } else if (point.value < 0x10000) {
    append_unit(point.value, out);
  } else {  // a surrogate pair, RFC 8259 section 7
    append_unit(0xD800 + ((point.value - 0x10000) >> 10), out);
    append_unit(0xDC00 + ((point.value - 0x10000) & 0x3FF), out);
  }
}

void append_for_terminal(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const auto point = unicode::first(text);
    append_code_point(point, text.substr(0, point.size), out);
    text.remove_prefix(point.size);
  }
  out += '"';
}

/// Copies runs that need no escape as a whole: file data is one such run.
void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  std::size_t run = 0;
  for (std::size_t i = 0; (i = next_escape(text, run)) < text.size(); run = i + 1) {
    out.append(text, run, i - run);
    append_escape(text[i], out);
  }
  out.append(text, run);
  out += '"';
}

}  // namespace

bool Fields::is_null_or_absent(std::string_view key) const {
  const auto* value = object_->if_contains(key);
  return value == nullptr || value->is_null();
}

Result<std::string_view> Fields::text(std::string_view key) const {
  const auto* value = object_->if_contains(key);
  if (value == nullptr) return fail(Fault::missing_field);
  return text_of(*value);
}

Result<bool> Fields::boolean(std::string_view key) const {
  const auto* value = object_->if_contains(key);
  if (value == nullptr) return fail(Fault::missing_field);
  if (!value->is_bool()) return fail(Fault::wrong_type);
  return value->get_bool();
}

Result<Fields> Fields::object(std::string_view key) const {
  const auto* value = object_->if_contains(key);
  if (value == nullptr) return fail(Fault::missing_field);
  if (!value->is_object()) return fail(Fault::wrong_type);
  return Fields(value->get_object());
}

Result<std::vector<Fields>> Fields::objects(std::string_view key, std::size_t most) const {
  const auto* value = object_->if_contains(key);
  if (value == nullptr) return fail(Fault::missing_field);
  if (!value->is_array()) return fail(Fault::wrong_type);
  const auto& array = value->get_array();
  if (array.size() > most) return fail(Fault::too_large);
  std::vector<Fields> objects;
  for (const auto& element : array) {
    if (!element.is_object()) return fail(Fault::wrong_type);
    objects.emplace_back(element.get_object());
  }
  return objects;
}

Result<std::vector<std::string_view>> Fields::texts(std::string_view key, std::size_t most) const {
  const auto* value = object_->if_contains(key);
  if (value == nullptr) return fail(Fault::missing_field);
  if (!value->is_array()) return fail(Fault::wrong_type);
  const auto& array = value->get_array();
  if (array.size() > most) return fail(Fault::too_large);
  std::vector<std::string_view> texts;
  for (const auto& element : array) {
    TRY(const auto text, text_of(element));
    texts.push_back(text);
  }
  return texts;
}

Result<std::uint64_t> Fields::number(std::string_view key, std::uint64_t largest,
                                     Fault out_of_range) const {
  const auto* value = object_->if_contains(key);
  if (value == nullptr) return fail(Fault::missing_field);
  if (!value->is_number()) return fail(Fault::wrong_type);
  // Boost.JSON uses uint64 only for what does not fit int64, which is above every limit of ours.
  const auto integer = integer_of(*value);
  if (!integer || *integer < 0 || static_cast<std::uint64_t>(*integer) > largest)
    return fail(out_of_range);
  return static_cast<std::uint64_t>(*integer);
}

Result<std::uint64_t> Fields::number_or_largest(std::string_view key, std::uint64_t largest,
                                                Fault out_of_range) const {
  const auto* value = object_->if_contains(key);
  const bool is_huge =
      value != nullptr &&
      (value->is_uint64() || (value->is_double() && value->get_double() > exact_integers));
  if (is_huge) return largest;  // and a whole number: there are no fractions up there
  TRY(const auto number, this->number(key, UINT64_MAX, out_of_range));
  return std::min(number, largest);
}

std::optional<std::string_view> Fields::text_if_any(std::string_view key) const {
  const auto value = text(key);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::int64_t> Fields::integer_if_any(std::string_view key) const {
  const auto* value = object_->if_contains(key);
  return value == nullptr ? std::nullopt : integer_of(*value);
}

bool Fields::is_true(std::string_view key) const { return boolean(key).value_or(false); }

std::optional<std::string> Fields::raw(std::string_view key) const {
  const auto* value = object_->if_contains(key);
  if (value == nullptr) return std::nullopt;
  return boost::json::serialize(*value);
}

Result<Fields> Document::parse(std::string_view frame) {
  boost::json::parse_options options;
  options.max_depth = limits::json_depth;
  boost::json::error_code error;
  root_ = boost::json::parse({frame.data(), frame.size()}, error, &memory_, options);
  if (error || !root_.is_object() || !is_finite(root_)) return fail(Fault::malformed);
  return Fields(root_.get_object());
}

Writer::Writer(std::size_t expected_size, Escapes escapes) : escapes_(escapes) {
  out_.reserve(expected_size);
  out_ += '{';
}

void Writer::begin(std::string_view key) {
  if (out_.size() > 1) out_ += ',';
  append_quoted(key, out_);
  out_ += ':';
}

void Writer::quote(std::string_view text) {
  if (escapes_ == Escapes::needed) return append_quoted(text, out_);
  append_for_terminal(text, out_);
}

Writer& Writer::text(std::string_view key, std::string_view value) {
  begin(key);
  quote(value);
  return *this;
}

Writer& Writer::number(std::string_view key, std::uint64_t value) {
  begin(key);
  out_ += std::to_string(value);
  return *this;
}

Writer& Writer::integer(std::string_view key, std::int64_t value) {
  begin(key);
  out_ += std::to_string(value);
  return *this;
}

Writer& Writer::boolean(std::string_view key, bool value) {
  begin(key);
  out_ += value ? "true" : "false";
  return *this;
}

Writer& Writer::null(std::string_view key) {
  begin(key);
  out_ += "null";
  return *this;
}

template <class Texts>
Writer& Writer::array(std::string_view key, const Texts& values) {
  begin(key);
  char before = '[';
  for (const auto& value : values) {
    out_ += before;
    quote(value);
    before = ',';
  }
  out_ += values.empty() ? "[]" : "]";
  return *this;
}

Writer& Writer::texts(std::string_view key, const std::set<std::string>& values) {
  return array(key, values);
}

Writer& Writer::texts(std::string_view key, const std::vector<std::string>& values) {
  return array(key, values);
}

Writer& Writer::raw(std::string_view key, std::string_view json) {
  begin(key);
  out_ += json;
  return *this;
}

std::string Writer::finish() && {
  out_ += '}';
  return std::move(out_);
}

}  // namespace culver::wire::json
