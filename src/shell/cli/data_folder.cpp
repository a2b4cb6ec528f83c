// Vault::open() and whom it asks; the books beside it.
#include "shell/cli/data_folder.hpp"

#include <iostream>

#include "shell/cli/output/printable.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/paths.hpp"
#include "shell/store/sqlite/why_unusable.hpp"

namespace culver::cli {

host::Outcome<host::Vault> open_vault(const Options& options, const std::filesystem::path& folder,
                                      Variable variable) {
  for (int tries_left = passphrase_tries;; --tries_left) {
    bool is_typed = false;
    auto vault = host::Vault::open(folder, options.key_file, [&]() -> host::Outcome<SecretBytes> {
      auto given = read_folder_passphrase(host::environment, variable);
      if (!given) return tl::unexpected(given.error());
      is_typed = given->is_typed;
      return std::move(given->passphrase);
    });
    const bool is_mistyped = !vault && is_typed && vault.error().fault == Fault::passphrase_wrong;
    if (!is_mistyped || tries_left <= 1) return vault;
    std::cerr << "culver: " << vault.error().sentence << " Try again.\n";
  }
}

/// A folder that was mistyped looks like one that is not used yet.
host::Outcome<host::Vault> open_vault(const Options& options, Variable variable) {
  std::error_code ignored;  // an account may have been made first
  const bool is_new = !host::has_identity(options.data_dir) &&
                      !std::filesystem::exists(options.data_dir / "account", ignored);
  auto vault = open_vault(options, options.data_dir, variable);
  if (vault && is_new)
    std::cerr << "A new identity is made in " << printable(options.data_dir.string())
              << ", which had none.\n";
  return vault;
}

host::Trouble trouble_of_books(const std::filesystem::path& folder, Fault fault) {
  if (fault == Fault::store_failed)
    if (auto why = store::sqlite::why_unwritten("The peer book", folder / host::peer_book_file))
      return std::move(*why);
  const auto& row = host::fault_text(fault);
  std::string sentence(row.sentence);
  if (!row.advice.empty()) sentence += " " + std::string(row.advice);
  return {fault, std::move(sentence)};
}

host::Outcome<DataFolder> DataFolder::open(const Options& options) {
  const auto vault = open_vault(options);
  if (!vault) return tl::unexpected(vault.error());
  auto identity = host::open_identity(*vault);
  if (!identity) return tl::unexpected(identity.error());
  auto book = store::sqlite::PeerBook::open(options.data_dir / host::peer_book_file);
  if (!book) return tl::unexpected(book.error());
  return DataFolder{std::move(*identity), std::move(*book)};
}

}  // namespace culver::cli
