#include "core/ice/transactions.hpp"

#include <algorithm>

namespace culver::ice {

using namespace std::chrono_literals;

namespace {

constexpr Duration quiet_time = 5s;  ///< longer than any path; bounded also by most_quiet

bool is_check_of(const Transaction& transaction, PairId pair) {
  const auto* check = std::get_if<CheckOf>(&transaction.purpose);
  return check && check->pair == pair;
}

}  // namespace

Retransmission check_retransmission(std::size_t active_checks) {
  const Duration wait = std::max<Duration>(100ms, pace * active_checks);
  return {wait, 7, 16 * wait};
}

Retransmission query_retransmission() { return {200ms, 5, 2s}; }

Retransmission consent_retransmission() { return {5s, 1, 5s}; }

void Transactions::begin(Transaction transaction, const Retransmission& retransmission) {
  auto left = retransmission;
  --left.transmissions;
  const auto next = transaction.begun + (left.transmissions ? left.wait : left.last_wait);
  entries_.push_back({std::move(transaction), left, next});
}

const Transaction* Transactions::find(const wire::stun::TransactionId& id) const {
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& e) { return e.transaction.id == id; });
  return at == entries_.end() ? nullptr : &at->transaction;
}

std::optional<Transaction> Transactions::take(const wire::stun::TransactionId& id) {
  const auto at = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& e) { return e.transaction.id == id; });
  if (at == entries_.end()) return std::nullopt;
  auto taken = std::move(at->transaction);
  entries_.erase(at);
  return taken;
}

void Transactions::quiet(PairId pair, TimePoint now) {
  for (auto& entry : entries_) {
    if (entry.quiet || !is_check_of(entry.transaction, pair)) continue;
    if (std::get<CheckOf>(entry.transaction.purpose).nominating) continue;
    entry.quiet = true;
    entry.next = now + quiet_time;
  }
  drop_oldest_quiet();
}

void Transactions::drop_oldest_quiet() {
  auto count = std::count_if(entries_.begin(), entries_.end(), [](auto& e) { return e.quiet; });
  for (auto at = entries_.begin(); at != entries_.end() && count > std::ptrdiff_t{most_quiet};)
    if (at->quiet) {
      at = entries_.erase(at);
      --count;
    } else {
      ++at;
    }
}

void Transactions::remove(PairId pair) {
  std::erase_if(entries_, [&](const Entry& e) { return is_check_of(e.transaction, pair); });
}

void Transactions::remove(BaseId base) {
  std::erase_if(entries_, [&](const Entry& e) { return e.transaction.base == base; });
}

void Transactions::remove_checks() {
  std::erase_if(entries_, [](const Entry& e) {
    return std::holds_alternative<CheckOf>(e.transaction.purpose);
  });
}

void Transactions::remove_of_selected() {
  std::erase_if(entries_, [](const Entry& e) {
    return std::holds_alternative<ConsentOf>(e.transaction.purpose) ||
           std::holds_alternative<ProbeOf>(e.transaction.purpose);
  });
}

Transactions::Due Transactions::due(TimePoint now) {
  Due due;
  for (auto& entry : entries_) {
    if (now < entry.next || entry.quiet || !entry.left.transmissions) continue;
    // Once, however late: what was missed is not made up for.
    entry.left.wait *= 2;
    --entry.left.transmissions;
    entry.next = now + (entry.left.transmissions ? entry.left.wait : entry.left.last_wait);
    due.again.push_back(entry.transaction);
  }
  std::erase_if(entries_, [&](Entry& entry) {
    if (now < entry.next) return false;
    if (!entry.quiet) due.given_up.push_back(std::move(entry.transaction));
    return true;
  });
  return due;
}

std::optional<TimePoint> Transactions::deadline() const {
  std::optional<TimePoint> first;
  for (const auto& entry : entries_) first = fsm::earlier(first, entry.next);
  return first;
}

bool Transactions::asks_servers() const {
  return std::any_of(entries_.begin(), entries_.end(), [](const Entry& e) {
    return std::holds_alternative<QueryOf>(e.transaction.purpose);
  });
}

}  // namespace culver::ice
