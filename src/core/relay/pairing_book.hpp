// Who asked whom, and who said yes: a value. It knows codes only, no socket and no message.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/base/deadlines.hpp"
#include "core/base/strong.hpp"
#include "core/relay/events.hpp"
#include "core/relay/limits.hpp"

namespace culver::relay {

class PairingBook {
 public:
  explicit PairingBook(const Limits& limits) : limits_(limits) {}
  /// From now on; what was granted before stays.
  void limit(const Limits& limits) { limits_ = limits; }

  enum class Asked {
    waiting,  ///< the target is to be told, also when it was told before: the time starts anew
    crossed,  ///< the target had asked the requester already: that is a match, the target leads
    full,     ///< too many wait for this target, of all or of this address, or one of the two has
              ///< too many matches
  };
  /// `from`: whose room it takes; empty: nobody's.
  Asked ask(const PairingCode& requester, const PairingCode& target, TimePoint now,
            const Address& from = {});

  /// False if there is no such request. With `accepted` the two are matched from now on.
  bool answer(const PairingCode& requester, const PairingCode& target, bool accepted);

  bool matched(const PairingCode& a, const PairingCode& b) const;
  const std::set<PairingCode>& partners(const PairingCode& code) const;

  /// Ends every request by the code and to it; returns the other side of each.
  std::vector<PairingCode> withdraw(const PairingCode& code);
  /// Ends every match of the code; returns the other side of each.
  std::vector<PairingCode> part(const PairingCode& code);

  /// A request that is near its end, or has reached it (then it is gone). Call until nullopt.
  struct Due {
    PairingCode requester;
    PairingCode target;
    bool expired;
  };
  std::optional<Due> take_due(TimePoint now);
  std::optional<TimePoint> deadline() const { return due_.next(); }

  struct Route {
    PairingCode requester;
    PairingCode target;
    auto operator<=>(const Route&) const = default;
  };
  struct Request {
    TimePoint expires;
    bool warned;
    Address from;
  };
  const std::map<Route, Request>& requests() const { return requests_; }
  const std::map<PairingCode, std::set<PairingCode>>& matches() const { return matches_; }
  std::size_t waiting_for(const PairingCode& target) const;

 private:
  bool has_room(const PairingCode& requester, const PairingCode& target, const Address& from) const;
  bool address_has_room(const PairingCode& target, const Address& from) const;
  void erase(const Route& route);
  void match(const PairingCode& a, const PairingCode& b);

  Limits limits_;
  std::map<Route, Request> requests_;
  std::map<PairingCode, std::set<PairingCode>> requesters_;  ///< by target
  std::map<PairingCode, std::set<PairingCode>> matches_;     ///< each match from both sides
  Deadlines<Route> due_;
};

}  // namespace culver::relay
