// Folding, the three readings of a name, and their inverse.
#include "core/engine/names.hpp"

#include <algorithm>
#include <utility>

#include "core/base/fold.hpp"
#include "core/base/ids.hpp"
#include "core/base/unicode.hpp"
#include "core/crypto/hash.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/utf8.hpp"

namespace culver::engine {
namespace {

using unicode::folded;

constexpr std::size_t digits_with_name = 4, all_digits = 2 * Digest::size;

std::string digits_of(const PublicKey& key) { return print_hex(crypto::sha256(key.view()).view()); }

/// Nothing if it is not the beginning of a fingerprint, or one of no digits.
std::optional<std::string> parse_digits(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c == ' ' || c == '-' || c == ':') continue;
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return std::nullopt;
    digits += c;
  }
  if (digits.empty() || digits.size() > all_digits) return std::nullopt;
  return digits;
}

/// What default_name() puts behind the host's, folded.
std::string own_digits(const PublicKey& key) {
  return folded("-" + digits_of(key).substr(0, digits_with_name));
}

/// What the text may mean, taken apart once for the whole book.
class Wanted {
 public:
  explicit Wanted(std::string_view text) : name_(folded(text)), digits_(parse_digits(text)) {
    if (digits_ && digits_->size() < digits_alone) digits_.reset();
    const auto at = text.rfind('@');
    if (at == std::string_view::npos) return;
    name_before_.emplace(text.substr(0, at));
    digits_behind_ = parse_digits(text.substr(at + 1));
  }

  bool fits(const Known& peer) const {
    const auto called = peer.called() ? peer.called()->expose() : std::string();
    const auto name = folded(called);
    if (!name.empty() &&
        (name == name_ || (!name_.empty() && name == name_ + own_digits(peer.key))))
      return true;
    const bool named_before = digits_behind_ && name_before_->looks_like(Reading(called));
    if (!digits_ && !named_before) return false;
    const auto fingerprint = digits_of(peer.key);
    return (digits_ && fingerprint.starts_with(*digits_)) ||
           (named_before && fingerprint.starts_with(*digits_behind_));
  }

 private:
  std::string name_;
  std::optional<Reading> name_before_;
  std::optional<std::string> digits_, digits_behind_;
};

bool is_like_another(std::span<const Known> book, const Known& peer, std::string_view name) {
  const Reading reading(name);
  return std::ranges::any_of(book, [&](const Known& other) {
    return other.key != peer.key && other.called() &&
           reading.looks_like(Reading(other.called()->expose()));
  });
}

bool means_only(std::span<const Known> book, std::string_view text, const PublicKey& key) {
  const auto meant = who_is(book, text);
  const auto* found = std::get_if<PublicKey>(&meant);
  return found != nullptr && *found == key;
}

}  // namespace

std::optional<Plaintext> clean_name(std::string_view text) {
  auto clean = unicode::label(text, {.bytes = wire::limits::proposed_name});
  if (clean.empty()) return std::nullopt;
  return Plaintext(std::move(clean));
}

Plaintext default_name(std::string_view host, const PublicKey& key) {
  const auto digits = "-" + print_upper_hex(crypto::sha256(key.view()).view()).substr(0, 4);
  return Plaintext(std::string(wire::utf8::cut(host, wire::limits::proposed_name - digits.size())) +
                   digits);
}

std::optional<Plaintext> name_of_peer(std::optional<Plaintext> name, const PublicKey& key) {
  const auto like = name ? reads_like(name->expose()) : std::nullopt;
  if (!like) return name;
  if (like == ReadsLike::speech) return std::nullopt;
  const bool is_of_host = name->expose().find('@') == std::string::npos &&
                          folded(name->expose()).ends_with(own_digits(key));
  return is_of_host ? name : std::nullopt;
}

