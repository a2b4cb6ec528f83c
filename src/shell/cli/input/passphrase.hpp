// A passphrase from where the options say: a file, a variable, or the person at the terminal.
#pragma once

#include <optional>
#include <string>

#include "core/base/secret.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

inline constexpr std::size_t longest_passphrase = 1'024, shortest_passphrase = 8;
/// At typing one.
inline constexpr int passphrase_tries = 3;

/// `is_new`: it must be long enough, and a person types it twice, and again if that goes wrong.
/// Without echo, on the controlling terminal. Troubles: file_unreadable; usage, also if there is
/// nobody to ask; interrupted.
host::Outcome<SecretBytes> read_passphrase(const std::optional<std::string>& file,
                                           const host::Variables& variables, bool is_new);

/// What CULVER_PASSPHRASE holds: with the verbs that make or read something else under a passphrase
/// it is that one, with all others the data folder's.
enum class Variable { is_of_folder, is_of_verb };
struct FolderPassphrase {
  SecretBytes passphrase;
  bool is_typed;  ///< and may be mistyped
};
/// Of the data folder: in the file that CULVER_PASSPHRASE_FILE names, in CULVER_PASSPHRASE, or from
/// the person at the terminal. file_unreadable, usage, interrupted; passphrase_needed if there is
/// nobody to ask.
host::Outcome<FolderPassphrase> read_folder_passphrase(const host::Variables& variables,
                                                       Variable variable);

}  // namespace culver::cli
