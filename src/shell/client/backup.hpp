// A data folder as the content of a backup, and a backup as a data folder.
#pragma once

#include <filesystem>
#include <optional>

#include "core/wire/backup.hpp"
#include "shell/host/trouble.hpp"

namespace culver::client {

/// Identity, account and books. usage if the folder has no identity: none is made.
host::Outcome<wire::backup::Content> collect(const std::filesystem::path& data_dir);

enum class Replace { no, yes };

/// Makes a folder of the content beside `data_dir`, and puts it there in one step. A folder that
/// was there stays under the name that is returned, unless it was empty. usage if it has an
/// identity or an account and may not be replaced; store_failed.
host::Outcome<std::optional<std::filesystem::path>> install(const wire::backup::Content& content,
                                                            const std::filesystem::path& data_dir,
                                                            Replace replace);

}  // namespace culver::client
