// Codes by which a device that is in an account lets another one in. Each opens one account once,
// for a while, and is void after a few wrong tries, whoever makes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/env.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/strong.hpp"
#include "core/relay/deadlines.hpp"
#include "core/relay/limits.hpp"

namespace culver::relay {

class LinkCodes {
 public:
  struct Offer {
    UserId user;
    DeviceId device;
  };
  /// What the people at the device can read and type.
  enum class Form : std::uint8_t { digits, whole };
  /// What came of a try.
  struct Tried {
    std::optional<Offer> opened;
    std::vector<Offer> burnt;  ///< void from now on: their devices are to be told
  };

  explicit LinkCodes(const Limits& limits) : limits_(limits) {}
  /// From now on; what was granted before stays.
  void limit(const Limits& limits) { limits_ = limits; }

  /// A code that nobody else holds. too_many_link_codes.
  Result<LinkCode> offer(const Offer& offer, Form form, TimePoint now, Rng& rng);
  /// What the code opens; it opens nothing afterwards. A wrong one counts against the code that has
  /// its first characters; one of digits, which has no such place, against all that are of digits.
  Tried take(const LinkCode& code, TimePoint now);
  /// The device has left the account that its codes open, or its session has ended.
  void withdraw(const DeviceId& device);

  void sweep(TimePoint now);
  std::optional<TimePoint> deadline() const { return expiring_.next(); }
  std::size_t size() const { return offers_.size(); }

 private:
  struct Open {
    LinkCode code;
    Offer offer;
    std::uint32_t wrong = 0;  ///< tries
  };
  using Offers = std::map<std::string, Open>;  ///< by place_of
  /// Behind it.
  Offers::iterator erase(Offers::iterator open);
  /// A wrong try; true if the code is void by it.
  bool burn(Open& open) const { return ++open.wrong >= limits_.link_code_tries; }

  Limits limits_;
  Offers offers_;
  Deadlines<std::string> expiring_;
};

}  // namespace culver::relay
