// The server's devices, events and dead drops in SQLite: DATA/gateway.db, held by one process
// alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "shell/host/trouble.hpp"
#include "shell/store/ports.hpp"

namespace culver::store::sqlite {

class EventLog {
 public:
  /// Makes the file if absent and brings an older one to the present layout. Fault::store_failed
  /// with a sentence that names the file, also while another process has it.
  static host::Outcome<EventLog> open(const std::filesystem::path& file);
  /// A copy of the log in `file`, as it is now, also while another process writes it. The sentence
  /// if there is such a file, or no log.
  static host::Outcome<void> copy(const std::filesystem::path& log,
                                  const std::filesystem::path& file);
  EventLog(EventLog&&) noexcept;
  EventLog& operator=(EventLog&&) noexcept;
  ~EventLog();

  /// How long earlier processes have run, and what the clock said when they last looked.
  Result<relay::KeepTime> time();
  std::vector<std::optional<relay::Answer>> answer(std::span<const relay::Question> batch);
  /// What the events take on the disk, about.
  std::uint64_t stored_bytes() const;

 private:
  struct Tables;
  explicit EventLog(std::unique_ptr<Tables> tables);
  std::unique_ptr<Tables> tables_;
};
static_assert(store::EventLog<EventLog>);

}  // namespace culver::store::sqlite
