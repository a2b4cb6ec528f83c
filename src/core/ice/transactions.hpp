// Requests that wait for their answer: when each is sent again and when it is given up, RFC 8489
// section 6.2.1. It sends nothing and reads nothing.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "core/base/env.hpp"
#include "core/ice/pair.hpp"
#include "core/wire/stun.hpp"

namespace culver::ice {

/// Between two new transactions: the floor of RFC 8445 section 14.2.
inline constexpr Duration pace = std::chrono::milliseconds(5);

/// The waits of one request: `transmissions` of them, each wait twice as long as the one before,
/// and after the last one `last_wait`.
struct Retransmission {
  Duration wait;
  unsigned transmissions;
  Duration last_wait;
};

/// RFC 8445 section 14.3 has 500 ms at least, for paths that nobody knows. A hole in a NAT is open
/// only once both sides have asked, so the second transmission decides how long people wait: 100 ms
/// at least, and more when many checks share the pace. 7 transmissions and 16 waits: 7.9 s.
Retransmission check_retransmission(std::size_t active_checks);
/// A server that is asked 5 times within 3 s and silent for 2 more is not there.
Retransmission query_retransmission();
/// Consent checks are not repeated, RFC 7675 section 5.1: there is always a next one.
Retransmission consent_retransmission();

struct CheckOf {
  PairId pair;
  bool nominating;
};
struct ConsentOf {};
struct QueryOf {};
/// Of the selected path, with a datagram of this size.
struct ProbeOf {
  std::size_t size;
};
using Purpose = std::variant<CheckOf, ConsentOf, QueryOf, ProbeOf>;

struct Transaction {
  wire::stun::TransactionId id;
  Purpose purpose;
  BaseId base;
  Endpoint to;
  std::uint32_t generation;  ///< whose credentials answer it
  bool as_controlling;
  ByteVector bytes;
  TimePoint begun;
};

class Transactions {
 public:
  static constexpr std::size_t most_quiet = 128;

  void begin(Transaction transaction, const Retransmission& retransmission);
  const Transaction* find(const wire::stun::TransactionId& id) const;
  std::optional<Transaction> take(const wire::stun::TransactionId& id);

  /// The checks of this pair, but one that nominates, are not sent again and do not fail, but their
  /// answers still count: RFC 8445 section 7.3.1.4.
  void quiet(PairId pair, TimePoint now);
  void remove(PairId pair);
  void remove(BaseId base);
  void remove_checks();
  /// Consent checks and probes.
  void remove_of_selected();
  void clear() { entries_.clear(); }

  struct Due {
    std::vector<Transaction> again, given_up;
  };
  Due due(TimePoint now);
  std::optional<TimePoint> deadline() const;
  std::size_t size() const { return entries_.size(); }
  bool asks_servers() const;

 private:
  struct Entry {
    Transaction transaction;
    Retransmission left;
    TimePoint next;
    bool quiet = false;
  };
  void drop_oldest_quiet();

  std::vector<Entry> entries_;
};

}  // namespace culver::ice
