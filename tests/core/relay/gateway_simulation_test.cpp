// Devices of two accounts and the hub in a simulation: real handshakes of both versions, a store,
// and a seeded scheduler that decides whose frame, answer, tick, disconnection or reconnection
// comes next. After all of it every device has every event of the others exactly once and in order.
#include <array>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <set>

#include <gtest/gtest.h>

#include "tests/core/relay/gateway_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
namespace gateway = wire::gateway;
using boost::json::object;

/// Whose program a device runs. `own_cursor` keeps its cursor and its outbox over all connections.
/// `original` keeps no cursor, acknowledges by number, says behind its hello what it had kept, and
/// says again what it has received. `keeper` leaves its cursor to the server, and keeps what is
/// pushed until the last page has come: if the connection ends before, it is gone.
enum class Program { own_cursor, original, keeper };

struct App {
  App(int id, unsigned version, Program program)
      : phone(id, version),
        is_original(program == Program::original),
        is_keeper(program == Program::keeper) {}

  Phone phone;
  bool is_original;
  bool is_keeper;
  std::set<std::uint64_t> taken;       ///< by an original or a keeper, each once at least
  std::vector<object> kept;            ///< by a keeper: pushed before the last page
  std::vector<std::uint64_t> heard;    ///< by a keeper: their numbers, and those of the pages
  std::vector<std::uint64_t> applied;  ///< cursors, in the order in which they took effect
  std::uint64_t cursor = 0;
  std::deque<gateway::NewEvent> outbox;  ///< not acknowledged yet
  std::set<std::uint64_t> early;         ///< pushed before the replay was through
  std::optional<SocketId> greeted;       ///< the connection on which the replay was begun
  bool is_caught_up = false;
  bool must_ask_again = false;
  std::size_t paged = 0;  ///< events that came in pages, on all connections

  void begin(test::SeededRng& random) {
    greeted = phone.socket;
    is_caught_up = false;
    must_ask_again = false;
    early.clear();
    kept.clear();
    heard.clear();
    ask(random);
    for (const auto& event : outbox) phone.say(gateway::print(event));
  }
  void ask(test::SeededRng& random) {
    const auto limit = static_cast<std::uint32_t>(1 + random.below(4));
    const auto where = is_original || is_keeper ? std::nullopt : std::optional(cursor);
    phone.say(gateway::print(gateway::ReplayRequest{limit, where, false}));
  }
  void take(const object& event) {
    taken.insert(number(event, "cursor"));
    phone.say(gateway::print(gateway::AckReceived{std::nullopt, number(event, "device_seq")}));
  }

  void apply(std::uint64_t at) {
    EXPECT_TRUE(applied.empty() || at > applied.back()) << "twice, or out of order";
    applied.push_back(at);
  }
  void on_event(const object& event) {
    if (is_original || (is_keeper && is_caught_up)) return take(event);
    if (is_keeper) return keep(event);
    const auto at = number(event, "cursor");
    if (!is_caught_up) {
      EXPECT_TRUE(early.insert(at).second) << "pushed twice";
      return;
    }
    apply(at);
    cursor = at;
  }
  void keep(const object& event) {
    kept.push_back(event);
    heard.push_back(number(event, "device_seq"));
  }
  /// It acknowledges a page by asking for the next, and all that came by number when the last has
  /// come.
  void on_page_of_keeper(const object& page, test::SeededRng& random) {
    for (const auto& event : page.at("events").as_array()) {
      taken.insert(number(event.as_object(), "cursor"));
      heard.push_back(number(event.as_object(), "device_seq"));
    }
    is_caught_up = !page.at("has_more").as_bool();
    if (!is_caught_up) {
      const auto limit = static_cast<std::uint32_t>(1 + random.below(4));
      phone.say(gateway::print(gateway::ReplayRequest{limit, number(page, "cursor"), true}));
      return;
    }
    for (const auto& event : std::exchange(kept, {})) taken.insert(number(event, "cursor"));
    for (const auto device_seq : std::exchange(heard, {}))
      phone.say(gateway::print(gateway::AckReceived{std::nullopt, device_seq}));
  }
  void on_page(const object& page, test::SeededRng& random) {
    if (is_keeper) return on_page_of_keeper(page, random);
    const bool has_more = page.at("has_more").as_bool();
    const auto end = number(page, "cursor");
    if (is_original) {
      for (const auto& event : page.at("events").as_array()) take(event.as_object());
      paged += page.at("events").as_array().size();
      if (has_more) phone.say(gateway::print(gateway::ReplayRequest{2, end, true}));
      is_caught_up = !has_more;
      return;
    }
    for (const auto& event : page.at("events").as_array())
      EXPECT_TRUE(early.insert(number(event.as_object(), "cursor")).second) << "pushed and paged";
    while (!early.empty() && (!has_more || *early.begin() <= end)) {
      apply(*early.begin());
      cursor = *early.begin();
      early.erase(early.begin());
    }
    cursor = std::max(cursor, end);
    if (!has_more) {
      is_caught_up = true;
      return;
    }
    const auto limit = static_cast<std::uint32_t>(1 + random.below(4));
    phone.say(gateway::print(gateway::ReplayRequest{limit, end, true}));
  }
  void on_error(const object& error) {
    EXPECT_FALSE(is_original) << "which stops for ever";
    const std::string_view code(error.at("code").as_string());
    EXPECT_EQ(code, "directory_failed");
    if (!error.contains("event_id")) must_ask_again = true;
  }
  void hear(test::SeededRng& random) {
    for (auto& text : std::exchange(phone.heard, {})) {
      const auto message = boost::json::parse(text).as_object();
      const std::string_view type(message.at("type").as_string());
      const auto& payload = message.at("payload").as_object();
      if (type == "event") on_event(payload);
      if (type == "replay_response") on_page(payload, random);
      if (type == "error") on_error(payload);
      if (type == "ack")
        std::erase_if(outbox, [&](const auto& event) {
          return event.device_seq == number(payload, "device_seq");
        });
    }
  }
};

