// Six digits by which a device that is in an account lets another one in. Each opens one account
// once, for a while; guessing is bounded by whoever takes a code.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "core/base/env.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/relay/deadlines.hpp"
#include "core/relay/limits.hpp"

namespace culver::relay {

class LinkCodes {
 public:
  struct Offer {
    UserId user;
    DeviceId device;
  };

  explicit LinkCodes(const Limits& limits) : limits_(limits) {}
  /// From now on; what was granted before stays.
  void limit(const Limits& limits) { limits_ = limits; }

  /// A code that nobody else holds. too_many_link_codes.
  Result<std::string> offer(const Offer& offer, TimePoint now, Rng& rng);
  /// What the code opens; it opens nothing afterwards.
  std::optional<Offer> take(const std::string& code, TimePoint now);
  /// The device has left the account that its codes open, or its session has ended.
  void withdraw(const DeviceId& device);

  void sweep(TimePoint now);
  std::optional<TimePoint> deadline() const { return expiring_.next(); }
  std::size_t size() const { return offers_.size(); }

 private:
  Limits limits_;
  std::map<std::string, Offer> offers_;
  Deadlines<std::string> expiring_;
};

}  // namespace culver::relay
