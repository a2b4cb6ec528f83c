// Two engines and the server in a simulation, by itself: a release build plays a hundred thousand
// schedules in the time of a test. In each of them something goes wrong at a random moment, or
// nothing does. usage: pair_simulation FIRST COUNT
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "tests/support/simulation.hpp"

namespace culver::test {
namespace {

using namespace engine;

/// What happens at one random moment.
enum class Mishap {
  none,
  effect_fails,
  answer_is_lost,
  connections_break,
  server_goes,
  user_leaves,
  user_closes,
  second_match,
  kinds
};

struct Schedule {
  explicit Schedule(std::uint64_t of)
      : seed(of),
        dice(of * 2 + 1),
        simulation(of),
        alice(simulation.add("alice", dice.below(4) != 0)),
        bob(simulation.add("bob", dice.below(4) != 0)),
        polite(dice.below(2) == 0) {
    file.resize(20'000);
    for (std::size_t i = 0; i < file.size(); ++i) file[i] = static_cast<char>(i * 7 + seed);
    for (auto* node : {&alice, &bob})
      node->react = [this](Node& self, const Notice& notice) { react(self, notice); };
  }

  void react(Node& self, const Notice& notice) {
    if (const auto* asked = std::get_if<PairRequested>(&notice))
      self.command(AnswerPair{asked->from, true});
    if (const auto* offered = std::get_if<FileOffered>(&notice))
      self.command(AnswerFile{offered->transfer, true});
    if (const auto* letter = std::get_if<LetterReceived>(&notice))
      self.command(Displayed{letter->held});
    if (const auto* goodbye = std::get_if<GoodbyeReceived>(&notice); goodbye && polite)
      self.command(CloseConnection{goodbye->connection});
    auto& mine = texts[&self == &bob];
    if (const auto* delivered = std::get_if<TextDelivered>(&notice)) {
      if (mine.unconfirmed.erase(delivered->id) == 0) fail("a text was delivered twice");
      if (delivered->confirmed) mine.confirmed.push_back(delivered->id);
    }
    const auto* connected = std::get_if<Connected>(&notice);
    if (!connected) return;
    const auto& other = &self == &alice ? bob : alice;
    if (connected->key != other.engine->public_key())
      fail("connected with a key that is not the peer's");
    for (int i = 0; i < 3; ++i) mine.unconfirmed.insert(TextId{++mine.count});
    for (const auto id : mine.unconfirmed)  // those of an earlier connection first
      self.command(SendText{connected->connection, id, Plaintext("t" + std::to_string(id.value))});
    for (int i = 0; i < 2; ++i)
      self.command(
          QueueText{connected->key, Plaintext("l" + std::to_string(++letters[&self == &bob]))});
    if (&self != &bob || !self.sources.empty()) return;
    self.sources[TransferId{next_file}] = file;
    self.command(
        SendFile{connected->connection, TransferId{next_file++}, Plaintext("a.bin"), file.size()});
  }

  void happen(Mishap what) {
    auto& who = dice.below(2) == 0 ? alice : bob;
    switch (what) {
      case Mishap::connections_break:
        return simulation.cut_all_connections();
      case Mishap::server_goes:
        for (auto* node : {&alice, &bob}) {
          simulation.socket_closed(*node);
          simulation.later(node->name + " down",
                           [node] { node->feed(ServerLost{Fault::server_lost}); });
        }
        return;
      case Mishap::user_leaves:
        return who.command(Leave{});
      case Mishap::user_closes:
        if (who.last<Connecting>())
          who.command(CloseConnection{who.last<Connecting>()->connection});
        return;
      case Mishap::second_match:
        if (auto& other = &who == &alice ? bob : alice; other.last<Online>())
          who.command(Pair{other.last<Online>()->code});
        return;
      default:
        return;
    }
  }

  bool run() {
    const auto mishap = static_cast<Mishap>(dice.below(static_cast<std::uint64_t>(Mishap::kinds)));
    if (mishap == Mishap::effect_fails) simulation.fail_effect(dice.below(60));
    if (mishap == Mishap::answer_is_lost) simulation.swallow_effect(dice.below(60));
    alice.command(GoOnline{});
    bob.command(GoOnline{});
    simulation.settle(dice.below(4) == 0 ? dice.below(40) : 100'000);
    const bool has_asked = alice.last<Online>() && bob.last<Online>();
    if (has_asked) bob.command(Pair{alice.last<Online>()->code});
    simulation.settle(dice.below(200));
    happen(mishap);
    simulation.pass(std::chrono::minutes(10));
    check_agreement();
    for (const auto* node : {&alice, &bob}) {
      check_numbers(*node, 't');
      check_numbers(*node, 'l');
      check_confirmed(*node);
      if (!node->letters.held.empty() && mishap != Mishap::effect_fails)
        fail("a letter came and was not shown");
      if (mishap == Mishap::none && !node->letters.queue.empty())
        fail("nothing went wrong, and a letter waits");
    }
    for (const auto& got : alice.received)
      if (got != file) fail("a file arrived that is not the one that was sent");
    if (mishap == Mishap::none && has_asked && alice.received.size() != 1)
      fail("nothing went wrong, and the file did not arrive");
    leave();
    return ok;
  }

  /// Connected on one side only is connected on none.
  void check_agreement() {
    const auto live = [](const Node& node) {
      std::size_t closed = 0;
      for (const auto& notice : node.notices)
        if (const auto* end = std::get_if<Closed>(&notice)) closed += end->was_connected;
      return node.count<Connected>() - closed;
    };
    if (live(alice) != live(bob)) fail("one side is connected, and the other is not");
    if (live(alice) > 1) fail("two connections of one pair");
    for (const auto* node : {&alice, &bob})
      if (node->engine->census().connections != live(*node))
        fail("a connection that nobody was told of");
  }

  /// Numbers grow: none comes twice, and none before an earlier one.
  void check_numbers(const Node& node, char kind) {
    int before = 0;
    for (const auto& text : node.texts()) {
      if (text.at(0) != kind) continue;
      const int number = std::atoi(text.c_str() + 1);
      if (number <= before) fail("a text came twice or out of order");
      before = number;
    }
  }

  void check_confirmed(const Node& node) {
    const auto shown = (&node == &alice ? bob : alice).texts();
    for (const auto id : texts[&node == &bob].confirmed)
      if (std::ranges::find(shown, "t" + std::to_string(id.value)) == shown.end())
        fail("a text was told as confirmed, and nobody has seen it");
  }

  void leave() {
    alice.command(Leave{});
    bob.command(Leave{});
    simulation.pass(std::chrono::minutes(15));
    for (const auto* node : {&alice, &bob}) {
      if (node->engine->census() != Census{}) fail("something of a connection is left");
      if (node->engine->deadline()) fail("a timer is left");
      if (!node->sources.empty() || !node->partial.empty()) fail("a file is left open");
    }
    if (simulation.live_transports() != 0) fail("a transport is left");
  }

  void fail(const char* why) {
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), why);
    ok = false;
  }

  std::uint64_t seed;
  SeededRng dice;
  Simulation simulation;
  Node& alice;
  Node& bob;
  std::string file;
  struct Texts {
    std::uint64_t count = 0;
    std::set<TextId> unconfirmed = {};
    std::vector<TextId> confirmed = {};
  };
  Texts texts[2];
  bool polite;  ///< says goodbye when the other one has
  int letters[2] = {0, 0};
  std::uint32_t next_file = 1;
  bool ok = true;
};

}  // namespace
}  // namespace culver::test

int main(int argc, char** argv) {
  const auto number = [&](int i, unsigned long long otherwise) {
    return argc > i ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  const auto first = number(1, 1), count = number(2, 200);
  for (auto seed = first; seed < first + count; ++seed)
    if (!culver::test::Schedule(seed).run()) return 1;
  std::printf("%llu schedules of two engines and the server\n", count);
}
