// The receiver of the second form, state by state.
#include "core/transfer/receiver.hpp"

#include <gtest/gtest.h>

#include "tests/core/transfer/stream_support.hpp"

namespace culver::transfer::test {
namespace {

using namespace std::chrono_literals;
namespace ws = wire::stream;

constexpr std::size_t piece = 61'681;

/// A receiver and the disk that answers it, by hand.
struct ReceiverScene {
  explicit ReceiverScene(std::uint64_t size, std::uint64_t max_size = wire::limits::file_size)
      : file(content(static_cast<std::size_t>(size))),
        receiver(Receiver::start({PublicKey{}, ws::Offer{7, size, Plaintext("a.bin")}, max_size},
                                 world.env, effects)) {
    note();
    if (!receiver.ended()) survey = std::exchange(effects, {});
  }

  void find(std::uint64_t have = 0) { feed(TargetFound{have}); }
  void feed(Receiver::Event event) {
    effects.clear();
    receiver.on(std::move(event), world.env, effects);
    note();
  }
  void open(std::uint64_t have = 0) {
    if (receiver.state() == "Surveying") find(have);
    feed(Decision{true});
    feed(TargetOpened{have});
    for (std::uint64_t done = 0; done < have;) {
      done += test::find<HashPart>(effects)->bytes;
      feed(PartHashed{done, crypto::sha256(ByteView(file).first(done))});
    }
  }
  void begin(std::uint64_t from = 0) {
    open(from);
    sent = from;
    feed(PeerBegin{from});
  }
  /// The next bytes of the file, as the peer would send them.
  void send_some() {
    const auto size = std::min<std::size_t>(piece, file.size() - sent);
    const auto bytes = ByteView(file).subspan(sent, size);
    sent += size;
    feed(PeerData{slice_of(bytes)});
  }
  void write_one() {
    ASSERT_FALSE(writes.empty());
    const auto write = std::move(writes.front());
    writes.erase(writes.begin());
    BlockWritten done{0};
    for (const auto& slice : write.slices) {
      const auto bytes = slice.view();
      disk.insert(disk.end(), bytes.begin(), bytes.end());
      done.bytes += slice.size;
    }
    if (write.last) done.sha256 = crypto::sha256(disk);
    feed(std::move(done));
  }
  void note() {
    for (auto& effect : effects) {
      if (const auto* frame = std::get_if<SendFrame>(&effect)) {
        told = parsed(frame->frame);
        if (const auto* credit = std::get_if<ws::Credit>(&*told)) up_to = credit->up_to;
      }
      if (auto* write = std::get_if<WriteSlices>(&effect)) writes.push_back(*write);
    }
  }
  template <class F>
  const F* said() const {
    return told ? std::get_if<F>(&*told) : nullptr;
  }

