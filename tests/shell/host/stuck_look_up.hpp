// A look-up of names that does not return before it is destroyed, as with a name server that is
// never heard of.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include <boost/asio/error.hpp>

#include "shell/host/name_lookup.hpp"

namespace culver {

class StuckLookUp {
 public:
  StuckLookUp() : state_(std::make_shared<State>()) {}
  ~StuckLookUp() {
    const std::lock_guard lock(state_->mutex);
    state_->is_over = true;
    state_->changed.notify_all();
  }
  StuckLookUp(const StuckLookUp&) = delete;
  StuckLookUp& operator=(const StuckLookUp&) = delete;
  host::LookUp look_up() const {
    return [state = state_](const std::string&, std::uint16_t) -> host::Found {
      std::unique_lock lock(state->mutex);
      ++state->asked;
      state->changed.notify_all();
      state->changed.wait(lock, [&] { return state->is_over; });
      return tl::unexpected(boost::system::error_code(boost::asio::error::host_not_found));
    };
  }
  bool is_asked() const {
    const std::lock_guard lock(state_->mutex);
    return state_->asked > 0;
  }
  /// Until so many look-ups hang.
  void wait_for(std::size_t asked) const {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [&] { return state_->asked >= asked; });
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t asked = 0;
    bool is_over = false;
  };
  std::shared_ptr<State> state_;
};

}  // namespace culver
