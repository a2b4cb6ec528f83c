#include "core/connection/frame_memory.hpp"

#include <algorithm>
#include <cstring>

namespace culver::connection {

std::size_t NonceHash::operator()(const Nonce& nonce) const noexcept {
  // Authentic nonces only: nobody without the key can choose them to collide.
  std::uint64_t head = 0;
  std::uint32_t tail = 0;
  std::memcpy(&head, nonce.data.data(), sizeof head);
  std::memcpy(&tail, nonce.data.data() + sizeof head, sizeof tail);
  return (head ^ tail) * 0x9E3779B97F4A7C15u;
}

/// Another connection of the peer may have taken more since they were read.
void SeenFrames::know(std::span<const Nonce> taken) {
  if (std::holds_alternative<Unread>(state_)) state_ = Known{};
  if (auto* known = std::get_if<Known>(&state_)) known->taken.insert(taken.begin(), taken.end());
}

Result<void> SeenFrames::take(const Nonce& nonce) {
  auto* known = std::get_if<Known>(&state_);
  if (known == nullptr) return fail(Fault::store_failed);
  if (known->taken.contains(nonce)) return fail(Fault::replayed);
  if (known->taken.size() >= most) return fail(Fault::key_worn_out);
  known->taken.insert(nonce);
  return {};
}

Result<void> FrameMemory::take(const Nonce& nonce) {
  Prefix prefix;
  std::copy_n(nonce.data.begin(), prefix.size(), prefix.begin());
  std::uint32_t number = 0;
  for (std::size_t i = Nonce::size; i > prefix.size(); --i)
    number = number << 8 | std::to_integer<std::uint32_t>(nonce.data[i - 1]);
  if (!prefix_) {
    prefix_ = prefix;
    newest_ = number;
    taken_.set(number % window);
    return {};
  }
  if (*prefix_ != prefix) return others_.take(nonce);
  if (number > newest_) {
    const auto steps = std::min(number - newest_, window);
    for (std::uint32_t i = 1; i <= steps; ++i) taken_.reset((newest_ + i) % window);
    newest_ = number;
  } else if (newest_ - number >= window || taken_.test(number % window)) {
    return fail(Fault::replayed);
  }
  taken_.set(number % window);
  return {};
}

}  // namespace culver::connection
