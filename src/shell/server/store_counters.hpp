// What the event log's thread has been asked and how it went, for /health and /metrics.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/relay/directory.hpp"
#include "shell/store/ports.hpp"

namespace culver::server {

/// Written by the log's thread, read by the loop.
struct StoreCounters {
  std::atomic<std::uint64_t> batches{0};
  std::atomic<std::uint64_t> questions{0};
  std::atomic<std::uint64_t> stored_bytes{0};  ///< of events, on the disk, about
};

/// The same log, and counts.
template <store::EventLog Log>
class CountedLog {
 public:
  CountedLog(Log log, std::shared_ptr<StoreCounters> counters)
      : log_(std::move(log)), counters_(std::move(counters)) {
    count_bytes();
  }

  std::vector<std::optional<relay::Answer>> answer(std::span<const relay::Question> batch) {
    counters_->batches.fetch_add(1, std::memory_order_relaxed);
    counters_->questions.fetch_add(batch.size(), std::memory_order_relaxed);
    auto answers = log_.answer(batch);
    count_bytes();
    return answers;
  }

 private:
  void count_bytes() {
    counters_->stored_bytes.store(log_.stored_bytes(), std::memory_order_relaxed);
  }

  Log log_;
  std::shared_ptr<StoreCounters> counters_;
};

/// Whether the store itself failed, whatever was asked.
inline bool is_store_failure(const relay::Answer& answer) {
  const auto fault_of = [](const auto& result) {
    if constexpr (requires { result.error().fault; })
      return result.error().fault;
    else
      return result.error();
  };
  return std::visit(
      [&](const auto& result) { return !result && fault_of(result) == Fault::store_failed; },
      answer);
}

}  // namespace culver::server
