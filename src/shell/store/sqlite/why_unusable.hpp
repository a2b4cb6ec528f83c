// What a person is told of a database that cannot be opened: what is the matter with its file, as
// far as the system says.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "shell/host/trouble.hpp"

namespace culver::store::sqlite {

/// What the system says of a file that could not be written, if that is the matter: no_space, or
/// store_failed for its owner, its mode, a limit.
std::optional<host::Trouble> why_unwritten(const std::string& what,
                                           const std::filesystem::path& file);

/// `what` begins the sentence ("The peer book"). no_space where the disk is full, else
/// store_failed.
tl::unexpected<host::Trouble> unusable(const std::string& what, const std::filesystem::path& file);

}  // namespace culver::store::sqlite
