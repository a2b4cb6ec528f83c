// What a person is told of a database that cannot be opened: what is the matter with its file, as
// far as the system says.
#pragma once

#include <filesystem>
#include <string>

#include "shell/host/trouble.hpp"

namespace culver::store::sqlite {

/// `what` begins the sentence ("The peer book"). no_space where the disk is full, else
/// store_failed.
tl::unexpected<host::Trouble> unusable(const std::string& what, const std::filesystem::path& file);

}  // namespace culver::store::sqlite
