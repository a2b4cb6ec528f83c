// What the event log costs beside SQLite alone: the same bytes, in the same groups, on the same
// disk, and how fast they are read again. The files are made in the temporary folder.
#include <algorithm>
#include <stdexcept>

#include <benchmark/benchmark.h>

#include "shell/store/log_thread.hpp"
#include "shell/store/sqlite/event_log.hpp"
#include "shell/store/sqlite/migrations.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::store::sqlite {
namespace {

constexpr std::size_t body_bytes = 512;
constexpr std::uint64_t devices = 64;
constexpr std::uint32_t page_limit = 1'000;
constexpr std::uint64_t no_limit = std::uint64_t{1} << 40;

template <class Id>
Id id(std::uint64_t number) {
  Id made;
  for (std::size_t i = 0; i < 8; ++i)
    made.data[i] = static_cast<std::byte>(number >> (56 - 8 * i));  // grows, as version 7 does
  return made;
}

void must(const Result<void>& done) {
  if (!done) throw std::runtime_error("the store failed");
}

/// Any number of devices, dealt out to the accounts.
struct Senders {
  std::uint64_t accounts;
  std::vector<std::uint64_t> device_seqs = std::vector<std::uint64_t>(devices);
  std::uint64_t sent = 0;

  UserId user(std::uint64_t device) const { return id<UserId>(1 + device % accounts); }
  relay::AppendEvent next() {
    const auto device = sent++ % devices;
    return {user(device),
            id<DeviceId>(device),
            id<EventId>(sent),
            ++device_seqs[device],
            "notes",
            std::string(body_bytes, 'x'),
            body_bytes / 2,
            std::nullopt,
            static_cast<WallTime>(sent),
            no_limit,
            no_limit};
  }
};

EventLog open(const TemporaryFolder& folder, const Senders& senders) {
  auto log = EventLog::open(folder / "gateway.db");
  if (!log) throw std::runtime_error(log.error().sentence);
  std::vector<relay::Question> admissions;
  for (std::uint64_t device = 0; device < devices; ++device)
    admissions.push_back(relay::AdmitDevice{senders.user(device), id<DeviceId>(device),
                                            std::nullopt, std::nullopt, 0, devices});
  log->answer(admissions);
  return std::move(*log);
}

std::vector<relay::Question> batch_of(Senders& senders, std::size_t size) {
  std::vector<relay::Question> batch;
  while (batch.size() < size) batch.emplace_back(senders.next());
  return batch;
}

bool is_stored(const std::optional<relay::Answer>& answer) {
  return std::get<tl::expected<relay::Appended, relay::AppendRefused>>(*answer).has_value();
}

void count(benchmark::State& state, std::uint64_t events) {
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
}

/// The least that SQLite can do: one table, one row, no index, one commit per group.
void bare_sqlite(benchmark::State& state) {
  const TemporaryFolder folder;
  auto database = Database::open(folder / "bare.db", Use::exclusive).value();
  must(database.execute("PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4096"));
  must(database.execute("CREATE TABLE event (cursor INTEGER PRIMARY KEY, body TEXT)"));
  auto insert = database.prepare("INSERT INTO event (body) VALUES (?1)").value();
  const std::string body(body_bytes, 'x');
  for (auto _ : state) {
    must(database.execute("BEGIN"));
    for (auto i = state.range(0); i > 0; --i) must(insert.bind_view(1, body).run());
    must(database.execute("COMMIT"));
  }
  count(state, static_cast<std::uint64_t>(state.iterations() * state.range(0)));
}
BENCHMARK(bare_sqlite)->ArgName("group")->Arg(64)->Arg(1024)->UseRealTime();

void append(benchmark::State& state) {
  const TemporaryFolder folder;
  Senders senders{static_cast<std::uint64_t>(state.range(1))};
  auto log = open(folder, senders);
  const auto admitted = senders.sent;
  for (auto _ : state) {
    state.PauseTiming();
    const auto batch = batch_of(senders, static_cast<std::size_t>(state.range(0)));
    state.ResumeTiming();
    const auto answers = log.answer(batch);
    if (!std::all_of(answers.begin(), answers.end(), is_stored)) state.SkipWithError("refused");
  }
  count(state, senders.sent - admitted);
}
BENCHMARK(append)
    ->ArgNames({"group", "accounts"})
    ->Args({64, 1})
    ->Args({64, 16})
    ->Args({64, 64})
    ->Args({1024, 64})
    ->UseRealTime();

/// With its thread and the way back to the loop: each sender waits for the answers to a few events.
void append_through_thread(benchmark::State& state) {
  const TemporaryFolder folder;
  Senders senders{devices};
  boost::asio::io_context loop{1};
  std::uint64_t answered = 0;
  std::optional<LogThread<EventLog>> log;
  log.emplace(loop, open(folder, senders), [&](std::uint64_t, const relay::Answer& answer) {
    if (!is_stored(answer)) state.SkipWithError("refused");
    ++answered;
    log->ask(0, senders.next());
  });
  for (auto i = state.range(0) * static_cast<std::int64_t>(devices); i > 0; --i)
    log->ask(0, senders.next());
  for (auto _ : state)
    for (const auto until = answered + devices; answered < until;) loop.run_one();
  count(state, answered);
}
BENCHMARK(append_through_thread)->ArgName("unanswered_each")->Arg(1)->Arg(16)->UseRealTime();

/// Pages of an account of 100,000 events, for a device that has sent none of them.
void fetch(benchmark::State& state) {
  const TemporaryFolder folder;
  Senders senders{1};
  auto log = open(folder, senders);
  for (int i = 0; i < 100; ++i) log.answer(batch_of(senders, page_limit));
  std::uint64_t events = 0, after = 0;
  for (auto _ : state) {
    const std::vector<relay::Question> question{relay::FetchPage{
        senders.user(0), id<DeviceId>(devices), after, 0, 0, page_limit, no_limit, 0}};
    const auto answers = log.answer(question);
    const auto& page = std::get<Result<relay::Page>>(*answers.front()).value();
    events += page.events.size();
    after = page.has_more ? page.cursor : 0;
  }
  count(state, events);
}
BENCHMARK(fetch)->UseRealTime();

}  // namespace
}  // namespace culver::store::sqlite