  World world;
  ByteVector file;
  ByteVector disk;
  Effects effects;
  Effects survey;  ///< what was wanted at first
  std::vector<WriteSlices> writes;
  std::optional<ws::Frame> told;
  std::uint64_t up_to = 0;
  std::size_t sent = 0;
  Receiver receiver;
};

TEST(Receiver, AsksAndCreatesNothingBeforeTheAnswer) {
  ReceiverScene scene(5);
  EXPECT_EQ(count<FindTarget>(scene.survey), 1u);
  EXPECT_EQ(count<Offered>(scene.survey), 0u) << "the disk is asked first";
  scene.find();
  EXPECT_EQ(count<Offered>(scene.effects), 1u);
  EXPECT_EQ(count<OpenTarget>(scene.effects), 0u);
  scene.feed(Decision{false});
  EXPECT_EQ(failure(scene.effects), Fault::file_refused_by_us);
  EXPECT_EQ(scene.said<ws::Refuse>()->reason, ws::Reason::declined);
}

TEST(Receiver, RefusesTooLargeAFileAtOnce) {
  ReceiverScene scene(6, 5);
  EXPECT_TRUE(scene.receiver.ended());
  EXPECT_EQ(scene.said<ws::Refuse>()->reason, ws::Reason::too_large);
  EXPECT_EQ(count<Offered>(scene.effects), 0u);
}

TEST(Receiver, TakesEverySizeWhole) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, piece, mib - 1, mib, mib + 1, 6 * mib + 17}) {
    ReceiverScene scene(size);
    scene.begin();
    EXPECT_EQ(find<Started>(scene.effects)->from, 0u);
    while (scene.sent < size) {
      scene.send_some();
      while (!scene.writes.empty() && scene.sent < size) scene.write_one();
    }
    scene.feed(PeerComplete{crypto::sha256(scene.file)});
    EXPECT_EQ(scene.receiver.state(), "Draining") << size;
    while (!scene.writes.empty()) scene.write_one();
    EXPECT_EQ(count<FinishTarget>(scene.effects), 1u) << size;
    EXPECT_TRUE(scene.disk == scene.file) << size;
    scene.feed(TargetFinished{"/a.bin"});
    EXPECT_NE(scene.said<ws::Checked>(), nullptr) << size;
    const auto* finished = find<Finished>(scene.effects);
    ASSERT_NE(finished, nullptr);
    EXPECT_EQ(finished->sha256, crypto::sha256(scene.file));
    EXPECT_TRUE(scene.receiver.ended());
  }
}

TEST(Receiver, SaysWhatItHasAndGoesOnFromThere) {
  ReceiverScene scene(3 * mib);
  scene.open(2 * mib);
  const auto* accept = scene.said<ws::Accept>();
  ASSERT_NE(accept, nullptr);
  EXPECT_EQ(accept->have, 2 * mib);
  EXPECT_EQ(accept->prefix, crypto::sha256(ByteView(scene.file).first(2 * mib)));
  scene.feed(PeerBegin{2 * mib});
  EXPECT_EQ(find<Started>(scene.effects)->from, 2 * mib);
  EXPECT_EQ(count<RestartTarget>(scene.effects), 0u);
}

TEST(Receiver, ForgetsItsPartIfTheSenderBeginsAnew) {
  ReceiverScene scene(3 * mib);
  scene.open(2 * mib);
  scene.feed(PeerBegin{0});
  EXPECT_EQ(count<RestartTarget>(scene.effects), 1u);
  EXPECT_EQ(find<Started>(scene.effects)->from, 0u);
  ReceiverScene elsewhere(3 * mib);
  elsewhere.open(2 * mib);
  elsewhere.feed(PeerBegin{mib});
  EXPECT_EQ(failure(elsewhere.effects), Fault::file_protocol);
}

TEST(Receiver, AFileThatIsAllThereIsOnlyFinished) {
  ReceiverScene scene(2 * mib);
  scene.disk = scene.file;
  scene.begin(2 * mib);
  ASSERT_EQ(scene.writes.size(), 1u);
  EXPECT_TRUE(scene.writes[0].last);
  scene.write_one();
  scene.feed(PeerComplete{crypto::sha256(scene.file)});
  EXPECT_EQ(scene.receiver.state(), "Finishing");
}

TEST(Receiver, NothingTakesBackANameThatIsOnItsWay) {
  for (const auto cause : {Fault::interrupted, Fault::cancelled, Fault::replaced}) {
    ReceiverScene scene(2 * mib);
    scene.disk = scene.file;
    scene.begin(2 * mib);
    scene.write_one();
    scene.feed(PeerComplete{crypto::sha256(scene.file)});
    ASSERT_EQ(scene.receiver.state(), "Finishing");
    scene.feed(Cancel{cause});
    EXPECT_FALSE(scene.receiver.ended());
    scene.feed(TargetFinished{"x"});
    EXPECT_EQ(count<Finished>(scene.effects), 1u);
    EXPECT_TRUE(scene.said<ws::Checked>());
  }
}

