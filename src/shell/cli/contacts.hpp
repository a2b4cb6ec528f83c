// By what people are told whom a line is about, in reports, questions, remarks and failures alike:
// the names that tell the peers of the book apart. What a peer calls itself does not.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "core/engine/known.hpp"
#include "shell/cli/output/report.hpp"

namespace culver::cli {

class Contacts {
 public:
  /// The peer book as it is now.
  using Book = std::function<std::span<const engine::Known>()>;

  /// Without a book nobody is known.
  Contacts() = default;
  explicit Contacts(Book book) : book_(std::move(book)) {}

  /// What a verb takes for NAME, fit for a terminal. Who is not in the book gets what it would have
  /// there: somebody of a known peer's name is never called like that one.
  std::string handle(const report::Peer& peer) const;
  /// The same with the beginning of the fingerprint, where a person has to decide.
  std::string in_full(const report::Peer& peer) const;
  /// As the book would keep it, so that one name is not spelled in two ways; fit for a terminal.
  static std::string shown(const std::optional<Plaintext>& name);
  bool has(const PublicKey& key) const;
  /// It continues what broke off: a Culver does.
  bool is_culver(const PublicKey& key) const;
  /// Of a key that was proven, or is looked for: with what the book says of it.
  report::Peer known(std::optional<Plaintext> name, const PublicKey& key) const;

 private:
  Book book_ = [] { return std::span<const engine::Known>(); };
};

}  // namespace culver::cli
