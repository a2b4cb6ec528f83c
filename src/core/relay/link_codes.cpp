// Choosing codes, spending them and burning them.
#include "core/relay/link_codes.hpp"

#include <algorithm>
#include <cstdint>

#include "core/crypto/hash.hpp"

namespace culver::relay {
namespace {

constexpr std::uint32_t codes = 1'000'000;
/// With a thousandth of all codes taken, or a thirtieth of all places, that many draws in a row do
/// not all meet a taken one.
constexpr int draws = 16;

/// Uniform: what would make the small numbers likelier is drawn again.
std::optional<LinkCode> draw_digits(Rng& rng) {
  constexpr std::uint32_t fair = UINT32_MAX - UINT32_MAX % codes;
  std::uint32_t value = 0;
  for (const auto byte : rng.bytes<4>()) value = value << 8 | std::to_integer<std::uint32_t>(byte);
  if (value >= fair) return std::nullopt;
  const auto digits = std::to_string(value % codes);
  const auto code = LinkCode::parse(std::string(LinkCode::digits - digits.size(), '0') + digits);
  return code ? std::optional(*code) : std::nullopt;
}

std::optional<LinkCode> draw(LinkCodes::Form form, Rng& rng) {
  if (form == LinkCodes::Form::digits) return draw_digits(rng);
  return LinkCode::from_random(rng.bytes<LinkCode::length>());
}

/// Where it is looked for: the part of it that is no secret, if it has one.
std::string place_of(const LinkCode& code) {
  return std::string(code.text().substr(0, code.is_digits() ? LinkCode::digits : LinkCode::place));
}

}  // namespace

Result<LinkCode> LinkCodes::offer(const Offer& offer, Form form, TimePoint now, Rng& rng) {
  sweep(now);
  const auto of_account = std::count_if(offers_.begin(), offers_.end(), [&](const auto& entry) {
    return entry.second.offer.user == offer.user;
  });
  if (offers_.size() >= limits_.link_codes ||
      static_cast<std::size_t>(of_account) >= limits_.link_codes_per_user)
    return fail(Fault::too_many_link_codes);
  for (int i = 0; i < draws; ++i) {
    const auto code = draw(form, rng);
    if (!code || !offers_.try_emplace(place_of(*code), Open{*code, offer}).second) continue;
    expiring_.set(place_of(*code), now + limits_.link_code_life);
    return *code;
  }
  return fail(Fault::too_many_link_codes);
}

LinkCodes::Tried LinkCodes::take(const LinkCode& code, TimePoint now) {
  sweep(now);
  Tried tried;
  if (const auto found = offers_.find(place_of(code)); found != offers_.end()) {
    const auto& open = found->second.code;
    if (crypto::equal_in_constant_time(as_bytes(open.text()), as_bytes(code.text())))
      tried.opened = found->second.offer;
    else if (burn(found->second))
      tried.burnt.push_back(found->second.offer);
    else
      return tried;
    erase(found);
    return tried;
  }
  if (!code.is_digits()) return tried;
  for (auto it = offers_.begin(); it != offers_.end();) {
    if (!it->second.code.is_digits() || !burn(it->second)) {
      ++it;
      continue;
    }
    tried.burnt.push_back(it->second.offer);
    it = erase(it);
  }
  return tried;
}

void LinkCodes::withdraw(const DeviceId& device) {
  for (auto it = offers_.begin(); it != offers_.end();)
    it = it->second.offer.device == device ? erase(it) : std::next(it);
}

void LinkCodes::sweep(TimePoint now) {
  while (const auto place = expiring_.take_due(now)) offers_.erase(*place);
}

LinkCodes::Offers::iterator LinkCodes::erase(Offers::iterator open) {
  expiring_.erase(open->first);
  return offers_.erase(open);
}

}  // namespace culver::relay
