// A data folder as the content of a backup, and a backup as a data folder.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "core/format/backup.hpp"
#include "shell/host/vault.hpp"

namespace culver::client {

/// Identity, account and books of the vault's folder.
host::Outcome<format::backup::Content> collect(const host::Vault& vault);

enum class Replace { no, yes };

/// Makes the key of a new folder, or opens the one that it is to have.
using MakeVault = std::function<host::Outcome<host::Vault>(const std::filesystem::path& folder)>;

/// Makes a folder of the content beside `data_dir`, and puts it there in one step. A folder that
/// was there stays under the name that is returned, unless it was empty. usage if it has an
/// identity or an account and may not be replaced; store_failed; troubles of `make_vault`.
host::Outcome<std::optional<std::filesystem::path>> install(const format::backup::Content& content,
                                                            const std::filesystem::path& data_dir,
                                                            Replace replace,
                                                            const MakeVault& make_vault);

}  // namespace culver::client