TEST(Receiver, GivesCreditAsTheDiskWrites) {
  ReceiverScene scene(20 * mib);
  scene.begin();
  while (scene.sent + piece <= stream::window) scene.send_some();
  EXPECT_EQ(scene.up_to, 0u) << "no credit before the disk has written";
  const auto under_way = scene.writes.size();
  EXPECT_GE(under_way, 3u);
  while (scene.up_to == 0) scene.write_one();
  EXPECT_GE(scene.up_to, stream::window + stream::credit_step);
  EXPECT_LE(scene.up_to, stream::window + scene.disk.size());
}

TEST(Receiver, RefusesWhatIsBeyondTheCredit) {
  ReceiverScene scene(20 * mib);
  scene.begin();
  while (scene.sent + piece <= stream::window) scene.send_some();
  scene.send_some();
  EXPECT_EQ(failure(scene.effects), Fault::file_protocol);
  EXPECT_EQ(count<DropTarget>(scene.effects), 1u);
  EXPECT_EQ(scene.said<ws::Refuse>()->reason, ws::Reason::protocol);
}

TEST(Receiver, RefusesCrumbsAndMoreThanTheFile) {
  ReceiverScene crumbs(mib);
  crumbs.begin();
  crumbs.feed(PeerData{slice_of(content(100))});
  EXPECT_EQ(failure(crumbs.effects), Fault::file_protocol);
  ReceiverScene more(5);
  more.begin();
  more.feed(PeerData{slice_of(content(6))});
  EXPECT_EQ(failure(more.effects), Fault::file_protocol);
  ReceiverScene less(mib);
  less.begin();
  less.send_some();
  less.feed(PeerComplete{Digest{}});
  EXPECT_EQ(failure(less.effects), Fault::file_protocol);
}

TEST(Receiver, AWrongChecksumIsDamageAndKeepsNothing) {
  for (const bool written_first : {true, false}) {
    ReceiverScene scene(5);
    scene.begin();
    scene.send_some();
    if (written_first) scene.write_one();
    scene.feed(PeerComplete{Digest{}});
    if (!written_first) scene.write_one();
    EXPECT_EQ(failure(scene.effects), Fault::file_damaged);
    EXPECT_EQ(scene.said<ws::Refuse>()->reason, ws::Reason::damaged);
    EXPECT_EQ(count<DropTarget>(scene.effects), 1u);
  }
}

TEST(Receiver, BlamesTheDiskWhileItOwesAnAnswer) {
  ReceiverScene disk(mib);
  disk.begin();
  while (disk.writes.empty()) disk.send_some();
  disk.world.pass(61s);
  disk.feed(Tick{});
  EXPECT_FALSE(disk.receiver.ended());
  disk.world.pass(4min);
  disk.feed(Tick{});
  EXPECT_EQ(failure(disk.effects), Fault::disk_stalled);
  EXPECT_EQ(count<KeepTarget>(disk.effects), 1u) << "nothing has failed to be written";

  ReceiverScene peer(mib);
  peer.begin();
  peer.send_some();
  peer.world.pass(4min);
  peer.feed(Tick{});
  EXPECT_FALSE(peer.receiver.ended()) << "its disk may be slow as well as ours";
  peer.world.pass(61s);
  peer.feed(Tick{});
  EXPECT_EQ(failure(peer.effects), Fault::file_stalled);
  EXPECT_EQ(count<KeepTarget>(peer.effects), 1u);
}

TEST(Receiver, WhatTheFolderCannotTakeIsRefusedBeforeAnybodyIsAsked) {
  using enum Fault;
  for (const auto& [fault, reason] : {std::pair{no_space, ws::Reason::no_space},
                                      {file_too_large_here, ws::Reason::too_large},
                                      {folder_read_only, ws::Reason::folder},
                                      {folder_missing, ws::Reason::folder},
                                      {folder_not_folder, ws::Reason::folder},
                                      {folder_unfit, ws::Reason::folder}}) {
    ReceiverScene scene(5);
    scene.feed(DiskFailed{fault, 3});
    EXPECT_EQ(failure(scene.effects), fault);
    EXPECT_EQ(find<Failed>(scene.effects)->room, 3u);
    EXPECT_EQ(scene.said<ws::Refuse>()->reason, reason);
    EXPECT_EQ(count<Offered>(scene.effects), 0u);
  }
}

