// Two engines and the server in a bottle: the whole main job, in every order that a seeded
// scheduler finds, and with every effect failing once.
#include "tests/support/bottle.hpp"

#include <string>

#include <gtest/gtest.h>

namespace culver::test {
namespace {

using namespace engine;

/// Alice waits, Bob asks for her code, sends a text and a file, and says goodbye.
struct MainJob {
  Bottle bottle;
  Node& alice;
  Node& bob;
  std::string file;

  explicit MainJob(std::uint64_t seed, std::size_t size = 100'000)
      : bottle(seed), alice(bottle.add("alice")), bob(bottle.add("bob")) {
    file.resize(size);
    for (std::size_t i = 0; i < size; ++i) file[i] = static_cast<char>(i * 7 + seed);
    alice.react = [](Node& self, const Notice& notice) {
      if (const auto* asked = std::get_if<PairRequested>(&notice))
        self.command(AnswerPair{asked->from, true});
      if (const auto* offered = std::get_if<FileOffered>(&notice))
        self.command(AnswerFile{offered->transfer, true});
    };
    bob.react = [this](Node& self, const Notice& notice) {
      if (const auto* connected = std::get_if<Connected>(&notice)) {
        self.command(SendText{connected->link, Plaintext("typ:hello")});
        self.sources[TransferId{1}] = file;
        self.command(SendFile{connected->link, TransferId{1}, Plaintext("a.bin"), file.size()});
      }
      const bool over =
          std::holds_alternative<FileSent>(notice) || std::holds_alternative<FileFailed>(notice);
      if (over && self.last<Connected>()) self.command(CloseLink{self.last<Connected>()->link});
    };
  }

  void run() {
    alice.command(GoOnline{});
    bob.command(GoOnline{});
    bottle.settle();
    if (alice.last<Online>() && bob.last<Online>()) bob.command(Pair{alice.last<Online>()->code});
    bottle.settle();
  }
  bool succeeded() const {
    return alice.received.size() == 1 && alice.received[0] == file && bob.last<FileSent>() &&
           alice.count<TextReceived>() == 1;
  }
  /// Everybody goes; then nothing may be left of anything.
  void leave() {
    alice.command(Leave{});
    bob.command(Leave{});
    bottle.pass(std::chrono::minutes(15));
  }
  void expect_nothing_left(std::uint64_t seed) {
    for (auto* node : {&alice, &bob}) {
      EXPECT_EQ(node->engine->census(), Census{}) << node->name << ", seed " << seed;
      EXPECT_TRUE(node->partial.empty()) << node->name << ", seed " << seed;
      EXPECT_TRUE(node->sources.empty()) << node->name << ", seed " << seed;
      EXPECT_EQ(node->engine->deadline(), std::nullopt) << node->name << ", seed " << seed;
    }
    EXPECT_EQ(bottle.live_transports(), 0u) << "seed " << seed;
  }
};

TEST(Bottle, TheMainJobSucceedsInEveryOrder) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    MainJob job(seed);
    job.run();
    ASSERT_TRUE(job.succeeded()) << "seed " << seed;
    EXPECT_EQ(job.alice.last<TextReceived>()->text.expose(), "typ:hello");
    EXPECT_EQ(job.alice.last<Connected>()->key, job.bob.engine->public_key());
    EXPECT_EQ(job.bob.last<Connected>()->key, job.alice.engine->public_key());
    EXPECT_EQ(job.alice.remembered, std::vector{job.bob.engine->public_key()});
    EXPECT_TRUE(job.bob.last<FileSent>()->confirmed);
    EXPECT_TRUE(job.alice.server && job.alice.server == job.bob.server) << "it has proven itself";
    EXPECT_EQ(job.bottle.in_the_clear, 0u);
    EXPECT_EQ(job.alice.last<Closed>()->fault, std::nullopt) << "seed " << seed;
    job.leave();
    job.expect_nothing_left(seed);
  }
}

TEST(Bottle, EveryEffectMayFailOnce) {
  MainJob whole(1);
  whole.run();
  ASSERT_TRUE(whole.succeeded());
  for (std::size_t n = 0; n < whole.bottle.effects(); ++n)
    for (std::uint64_t seed = 1; seed < 4; ++seed) {
      MainJob job(seed);
      job.bottle.fail_effect(n);
      job.run();
      job.bottle.pass(std::chrono::minutes(15));
      // Whatever came of it: nobody believes in a connection that the other has not got.
      const auto connected = [](const Node& node) {
        return node.count<Connected>() - [&] {
          std::size_t closed = 0;
          for (const auto& notice : node.notices)
            if (const auto* end = std::get_if<Closed>(&notice)) closed += end->was_connected;
          return closed;
        }();
      };
      EXPECT_EQ(connected(job.alice), connected(job.bob)) << "effect " << n << ", seed " << seed;
      // And a file is there whole or not at all.
      for (const auto& received : job.alice.received)
        EXPECT_EQ(received, job.file) << "effect " << n << ", seed " << seed;
      job.leave();
      job.expect_nothing_left(seed);
    }
}

TEST(Bottle, ACertificateThatWasNotAnnouncedEndsTheLink) {
  MainJob job(3);
  job.alice.tamper_certificate = job.bob.tamper_certificate = true;
  job.run();
  job.bottle.pass(std::chrono::minutes(5));
  EXPECT_EQ(job.alice.count<Connected>() + job.bob.count<Connected>(), 0u);
  const auto fault_of = [](const Node& node) { return node.last<Closed>()->fault; };
  EXPECT_TRUE(fault_of(job.alice) == Fault::fingerprint_mismatch ||
              fault_of(job.bob) == Fault::fingerprint_mismatch);
  job.leave();
  job.expect_nothing_left(3);
}

TEST(Bottle, ARefusedPairingIsToldAtOnce) {
  MainJob job(4);
  job.alice.react = [](Node& self, const Notice& notice) {
    if (const auto* asked = std::get_if<PairRequested>(&notice))
      self.command(AnswerPair{asked->from, false});
  };
  job.run();
  ASSERT_NE(job.bob.last<PairFailed>(), nullptr);
  EXPECT_EQ(job.bob.last<PairFailed>()->fault, Fault::pair_refused);
}

TEST(Bottle, AnUnknownCodeIsToldAtOnce) {
  MainJob job(5);
  job.bob.command(GoOnline{});
  job.bottle.settle();
  job.bob.command(Pair{*PairingCode::parse("ZZZZZZ")});
  job.bottle.settle();
  ASSERT_NE(job.bob.last<PairFailed>(), nullptr);
  EXPECT_EQ(job.bob.last<PairFailed>()->fault, Fault::pair_unknown);
}

TEST(Bottle, ARefusedFileIsToldAndTheLinkLives) {
  MainJob job(6);
  job.alice.react = [](Node& self, const Notice& notice) {
    if (const auto* asked = std::get_if<PairRequested>(&notice))
      self.command(AnswerPair{asked->from, true});
    if (const auto* offered = std::get_if<FileOffered>(&notice))
      self.command(AnswerFile{offered->transfer, false});
  };
  job.run();
  ASSERT_NE(job.bob.last<FileFailed>(), nullptr);
  EXPECT_EQ(job.bob.last<FileFailed>()->fault, Fault::file_refused);
  EXPECT_EQ(job.alice.count<TextReceived>(), 1u);
}

TEST(Bottle, TwoWhoAskEachOtherGetOneLink) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    MainJob job(seed);
    job.alice.command(GoOnline{});
    job.bob.command(GoOnline{});
    job.bottle.settle();
    job.alice.command(Pair{job.bob.last<Online>()->code});
    job.bob.command(Pair{job.alice.last<Online>()->code});
    job.bottle.settle();
    EXPECT_EQ(job.alice.count<Connecting>(), 1u) << "seed " << seed;
    EXPECT_EQ(job.bob.count<Connecting>(), 1u) << "seed " << seed;
    EXPECT_TRUE(job.succeeded()) << "seed " << seed;
  }
}

