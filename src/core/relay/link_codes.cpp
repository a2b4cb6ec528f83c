// Choosing codes, spending them and burning them.
#include "core/relay/link_codes.hpp"

#include <algorithm>
#include <cstdint>

#include "core/crypto/hash.hpp"

namespace culver::relay {
namespace {

constexpr std::uint32_t codes = 1'000'000;
/// With a thousandth of all codes taken, that many draws in a row do not all meet a taken one.
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

}  // namespace

Result<LinkCode> LinkCodes::offer(const Offer& offer, Form form, TimePoint now, Rng& rng) {
  sweep(now);
  if (open_codes() >= limits_.link_codes || count_of(offer.user) >= limits_.link_codes_per_user ||
      address_is_full(offer.address))
    return fail(Fault::too_many_link_codes);
  for (int i = 0; i < draws; ++i) {
    const auto code = draw(form, rng);
    const auto expires = now + limits_.link_code_life;
    if (!code || !offers_.try_emplace(*code, Open{offer, expires}).second) continue;
    expiring_.set(*code, expires);
    return *code;
  }
  return fail(Fault::too_many_link_codes);
}

Duration LinkCodes::wait_for_room(const Offer& offer, TimePoint now) const {
  const auto room_at = [&](auto&& leaves_room) {
    auto at = now + limits_.link_code_life;  // those that wait for an answer go sooner
    for (const auto& [code, open] : offers_)
      if (leaves_room(open)) at = std::min(at, open.expires);
    return at;
  };
  auto at = now;
  if (count_of(offer.user) >= limits_.link_codes_per_user)
    at = room_at([&](const Open& open) { return open.offer.user == offer.user; });
  if (address_is_full(offer.address))
    at = std::max(at, room_at([&](const Open& o) { return o.offer.address == offer.address; }));
  if (open_codes() >= limits_.link_codes)
    at = std::max(at, room_at([](const Open&) { return true; }));
  return std::max(at - now, Duration::zero());
}

std::size_t LinkCodes::count_of(const UserId& user) const {
  const auto shown = std::count_if(offers_.begin(), offers_.end(), [&](const auto& entry) {
    return entry.second.offer.user == user;
  });
  return static_cast<std::size_t>(shown + std::ranges::count(requests_, user, &Request::to));
}

std::size_t LinkCodes::count_of(const Address& address) const {
  const auto shown = std::count_if(offers_.begin(), offers_.end(), [&](const auto& entry) {
    return entry.second.offer.address == address;
  });
  return static_cast<std::size_t>(shown +
                                  std::ranges::count(requests_, address, &Request::address));
}

bool LinkCodes::address_is_full(const Address& address) const {
  return !address.empty() && count_of(address) >= limits_.link_codes_per_address;
}

Duration LinkCodes::wait(const LinkCode& code, TimePoint now) const {
  return code.is_digits() ? Duration::zero() : wrong_.wait(limits_.wrong_link_tries, now);
}

LinkCodes::Tried LinkCodes::take(const LinkCode& code, TimePoint now) {
  sweep(now);
  if (const auto found = find(code); found != offers_.end()) {
    const auto offer = found->second.offer;
    erase(found);
    return {offer, {}};
  }
  if (code.is_digits()) return {std::nullopt, burn_digits()};
  wrong_.take(limits_.wrong_link_tries, now);
  return {};
}

void LinkCodes::withdraw(const DeviceId& device) {
  for (auto it = offers_.begin(); it != offers_.end();)
    it = it->second.offer.device == device ? erase(it) : std::next(it);
}

const LinkCodes::Request& LinkCodes::request(const Offer& offer, SocketId asked, SocketId joining) {
  return requests_.emplace_back(
      Request{++last_request_, offer.user, asked, joining, offer.address});
}

std::optional<LinkCodes::Request> LinkCodes::answered(std::uint64_t id, SocketId asked) {
  return take_request([&](const Request& r) { return r.id == id && r.asked == asked; });
}

std::optional<LinkCodes::Request> LinkCodes::leave(SocketId joining) {
  return take_request([&](const Request& r) { return r.joining == joining; });
}

std::vector<LinkCodes::Request> LinkCodes::abandon(SocketId asked) {
  std::vector<Request> abandoned;
  while (const auto request = take_request([&](const Request& r) { return r.asked == asked; }))
    abandoned.push_back(*request);
  return abandoned;
}

std::optional<LinkCodes::Request> LinkCodes::take_request(const auto& is_meant) {
  const auto found = std::ranges::find_if(requests_, is_meant);
  if (found == requests_.end()) return std::nullopt;
  const auto request = *found;
  requests_.erase(found);
  return request;
}

void LinkCodes::sweep(TimePoint now) {
  while (const auto code = expiring_.take_due(now)) offers_.erase(*code);
}

/// Each is compared as a whole, and all of them are: how long it takes says nothing about how much
/// of a code was right.
LinkCodes::Offers::iterator LinkCodes::find(const LinkCode& code) {
  auto found = offers_.end();
  for (auto open = offers_.begin(); open != offers_.end(); ++open)
    if (crypto::equal_in_constant_time(as_bytes(open->first.text()), as_bytes(code.text())))
      found = open;
  return found;
}

std::vector<LinkCodes::Offer> LinkCodes::burn_digits() {
  std::vector<Offer> burnt;
  for (auto open = offers_.begin(); open != offers_.end();) {
    auto& [offer, expires, wrong] = open->second;
    if (!open->first.is_digits() || ++wrong < limits_.link_code_tries) {
      ++open;
      continue;
    }
    burnt.push_back(offer);
    open = erase(open);
  }
  return burnt;
}

LinkCodes::Offers::iterator LinkCodes::erase(Offers::iterator open) {
  expiring_.erase(open->first);
  return offers_.erase(open);
}

}  // namespace culver::relay
