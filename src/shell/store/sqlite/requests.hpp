// Signed requests that were served, so that none is served twice, whatever clock is set and
// whatever process asks.
#pragma once

#include "core/relay/directory.hpp"
#include "shell/store/sqlite/database.hpp"
#include "shell/store/sqlite/rows.hpp"

namespace culver::store::sqlite {

class Requests {
 public:
  Requests(Database& database, Rows& rows) : database_(database), rows_(rows) {}
  /// Before anything else. The tables must be there.
  Result<void> prepare();

  Result<relay::DeviceRecord> answer(const relay::SpendNonce& question);

 private:
  Database& database_;
  Rows& rows_;
  Statement find_, insert_, forget_;
};

}  // namespace culver::store::sqlite