namespace {

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Digits as they look, where there is one: Adelaide is a name, and BO1D8523 is none.
std::optional<std::string> seen_digits(std::string_view text) {
  const auto plain = unicode::in_latin(text);
  if (!has_digit(plain)) return parse_digits(plain);
  std::string digits;
  for (const char c : unicode::skeleton(text))
    if (c != '.' && c != ',') digits += c == 'l' ? '1' : c == 'o' ? '0' : c;
  return parse_digits(digits);
}

/// What the programs print behind a name.
bool is_one_mark(std::string_view text) {
  static const auto marks = [] {
    std::vector<std::string> all;
    for (const auto* mark : {"verified", "blocked", "this device", "revoked", "not verified"})
      all.push_back(unicode::skeleton(mark));
    return all;
  }();
  const auto digits = seen_digits(text);
  return std::ranges::find(marks, unicode::skeleton(text)) != marks.end() ||
         (digits && digits->size() >= digits_alone);
}

/// The same, alone or among others.
bool is_mark(std::string_view text) {
  while (true) {
    const auto comma = text.find(',');
    if (is_one_mark(text.substr(0, comma))) return true;
    if (comma == std::string_view::npos) return false;
    text.remove_prefix(comma + 1);
  }
}

/// Anything in brackets that the programs might have put there.
bool has_mark(std::string_view plain) {
  constexpr std::string_view opening = "([{", closing = ")]}";
  for (auto open = plain.find_first_of(opening); open != std::string_view::npos;
       open = plain.find_first_of(opening, open + 1))
    if (is_mark(plain.substr(open + 1, plain.find_first_of(closing, open) - open - 1))) return true;
  return false;
}

/// What stands before what the programs themselves say.
bool is_ours(std::string_view plain) {
  static const auto own = unicode::skeleton("culver");
  const auto begin = plain.find_first_not_of(":;,. -");
  if (begin == std::string_view::npos) return false;
  plain.remove_prefix(begin);
  return unicode::skeleton(plain.substr(0, plain.find(':'))) == own;
}

}  // namespace

namespace {

/// As a reader sees it: what fills room and leaves no mark is a blank.
std::string with_fillers_as_blanks(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    const auto point = unicode::first(name);
    const bool is_blank = point.valid && unicode::is_filler(point.value);
    text += is_blank ? std::string_view(" ") : name.substr(0, point.size);
    name.remove_prefix(point.size);
  }
  return text;
}

/// Somebody's name, and what that one says; or what ends the quotation or the question in which the
/// programs put a name.
bool is_like_speech(std::string_view name) {
  const auto plain = unicode::in_latin(with_fillers_as_blanks(name));
  for (const std::string_view mark :
       {"\"", "\u201C", "\u201D", "\u201E", "\u201F", "\u00AB", "\u00BB", "?"})
    if (plain.find(mark) != std::string::npos) return true;
  return plain.ends_with(':') || plain.find(": ") != std::string::npos;
}

}  // namespace

std::optional<ReadsLike> reads_like(std::string_view name) {
  const auto plain = unicode::in_latin(name);
  if (is_ours(plain)) return ReadsLike::ours;
  if (has_mark(plain)) return ReadsLike::mark;
  const auto digits = seen_digits(plain);
  if (digits && digits->size() >= digits_alone) return ReadsLike::fingerprint;
  const auto at = plain.rfind('@');
  if (at != std::string::npos && seen_digits(std::string_view(plain).substr(at + 1)))
    return ReadsLike::handle;
  if (is_like_speech(name)) return ReadsLike::speech;
  return std::nullopt;
}

Reading::Reading(std::string_view name)
    : folded_(folded(name)),
      look_(unicode::skeleton(name)),
      look_of_capitals_(unicode::skeleton_of_capitals(name)) {}

bool Reading::looks_like(const Reading& other) const {
  if (folded_.empty() || other.folded_.empty()) return false;
  return folded_ == other.folded_ || look_ == other.look_ ||
         look_of_capitals_ == other.look_of_capitals_;
}

bool is_same_name(std::string_view one, std::string_view other) {
  const auto name = folded(one);
  return !name.empty() && name == folded(other);
}

Meant who_is(std::span<const Known> book, std::string_view text) {
  const Wanted wanted(text);
  SeveralMeant found;
  for (const auto& peer : book)
    if (wanted.fits(peer)) found.candidates.push_back(peer.key);
  if (found.candidates.empty())
    for (const auto& peer : book)
      if (!peer.alias && std::ranges::any_of(peer.earlier, [&](const auto& name) {
            return is_same_name(name.expose(), text);
          }))
        found.candidates.push_back(peer.key);
  if (found.candidates.empty()) return NobodyMeant{};
  if (found.candidates.size() == 1) return found.candidates.front();
  return found;
}

std::string handle(std::span<const Known> book, const Known& peer) {
  const auto digits = crypto::sha256(peer.key.view());
  const auto fingerprint = print_upper_hex(digits.view());
  auto name = peer.called() ? peer.called()->expose() : std::string();
  const bool is_named = !folded(name).empty();
  if (is_named && means_only(book, name, peer.key) && !is_like_another(book, peer, name))
    return name;
  const auto prefix = is_named ? name + "@" : std::string();
  for (auto size = is_named ? digits_with_name : digits_alone; size < all_digits; size += 4) {
    auto text = prefix + fingerprint.substr(0, size);
    if (means_only(book, text, peer.key)) return text;
  }
  return prefix + fingerprint;
}

}  // namespace culver::engine
