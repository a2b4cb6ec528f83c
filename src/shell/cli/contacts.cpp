#include "shell/cli/contacts.hpp"

#include <algorithm>
#include <vector>

#include "core/engine/names.hpp"
#include "shell/cli/output/printable.hpp"

namespace culver::cli {

std::string Contacts::handle(const report::Peer& peer) const {
  const auto book = book_();
  const auto row = std::ranges::find(book, peer.key, &engine::Known::key);
  if (row != book.end() && row->called()) return printable(engine::handle(book, *row));
  std::vector<engine::Known> with(book.begin(), row);
  if (row != book.end()) with.insert(with.end(), row + 1, book.end());
  // As the book would keep it: one name is not spelled in two ways.
  const auto name = peer.name ? engine::clean_name(peer.name->expose()) : std::nullopt;
  with.push_back({peer.key, name, std::nullopt});
  return printable(engine::handle(with, with.back()));
}

std::string Contacts::in_full(const report::Peer& peer) const {
  return handle(peer) + " (" + report::short_fingerprint(peer.key) + ")";
}

std::string Contacts::shown(const std::optional<Plaintext>& name) {
  const auto kept = name ? engine::clean_name(name->expose()) : std::nullopt;
  return kept ? printable(kept->expose()) : std::string();
}

bool Contacts::has(const PublicKey& key) const {
  const auto book = book_();
  return std::ranges::find(book, key, &engine::Known::key) != book.end();
}

bool Contacts::is_culver(const PublicKey& key) const {
  const auto book = book_();
  const auto row = std::ranges::find(book, key, &engine::Known::key);
  return row != book.end() && row->is_culver;
}

report::Peer Contacts::known(std::optional<Plaintext> name, const PublicKey& key) const {
  const auto book = book_();
  const auto row = std::ranges::find(book, key, &engine::Known::key);
  if (row == book.end()) return {std::move(name), key};
  return {name ? std::move(name) : row->called(), key, row->is_verified};
}

}  // namespace culver::cli
