// Somebody who has both public keys of two that know each other, and neither private one, plays the
// one towards the other, through an honest server: with every part of a handshake left out, by the
// rendezvous points, by a code in either direction, before, during and after a true connection,
// saying nothing, garbage, what the true one has said, or what it was told itself. It gets nothing.
// usage: impostor_simulation FIRST COUNT
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/wire/peer.hpp"
#include "tests/support/simulation.hpp"

namespace culver::test {
namespace {

using namespace engine;

/// How the two found each other.
enum class Way { looks, asks_by_code, is_asked_by_code };
/// What is going on between the true ones.
enum class When { before, during, after };

struct Try {
  explicit Try(std::uint64_t of)
      : seed(of),
        dice(of * 2 + 1),
        simulation(of),
        alice(simulation.add("alice")),
        bob(simulation.add("bob")),
        eve(simulation.add("eve")),
        is_culver(dice.below(3) != 0),
        way(static_cast<Way>(dice.below(3))),
        when(static_cast<When>(dice.below(3))) {
    introduce();
    const auto bobs = bob.engine->public_key();
    alice.book.at(bobs).is_culver = is_culver;
    eve.claims = bobs;
    const auto alices = alice.engine->public_key();
    eve.book.insert_or_assign(
        alices, Known{.key = alices, .name = {}, .alias = {}, .is_culver = dice.below(2) == 0});
    for (auto* node : {&alice, &bob, &eve}) node->restart();
    leaves_out = dice.below(16);
    eve.tamper = [this](connection::SendOn& frame) { play(frame); };
    bob.tamper = [this](connection::SendOn& frame) { overheard.push_back(frame.bytes); };
    alice.tamper = [this](connection::SendOn& frame) {
      if (as_text(frame.bytes).find("file_start") != std::string_view::npos) names_a_file = true;
      overheard.push_back(frame.bytes);
    };
    alice.react = [this](Node& self, const Notice& notice) { react(self, notice); };
    eve.react = [](Node& self, const Notice& notice) {
      if (const auto* asked = std::get_if<PairRequested>(&notice))
        self.command(AnswerPair{asked->from, true});
    };
  }

  void introduce() {
    alice.react = [](Node& self, const Notice& notice) {
      if (const auto* asked = std::get_if<PairRequested>(&notice))
        self.command(AnswerPair{asked->from, true});
    };
    for (auto* node : {&alice, &bob}) node->command(GoOnline{});
    simulation.settle();
    bob.command(Pair{alice.last<Online>()->code});
    simulation.settle();
    for (auto* node : {&alice, &bob}) node->command(Leave{});
    simulation.pass(std::chrono::minutes(1));
  }

  /// What alice's user does: she lets in whoever asks, and sends what she has to whoever is there.
  void react(Node& self, const Notice& notice) {
    if (const auto* asked = std::get_if<PairRequested>(&notice))
      self.command(AnswerPair{asked->from, true});
    if (const auto* offered = std::get_if<FileOffered>(&notice))
      self.command(AnswerFile{offered->transfer, true});
    if (const auto* connected = std::get_if<Connected>(&notice))
      if (!is_true(connected->connection)) fail("connected with somebody who has no key");
    if (const auto* text = std::get_if<TextReceived>(&notice))
      if (!is_true(text->connection)) fail("a text of somebody who has no key was shown");
    if (std::holds_alternative<LetterDelivered>(notice) && !bob_is_there)
      fail("what was kept was handed over");
    if (const auto* unproven = std::get_if<Unproven>(&notice)) {
      if (is_culver) fail("a Culver's key came with less");
      self.command(SendText{unproven->connection, TextId{1}, Plaintext("for bob alone")});
    }
    if (const auto* end = std::get_if<Closed>(&notice))
      if (end->was_connected && end->fault == Fault::replaced) fail("the true one was replaced");
  }

  /// Whether the other end of this connection is bob's.
  bool is_true(ConnectionId connection) {
    const auto at = alice.transports.find(connection);
    return at != alice.transports.end() && at->second.peer && at->second.peer->first == &bob;
  }

