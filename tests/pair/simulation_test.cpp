// Two engines and the server in a simulation: the whole main job, in every order that a seeded
// scheduler finds, and with every effect failing once.
#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/crypto/hash.hpp"
#include "core/transfer/stream_terms.hpp"
#include "tests/pair/main_job.hpp"

namespace culver::test {
namespace {

using namespace engine;

/// With the form of files that the two agree on: true is the second one.
class BothForms : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Simulation, BothForms, testing::Bool());

TEST_P(BothForms, TheMainJobSucceedsInEveryOrder) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    MainJob job(seed, 100'000, GetParam());
    job.run();
    ASSERT_TRUE(job.succeeded()) << "seed " << seed;
    EXPECT_EQ(job.alice.texts(), std::vector<std::string>{"typ:hello"});
    EXPECT_EQ(job.alice.last<Connected>()->key, job.bob.engine->public_key());
    EXPECT_EQ(job.bob.last<Connected>()->key, job.alice.engine->public_key());
    EXPECT_EQ(job.alice.remembered, std::vector{job.bob.engine->public_key()});
    EXPECT_TRUE(job.bob.last<FileSent>()->confirmed);
    EXPECT_TRUE(job.alice.server && job.alice.server == job.bob.server) << "it has proven itself";
    EXPECT_EQ(job.simulation.in_the_clear, 0u);
    EXPECT_EQ(job.alice.last<Closed>()->fault, std::nullopt) << "seed " << seed;
    job.leave();
    job.expect_nothing_left(seed);
  }
}

