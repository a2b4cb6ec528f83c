// Plays lives of ICE connections, one per seed, and says which seeds fail. One seed alone is played
// with a trace.
#include <chrono>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <map>
#include <string>

#include "tests/ice/schedule.hpp"

namespace {

using culver::ice::test::Schedule;

int play(std::uint64_t first, std::uint64_t count) {
  std::map<std::string, std::uint64_t> outcomes;
  culver::Duration simulated{};
  std::uint64_t failures = 0;
  for (std::uint64_t seed = first; seed < first + count && failures < 20; ++seed) {
    Schedule schedule(seed);
    const std::string what = schedule.play(count == 1);
    simulated += schedule.simulated();
    ++outcomes[schedule.outcome()];
    if (what.empty()) continue;
    ++failures;
    std::cerr << "seed " << seed << ": " << what << "; replay: ice_simulation " << seed << " 1\n";
  }
  std::cout << count << " lives from seed " << first << ", "
            << std::chrono::duration_cast<std::chrono::hours>(simulated).count()
            << " hours of network time:\n";
  for (const auto& [outcome, times] : outcomes)
    std::cout << std::setw(8) << times << "  " << outcome << '\n';
  return failures ? 1 : 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return play(count > 1 ? std::stoull(arguments[1]) : 1,
                count > 2 ? std::stoull(arguments[2]) : 100);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\nusage: ice_simulation [FIRST_SEED [COUNT]]\n";
    return 1;
  }
}