TEST(Bottle, ManyFilesGoOneAfterTheOther) {
  MainJob job(8);
  constexpr std::uint32_t files = 40;
  job.bob.react = [&](Node& self, const Notice& notice) {
    if (const auto* connected = std::get_if<Connected>(&notice))
      for (std::uint32_t i = 1; i <= files; ++i) {
        self.sources[TransferId{i}] = job.file;
        self.command(SendFile{connected->link, TransferId{i}, Plaintext("a.bin"), job.file.size()});
      }
  };
  job.run();
  EXPECT_EQ(job.alice.received.size(), files);
  EXPECT_EQ(job.bob.count<FileSent>(), files);
}

TEST(Bottle, AFileGoesOnWithoutTheServer) {
  MainJob job(9, 3'000'000);
  job.bob.react = [&, before = job.bob.react](Node& self, const Notice& notice) {
    before(self, notice);
    if (std::holds_alternative<FileStarted>(notice)) {
      job.bottle.server_down = true;
      for (auto* node : {&job.alice, &job.bob}) {
        job.bottle.socket_closed(*node);
        job.bottle.later(node->name + " down",
                         [node] { node->feed(ServerLost{Fault::server_lost}); });
      }
    }
  };
  job.run();
  EXPECT_TRUE(job.succeeded());
}

}  // namespace
}  // namespace culver::test
