// Choosing codes and spending them.
#include "core/relay/link_codes.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace culver::relay {
namespace {

constexpr std::uint32_t codes = 1'000'000;
/// With a thousandth of all codes taken, that many draws in a row do not all meet a taken one.
constexpr int draws = 16;

/// Uniform: what would make the small numbers likelier is drawn again.
std::optional<std::string> draw(Rng& rng) {
  constexpr std::uint32_t fair = UINT32_MAX - UINT32_MAX % codes;
  std::uint32_t value = 0;
  for (const auto byte : rng.bytes<4>()) value = value << 8 | std::to_integer<std::uint32_t>(byte);
  if (value >= fair) return std::nullopt;
  const auto digits = std::to_string(value % codes);
  return std::string(6 - digits.size(), '0') + digits;
}

}  // namespace

Result<std::string> LinkCodes::offer(const Offer& offer, TimePoint now, Rng& rng) {
  sweep(now);
  const auto of_account = std::count_if(offers_.begin(), offers_.end(), [&](const auto& entry) {
    return entry.second.user == offer.user;
  });
  if (offers_.size() >= limits_.link_codes ||
      static_cast<std::size_t>(of_account) >= limits_.link_codes_per_user)
    return fail(Fault::too_many_link_codes);
  for (int i = 0; i < draws; ++i) {
    const auto code = draw(rng);
    if (!code || !offers_.try_emplace(*code, offer).second) continue;
    expiring_.set(*code, now + limits_.link_code_life);
    return *code;
  }
  return fail(Fault::too_many_link_codes);
}

std::optional<LinkCodes::Offer> LinkCodes::take(const std::string& code, TimePoint now) {
  sweep(now);
  const auto found = offers_.find(code);
  if (found == offers_.end()) return std::nullopt;
  const auto offer = found->second;
  offers_.erase(found);
  expiring_.erase(code);
  return offer;
}

void LinkCodes::withdraw(const DeviceId& device) {
  for (auto it = offers_.begin(); it != offers_.end();) {
    if (it->second.device != device) {
      ++it;
      continue;
    }
    expiring_.erase(it->first);
    it = offers_.erase(it);
  }
}

void LinkCodes::sweep(TimePoint now) {
  while (const auto code = expiring_.take_due(now)) offers_.erase(*code);
}

}  // namespace culver::relay
