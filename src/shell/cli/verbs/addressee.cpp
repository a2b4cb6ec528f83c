// Names to keys, with what to do where that is not clear.
#include "shell/cli/verbs/addressee.hpp"

#include <algorithm>
#include <variant>
#include <vector>

#include "core/base/fold.hpp"
#include "core/base/ids.hpp"
#include "core/engine/names.hpp"
#include "shell/cli/contacts.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/report_text.hpp"
#include "shell/cli/words.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {
namespace {

using host::Outcome;
using host::trouble;

/// Of the peers that are called the same: how to name each.
std::string list_of(std::span<const engine::Known> book, const engine::SeveralMeant& several) {
  std::string text;
  for (const auto& peer : book)
    if (std::ranges::find(several.candidates, peer.key) != several.candidates.end())
      text += (text.empty() ? "" : ", ") + printable(engine::handle(book, peer));
  return text;
}

Outcome<std::optional<Addressee>> addressee(std::span<const engine::Known> book,
                                            const std::string& name) {
  const auto key = peer_named(book, name);
  if (!key) return tl::unexpected(key.error());
  const auto& peer = *std::ranges::find(book, *key, &engine::Known::key);
  if (peer.is_blocked) {
    const auto handle = printable(engine::handle(book, peer));
    return host::trouble(Fault::peer_blocked,
                         handle + " is blocked: culver unblock " +
                             word_of({peer.name, peer.key}, Contacts([&] { return book; })) +
                             " lifts that.");
  }
  const auto called = peer.called() ? *peer.called() : Plaintext(engine::handle(book, peer));
  return Addressee{*key, called};
}

/// Only those can be sent: a folder of a peer's name is no reason for doubt.
bool is_file(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

/// Nothing is there that could be meant, and it is written neither like a path nor like a code.
bool may_be_meant_for_peer(const std::string& word) {
  std::error_code error;
  return word.find_first_of("/.") == std::string::npos && !std::filesystem::exists(word, error) &&
         !PairingCode::parse_typed(word);
}

/// The peers whose names are spelled nearly so, accents, case and blanks aside, the nearest first.
std::string alike(std::span<const engine::Known> book, const std::string& word) {
  constexpr std::size_t longest = 64, most = 3;
  if (word.size() > longest) return {};
  const auto wanted = unicode::without_accents(word);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const auto& peer : book) {
    const auto called = peer.called();
    if (!called) continue;
    const auto name = unicode::without_accents(called->expose());
    const auto steps = edits_between(wanted, name);
    const bool begins = wanted.size() >= 2 && name.starts_with(wanted);
    if (steps <= std::max<std::size_t>(1, wanted.size() / 3) || begins)
      near.emplace_back(begins ? 0 : steps, printable(engine::handle(book, peer)));
  }
  std::ranges::sort(near);
  std::string text;
  for (std::size_t i = 0; i < std::min(near.size(), most); ++i)
    text += (i == 0 ? " Did you mean " : " or ") + near[i].second;
  return text.empty() ? text : text + "?";
}

/// Digits that could begin a fingerprint, if there were more of them.
std::string too_short(const std::string& word) {
  const auto digits = digits_only(word);
  if (digits.empty() || digits.size() >= engine::digits_alone ||
      digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
    return {};
  return " Of a fingerprint it takes at least the first " + std::to_string(engine::digits_alone) +
         " digits.";
}

}  // namespace

Outcome<PublicKey> peer_named(std::span<const engine::Known> book, const std::string& name) {
  const auto meant = engine::who_is(book, name);
  if (const auto* several = std::get_if<engine::SeveralMeant>(&meant))
    return trouble(
        Fault::name_ambiguous,
        "Several peers go by that name: " + list_of(book, *several) + ". Say which one is meant.");
  const auto* key = std::get_if<PublicKey>(&meant);
  if (key == nullptr)
    return trouble(Fault::no_such_peer,
                   std::string(host::fault_text(Fault::no_such_peer).sentence) + alike(book, name) +
                       too_short(name) + " " +
                       std::string(host::fault_text(Fault::no_such_peer).advice));
  return *key;
}

Outcome<std::optional<Addressee>> take_addressee(SendOptions& options,
                                                 std::span<const engine::Known> book,
                                                 bool has_code) {
  if (options.to && has_code)
    return trouble(Fault::usage, "A peer that is named needs no code: leave one of the two away.");
  if (options.to) return addressee(book, *options.to);
  if (has_code || options.files.empty()) return std::nullopt;
  const auto first = options.files.front().string();
  const bool is_peer = !std::holds_alternative<engine::NobodyMeant>(engine::who_is(book, first));
  if (first.empty()) return std::nullopt;  // prepare() says what is wrong with it
  if (!is_peer && !is_file(first) && may_be_meant_for_peer(first))
    return trouble(Fault::no_such_peer, printable(first) + " is neither a known peer nor a file." +
                                            alike(book, first) + too_short(first) +
                                            " See culver peers.");
  if (!is_peer) return std::nullopt;
  if (is_file(first))
    return trouble(Fault::usage, printable(first) + " is both a peer and a file. Write --to " +
                                     printable(first) + " for the peer, or ./" + printable(first) +
                                     " for the file.");
  options.files.erase(options.files.begin());
  if (options.files.empty() && !options.text)
    return trouble(Fault::usage, "There is nothing to send. See culver --help.");
  return addressee(book, first);
}

}  // namespace culver::cli
