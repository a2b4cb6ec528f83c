// Codes by which a device that is in an account lets another one in. Each opens one account once,
// for a while. Nobody guesses a whole one, so wrong tries void none; one of six digits is void
// after a few, whoever makes them. Why: docs/decisions/011-link-codes.md. And those who have used
// one of a device that wants to be asked: until it has answered they are kept in the place of their
// code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/base/deadlines.hpp"
#include "core/base/env.hpp"
#include "core/base/ids.hpp"
#include "core/base/result.hpp"
#include "core/base/strong.hpp"
#include "core/relay/events.hpp"
#include "core/relay/limits.hpp"

namespace culver::relay {

class LinkCodes {
 public:
  /// Whether the device that shows the code is asked before somebody comes in by it.
  enum class Consent : std::uint8_t { given, asked };
  struct Offer {
    UserId user;
    DeviceId device;
    Consent consent = Consent::given;
    Address address = {};  ///< whose room it takes; empty: nobody's
  };
  /// Somebody has used the code.
  struct Request {
    std::uint64_t id;
    UserId to;
    SocketId asked, joining;
    Address address;  ///< that showed the code
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
  /// When one of those that leave no room for this one is over; zero if there is room.
  Duration wait_for_room(const Offer& offer, TimePoint now) const;
  /// How long such a code cannot be tried, since everybody together has tried too many wrong ones.
  Duration wait(const LinkCode& code, TimePoint now) const;
  /// What the code opens; it opens nothing afterwards. A wrong one of digits counts against all
  /// that are of digits.
  Tried take(const LinkCode& code, TimePoint now);
  /// The device has left the account that its codes open, or its session has ended.
  void withdraw(const DeviceId& device);

  /// Instead of the code that was taken.
  const Request& request(const Offer& offer, SocketId asked, SocketId joining);
  /// The session has answered: it waits no longer. nullopt if there is no such question to it.
  std::optional<Request> answered(std::uint64_t id, SocketId asked);
  /// It has gone, or has waited long enough.
  std::optional<Request> leave(SocketId joining);
  /// Nobody is there to answer any more.
  std::vector<Request> abandon(SocketId asked);

  void sweep(TimePoint now);
  std::optional<TimePoint> deadline() const { return expiring_.next(); }
  std::size_t size() const { return offers_.size(); }
  const std::vector<Request>& requests() const { return requests_; }

 private:
  struct Open {
    Offer offer;
    TimePoint expires;
    std::uint32_t wrong = 0;  ///< tries, of one of digits
  };
  using Offers = std::map<LinkCode, Open>;
  /// With those that were spent, and wait for an answer.
  std::size_t open_codes() const { return offers_.size() + requests_.size(); }
  std::size_t count_of(const UserId& user) const;
  std::size_t count_of(const Address& address) const;
  bool address_is_full(const Address& address) const;
  Offers::iterator find(const LinkCode& code);
  std::optional<Request> take_request(const auto& is_meant);
  /// Behind it.
  Offers::iterator erase(Offers::iterator open);
  /// One more wrong try of all that are of digits; those that are void by it.
  std::vector<Offer> burn_digits();

  Limits limits_;
  Offers offers_;
  std::vector<Request> requests_;
  std::uint64_t last_request_ = 0;
  Allowance wrong_;  ///< whole ones
  Deadlines<LinkCode> expiring_;
};

}  // namespace culver::relay
