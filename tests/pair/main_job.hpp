// The main job in a simulation: pair, secure, text, file, close. And what must be left of it:
// nothing.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "tests/support/simulation.hpp"

namespace culver::test {

/// Alice waits, Bob asks for her code, sends a text and a file, and says goodbye.
struct MainJob {
  Simulation simulation;
  Node& alice;
  Node& bob;
  std::string file;

  /// `streams`: whether both speak the second form of files, or Alice the first one only.
  explicit MainJob(std::uint64_t seed, std::size_t size = 100'000, bool streams = true)
      : simulation(seed), alice(simulation.add("alice", streams)), bob(simulation.add("bob")) {
    file.resize(size);
    for (std::size_t i = 0; i < size; ++i) file[i] = static_cast<char>(i * 7 + seed);
    alice.react = [](Node& self, const engine::Notice& notice) {
      using namespace engine;
      if (const auto* asked = std::get_if<PairRequested>(&notice))
        self.command(AnswerPair{asked->from, true});
      if (const auto* offered = std::get_if<FileOffered>(&notice))
        self.command(AnswerFile{offered->transfer, true});
      if (const auto* goodbye = std::get_if<GoodbyeReceived>(&notice))
        self.command(CloseConnection{goodbye->connection});
    };
    bob.react = [this](Node& self, const engine::Notice& notice) {
      using namespace engine;
      if (const auto* connected = std::get_if<Connected>(&notice)) {
        self.command(SendText{connected->connection, TextId{1}, Plaintext("typ:hello")});
        self.sources[TransferId{1}] = file;
        self.command(
            SendFile{connected->connection, TransferId{1}, Plaintext("a.bin"), file.size()});
      }
      const bool over =
          std::holds_alternative<FileSent>(notice) || std::holds_alternative<FileFailed>(notice);
      if (over && self.last<Connected>())
        self.command(CloseConnection{self.last<Connected>()->connection});
    };
  }

  void run() {
    using namespace engine;
    alice.command(GoOnline{});
    bob.command(GoOnline{});
    simulation.settle();
    if (alice.last<Online>() && bob.last<Online>()) bob.command(Pair{alice.last<Online>()->code});
    simulation.settle();
  }
  void go_online_and_pair() {
    using namespace engine;
    if (!alice.last<Online>()) alice.command(GoOnline{});
    if (!bob.last<Online>()) bob.command(GoOnline{});
    simulation.settle();
    bob.command(Pair{alice.last<Online>()->code});
  }
  bool succeeded() const {
    using namespace engine;
    return alice.received.size() == 1 && alice.received[0] == file && bob.last<FileSent>() &&
           alice.texts().size() == 1;
  }
  /// Everybody goes; then nothing may be left of anything.
  void leave() {
    alice.command(engine::Leave{});
    bob.command(engine::Leave{});
    simulation.pass(std::chrono::minutes(15));
  }
  void expect_nothing_left(std::uint64_t seed) {
    for (auto* node : {&alice, &bob}) {
      EXPECT_EQ(node->engine->census(), engine::Census{}) << node->name << ", seed " << seed;
      EXPECT_TRUE(node->partial.empty()) << node->name << ", seed " << seed;
      EXPECT_TRUE(node->marks.empty()) << node->name << ", seed " << seed;
      EXPECT_TRUE(node->sources.empty()) << node->name << ", seed " << seed;
      EXPECT_EQ(node->engine->deadline(), std::nullopt) << node->name << ", seed " << seed;
    }
    EXPECT_EQ(simulation.live_transports(), 0u) << "seed " << seed;
  }
};

}  // namespace culver::test