Limits generous() {
  Limits limits;
  limits.handshakes_per_address = {1'000'000, 60s};
  limits.messages_per_address = {1'000'000, 60s};
  limits.connections_per_address = 1'000;
  return limits;
}

class Schedule {
 public:
  explicit Schedule(std::uint64_t seed) : random_(seed), fixture_(generous()) {
    // An account of the first four and one of the last three.
    constexpr std::array programs{Program::own_cursor, Program::original, Program::own_cursor,
                                  Program::keeper,     Program::original, Program::keeper,
                                  Program::own_cursor};
    constexpr std::array<unsigned, 7> versions{2, 1, 2, 2, 1, 1, 2};
    for (int id = 1; id <= 7; ++id) {
      const auto i = static_cast<std::size_t>(id - 1);
      apps_.push_back(std::make_unique<App>(id, versions[i], programs[i]));
      auto& phone = apps_.back()->phone;
      const auto& user = apps_[id <= 4 ? 0 : 4]->phone.account.user;
      const DeviceRecord row{user, phone.account.user, phone.id(), {}, {}, 0, 0, false};
      fixture_.store.devices.emplace(phone.id(), MemoryStore::Known{row, 0, 0});
      fixture_.phones.push_back(&phone);
    }
  }

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      step(*apps_[random_.below(apps_.size())]);
      EXPECT_EQ(broken(fixture_.hub), "");
    }
    fixture_.store.is_failing = false;
    finish();
    check();
  }
  const Counters& counters() const { return fixture_.hub.counters(); }

 private:
  void step(App& app) {
    auto& phone = app.phone;
    const auto what = random_.below(100);
    if (what < 30) {
      if (phone.socket && !phone.outgoing.empty()) fixture_.to_server(phone);
    } else if (what < 60) {
      receive(app);
    } else if (what < 80) {
      fixture_.store.is_failing = random_.chance(0.05);
      if (!fixture_.store.idle()) fixture_.answer();
    } else if (what < 90) {
      if (phone.is_in) publish(app);
    } else if (what < 93) {
      if (app.is_original)
        repeat(app);
      else if (!app.is_keeper && phone.is_in && app.is_caught_up)
        phone.say(gateway::print(gateway::AckReceived{app.cursor, std::nullopt}));
    } else if (what < 95) {
      fixture_.now += std::chrono::milliseconds(random_.below(4'000));
      fixture_.deliver(Tick{});
    } else if (what < 97) {
      lose(app);
    } else if (what < 98) {
      bury_one();
    } else if (!phone.socket || phone.closed || random_.chance(0.1)) {
      dial(app);
    }
  }

  void receive(App& app) {
    auto& phone = app.phone;
    if (phone.incoming.empty()) return;
    fixture_.to_phone(phone);
    if (phone.is_in && app.greeted != phone.socket) app.begin(random_);
    app.hear(random_);
    if (std::exchange(app.must_ask_again, false)) app.ask(random_);
  }
  void publish(App& app) {
    if (app.outbox.size() >= 5) return;
    const auto stream = "stream:" + std::to_string(random_.below(2));
    app.outbox.push_back(app.phone.make_event(stream));
    app.phone.say(gateway::print(app.outbox.back()));
  }
  /// The server learns of it now, or much later.
  void lose(App& app) {
    auto& phone = app.phone;
    if (!phone.socket) return;
    if (random_.chance(0.5)) return fixture_.hang_up(phone, random_.chance(0.5));
    dead_.push_back(*std::exchange(phone.socket, std::nullopt));
    phone.is_in = false;
    phone.outgoing.clear();
    phone.incoming.clear();
  }
  void bury_one() {
    if (dead_.empty()) return;
    fixture_.deliver(SocketClosed{dead_.front(), false});
    dead_.pop_front();
  }
  void dial(App& app) {
    if (app.phone.socket) dead_.push_back(*app.phone.socket);
    fixture_.dial(app.phone);
    if (!app.is_original) return;
    // What it had kept, a hello of a page that was loaded twice, and the past.
    auto& frames = app.phone.outgoing;
    for (const auto& event : app.outbox) frames.push_back(gateway::print(event));
    frames.push_back(gateway::print(gateway::AckReceived{std::nullopt, 1 + random_.below(9)}));
    if (random_.chance(0.3)) frames.push_back(R"({"type":"heartbeat"})");
    if (random_.chance(0.3)) frames.push_back(frames.front());
    if (auto old = std::exchange(last_hello_[&app], frames.front()); !old.empty())
      frames.push_back(std::move(old));
  }
  /// It says what it has received, and a handshake that is over.
  void repeat(App& app) {
    auto& phone = app.phone;
    if (!phone.is_in) return;
    const auto& user = fixture_.store.devices.at(phone.id()).record.user;
    for (const auto& row : fixture_.store.events)
      if (row.user == user && row.device != phone.id() && random_.chance(0.2))
        phone.say(gateway::print_event(row.stored_event));
    phone.say(last_hello_[&app]);
    if (random_.chance(0.3)) phone.say(R"({"type":"replay_request"})");
  }
  void settle() {
    for (bool quiet = false; !quiet;) {
      quiet = true;
      for (auto& app : apps_) {
        auto& phone = app->phone;
        if (phone.socket && !phone.outgoing.empty()) {
          fixture_.to_server(phone);
          quiet = false;
        }
        if (!phone.incoming.empty()) {
          receive(*app);
          quiet = false;
        }
      }
      if (!fixture_.store.idle()) {
        fixture_.answer();
        quiet = false;
      }
    }
  }

  void finish() {
    settle();
    for (auto& app : apps_) dial(*app);
    settle();
    while (!dead_.empty()) bury_one();
    settle();
    // What an original has acknowledged does not come again.
    for (auto& app : apps_) {
      if (!app->is_original) continue;
      const auto paged = app->paged;
      dial(*app);
      settle();
      EXPECT_EQ(app->paged, paged) << "acknowledged, and replayed again";
    }
    while (!dead_.empty()) bury_one();
    settle();
  }

  void check() {
    std::set<EventId> stored;
    for (const auto& row : fixture_.store.events)
      EXPECT_TRUE(stored.insert(row.event).second) << "stored twice";
    for (const auto& app : apps_) {
      EXPECT_TRUE(app->phone.is_in);
      EXPECT_TRUE(app->outbox.empty()) << "every event is acknowledged in the end";
      const auto& user = fixture_.store.devices.at(app->phone.id()).record.user;
      std::vector<std::uint64_t> expected;
      for (const auto& row : fixture_.store.events)
        if (row.user == user && row.device != app->phone.id())
          expected.push_back(row.stored_event.cursor);
      if (app->is_original || app->is_keeper)
        app->applied.assign(app->taken.begin(), app->taken.end());
      EXPECT_EQ(app->applied, expected);
    }
    EXPECT_EQ(fixture_.hub.devices().size(), apps_.size());
    for (auto& app : apps_) fixture_.hang_up(app->phone);
    fixture_.now += 10min;
    fixture_.deliver(Tick{});
    EXPECT_EQ(fixture_.hub.sockets(), 0u);
    EXPECT_EQ(fixture_.hub.devices().size(), 0u);
    EXPECT_EQ(fixture_.hub.devices().accounts(), 0u);
    EXPECT_EQ(fixture_.hub.counters().handshakes_under_way, 0u);
    EXPECT_EQ(fixture_.hub.questions().size(), 0u);
  }

  test::SeededRng random_;
  GatewayFixture fixture_;
  std::vector<std::unique_ptr<App>> apps_;
  std::deque<SocketId> dead_;
  std::map<App*, std::string> last_hello_;
};

std::uint64_t number_from(const char* variable, std::uint64_t usual) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : usual;
}

TEST(GatewaySimulation, EveryDeviceHasEveryEventOnceAndInOrder) {
  const auto schedules = number_from("CULVER_SCHEDULES", 60);
  const auto first = number_from("CULVER_FIRST_SEED", 1);
  std::uint64_t delivered = 0, replayed = 0, duplicates = 0, replaced = 0, failed = 0;
  for (std::uint64_t seed = first; seed < first + schedules; ++seed) {
    Schedule schedule(seed);
    schedule.run(1'500);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
    const auto& counters = schedule.counters();
    delivered += counters.events_delivered;
    replayed += counters.events_replayed;
    duplicates += counters.events_duplicate;
    replaced += counters.sessions_replaced;
    failed += counters.messages_refused.of(Fault::directory_failed);
  }
  // Otherwise nothing was shown.
  for (const auto count : {delivered, replayed, duplicates, replaced, failed})
    EXPECT_GT(count, schedules);
}

}  // namespace
}  // namespace culver::relay