TEST(Receiver, AHashOfAnyLengthIsAwaitedAsLongAsItGetsOn) {
  constexpr std::uint64_t have = std::uint64_t{1} << 40;
  World world;
  Effects effects;
  auto receiver = Receiver::start({{}, {7, have + 1, Plaintext("a")}, wire::limits::file_size},
                                  world.env, effects);
  const auto feed = [&](Receiver::Event event) {
    effects.clear();
    receiver.on(std::move(event), world.env, effects);
  };
  feed(TargetFound{have});
  EXPECT_EQ(find<Offered>(effects)->have, have) << "the person is told that it goes on";
  feed(Decision{true});
  feed(TargetOpened{have});
  const auto first = std::get<ws::Working>(parsed(find<SendFrame>(effects)->frame));
  EXPECT_EQ(first.of, have) << "so that the sender can hash its own at once";
  std::size_t told = 0, words = 0;
  std::uint64_t done = 0;
  for (int minutes = 0; minutes < 60; ++minutes) {
    const auto* step = find<HashPart>(effects);
    ASSERT_NE(step, nullptr);
    EXPECT_LE(step->bytes, stream::hash_step) << "so that it can be stopped at once";
    done += std::uint64_t{1} << 34;  // as if it had been many of them
    world.pass(3min);
    feed(Tick{});
    ASSERT_FALSE(receiver.ended()) << minutes;
    feed(PartHashed{done, {}});
    told += count<Checking>(effects);
    words += count<SendFrame>(effects);
  }
  EXPECT_EQ(told, 60u);
  EXPECT_EQ(words, 60u);
  world.pass(4min);
  feed(Tick{});
  EXPECT_EQ(failure(effects), Fault::disk_stalled) << "but not for one that does not";
  EXPECT_EQ(count<KeepTarget>(effects), 1u);
}

TEST(Receiver, AStopInTheMiddleOfTheHashAsksForNoMoreOfIt) {
  ReceiverScene scene(20 * mib);
  scene.find(16 * mib);
  scene.feed(Decision{true});
  scene.feed(TargetOpened{16 * mib});
  scene.feed(Cancel{Fault::interrupted});
  EXPECT_EQ(count<KeepTarget>(scene.effects), 1u);
  scene.feed(PartHashed{4 * mib, {}});
  EXPECT_TRUE(scene.effects.empty());
}

TEST(Receiver, APartThatCannotBeReadIsWorthNothing) {
  ReceiverScene scene(20 * mib);
  scene.find(16 * mib);
  scene.feed(Decision{true});
  scene.feed(TargetOpened{16 * mib});
  scene.feed(PartHashed{0, crypto::sha256({})});
  EXPECT_EQ(scene.said<ws::Accept>()->have, 0u);
}

TEST(Receiver, WaitsForASenderThatGetsOnWithItsOwnHash) {
  ReceiverScene scene(3 * mib);
  scene.open(2 * mib);
  for (std::uint64_t done = 1; done < 20; ++done) {
    scene.world.pass(4min);
    scene.feed(PeerWorking{2 * mib, done});
    scene.feed(Tick{});
    ASSERT_FALSE(scene.receiver.ended());
  }
  scene.world.pass(4min);
  scene.feed(PeerWorking{2 * mib, 19});
  scene.world.pass(1min);
  scene.feed(Tick{});
  EXPECT_EQ(failure(scene.effects), Fault::file_stalled) << "the same again is no progress";
}

TEST(Receiver, WhatTheFileHasBesideItsBytesGoesToTheDisk) {
  for (const bool written_first : {true, false}) {
    ReceiverScene scene(5);
    scene.begin();
    scene.send_some();
    scene.feed(PeerAbout{{123, 0640}});
    if (written_first) scene.write_one();
    scene.feed(PeerComplete{crypto::sha256(scene.file)});
    if (!written_first) scene.write_one();
    EXPECT_EQ(find<FinishTarget>(scene.effects)->attributes, (Attributes{123, 0640}));
  }
}

