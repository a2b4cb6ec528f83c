#include "core/transfer/zajel_receiver.hpp"

#include <gtest/gtest.h>

#include "core/transfer/chunks.hpp"
#include "tests/core/transfer/transfer_support.hpp"

namespace culver::transfer::test {
namespace {

namespace peer = wire::peer;
using wire::limits::chunk_out;
using namespace std::chrono_literals;

struct Options {
  bool acks = true;
  bool auto_accept = false;
  std::size_t chunk = chunk_out;
  std::uint64_t max_size = std::uint64_t{1} << 40;
  std::optional<std::uint64_t> size{};    ///< as announced, else the true one
  std::optional<std::uint64_t> chunks{};  ///< likewise
};

/// A receiver together with the file that its peer sends.
struct Incoming {
  explicit Incoming(std::size_t true_size, Options given = {})
      : options(given), file(content(true_size)) {
    const std::uint64_t size = given.size.value_or(true_size);
    const std::uint64_t chunks = given.chunks.value_or(chunk_count(size, given.chunk));
    peer::FileStart start{file_id(), Plaintext("report.pdf"), size, chunks};
    ZajelReceiver::Params params{start, given.max_size, given.acks, given.auto_accept};
    receiver.emplace(ZajelReceiver::start(params, world.env, effects));
  }
  Effects say(ZajelReceiver::Event event) {
    Effects now;
    receiver->on(std::move(event), world.env, now);
    effects.insert(effects.end(), now.begin(), now.end());
    return now;
  }
  Effects chunk(std::uint64_t index, std::size_t length) {
    return say(OpenedChunk{file_id(), index, content(length)});
  }
  Effects chunk(std::uint64_t index) {
    const std::size_t at = index * options.chunk;
    const std::size_t end = std::min(file.size(), at + options.chunk);
    return say(OpenedChunk{file_id(), index, ByteVector(iterator(at), iterator(end))});
  }
  void all_chunks() {
    for (std::uint64_t i = 0; i < chunk_count(file.size(), options.chunk); ++i) chunk(i);
  }
  Effects complete() { return say(PeerComplete{crypto::sha256(file)}); }
  void all_written() {
    for (; answered < effects.size(); ++answered)
      if (const auto* block = std::get_if<WriteBlock>(&effects[answered])) {
        const std::size_t bytes = block->bytes.size();
        say(BlockWritten{bytes});
      }
  }
  ByteVector written() const {
    ByteVector all;
    for (const auto& effect : effects)
      if (const auto* block = std::get_if<WriteBlock>(&effect))
        all.insert(all.end(), block->bytes.begin(), block->bytes.end());
    return all;
  }
  std::size_t ends() const { return count<Finished>(effects) + count<Failed>(effects); }
  std::string_view state() const { return receiver->state(); }
  ByteVector::iterator iterator(std::size_t at) {
    return file.begin() + static_cast<std::ptrdiff_t>(at);
  }

