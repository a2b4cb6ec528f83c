// Brings a file of an older layout to the present one.
#pragma once

#include <span>

#include "shell/store/sqlite/database.hpp"

namespace culver::store::sqlite {

/// Each step leads from the version of its index to the next one; released steps never change.
/// Fault::store_failed also for the file of a newer Culver, which is left as it is.
Result<void> migrate(Database& database, std::span<const char* const> steps);

}  // namespace culver::store::sqlite