/// Each state in which the peer still has a say.
std::vector<std::function<void(ReceiverScene&)>> receiver_paths() {
  return {[](ReceiverScene&) {},
          [](ReceiverScene& s) { s.find(); },
          [](ReceiverScene& s) {
            s.find();
            s.feed(Decision{true});
          },
          [](ReceiverScene& s) {
            s.find(mib);
            s.feed(Decision{true});
            s.feed(TargetOpened{mib});
          },
          [](ReceiverScene& s) { s.open(); },
          [](ReceiverScene& s) { s.begin(); }};
}

TEST(Receiver, EveryStateCanEndAndKeepsWhatIsWorthIt) {
  for (const auto& path : receiver_paths()) {
    const auto end = [&](Receiver::Event event, Fault fault, bool kept, bool told) {
      ReceiverScene scene(2 * mib);
      path(scene);
      const auto state = std::string(scene.receiver.state());
      const bool has_target = state != "Undecided" && state != "Surveying";
      scene.told.reset();
      scene.feed(std::move(event));
      EXPECT_TRUE(scene.receiver.ended()) << state;
      EXPECT_EQ(failure(scene.effects), fault) << state;
      EXPECT_EQ(count<KeepTarget>(scene.effects), has_target && kept ? 1u : 0u) << state;
      EXPECT_EQ(count<DropTarget>(scene.effects), has_target && !kept ? 1u : 0u) << state;
      EXPECT_EQ(scene.said<ws::Refuse>() != nullptr, told) << state;
      EXPECT_FALSE(scene.receiver.deadline()) << state;
    };
    end(PeerFailed{Fault::peer_cancelled}, Fault::peer_cancelled, false, false);
    end(PeerFailed{Fault::peer_file_failed}, Fault::peer_file_failed, true, false);
    end(PeerFailed{Fault::file_stalled}, Fault::file_stalled, true, false);
    end(Cancel{Fault::cancelled}, Fault::cancelled, false, true);
    end(Cancel{Fault::peer_gone}, Fault::peer_gone, true, false);
    end(Cancel{Fault::interrupted}, Fault::interrupted, true, false);
    end(Cancel{Fault::replaced}, Fault::replaced, true, true);
    ReceiverScene late(2 * mib);
    path(late);
    late.world.pass(20min);
    late.feed(Tick{});
    EXPECT_TRUE(late.receiver.ended());
  }
}

TEST(Receiver, APeerThatDoesNotWaitForOurAnswerEndsIt) {
  for (std::size_t i = 0; i < 5; ++i) {
    ReceiverScene scene(2 * mib);
    receiver_paths()[i](scene);
    scene.feed(PeerData{slice_of(content(piece))});
    EXPECT_EQ(failure(scene.effects), Fault::file_protocol) << scene.receiver.state();
  }
  ReceiverScene twice(2 * mib);
  twice.begin();
  twice.feed(PeerBegin{0});
  EXPECT_EQ(failure(twice.effects), Fault::file_protocol);
}

TEST(Receiver, WhatHasArrivedDoesNotNeedThePeer) {
  for (const bool written : {true, false}) {
    ReceiverScene scene(5);
    scene.begin();
    scene.send_some();
    if (written) scene.write_one();
    scene.feed(PeerComplete{crypto::sha256(scene.file)});
    scene.feed(Cancel{Fault::peer_gone});
    scene.feed(PeerFailed{Fault::peer_file_failed});
    EXPECT_FALSE(scene.receiver.ended());
    if (!written) scene.write_one();
    scene.feed(DiskFailed{Fault::file_unwritable});
    EXPECT_EQ(failure(scene.effects), Fault::file_unwritable);
  }
}

}  // namespace
}  // namespace culver::transfer::test