  World world;
  Options options;
  Effects effects;
  std::size_t answered = 0;
  ByteVector file;
  std::optional<ZajelReceiver> receiver;
};

/// Brings a peer with acks to Receiving.
void accept(Incoming& in) {
  in.say(Decision{true});
  in.say(TargetCreated{});
  ASSERT_EQ(in.state(), "Receiving");
}

TEST(ZajelReceiver, TakesAFileFromBeginningToEnd) {
  Incoming in(100'000);
  EXPECT_EQ(count<Offered>(in.effects), 1u);
  EXPECT_EQ(count<CreateTarget>(in.effects), 0u) << "nothing on the disk before the decision";
  in.say(Decision{true});
  ASSERT_NE(find<CreateTarget>(in.effects), nullptr);
  EXPECT_EQ(find<CreateTarget>(in.effects)->reserve, 100'000u);
  EXPECT_EQ(envelope<peer::FileStartAck>(in.effects), nullptr) << "not before the disk has it";
  in.say(TargetCreated{});
  EXPECT_TRUE(envelope<peer::FileStartAck>(in.effects)->accepted);
  EXPECT_EQ(count<Started>(in.effects), 1u);
  in.all_chunks();
  in.complete();
  EXPECT_EQ(in.state(), "Draining");
  EXPECT_EQ(count<FinishTarget>(in.effects), 0u) << "not before everything is written";
  in.all_written();
  EXPECT_EQ(in.written(), in.file);
  EXPECT_EQ(in.state(), "Finishing");
  EXPECT_EQ(envelope<peer::FileCompleteAck>(in.effects), nullptr);
  in.say(TargetFinished{"/in/report.pdf"});
  EXPECT_TRUE(envelope<peer::FileCompleteAck>(in.effects)->success);
  const auto* finished = find<Finished>(in.effects);
  ASSERT_NE(finished, nullptr);
  EXPECT_EQ(finished->path, "/in/report.pdf");
  EXPECT_EQ(finished->sha256, crypto::sha256(in.file));
  EXPECT_TRUE(finished->confirmed);
  EXPECT_EQ(count<DropTarget>(in.effects), 1u);
  EXPECT_TRUE(in.receiver->ended());
}

TEST(ZajelReceiver, WithoutAChecksumItIsNotConfirmed) {
  Incoming in(10, {.acks = false, .auto_accept = true});
  in.all_chunks();
  in.say(PeerComplete{std::nullopt});
  in.all_written();
  in.say(TargetFinished{"x"});
  ASSERT_NE(find<Finished>(in.effects), nullptr);
  EXPECT_FALSE(find<Finished>(in.effects)->confirmed);
  EXPECT_EQ(envelope<peer::FileCompleteAck>(in.effects), nullptr) << "no acks for such a peer";
}

TEST(ZajelReceiver, TakesTheChunkLengthsOfOthers) {
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{4096}, std::size_t{65'536}}) {
    Incoming in(chunk * 3 + chunk / 2, {.auto_accept = true, .chunk = chunk});
    in.say(TargetCreated{});
    in.all_chunks();
    in.complete();
    in.all_written();
    EXPECT_EQ(in.state(), "Finishing") << chunk;
    EXPECT_EQ(in.written(), in.file);
  }
}

TEST(ZajelReceiver, AnEmptyFileComesWithNoChunkOrWithAnEmptyOne) {
  for (const bool with_chunk : {false, true}) {
    Incoming in(0, {.auto_accept = true, .chunks = with_chunk ? 1 : 0});
    in.say(TargetCreated{});
    if (with_chunk) in.chunk(0, 0);
    in.complete();
    EXPECT_EQ(in.state(), "Finishing");
    in.say(TargetFinished{"x"});
    EXPECT_EQ(count<Finished>(in.effects), 1u);
    EXPECT_EQ(count<WriteBlock>(in.effects), 0u);
  }
  Incoming twice(0, {.auto_accept = true, .chunks = 1});
  twice.say(TargetCreated{});
  twice.chunk(0, 0);
  twice.chunk(1, 0);
  EXPECT_EQ(failure(twice.effects), Fault::file_protocol);
  Incoming filled(0, {.auto_accept = true, .chunks = 1});
  filled.say(TargetCreated{});
  filled.chunk(0, 1);
  EXPECT_EQ(failure(filled.effects), Fault::file_protocol);
}

TEST(ZajelReceiver, RefusesByTheFrameThatThePeerWaitsFor) {
  Incoming acks(10);
  acks.say(Decision{false});
  EXPECT_FALSE(envelope<peer::FileStartAck>(acks.effects)->accepted);
  EXPECT_EQ(envelope<peer::FileStartAck>(acks.effects)->reason, "declined");
  EXPECT_EQ(failure(acks.effects), Fault::file_refused_by_us);
  EXPECT_EQ(count<DropTarget>(acks.effects), 0u) << "there is none";

  Incoming zajel(10, {.acks = false});
  zajel.say(Decision{false});
  EXPECT_EQ(envelope<peer::FileError>(zajel.effects)->reason, "declined");
  EXPECT_EQ(count<DropTarget>(zajel.effects), 1u);
}

TEST(ZajelReceiver, RefusesWhatIsTooLargeWithoutAsking) {
  for (const bool acks : {true, false}) {
    Incoming in(10, {.acks = acks, .auto_accept = true, .max_size = 9});
    EXPECT_TRUE(in.receiver->ended());
    EXPECT_EQ(failure(in.effects), Fault::file_too_large);
    EXPECT_EQ(count<CreateTarget>(in.effects) + count<Offered>(in.effects), 0u);
    if (acks) {
      EXPECT_EQ(envelope<peer::FileStartAck>(in.effects)->reason, "too_large");
    } else {
      EXPECT_EQ(envelope<peer::FileError>(in.effects)->reason, "too_large");
    }
  }
}

TEST(ZajelReceiver, SpoolsForAPeerThatDoesNotWait) {
  Incoming in(100'000, {.acks = false});
  EXPECT_EQ(count<Offered>(in.effects), 1u);
  ASSERT_EQ(count<CreateTarget>(in.effects), 1u);
  EXPECT_EQ(find<CreateTarget>(in.effects)->reserve, 0u) << "no space taken before a decision";
  in.all_chunks();
  in.complete();
  EXPECT_EQ(in.state(), "Spooled");
  in.all_written();
  EXPECT_EQ(count<FinishTarget>(in.effects), 0u) << "no name without a decision";
  in.say(Cancel{Fault::peer_gone});
  EXPECT_EQ(in.ends(), 0u) << "all of it is here";
  in.say(Decision{true});
  EXPECT_EQ(in.state(), "Finishing");
  in.say(TargetFinished{"x"});
  EXPECT_EQ(count<Finished>(in.effects), 1u);
  EXPECT_EQ(in.written(), in.file);
}

TEST(ZajelReceiver, NothingTakesBackANameThatIsOnItsWay) {
  for (const auto cause : {Fault::interrupted, Fault::cancelled, Fault::replaced}) {
    Incoming in(100'000, {.acks = false});
    in.all_chunks();
    in.complete();
    in.all_written();
    in.say(Decision{true});
    ASSERT_EQ(in.state(), "Finishing");
    in.say(Cancel{cause});
    EXPECT_EQ(in.ends(), 0u);
    in.say(TargetFinished{"x"});
    EXPECT_EQ(count<Finished>(in.effects), 1u);
  }
}

TEST(ZajelReceiver, ADecisionInTheMiddleOfSpoolingGoesOn) {
  Incoming in(5 * chunk_out, {.acks = false});
  in.chunk(0);
  in.chunk(1);
  EXPECT_EQ(count<Progress>(in.effects), 0u);
  in.say(Decision{true});
  EXPECT_EQ(in.state(), "Receiving");
  for (std::uint64_t i = 2; i < 5; ++i) in.chunk(i);
  in.complete();
  in.all_written();
  EXPECT_EQ(in.state(), "Finishing");
  EXPECT_EQ(in.written(), in.file);
}

TEST(ZajelReceiver, ASpoolThatNobodyWantsIsBounded) {
  const std::uint64_t size = 2 * ZajelReceiveBuffer::spool_limit;
  Incoming in(0, {.acks = false, .chunk = 65'536, .size = size});
  std::uint64_t index = 0;
  while (find<PauseConnection>(in.effects) == nullptr) {
    ASSERT_LT(index * 65'536, size);
    in.effects.clear();
    in.answered = 0;
    in.chunk(index++, 65'536);
    in.all_written();
  }
  EXPECT_EQ(index * 65'536, ZajelReceiveBuffer::spool_limit);
  EXPECT_TRUE(find<PauseConnection>(in.effects)->paused);
  const auto answer = in.say(Decision{true});
  ASSERT_NE(find<PauseConnection>(answer), nullptr);
  EXPECT_FALSE(find<PauseConnection>(answer)->paused);
}

TEST(ZajelReceiver, RefusesChunksOutOfOrder) {
  struct Case {
    const char* what;
    std::vector<std::pair<std::uint64_t, std::size_t>> chunks;  // index, length
  };
  // Announced: 3 chunks of 100, 100 and 50 bytes.
  const Case cases[] = {{"first not zero", {{1, 100}}},
                        {"duplicate", {{0, 100}, {0, 100}}},
                        {"gap", {{0, 100}, {2, 50}}},
                        {"empty", {{0, 0}}},
                        {"empty later", {{0, 100}, {1, 0}}},
                        {"short in the middle", {{0, 100}, {1, 99}}},
                        {"long in the middle", {{0, 100}, {1, 101}}},
                        {"last too short", {{0, 100}, {1, 100}, {2, 49}}},
                        {"last too long", {{0, 100}, {1, 100}, {2, 51}}},
                        {"one too many", {{0, 100}, {1, 100}, {2, 50}, {3, 1}}},
                        {"not the announced count", {{0, 50}}},
                        {"all at once", {{0, 250}}},
                        {"beyond the limit", {{0, 65'537}}},
                        {"far away", {{~std::uint64_t{0}, 100}}}};
  for (const auto& test : cases) {
    Incoming in(0, {.auto_accept = true, .size = 250, .chunks = 3});
    in.say(TargetCreated{});
    for (const auto& [index, length] : test.chunks) {
      ASSERT_EQ(in.ends(), 0u) << test.what << ": too early";
      in.chunk(index, length);
    }
    EXPECT_EQ(failure(in.effects), Fault::file_protocol) << test.what;
    EXPECT_EQ(envelope<peer::FileError>(in.effects)->reason, "file_protocol") << test.what;
    EXPECT_EQ(count<DropTarget>(in.effects), 1u) << test.what;
  }
}

TEST(ZajelReceiver, RefusesAnEarlyEnd) {
  Incoming in(5 * chunk_out);
  accept(in);
  in.chunk(0);
  in.complete();
  EXPECT_EQ(failure(in.effects), Fault::file_protocol);
  EXPECT_FALSE(envelope<peer::FileCompleteAck>(in.effects)->success);
}

TEST(ZajelReceiver, ThrowsADamagedFileAway) {
  Digest wrong = crypto::sha256(content(1000));
  wrong.data[31] ^= std::byte{1};
  for (const bool acks : {true, false}) {
    Incoming in(1000, {.acks = acks, .auto_accept = true});
    if (acks) in.say(TargetCreated{});
    in.all_chunks();
    in.say(PeerComplete{wrong});
    EXPECT_EQ(failure(in.effects), Fault::file_damaged);
    EXPECT_EQ(count<FinishTarget>(in.effects), 0u);
    EXPECT_EQ(count<DropTarget>(in.effects), 1u);
    if (acks) {
      EXPECT_EQ(envelope<peer::FileCompleteAck>(in.effects)->reason, "damaged");
    } else {
      EXPECT_EQ(envelope<peer::FileError>(in.effects)->reason, "damaged");
    }
  }
}

TEST(ZajelReceiver, APeerThatPromisedToWaitMustWait) {
  Incoming undecided(10);
  undecided.chunk(0);
  EXPECT_EQ(failure(undecided.effects), Fault::file_protocol);
  EXPECT_EQ(count<DropTarget>(undecided.effects), 0u);
  Incoming creating(10);
  creating.say(Decision{true});
  creating.complete();
  EXPECT_EQ(failure(creating.effects), Fault::file_protocol);
  EXPECT_EQ(count<DropTarget>(creating.effects), 1u);
}

TEST(ZajelReceiver, PausesTheConnectionWhenTheDiskIsBehind) {
  Incoming in(0, {.chunk = 65'536, .size = std::uint64_t{1} << 30});
  accept(in);
  std::uint64_t index = 0;
  std::size_t given = 0;
  while (find<PauseConnection>(in.effects) == nullptr) {
    ASSERT_LT(index, 200u);
    for (const auto& effect : in.chunk(index++, 65'536))
      if (const auto* block = std::get_if<WriteBlock>(&effect)) {
        given += block->bytes.size();
        EXPECT_LE(block->bytes.size(), block_size);
      }
  }
  EXPECT_TRUE(find<PauseConnection>(in.effects)->paused);
  EXPECT_GT(given, ZajelReceiveBuffer::high_water);
  EXPECT_LE(given, ZajelReceiveBuffer::high_water + block_size);

  in.world.pass(2min);
  in.say(Tick{});
  EXPECT_FALSE(in.receiver->ended()) << "we paused it: the peer is not to blame";
  EXPECT_EQ(count<PauseConnection>(in.say(BlockWritten{given - ZajelReceiveBuffer::low_water})),
            0u);
  const auto resumed = in.say(BlockWritten{1});
  ASSERT_EQ(count<PauseConnection>(resumed), 1u);
  EXPECT_FALSE(find<PauseConnection>(resumed)->paused);
  in.world.pass(59s);
  in.say(Tick{});
  EXPECT_FALSE(in.receiver->ended()) << "the peer has its whole minute again";
  in.world.pass(1s);
  in.say(Tick{});
  EXPECT_EQ(failure(in.effects), Fault::file_stalled);
}

TEST(ZajelReceiver, NeverLeavesTheConnectionPaused) {
  const ZajelReceiver::Event ways[] = {Cancel{Fault::cancelled},
                                       Cancel{Fault::peer_gone},
                                       PeerFailed{Fault::peer_file_failed},
                                       DiskFailed{Fault::no_space},
                                       OpenedChunk{file_id(), 0, {}},
                                       PeerComplete{}};
  for (const auto& way : ways) {
    Incoming in(0, {.chunk = 65'536, .size = std::uint64_t{1} << 30});
    accept(in);
    for (std::uint64_t i = 0; find<PauseConnection>(in.effects) == nullptr; ++i)
      in.chunk(i, 65'536);
    const auto last = in.say(way);
    ASSERT_TRUE(in.receiver->ended());
    ASSERT_EQ(count<PauseConnection>(last), 1u);
    EXPECT_FALSE(find<PauseConnection>(last)->paused);
  }
}

TEST(ZajelReceiver, AStuckDiskEndsToo) {
  Incoming paused(0, {.chunk = 65'536, .size = std::uint64_t{1} << 30});
  accept(paused);
  for (std::uint64_t i = 0; find<PauseConnection>(paused.effects) == nullptr; ++i)
    paused.chunk(i, 65'536);
  Incoming creating(10);
  creating.say(Decision{true});
  Incoming draining(10);
  accept(draining);
  draining.all_chunks();
  draining.complete();
  Incoming finishing(10);
  accept(finishing);
  finishing.all_chunks();
  finishing.complete();
  finishing.all_written();
  for (auto* in : {&paused, &creating, &draining, &finishing}) {
    ASSERT_TRUE(in->receiver->deadline()) << in->state();
    in->world.env.now = *in->receiver->deadline();
    in->say(Tick{});
    EXPECT_EQ(failure(in->effects), Fault::disk_stalled);
    EXPECT_EQ(count<DropTarget>(in->effects), 1u);
    EXPECT_FALSE(in->receiver->deadline());
  }
}

TEST(ZajelReceiver, AFullDiskIsToldByTheFrameThatFits) {
  Incoming creating(10);
  creating.say(Decision{true});
  creating.say(DiskFailed{Fault::no_space});
  EXPECT_FALSE(envelope<peer::FileStartAck>(creating.effects)->accepted);
  EXPECT_EQ(envelope<peer::FileStartAck>(creating.effects)->reason, "no_space");

  Incoming midway(5 * chunk_out);
  accept(midway);
  midway.chunk(0);
  midway.say(DiskFailed{Fault::no_space});
  EXPECT_EQ(envelope<peer::FileError>(midway.effects)->reason, "no_space");

  Incoming at_the_end(10);
  accept(at_the_end);
  at_the_end.all_chunks();
  at_the_end.complete();
  at_the_end.say(DiskFailed{Fault::no_space});
  EXPECT_FALSE(envelope<peer::FileCompleteAck>(at_the_end.effects)->success);
  EXPECT_EQ(envelope<peer::FileCompleteAck>(at_the_end.effects)->reason, "no_space");

  Incoming spooling(5 * chunk_out, {.acks = false});
  spooling.say(DiskFailed{Fault::no_space});
  EXPECT_EQ(envelope<peer::FileError>(spooling.effects)->reason, "no_space");
  for (auto* in : {&creating, &midway, &at_the_end, &spooling}) {
    EXPECT_EQ(failure(in->effects), Fault::no_space);
    EXPECT_EQ(count<DropTarget>(in->effects), 1u);
  }
}

TEST(ZajelReceiver, APeerThatLeavesAfterTheLastByteChangesNothing) {
  Incoming in(10);
  accept(in);
  in.all_chunks();
  in.complete();
  in.say(Cancel{Fault::peer_gone});
  in.say(PeerFailed{Fault::peer_file_failed});
  in.chunk(1, 5);
  in.all_written();
  in.say(Cancel{Fault::peer_gone});
  EXPECT_EQ(in.ends(), 0u);
  in.say(TargetFinished{"x"});
  EXPECT_EQ(count<Finished>(in.effects), 1u);
}

TEST(ZajelReceiver, CancelTellsThePeerUnlessItIsGone) {
  Incoming ours(10);
  ours.say(Cancel{Fault::interrupted});
  EXPECT_EQ(failure(ours.effects), Fault::interrupted);
  EXPECT_EQ(envelope<peer::FileCancel>(ours.effects)->reason, "user_cancelled");
  Incoming gone(10);
  accept(gone);
  gone.say(Cancel{Fault::peer_gone});
  EXPECT_EQ(failure(gone.effects), Fault::peer_gone);
  EXPECT_EQ(envelope<peer::FileCancel>(gone.effects), nullptr);
}

TEST(ZajelReceiver, AChunkThatCannotBeOpenedIsToldButNotWhatThePeerSaidItself) {
  Incoming sealed(10);
  accept(sealed);
  sealed.say(PeerFailed{Fault::not_authentic});
  EXPECT_EQ(failure(sealed.effects), Fault::not_authentic);
  EXPECT_EQ(envelope<peer::FileError>(sealed.effects)->reason, "not_authentic");
  Incoming said(10);
  accept(said);
  said.say(PeerFailed{Fault::peer_file_failed});
  EXPECT_EQ(envelope<peer::FileError>(said.effects), nullptr);
}

TEST(ZajelReceiver, SomebodyWhoNeverDecidesHasDecided) {
  for (const bool acks : {true, false}) {
    Incoming in(10, {.acks = acks});
    in.world.pass(11min);
    in.say(Tick{});
    EXPECT_FALSE(in.receiver->ended());
    in.world.pass(1min);
    in.say(Tick{});
    EXPECT_EQ(failure(in.effects), Fault::file_stalled);
    EXPECT_EQ(envelope<peer::FileCancel>(in.effects)->reason, "timeout");
  }
}

TEST(ZajelReceiver, NothingHappensAfterTheEnd) {
  Incoming in(10);
  accept(in);
  in.say(Cancel{Fault::cancelled});
  ASSERT_EQ(in.ends(), 1u);
  in.world.pass(1h);
  const ZajelReceiver::Event events[] = {OpenedChunk{file_id(), 0, content(10)},
                                         PeerComplete{},
                                         PeerFailed{Fault::file_protocol},
                                         Decision{true},
                                         Cancel{Fault::cancelled},
                                         Tick{},
                                         TargetCreated{},
                                         BlockWritten{1},
                                         TargetFinished{"x"},
                                         DiskFailed{Fault::no_space}};
  for (const auto& event : events) EXPECT_TRUE(in.say(event).empty());
}

TEST(ZajelReceiver, AsksTheDiskRarely) {
  Incoming in(block_size * 4 + 10);
  accept(in);
  in.all_chunks();
  in.complete();
  EXPECT_EQ(count<WriteBlock>(in.effects), 5u);
  EXPECT_EQ(in.written(), in.file);
}

TEST(ZajelReceiver, TheTableOfItsTypesNamesItsExits) {
  const auto table = fsm::table<zajel_receiver::Machine>();
  EXPECT_NE(table.find("| Finishing | TargetFinished | Done |"), std::string::npos);
  EXPECT_EQ(table.find("| Undecided | OpenedChunk"), std::string::npos);
}

TEST(ZajelReceiver, WhatTheFolderCannotTakeIsRefusedWhileThePersonThinks) {
  Incoming asked(10, {.acks = true});
  EXPECT_EQ(count<FindTarget>(asked.effects), 1u);
  asked.say(DiskFailed{Fault::folder_read_only});
  EXPECT_EQ(failure(asked.effects), Fault::folder_read_only);
  EXPECT_EQ(envelope<peer::FileStartAck>(asked.effects)->reason, "folder");
  EXPECT_EQ(count<CreateTarget>(asked.effects), 0u);

  Incoming spooling(10, {.acks = false});
  EXPECT_EQ(count<FindTarget>(spooling.effects), 1u);
  spooling.say(DiskFailed{Fault::no_space, 3});
  EXPECT_EQ(envelope<peer::FileError>(spooling.effects)->reason, "no_space");
  EXPECT_EQ(find<Failed>(spooling.effects)->room, 3u);
}

}  // namespace
}  // namespace culver::transfer::test
