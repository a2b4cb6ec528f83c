// Sockets in rounds: what is not to be measured is done before the clock of a round starts.
#include "bench/gateway/handshakes.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace culver::bench {
namespace {

constexpr std::size_t sockets_per_round = 2'000;

using Accounts = std::deque<client::Account>;
using Devices = std::vector<std::shared_ptr<Device>>;

struct Spent {
  double seconds = 0, cpu = 0;
  void add(const Stopwatch& watch) {
    cpu += watch.server_cpu();
    seconds += watch.seconds();
  }
};

void report(const char* phase, std::size_t count, const Spent& spent) {
  const auto times = static_cast<double>(count);
  std::printf(R"({"phase":"%s","count":%zu,"per_second":%.0f,"cpu_us":%.1f})"
              "\n",
              phase, count, times / spent.seconds, spent.cpu * 1e6 / times);
}

/// Begins `count` things, `at_once` of them at a time; `begin` is told the number of the thing and
/// what to call when it is done. Returns when all are done.
using Begin = std::function<void(std::size_t number, std::function<void()> done)>;
void run_all(boost::asio::io_context& io, std::size_t count, const Begin& begin) {
  std::size_t begun = 0, done = 0;
  std::function<void()> next = [&] {
    if (begun == count) return;
    begin(begun++, [&] {
      if (++done == count) return io.stop();
      next();
    });
  };
  for (std::size_t i = 0; i < std::min(at_once, count); ++i) next();
  io.restart();
  io.run();
}

Accounts make_accounts(std::uint64_t first, std::size_t count) {
  Accounts accounts;
  for (std::size_t i = 0; i < count; ++i) accounts.push_back(make_account(first + i));
  return accounts;
}

/// One handshake of each account, on a connection of its own that was open before.
void shake_round(const Target& target, const Accounts& accounts, Spent& spent) {
  boost::asio::io_context io(1);
  Devices devices;
  for (const auto& account : accounts)
    devices.push_back(std::make_shared<Device>(io, account, target.version));
  run_all(io, devices.size(), [&](std::size_t i, auto done) {
    devices[i]->open(target.server, [done](Device&) { done(); });
  });
  const Stopwatch watch(target.pid);
  run_all(io, devices.size(),
          [&](std::size_t i, auto done) { devices[i]->shake([done](Device&) { done(); }); });
  spent.add(watch);
  for (const auto& device : devices) device->close();
}

}  // namespace

void connections(const Target& target, std::size_t count) {
  boost::asio::io_context io(1);
  const auto account = make_account(900'000);
  const auto round = [&](std::size_t times) {
    run_all(io, times, [&](std::size_t, auto done) {
      const auto device = std::make_shared<Device>(io, account, target.version);
      device->open(target.server, [done](Device& open) {
        open.close();
        done();
      });
    });
  };
  round(at_once);
  Spent spent;
  const Stopwatch watch(target.pid);
  round(count);
  spent.add(watch);
  report("connections", count, spent);
}

void handshakes_of_new_devices(const Target& target, std::size_t count) {
  Spent spent;
  for (std::size_t done = 0; done < count; done += sockets_per_round) {
    const auto times = std::min(sockets_per_round, count - done);
    shake_round(target, make_accounts(10'000'000 + done, times), spent);
  }
  report("shake-new", count, spent);
}

void handshakes_of_known_devices(const Target& target, std::size_t count) {
  const auto accounts = make_accounts(1'100'000, std::min(sockets_per_round, count));
  Spent unused, spent;
  shake_round(target, accounts, unused);
  std::size_t done = 0;
  for (; done < count; done += accounts.size()) shake_round(target, accounts, spent);
  report("shake-known", done, spent);
}

void whole_handshakes(const Target& target, std::size_t count) {
  boost::asio::io_context io(1);
  const auto accounts = make_accounts(1'000'000, at_once);
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < at_once; ++i) free.push_back(i);
  const auto round = [&](std::size_t times) {
    run_all(io, times, [&](std::size_t, auto done) {
      const auto slot = free.back();
      free.pop_back();
      const auto device = std::make_shared<Device>(io, accounts[slot], target.version);
      device->connect(target.server, [&free, slot, done](Device& established) {
        established.close();
        free.push_back(slot);
        done();
      });
    });
  };
  round(at_once);
  Spent spent;
  const Stopwatch watch(target.pid);
  round(count);
  spent.add(watch);
  report("handshakes", count, spent);
}

}  // namespace culver::bench
