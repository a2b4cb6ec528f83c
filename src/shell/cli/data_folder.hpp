// The data folder that a verb works on: its secrets, opened with a passphrase from a file or from
// the person at the terminal, and its peer book.
#pragma once

#include <filesystem>

#include "core/crypto/keys.hpp"
#include "shell/cli/input/passphrase.hpp"
#include "shell/cli/options.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/vault.hpp"
#include "shell/store/sqlite/peer_book.hpp"

namespace culver::cli {

/// Makes the folder if there is none. Troubles: those of host::Vault::open() and of
/// read_folder_passphrase().
host::Outcome<host::Vault> open_vault(const Options& options,
                                      Variable variable = Variable::is_of_folder);
/// The same in another folder, which is to take the data folder's place.
host::Outcome<host::Vault> open_vault(const Options& options, const std::filesystem::path& folder,
                                      Variable variable);

/// Why a book of the folder was not read or written, as far as the system says: while another
/// process holds it open, a full disk is found only then.
host::Trouble trouble_of_books(const std::filesystem::path& folder, Fault fault);

struct DataFolder {
  crypto::KeyPair identity;
  store::sqlite::PeerBook book;

  static host::Outcome<DataFolder> open(const Options& options);
};

}  // namespace culver::cli
