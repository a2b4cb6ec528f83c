// The store of the server in memory: keeps the questions in order and answers when told to.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/relay/events.hpp"

namespace culver::relay {

class MemoryStore {
 public:
  void ask(Ask ask) { asked_.push_back(std::move(ask)); }
  bool idle() const { return asked_.empty(); }
  std::size_t waiting() const { return asked_.size(); }
  const Question& next() const { return asked_.front().question; }
  /// Takes the next question; nullopt if it has no answer.
  std::optional<Answered> answer();

  struct Row {
    UserId user;
    DeviceId device;
    EventId event;
    std::uint64_t device_seq;
    std::optional<WallTime> expires_at;
    WallTime stored;
    wire::gateway::StoredEvent stored_event;
    std::string stream;
  };
  struct Known {
    DeviceRecord record;
    std::uint64_t last_device_seq = 0;
    std::uint64_t cursor = 0;
  };
  std::vector<Row> events;  ///< in the order of their cursors
  std::map<DeviceId, Known> devices;
  std::vector<Prune> prunes;
  std::map<std::pair<std::string, Owner>, StoredDrop> drops;
  std::set<std::pair<DeviceId, wire::gateway::RequestNonce>> nonces;
  bool is_failing = false;  ///< every question is answered by store_failed

 private:
  using Told = std::optional<Answer>;
  Told on(const AdmitDevice& question);
  Told on(const AppendEvent& question);
  Told on(const FetchPage& question);
  Told on(const FindEvent& question);
  Told on(const KeepTime& question);
  Told on(const SpendNonce& question);
  Told on(const SaveCursor& question);
  Told on(const ListDevices& question);
  Told on(const FindDevice& question);
  Told on(const RevokeDevice& question);
  Told on(const RenameDevice& question);
  Told on(const LinkDevice& question);
  Told on(const Prune& question);
  Told on(const KeepDrops& question);
  Told on(const ListDrops& question);
  Admission admission_of(const Known& known) const;
  std::size_t devices_of(const UserId& user) const;

  std::deque<Ask> asked_;
  std::uint64_t last_cursor_ = 0;
  std::map<UserId, std::uint64_t> lost_;
};

}  // namespace culver::relay
