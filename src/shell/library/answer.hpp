// What a thread waits for that has asked the engine's thread for something: one value, set once.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "culver/result.hpp"

namespace culver::library {

template <class T>
class Answer {
 public:
  /// The first one counts.
  void set(v1::Result<T> result) {
    const std::lock_guard lock(mutex_);
    if (result_) return;
    result_ = std::move(result);
    changed_.notify_all();
  }
  /// Nothing: the time is over.
  std::optional<v1::Result<T>> wait(std::chrono::milliseconds bound) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, bound, [this] { return result_.has_value(); });
    return result_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<v1::Result<T>> result_;
};

}  // namespace culver::library
