// Plays schedules of the gateway handshake, one per seed, and stops at the first in which something
// does not hold. One seed alone is played with a trace.
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <map>
#include <string>

#include "tests/handshake/schedule.hpp"

namespace {

using culver::test::Cast;
using culver::test::Schedule;

constexpr std::uint64_t enough_for_everything = 5'000;

/// Schedules that never got anywhere would show nothing.
bool reached_everything(const std::map<std::string, std::uint64_t>& outcomes) {
  bool good = true;
  for (const char* must :
       {"Established / Established", "Established / gateway_timeout",
        "gateway_timeout / Established", "gateway_timeout / gateway_timeout",
        "gateway_timeout / device_revoked", "server_downgraded / gateway_timeout",
        "server_identity_changed / gateway_timeout", "gateway_timeout / not_authentic",
        "gateway_timeout / handshake_out_of_order"}) {
    if (outcomes.count(must)) continue;
    std::cerr << "no schedule ended as: " << must << '\n';
    good = false;
  }
  return good;
}

int play(std::uint64_t first, std::uint64_t count) {
  const Cast cast;
  std::map<std::string, std::uint64_t> outcomes;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    Schedule schedule(seed, cast);
    const std::string what = schedule.play(count == 1);
    if (!what.empty()) {
      std::cerr << "seed " << seed << ": " << what << "\nreplay: handshake_simulation " << seed
                << " 1\n";
      return 1;
    }
    ++outcomes[schedule.outcome()];
  }
  std::cout << count << " schedules from seed " << first << " (client / server):\n";
  for (const auto& [outcome, times] : outcomes)
    std::cout << std::setw(8) << times << "  " << outcome << '\n';
  return count < enough_for_everything || reached_everything(outcomes) ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return play(count > 1 ? std::stoull(arguments[1]) : 1,
                count > 2 ? std::stoull(arguments[2]) : 500);
  } catch (const std::exception&) {
    std::cerr << "usage: handshake_simulation [FIRST_SEED [COUNT]]\n";
    return 1;
  }
}