TEST_P(BothForms, EveryEffectMayFailOnce) {
  MainJob whole(1, 100'000, GetParam());
  whole.run();
  ASSERT_TRUE(whole.succeeded());
  for (std::size_t n = 0; n < whole.simulation.effects(); ++n)
    for (std::uint64_t seed = 1; seed < 4; ++seed) {
      MainJob job(seed, 100'000, GetParam());
      job.simulation.fail_effect(n);
      job.run();
      job.simulation.pass(std::chrono::minutes(15));
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

std::size_t connections(const Node& node) {
  std::size_t closed = 0;
  for (const auto& notice : node.notices)
    if (const auto* end = std::get_if<Closed>(&notice)) closed += end->was_connected;
  return node.count<Connected>() - closed;
}

/// Whatever came of it: nobody believes in a connection that the other has not got, a file is there
/// whole or not at all and is told of once, and nothing is left of anything.
void expect_all_or_nothing(MainJob& job, const std::string& what) {
  EXPECT_EQ(connections(job.alice), connections(job.bob)) << what;
  for (const auto& received : job.alice.received) EXPECT_EQ(received, job.file) << what;
  EXPECT_LE(job.bob.count<FileSent>() + job.bob.count<FileFailed>(), 1u) << what;
  // One that fails before anybody was asked is told as failed alone; else one end to each question.
  std::multiset<TransferId> asked, ended, failed;
  for (const auto& notice : job.alice.notices) {
    if (const auto* offered = std::get_if<FileOffered>(&notice)) asked.insert(offered->transfer);
    if (const auto* received = std::get_if<FileReceived>(&notice)) ended.insert(received->transfer);
    if (const auto* lost = std::get_if<FileFailed>(&notice)) failed.insert(lost->transfer);
  }
  EXPECT_TRUE(std::ranges::includes(asked, ended)) << what;
  ended.merge(failed);
  EXPECT_TRUE(std::ranges::includes(ended, asked)) << what;
  EXPECT_LE(ended.size(), 1u) << what;
  job.leave();
  job.expect_nothing_left(0);
}

/// Silence instead of a failure: no answer of the whole job has to come, and each wait has an end.
TEST_P(BothForms, EveryAwaitedAnswerOfTheWholeJobMayNeverCome) {
  MainJob whole(1, 100'000, GetParam());
  whole.run();
  for (std::size_t n = 0; n < whole.simulation.effects(); ++n)
    for (std::uint64_t seed = 1; seed < 4; ++seed) {
      MainJob job(seed, 100'000, GetParam());
      job.simulation.swallow_effect(n);
      job.run();
      job.simulation.pass(std::chrono::minutes(15));
      expect_all_or_nothing(job, "effect " + std::to_string(n) + ", seed " + std::to_string(seed));
      if (HasFailure()) return;
    }
}

/// The user closes the connection, leaves altogether, or cancels the file, at every moment of the
/// whole job, on either side.
TEST_P(BothForms, CancellationAtAnyMomentOfTheWholeJobLeavesNothing) {
  MainJob whole(1, 100'000, GetParam());
  whole.go_online_and_pair();
  std::size_t steps = 0;
  for (; !whole.bob.last<Closed>() || !whole.alice.last<Closed>(); ++steps)
    whole.simulation.settle(1);
  ASSERT_TRUE(whole.succeeded());
  enum What { close, leave, cancel_file };
  for (const auto what : {close, leave, cancel_file})
    for (const bool by_alice : {true, false})
      for (std::size_t n = 0; n < steps; ++n) {
        MainJob job(1, 100'000, GetParam());
        job.go_online_and_pair();
        job.simulation.settle(n);
        auto& who = by_alice ? job.alice : job.bob;
        if (what == close && who.last<Connecting>())
          who.command(CloseConnection{who.last<Connecting>()->connection});
        if (what == leave) who.command(Leave{});
        if (what == cancel_file && who.last<FileStarted>())
          who.command(CancelFile{who.last<FileStarted>()->transfer});
        job.simulation.pass(std::chrono::minutes(3));
        if (what != cancel_file && who.last<Connecting>()) {
          EXPECT_EQ(connections(job.alice) + connections(job.bob), 0u);
        }
        expect_all_or_nothing(job, "step " + std::to_string(n) + ", kind " + std::to_string(what) +
                                       ", by " + who.name);
        if (HasFailure()) return;
      }
}

TEST(Simulation, ACertificateThatWasNotAnnouncedEndsTheConnection) {
  MainJob job(3);
  job.alice.tamper_certificate = job.bob.tamper_certificate = true;
  job.run();
  job.simulation.pass(std::chrono::minutes(5));
  EXPECT_EQ(job.alice.count<Connected>() + job.bob.count<Connected>(), 0u);
  const auto fault_of = [](const Node& node) { return node.last<Closed>()->fault; };
  EXPECT_TRUE(fault_of(job.alice) == Fault::fingerprint_mismatch ||
              fault_of(job.bob) == Fault::fingerprint_mismatch);
  job.leave();
  job.expect_nothing_left(3);
}

TEST(Simulation, ARefusedPairingIsToldAtOnce) {
  MainJob job(4);
  job.alice.react = [](Node& self, const Notice& notice) {
    if (const auto* asked = std::get_if<PairRequested>(&notice))
      self.command(AnswerPair{asked->from, false});
  };
  job.run();
  ASSERT_NE(job.bob.last<PairFailed>(), nullptr);
  EXPECT_EQ(job.bob.last<PairFailed>()->fault, Fault::pair_refused);
}

TEST(Simulation, AnUnknownCodeIsToldAtOnce) {
  MainJob job(5);
  job.bob.command(GoOnline{});
  job.simulation.settle();
  job.bob.command(Pair{*PairingCode::parse("ZZZZZZ")});
  job.simulation.settle();
  ASSERT_NE(job.bob.last<PairFailed>(), nullptr);
  EXPECT_EQ(job.bob.last<PairFailed>()->fault, Fault::pair_unknown);
}

TEST_P(BothForms, ARefusedFileIsToldAndTheConnectionLives) {
  MainJob job(6, 100'000, GetParam());
  job.alice.react = [](Node& self, const Notice& notice) {
    if (const auto* asked = std::get_if<PairRequested>(&notice))
      self.command(AnswerPair{asked->from, true});
    if (const auto* offered = std::get_if<FileOffered>(&notice))
      self.command(AnswerFile{offered->transfer, false});
  };
  job.run();
  ASSERT_NE(job.bob.last<FileFailed>(), nullptr);
  EXPECT_EQ(job.bob.last<FileFailed>()->fault, Fault::file_refused);
  EXPECT_EQ(job.alice.texts().size(), 1u);
}

TEST(Simulation, TwoWhoAskEachOtherGetOneConnection) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    MainJob job(seed);
    job.alice.command(GoOnline{});
    job.bob.command(GoOnline{});
    job.simulation.settle();
    job.alice.command(Pair{job.bob.last<Online>()->code});
    job.bob.command(Pair{job.alice.last<Online>()->code});
    job.simulation.settle();
    EXPECT_EQ(job.alice.count<Connecting>(), 1u) << "seed " << seed;
    EXPECT_EQ(job.bob.count<Connecting>(), 1u) << "seed " << seed;
    EXPECT_TRUE(job.succeeded()) << "seed " << seed;
  }
}

TEST_P(BothForms, ManyFilesGoOneAfterTheOther) {
  MainJob job(8, 100'000, GetParam());
  constexpr std::uint32_t files = 40;
  job.bob.react = [&](Node& self, const Notice& notice) {
    if (const auto* connected = std::get_if<Connected>(&notice))
      for (std::uint32_t i = 1; i <= files; ++i) {
        self.sources[TransferId{i}] = job.file;
        self.command(
            SendFile{connected->connection, TransferId{i}, Plaintext("a.bin"), job.file.size()});
      }
  };
  job.run();
  EXPECT_EQ(job.alice.received.size(), files);
  EXPECT_EQ(job.bob.count<FileSent>(), files);
}

TEST_P(BothForms, AFileGoesOnWithoutTheServer) {
  MainJob job(9, 3'000'000, GetParam());
  job.bob.react = [&, before = job.bob.react](Node& self, const Notice& notice) {
    before(self, notice);
    if (std::holds_alternative<FileStarted>(notice)) {
      job.simulation.server_down = true;
      for (auto* node : {&job.alice, &job.bob}) {
        job.simulation.socket_closed(*node);
        job.simulation.later(node->name + " down",
                             [node] { node->feed(ServerLost{Fault::server_lost}); });
      }
    }
  };
  job.run();
  EXPECT_TRUE(job.succeeded());
}

// ---- the second form ----------------------------------------------------------------------------

constexpr std::size_t mib = std::size_t{1} << 20;

/// Whoever doubts, and if both do at the same moment: both restart, and the transfer goes on.
TEST_P(BothForms, AFileGoesOnWhileThePathIsReplaced) {
  std::size_t both = 0;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    MainJob job(seed, 300'000, GetParam());
    const auto user = job.alice.react;
    job.alice.react = [&](Node& self, const Notice& notice) {
      user(self, notice);
      if (!std::holds_alternative<FileStarted>(notice)) return;
      if (seed % 3 != 0) job.simulation.later("alice doubts", [&job] { job.alice.doubt(); });
      if (seed % 3 != 1) job.simulation.later("bob doubts", [&job] { job.bob.doubt(); });
    };
    job.run();
    ASSERT_TRUE(job.succeeded()) << "seed " << seed;
    EXPECT_EQ(job.alice.last<Closed>()->fault, std::nullopt) << "seed " << seed;
    EXPECT_EQ(job.bob.count<Connected>(), 1u) << "seed " << seed;
    both += job.alice.restarts > 0 && job.bob.restarts > 0;
    job.leave();
    job.expect_nothing_left(seed);
  }
  EXPECT_GE(both, 100u) << "in the others the file was there before the answer";
}

TEST(Simulation, APathThatIsNotReplacedEndsTheConnectionWithin15Seconds) {
  MainJob job(1);
  job.bob.react = nullptr;
  job.run();
  ASSERT_EQ(job.bob.count<Connected>(), 1u);
  job.simulation.server_down = true;
  job.simulation.socket_closed(job.alice);
  job.simulation.socket_closed(job.bob);
  const auto since = job.simulation.now;
  job.alice.doubt();
  for (int i = 0; i < 1'000 && job.alice.count<Closed>() == 0; ++i)
    job.simulation.pass(std::chrono::milliseconds(100));
  ASSERT_EQ(job.alice.count<Closed>(), 1u);
  EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::peer_gone);
  EXPECT_GE(job.simulation.now - since, std::chrono::seconds(15));
  EXPECT_LE(job.simulation.now - since, std::chrono::milliseconds(15'200));
}

TEST(Streams, EverySizeArrives) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, mib - 1, mib, mib + 1, 2 * mib, 5 * mib + 12'345, 9 * mib})
    for (std::uint64_t seed = 0; seed < 2; ++seed) {
      MainJob job(seed, size);
      job.run();
      ASSERT_TRUE(job.succeeded()) << size << " bytes, seed " << seed;
      const auto sha256 = crypto::sha256(as_bytes(job.file));
      EXPECT_EQ(job.bob.last<FileSent>()->sha256, sha256);
      EXPECT_EQ(job.alice.last<FileReceived>()->sha256, sha256);
      job.leave();
      job.expect_nothing_left(seed);
      EXPECT_TRUE(job.alice.kept.empty());
    }
}

/// Lets things happen until Alice has this much of the file.
void until_received(MainJob& job, std::size_t bytes) {
  while (job.alice.partial.empty() || job.alice.partial.begin()->second.size() < bytes)
    job.simulation.settle(1);
}

TEST(Streams, ABrokenFileIsContinuedWhereItEnded) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    MainJob job(seed, 8 * mib);
    job.go_online_and_pair();
    until_received(job, 3 * mib + seed * 100'000);
    job.simulation.cut_all_connections();
    job.simulation.settle();
    ASSERT_EQ(job.alice.received.size(), 0u);
    ASSERT_EQ(job.alice.kept.size(), 1u) << "seed " << seed;
    job.go_online_and_pair();
    job.simulation.settle();
    ASSERT_EQ(job.alice.received.size(), 1u) << "seed " << seed;
    EXPECT_EQ(job.alice.received[0], job.file);
    EXPECT_GE(job.alice.last<FileStarted>()->from, 3 * mib);
    EXPECT_EQ(job.alice.last<FileStarted>()->from, job.bob.last<FileStarted>()->from);
    EXPECT_EQ(job.bob.last<FileSent>()->sha256, crypto::sha256(as_bytes(job.file)));
    EXPECT_TRUE(job.alice.kept.empty());
  }
}

TEST(Streams, AnotherFileOfThatNameAndSizeBeginsAnew) {
  MainJob job(1, 8 * mib);
  job.go_online_and_pair();
  until_received(job, 3 * mib);
  job.simulation.cut_all_connections();
  job.simulation.settle();
  job.file[12] = static_cast<char>(job.file[12] ^ 1);
  job.go_online_and_pair();
  job.simulation.settle();
  ASSERT_EQ(job.alice.received.size(), 1u);
  EXPECT_EQ(job.alice.received[0], job.file);
  EXPECT_EQ(job.alice.last<FileStarted>()->from, 0u);
}

TEST(Streams, WhoCancelsKeepsNothing) {
  for (const bool receiver_cancels : {true, false}) {
    MainJob job(2, 8 * mib);
    job.go_online_and_pair();
    until_received(job, 3 * mib);
    auto& who = receiver_cancels ? job.alice : job.bob;
    who.command(CancelFile{who.last<FileStarted>()->transfer});
    job.simulation.settle();
    EXPECT_TRUE(job.alice.kept.empty());
    EXPECT_TRUE(job.alice.partial.empty());
    EXPECT_EQ(who.last<FileFailed>()->fault, Fault::cancelled);
    EXPECT_EQ((receiver_cancels ? job.bob : job.alice).last<FileFailed>()->fault,
              Fault::peer_cancelled);
  }
}

/// Whoever is only told to end, by a signal or by leaving.
TEST(Streams, WhoLeavesKeepsWhatThereIs) {
  for (const bool receiver_leaves : {true, false}) {
    MainJob job(2, 8 * mib);
    job.go_online_and_pair();
    until_received(job, 3 * mib);
    (receiver_leaves ? job.alice : job.bob).command(Leave{});
    job.simulation.settle();
    EXPECT_EQ(job.alice.kept.size(), 1u);
    EXPECT_TRUE(job.alice.partial.empty());
  }
}

/// The sender comes back before its first connection has been missed.
TEST(Streams, ASecondAttemptTakesOverFromTheFirst) {
  MainJob job(3, 8 * mib);
  job.go_online_and_pair();
  until_received(job, 3 * mib);
  job.bob.vanish();
  job.bob.command(GoOffline{});
  job.simulation.settle();
  job.bob.react = [&](Node& self, const Notice& notice) {
    if (const auto* connected = std::get_if<Connected>(&notice)) {
      self.sources[TransferId{2}] = job.file;
      self.command(
          SendFile{connected->connection, TransferId{2}, Plaintext("a.bin"), job.file.size()});
    }
  };
  job.bob.command(GoOnline{});
  job.simulation.settle();
  job.go_online_and_pair();
  job.simulation.settle();
  EXPECT_EQ(job.alice.last<FileFailed>()->fault, Fault::replaced);
  ASSERT_EQ(job.alice.received.size(), 1u);
  EXPECT_EQ(job.alice.received[0], job.file);
  EXPECT_GE(job.alice.last<FileStarted>()->from, 3 * mib);
}

TEST(Streams, ASlowDiskSlowsTheSenderAndNothingElse) {
  MainJob job(4, 32 * mib);
  job.alice.slow_disk = true;
  job.go_online_and_pair();
  job.simulation.settle();
  // Everything rests: the disk owes an answer, and nobody has more than a window under way.
  EXPECT_EQ(job.alice.received.size(), 0u);
  for (unsigned rounds = 0; job.alice.received.empty(); ++rounds) {
    ASSERT_LT(rounds, 1'000u);
    job.bob.command(SendText{job.bob.last<Connected>()->connection, TextId{2u + rounds},
                             Plaintext("meanwhile")});
    const auto texts = job.alice.texts().size();
    job.simulation.settle();
    EXPECT_EQ(job.alice.texts().size(), texts + 1) << "texts do not wait for the disk";
    EXPECT_LE(job.alice.most_unwritten, transfer::stream::window);
    job.alice.write_one();
    job.simulation.settle();
  }
  EXPECT_EQ(job.alice.received[0], job.file);
}

TEST(Streams, ADiskThatNeverAnswersEndsTheFileOnly) {
  MainJob job(5, 32 * mib);
  job.alice.slow_disk = true;
  job.go_online_and_pair();
  job.simulation.settle();
  job.simulation.pass(std::chrono::minutes(6));
  ASSERT_NE(job.alice.last<FileFailed>(), nullptr);
  EXPECT_EQ(job.alice.last<FileFailed>()->fault, Fault::disk_stalled);
  EXPECT_EQ(job.bob.last<FileFailed>()->fault, Fault::file_stalled);
  EXPECT_EQ(job.alice.last<Closed>()->fault, std::nullopt) << "Bob has said goodbye";
}

/// What happens to the n-th binary frame on its way from Bob.
struct Tampering {
  std::function<void(ByteVector& frame, ByteVector& before)> change;
  const char* what;
};

TEST(Streams, AChangedFrameEndsTheConnectionAndReachesNoDisk) {
  const Tampering kinds[] = {
      {[](ByteVector& frame, ByteVector&) { frame[1] ^= std::byte{1}; }, "the kind"},
      {[](ByteVector& frame, ByteVector&) { frame[frame.size() / 2] ^= std::byte{4}; }, "content"},
      {[](ByteVector& frame, ByteVector&) { frame.back() ^= std::byte{128}; }, "the tag"},
      {[](ByteVector& frame, ByteVector&) { frame.pop_back(); }, "the length"},
      {[](ByteVector& frame, ByteVector& before) { frame = before; }, "a replay"},
  };
  for (const auto& kind : kinds)
    for (int n = 1; n < 8; ++n) {
      MainJob job(static_cast<std::uint64_t>(n), 4 * mib);
      int seen = 0;
      ByteVector before;
      job.bob.tamper = [&](connection::SendOn& frame) {
        if (!frame.binary) return;
        const auto original = frame.bytes;
        if (seen++ == n) kind.change(frame.bytes, before);
        before = original;
      };
      job.go_online_and_pair();
      job.simulation.settle();
      ASSERT_NE(job.alice.last<Closed>(), nullptr) << kind.what << ", frame " << n;
      EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::not_authentic) << kind.what;
      EXPECT_TRUE(job.alice.received.empty());
      for (const auto& [mark, bytes] : job.alice.kept)
        EXPECT_TRUE(job.file.starts_with(bytes)) << kind.what << ", frame " << n;
    }
}

TEST(Streams, FramesInAnotherOrderEndTheConnection) {
  MainJob job(6, 4 * mib);
  int seen = 0;
  job.bob.tamper = [&, swapped = ByteVector()](connection::SendOn& frame) mutable {
    if (!frame.binary) return;
    if (++seen == 3) swapped = std::exchange(frame.bytes, ByteVector(100, std::byte{2}));
    if (seen == 4) std::swap(swapped, frame.bytes);
  };
  job.go_online_and_pair();
  job.simulation.settle();
  ASSERT_NE(job.alice.last<Closed>(), nullptr);
  EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::not_authentic);
  EXPECT_TRUE(job.alice.received.empty());
}

TEST(Streams, AConfirmationThatDoesNotOpenEndsTheConnection) {
  MainJob job(7);
  int texts = 0;
  job.bob.tamper = [&](connection::SendOn& frame) {
    if (frame.channel == ChannelId{0} && ++texts == 2) frame.bytes[20] ^= std::byte{1};
  };
  job.go_online_and_pair();
  job.simulation.settle();
  ASSERT_NE(job.alice.last<Closed>(), nullptr);
  EXPECT_EQ(job.alice.count<Connected>(), 0u);
  EXPECT_EQ(job.alice.last<Closed>()->fault, Fault::key_mismatch);
}

TEST(Streams, AHandshakeThatWasChangedOnItsWayEndsTheConnection) {
  MainJob job(8);
  job.bob.tamper = [done = false](connection::SendOn& frame) mutable {
    if (frame.channel != ChannelId{0} || std::exchange(done, true)) return;
    std::string text(as_text(frame.bytes));
    const auto at = text.find("\"username\":\"bob\"");
    ASSERT_NE(at, std::string::npos);
    text.replace(at, 16, "\"username\":\"eve\"");
    const auto bytes = as_bytes(text);
    frame.bytes.assign(bytes.begin(), bytes.end());
  };
  job.go_online_and_pair();
  job.simulation.settle();
  EXPECT_EQ(job.alice.count<Connected>() + job.bob.count<Connected>(), 0u);
  EXPECT_TRUE(job.alice.last<Closed>()->fault == Fault::key_mismatch ||
              job.bob.last<Closed>()->fault == Fault::key_mismatch);
}

TEST(Streams, AFileThatChangesWhileItIsSentFailsHonestly) {
  for (const bool grows : {true, false}) {
    MainJob job(9, 8 * mib);
    job.go_online_and_pair();
    until_received(job, 2 * mib);
    auto& source = job.bob.sources[TransferId{1}];
    source.resize(grows ? source.size() + 1 : source.size() - 1);
    job.simulation.settle();
    EXPECT_TRUE(job.alice.received.empty());
    EXPECT_EQ(job.bob.last<FileFailed>()->fault, Fault::file_changed);
    EXPECT_EQ(job.alice.last<FileFailed>()->fault, Fault::file_changed);
    EXPECT_TRUE(job.alice.kept.empty());
  }
}

}  // namespace
}  // namespace culver::test
