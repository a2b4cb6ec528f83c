#include "shell/store/sqlite/migrations.hpp"

#include <string>

namespace culver::store::sqlite {
namespace {

Result<std::int64_t> version(Database& database) {
  TRY(auto query, database.prepare("PRAGMA user_version"));
  CHECK_OK(query.step());
  return query.integer(0);
}

Result<void> migrate_in_transaction(Database& database, std::span<const char* const> steps) {
  TRY(const auto present, version(database));
  if (present < 0 || present > static_cast<std::int64_t>(steps.size()))
    return fail(Fault::store_failed);  // of a newer Culver: hands off
  for (auto step = static_cast<std::size_t>(present); step < steps.size(); ++step)
    CHECK_OK(database.execute(steps[step]));
  const auto set = "PRAGMA user_version = " + std::to_string(steps.size());
  return database.execute(set.c_str());
}

}  // namespace

/// The write lock comes first, so that of two processes one migrates and the other finds it done.
Result<void> migrate(Database& database, std::span<const char* const> steps) {
  TRY(const auto present, version(database));
  if (present == static_cast<std::int64_t>(steps.size())) return {};
  CHECK_OK(database.execute("BEGIN IMMEDIATE"));
  const auto migrated = migrate_in_transaction(database, steps);
  CHECK_OK(database.execute(migrated ? "COMMIT" : "ROLLBACK"));
  return migrated;
}

}  // namespace culver::store::sqlite
