// Of Config::only_one: the one place that there is, and who has it.
#pragma once

#include <utility>
#include <variant>

#include "core/base/bytes.hpp"

namespace culver::engine {

class OnlyPlace {
 public:
  /// Without a limit everybody has a place.
  explicit OnlyPlace(bool is_limited) : state_(is_limited ? State(Free{}) : State(Unlimited{})) {}

  /// Whether this key may come in beside those that are in.
  bool is_free_for(const PublicKey& key) const {
    const auto* owner = this->owner();
    return owner == nullptr || *owner == key;
  }
  bool is_taken() const { return std::holds_alternative<Taken>(state_); }
  bool is_limited() const { return !std::holds_alternative<Unlimited>(state_); }

  /// It has proven itself, and is being written down. Nothing where it has the place already.
  void promise(const PublicKey& key) {
    if (std::holds_alternative<Free>(state_)) state_ = Promised{key};
  }
  /// It was accepted, or is connected. Whether that is news.
  [[nodiscard]] bool take(const PublicKey& key) {
    if (!is_limited() || is_taken()) return false;
    state_ = Taken{key};
    return true;
  }
  /// It came to nothing. Whether the place is free again that was taken.
  [[nodiscard]] bool give_up(const PublicKey& key) {
    const auto* owner = this->owner();
    if (owner == nullptr || *owner != key) return false;
    return std::holds_alternative<Taken>(std::exchange(state_, Free{}));
  }

 private:
  struct Unlimited {};
  struct Free {};
  struct Promised {
    PublicKey key;
  };
  struct Taken {
    PublicKey key;
  };
  using State = std::variant<Unlimited, Free, Promised, Taken>;

  const PublicKey* owner() const {
    if (const auto* promised = std::get_if<Promised>(&state_)) return &promised->key;
    if (const auto* taken = std::get_if<Taken>(&state_)) return &taken->key;
    return nullptr;
  }

  State state_;
};

}  // namespace culver::engine
