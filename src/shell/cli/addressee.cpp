// Names to keys, with what to do where that is not clear.
#include "shell/cli/addressee.hpp"

#include <algorithm>
#include <variant>

#include "core/engine/names.hpp"
#include "shell/cli/printable.hpp"

namespace culver::cli {
namespace {

using host::Outcome;
using host::trouble;

tl::unexpected<host::Trouble> plain(Fault fault) {
  const auto& row = info(fault);
  std::string sentence(row.sentence);
  if (!row.advice.empty()) sentence += " " + std::string(row.advice);
  return trouble(fault, std::move(sentence));
}

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
  if (peer.is_blocked) return plain(Fault::peer_blocked);
  const auto called = peer.called() ? *peer.called() : Plaintext(engine::handle(book, peer));
  return Addressee{*key, called};
}

bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

}  // namespace

Outcome<PublicKey> peer_named(std::span<const engine::Known> book, const std::string& name) {
  const auto meant = engine::who_is(book, name);
  if (const auto* several = std::get_if<engine::SeveralMeant>(&meant))
    return trouble(
        Fault::name_ambiguous,
        "Several peers go by that name: " + list_of(book, *several) + ". Say which one is meant.");
  const auto* key = std::get_if<PublicKey>(&meant);
  if (key == nullptr) return plain(Fault::no_such_peer);
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
  if (!is_peer) return std::nullopt;
  if (is_there(first))
    return trouble(Fault::usage, printable(first) + " is both a peer and a file. Write --to " +
                                     printable(first) + " for the peer, or ./" + printable(first) +
                                     " for the file.");
  options.files.erase(options.files.begin());
  if (options.files.empty() && !options.text)
    return trouble(Fault::usage, "There is nothing to send. See culver --help.");
  return addressee(book, first);
}

}  // namespace culver::cli
