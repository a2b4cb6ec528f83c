// The events: how one is stored once, how they are read page by page, and how they go.
#pragma once

#include <optional>
#include <vector>

#include "core/relay/directory.hpp"
#include "shell/store/sqlite/rows.hpp"

namespace culver::store::sqlite {

class Events {
 public:
  using Outcome = tl::expected<relay::Appended, relay::AppendRefused>;

  Events(Database& database, Rows& rows) : database_(database), rows_(rows) {}
  /// Before anything else. The tables must be there.
  Result<void> prepare();

  // A Fault is the store's own failure, Fault::store_failed.
  Result<Outcome> answer(const relay::AppendEvent& question);
  Result<relay::Page> answer(const relay::FetchPage& question);
  Result<relay::EventFound> answer(const relay::FindEvent& question);
  Result<void> answer(const relay::Prune& question);

  /// What the events of all accounts take on the disk, about.
  std::uint64_t bytes_on_disk() const;
  /// The batch is on the disk; or none of it is, and nothing of it has happened.
  void committed() { total_on_disk_ = total_; }
  void rolled_back() { total_ = total_on_disk_; }

 private:
  /// Of all accounts.
  struct Total {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;  ///< of their payloads
  };

  /// What has to be known of an event to remove it.
  struct Fact {
    std::int64_t id;  ///< of its row
    std::int64_t account;
    std::uint64_t cursor;
    std::uint64_t size;
    std::int64_t device;
    std::int64_t time;  ///< by which it was found
  };
  /// The answer if the event, or another one with its id, is there already.
  Result<std::optional<Outcome>> find(const relay::AppendEvent& question, const Account& account,
                                      const Device& device);
  Result<std::optional<relay::AppendRefused>> make_room(const relay::AppendEvent& question,
                                                        Account& account);
  Result<std::optional<relay::AppendRefused>> make_room_in_all(const relay::AppendEvent& question);
  Result<Outcome> store(const relay::AppendEvent& question, Account& account, Device& device);
  Result<void> fill(relay::Page& page, const relay::FetchPage& question);
  Result<std::vector<Fact>> facts(Statement& query);
  Result<void> remove(Account& account, const Fact& event);
  Result<std::uint32_t> prune_expired(relay::RunTime now, std::uint32_t limit);
  Result<std::uint32_t> prune_old(Account& account, relay::RunTime before, std::uint32_t limit);

  Database& database_;
  Rows& rows_;
  Statement by_event_id_, insert_, page_;
  Statement first_to_expire_, expired_, oldest_, remove_;
  Total total_, total_on_disk_;
};

}  // namespace culver::store::sqlite
