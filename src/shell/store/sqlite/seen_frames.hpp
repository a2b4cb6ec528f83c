// Which frames of version 1 were taken, of whom: that key is the same in every connection, so a
// frame that was recorded once could be shown again in any later one. docs/protocol/peer.md.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "core/engine/events.hpp"
#include "shell/host/trouble.hpp"
#include "shell/store/sqlite/database.hpp"

namespace culver::store::sqlite {

class SeenFrames {
 public:
  /// Creates or migrates the file.
  static host::Outcome<SeenFrames> open(const std::filesystem::path& file);

  /// Everything that was taken of this key, by any process.
  Result<std::vector<Nonce>> of(const PublicKey& key);
  /// All of them or none, and on the disk when it returns.
  /// Of each, in their order, whether it is new: neither this process nor another has taken it.
  Result<std::vector<bool>> keep(std::span<const engine::KeepFrame> frames);

 private:
  explicit SeenFrames(Database database) : database_(std::move(database)) {}
  Database database_;
};

}  // namespace culver::store::sqlite