  /// Eve says something else than her engine would.
  void play(connection::SendOn& frame) {
    if (auto parsed = wire::peer::parse_messages_frame(as_text(frame.bytes));
        parsed && std::holds_alternative<wire::peer::Handshake>(*parsed)) {
      auto& handshake = std::get<wire::peer::Handshake>(*parsed);
      if (leaves_out & 1) handshake.ephemeral.reset();
      if (leaves_out & 2) handshake.file_acks = false;
      if (leaves_out & 4) handshake.stable_id.reset();
      if (leaves_out & 8) handshake.username.reset();
      return become(frame, dice.below(8) == 0 ? "{\"type\":\"hello\"}" : print(handshake));
    }
    switch (dice.below(4)) {
      case 0:
        return;  // sealed with what she has
      case 1:
        return become(frame, wire::peer::print(wire::peer::FileStart{
                                 wire::peer::FileId::from_random({}), Plaintext("x"), 0, 0}));
      case 2:
        frame.bytes.assign(64, std::byte{0x41});
        return;
      default:
        if (!overheard.empty()) frame.bytes = overheard[dice.below(overheard.size())];
    }
  }
  static void become(connection::SendOn& frame, const std::string& text) {
    const auto bytes = as_bytes(text);
    frame.bytes.assign(bytes.begin(), bytes.end());
  }

  void look(Node& node) {
    for (const auto& [key, known] : node.book) node.command(LookFor{key});
    node.command(GoOnline{});
  }

  void come_as_bob() {
    if (way == Way::looks) return look(eve);
    eve.command(GoOnline{});
    simulation.settle();
    if (!eve.last<Online>() || !alice.last<Online>()) return;
    if (way == Way::asks_by_code)
      eve.command(Pair{alice.last<Online>()->code});
    else
      alice.command(Pair{eve.last<Online>()->code});
  }

  void bob_comes() {
    bob_is_there = true;
    look(bob);
    simulation.pass(std::chrono::seconds(7));
  }

  bool run() {
    alice.command(QueueText{bob.engine->public_key(), Plaintext("kept")});
    look(alice);
    simulation.settle();
    if (when != When::before) bob_comes();
    if (when == When::after) {
      bob.command(Leave{});
      simulation.pass(std::chrono::seconds(20));
      bob_is_there = false;
      alice.command(QueueText{bob.engine->public_key(), Plaintext("kept again")});
    }
    come_as_bob();
    simulation.pass(std::chrono::seconds(5));
    simulation.pass(std::chrono::minutes(2));
    reached = eve.count<Connecting>() > 0;
    if (names_a_file) fail("a file was named to her");
    if (!alice.received.empty() || !alice.partial.empty()) fail("a file of her arrived");
    if (eve.count<Connected>() + eve.count<TextReceived>() > 0) fail("she opened something");
    if (when == When::during && live(alice) != 1) fail("the true connection is gone");
    if (when == When::before) {
      if (alice.letters.queue.empty()) fail("what was kept is gone");
      eve.command(Leave{});
      simulation.pass(std::chrono::minutes(2));
      bob_comes();
      simulation.pass(std::chrono::minutes(2));
      if (live(alice) != 1 || !alice.letters.queue.empty())
        fail("the true one did not get through");
    }
    return ok;
  }

  void fail(const char* why) {
    if (ok)
      std::printf("seed %llu: %s (culver %d, way %d, when %d, without %llu)\n",
                  static_cast<unsigned long long>(seed), why, is_culver, static_cast<int>(way),
                  static_cast<int>(when), static_cast<unsigned long long>(leaves_out));
    ok = false;
  }

  std::uint64_t seed;
  SeededRng dice;
  Simulation simulation;
  Node& alice;
  Node& bob;
  Node& eve;
  bool is_culver;
  Way way;
  When when;
  std::uint64_t leaves_out = 0;
  std::vector<ByteVector> overheard;
  bool bob_is_there = false;
  bool names_a_file = false;
  bool reached = false;  ///< eve had a match with alice
  bool ok = true;
};

}  // namespace
}  // namespace culver::test

int main(int argc, char** argv) {
  const auto number = [&](int i, unsigned long long otherwise) {
    return argc > i ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  const auto first = number(1, 1), count = number(2, 200);
  unsigned long long reached = 0;
  for (auto seed = first; seed < first + count; ++seed) {
    culver::test::Try once(seed);
    if (!once.run()) return 1;
    reached += once.reached;
  }
  std::printf("%llu tries of an impostor, %llu of them got as far as a match\n", count, reached);
  // Where two Culvers look for each other at secret points, she finds neither.
  return reached * 2 >= count ? 0 : 1;
}
