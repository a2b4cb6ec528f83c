// The dead drops of rendezvous: each stays where its owner left it until it expires.
#pragma once

#include <cstdint>
#include <vector>

#include "core/relay/directory.hpp"
#include "shell/store/sqlite/database.hpp"

namespace culver::store::sqlite {

class Drops {
 public:
  explicit Drops(Database& database) : database_(database) {}
  /// Before anything else. The table must be there.
  Result<void> prepare();

  // A Fault is the store's own failure, Fault::store_failed.
  Result<relay::DropsKept> answer(const relay::KeepDrops& question);
  Result<std::vector<relay::StoredDrop>> answer(const relay::ListDrops& question);
  /// At most `limit` of those that have expired.
  Result<void> prune(WallTime now, std::uint32_t limit);

 private:
  Result<relay::StoredDrop> read();

  Database& database_;
  Statement put_, replace_unproven_, list_, prune_;
};

}  // namespace culver::store::sqlite
