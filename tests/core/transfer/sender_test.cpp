// The sender of the second form, state by state.
#include "core/transfer/sender.hpp"

#include <gtest/gtest.h>

#include "tests/core/transfer/stream_support.hpp"

namespace culver::transfer::test {
namespace {

using namespace std::chrono_literals;
namespace ws = wire::stream;

constexpr std::size_t frame_size = 65'536;

/// A sender and the disk that answers it, by hand.
struct SenderScene {
  explicit SenderScene(std::uint64_t size)
      : file(content(static_cast<std::size_t>(size))),
        sender(Sender::start({7, Plaintext("a.bin"), size, frame_size}, world.env, effects)) {}

  void feed(Sender::Event event) {
    effects.clear();
    sender.on(std::move(event), world.env, effects);
    note();
  }
  /// Answers the read that was asked for.
  void read() {
    ASSERT_TRUE(asked);
    const auto request = *std::exchange(asked, std::nullopt);
    feed(read_from(file, request));
  }
  void accept(std::uint64_t have = 0, std::uint32_t window = stream::window) {
    feed(PeerAccept{have, window, crypto::sha256(ByteView(file).first(have))});
  }
  void hashed(std::uint64_t bytes) {
    feed(PrefixHashed{bytes, crypto::sha256(ByteView(file).first(bytes))});
  }
  void note() {
    if (const auto* request = find<ReadFrames>(effects)) asked = *request;
    for (const auto& effect : effects)
      if (const auto* sent = std::get_if<SendFrame>(&effect)) frames.push_back(parsed(sent->frame));
  }
  /// What was sent of the file.
  ByteVector data() const {
    ByteVector all;
    for (const auto& frame : frames)
      if (const auto* data = std::get_if<ws::Data>(&frame)) {
        const auto bytes = data->bytes.view();
        all.insert(all.end(), bytes.begin(), bytes.end());
      }
    return all;
  }
  template <class F>
  const F* last() const {
    return frames.empty() ? nullptr : std::get_if<F>(&frames.back());
  }

  World world;
  ByteVector file;
  Effects effects;
  std::vector<ws::Frame> frames;
  std::optional<ReadFrames> asked;
  Sender sender;
};

TEST(Sender, OffersAndReadsNothingBeforeItIsAccepted) {
  World world;
  Effects effects;
  auto sender = Sender::start({3, Plaintext("a\xff.bin"), 5, frame_size}, world.env, effects);
  const auto offer = std::get<ws::Offer>(parsed(find<SendFrame>(effects)->frame));
  EXPECT_EQ(offer.transfer, 3u);
  EXPECT_EQ(offer.size, 5u);
  EXPECT_EQ(offer.name.expose(), "a\uFFFD.bin") << "a name is UTF-8";
  EXPECT_EQ(count<ReadFrames>(effects), 0u);
  EXPECT_EQ(sender.state(), "Offering");
}

TEST(Sender, TooLargeAFileFailsAtOnce) {
  World world;
  Effects effects;
  auto sender = Sender::start({3, Plaintext("a"), wire::limits::file_size + 1, frame_size},
                              world.env, effects);
  EXPECT_TRUE(sender.ended());
  EXPECT_EQ(failure(effects), Fault::file_too_large);
}

TEST(Sender, SendsEverySizeWholeAndInFullFrames) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{65'514}, mib - 1, mib, mib + 1, 3 * mib + 17}) {
    SenderScene scene(size);
    scene.feed(ChannelRoom{std::size_t{1} << 30});
    scene.accept();
    EXPECT_EQ(find<Started>(scene.effects)->from, 0u);
    while (scene.asked) scene.read();
    EXPECT_TRUE(scene.data() == scene.file) << size;
    const auto* complete = scene.last<ws::Complete>();
    ASSERT_NE(complete, nullptr) << size;
    EXPECT_EQ(complete->sha256, crypto::sha256(scene.file));
    std::uint64_t sent = 0;
    for (const auto& frame : scene.frames)
      if (const auto* data = std::get_if<ws::Data>(&frame)) {
        sent += data->bytes.size;
        EXPECT_TRUE(data->bytes.size >= stream::least_data || sent == size) << size;
        EXPECT_LE(data->bytes.size, frame_size - ws::data_overhead);
      }
    scene.feed(PeerChecked{});
    EXPECT_TRUE(scene.sender.ended());
    EXPECT_TRUE(find<Finished>(scene.effects)->confirmed);
    EXPECT_EQ(count<DropSource>(scene.effects), 1u);
  }
}

TEST(Sender, BeginsWhereTheReceiversPartEnds) {
  SenderScene scene(3 * mib);
  scene.feed(ChannelRoom{std::size_t{1} << 30});
  scene.accept(2 * mib);
  EXPECT_EQ(scene.sender.state(), "Verifying");
  EXPECT_EQ(find<HashPrefix>(scene.effects)->bytes, 2 * mib);
  scene.hashed(2 * mib);
  EXPECT_EQ(find<Started>(scene.effects)->from, 2 * mib);
  EXPECT_EQ(scene.last<ws::Begin>()->from, 2 * mib);
  while (scene.asked) scene.read();
  EXPECT_TRUE(scene.data() == ByteVector(scene.file.begin() + 2 * mib, scene.file.end()));
}

TEST(Sender, CountsBeyondFourGibibytes) {
  World world;
  Effects effects;
  constexpr std::uint64_t have = std::uint64_t{5} << 30;
  auto sender = Sender::start({7, Plaintext("a"), have + 3, frame_size}, world.env, effects);
  sender.on(ChannelRoom{std::size_t{1} << 30}, world.env, effects);
  sender.on(PeerAccept{have, stream::window, {}}, world.env, effects);
  EXPECT_EQ(find<HashPrefix>(effects)->bytes, stream::hash_step);
  sender.on(PrefixHashed{have, {}}, world.env, effects);
  const auto* read = find<ReadFrames>(effects);
  ASSERT_NE(read, nullptr);
  EXPECT_EQ(read->offset, have);
  EXPECT_EQ(read->bytes, 3u);
  EXPECT_TRUE(read->last);
  effects.clear();
  FramesRead answer{{ByteVector(ws::data_overhead + 3)}, Digest{}};
  sender.on(std::move(answer), world.env, effects);
  EXPECT_EQ(find<Progress>(effects)->bytes, have + 3);
  EXPECT_EQ(sender.state(), "AwaitingCheck");
}

TEST(Sender, BeginsAnewIfThatPartIsOfAnotherFile) {
  SenderScene scene(3 * mib);
  scene.accept(2 * mib);
  scene.feed(PrefixHashed{2 * mib, {}});
  EXPECT_EQ(scene.last<ws::Begin>()->from, 0u);
  EXPECT_EQ(scene.asked->offset, 0u);
}

TEST(Sender, HasNothingToSendIfTheReceiverHasEverything) {
  SenderScene scene(2 * mib);
  scene.accept(2 * mib);
  scene.hashed(2 * mib);
  EXPECT_EQ(scene.asked->bytes, 0u);
  EXPECT_TRUE(scene.asked->last);
  scene.read();
  EXPECT_EQ(scene.last<ws::Complete>()->sha256, crypto::sha256(scene.file));
}

TEST(Sender, KeepsToTheChannelsBudget) {
  SenderScene scene(mib);
  scene.accept();
  scene.read();
  EXPECT_EQ(scene.data().size(), 0u);
  scene.feed(ChannelRoom{frame_size});
  EXPECT_EQ(count<SendFrame>(scene.effects), 1u);
  scene.feed(ChannelRoom{3 * frame_size});
  EXPECT_EQ(count<SendFrame>(scene.effects), 3u);
}

TEST(Sender, KeepsToTheReceiversCreditAndHoldsTwoBlocks) {
  SenderScene scene(20 * mib);
  scene.feed(ChannelRoom{std::size_t{1} << 30});
  scene.accept(0, mib);
  while (scene.asked) scene.read();
  EXPECT_LE(scene.data().size(), mib);
  EXPECT_GT(scene.data().size(), mib - frame_size);
  scene.feed(PeerCredit{2 * mib});
  while (scene.asked) scene.read();
  EXPECT_LE(scene.data().size(), 2 * mib);
  EXPECT_GT(scene.data().size(), 2 * mib - frame_size);
  scene.feed(PeerCredit{mib});
  EXPECT_EQ(failure(scene.effects), Fault::file_protocol) << "credit is never taken back";
}

TEST(Sender, WaitsLongerForThePeersDiskThanForTheChannel) {
  SenderScene blocked(20 * mib);
  blocked.feed(ChannelRoom{std::size_t{1} << 30});
  blocked.accept(0, mib);
  while (blocked.asked) blocked.read();
  blocked.world.pass(4min);
  blocked.feed(Tick{});
  EXPECT_FALSE(blocked.sender.ended());
  blocked.world.pass(2min);
  blocked.feed(Tick{});
  EXPECT_EQ(failure(blocked.effects), Fault::file_stalled);

  SenderScene stalled(mib);
  stalled.accept();
  stalled.read();
  stalled.world.pass(61s);
  stalled.feed(Tick{});
  EXPECT_EQ(failure(stalled.effects), Fault::file_stalled);
  EXPECT_EQ(stalled.last<ws::Cancel>()->reason, ws::Reason::timeout);
}

TEST(Sender, HashesWhileTheReceiverDoes) {
  for (const bool ours_first : {true, false}) {
    SenderScene scene(7 * mib);
    scene.feed(PeerWorking{6 * mib, 0});
    EXPECT_EQ(scene.sender.state(), "Hashing");
    EXPECT_EQ(find<HashPrefix>(scene.effects)->bytes, stream::hash_step);
    EXPECT_EQ(find<Checking>(scene.effects)->have, 6 * mib) << "the person is told";
    scene.hashed(4 * mib);
    EXPECT_EQ(find<HashPrefix>(scene.effects)->from, 4 * mib);
    if (ours_first) {
      scene.hashed(6 * mib);
      EXPECT_EQ(scene.sender.state(), "Hashed");
      scene.accept(6 * mib);
    } else {
      scene.accept(6 * mib);
      EXPECT_EQ(scene.sender.state(), "Verifying");
      scene.hashed(6 * mib);
    }
    EXPECT_EQ(scene.last<ws::Begin>()->from, 6 * mib);
    EXPECT_EQ(scene.asked->offset, 6 * mib);
  }
}

TEST(Sender, BeginsAnewIfThePartTurnsOutToBeNothing) {
  for (const bool hashed : {true, false}) {
    SenderScene scene(3 * mib);
    scene.feed(PeerWorking{2 * mib, 0});
    if (hashed) scene.hashed(2 * mib);
    scene.accept(0);
    EXPECT_EQ(scene.asked->offset, 0u);
    if (!hashed) scene.hashed(2 * mib);
    EXPECT_EQ(scene.sender.state(), "Sending") << "a late answer changes nothing";
  }
}

TEST(Sender, WaitsAsLongAsEitherHashGetsOn) {
  SenderScene scene(100 * mib);
  scene.feed(PeerWorking{90 * mib, 0});
  scene.hashed(90 * mib);
  for (std::uint64_t done = 1; done < 30; ++done) {
    scene.world.pass(4min);
    scene.feed(PeerWorking{90 * mib, done});
    scene.feed(Tick{});
    ASSERT_FALSE(scene.sender.ended());
  }
  scene.world.pass(5min);
  scene.feed(Tick{});
  EXPECT_EQ(failure(scene.effects), Fault::file_stalled);

  SenderScene own(100 * mib);
  own.accept(90 * mib);
  for (std::uint64_t done = 1; done < 30; ++done) {
    own.world.pass(3min);
    own.feed(PrefixHashed{done, {}});
    EXPECT_EQ(own.last<ws::Comparing>()->done, done) << "so that the receiver waits as well";
    own.feed(Tick{});
    ASSERT_FALSE(own.sender.ended());
  }
  own.world.pass(4min);
  own.feed(Tick{});
  EXPECT_EQ(failure(own.effects), Fault::disk_stalled);
}

TEST(Sender, RefusesAPartThatCannotBe) {
  for (const PeerWorking working : {PeerWorking{0, 0}, PeerWorking{6, 0}}) {
    SenderScene scene(5);
    scene.feed(working);
    EXPECT_EQ(failure(scene.effects), Fault::file_protocol);
  }
  SenderScene changing(3 * mib);
  changing.feed(PeerWorking{2 * mib, 0});
  changing.feed(PeerWorking{mib, 0});
  EXPECT_EQ(failure(changing.effects), Fault::file_protocol);
  SenderScene other(3 * mib);
  other.feed(PeerWorking{2 * mib, 0});
  other.accept(mib);
  EXPECT_EQ(failure(other.effects), Fault::file_protocol);
}

TEST(Sender, ItsOwnDiskMayBeSlowForMinutes) {
  SenderScene scene(mib);
  scene.feed(ChannelRoom{std::size_t{1} << 30});
  scene.accept();
  scene.world.pass(3min);
  scene.feed(Tick{});
  EXPECT_FALSE(scene.sender.ended());
  scene.world.pass(1min);
  scene.feed(Tick{});
  EXPECT_EQ(failure(scene.effects), Fault::disk_stalled);
}

TEST(Sender, SaysTheTimeAndTheModeOfTheFile) {
  World world;
  Effects effects;
  auto sender =
      Sender::start({7, Plaintext(".bashrc"), 0, frame_size, {-5, 0600}}, world.env, effects);
  EXPECT_EQ(std::get<ws::Offer>(parsed(find<SendFrame>(effects)->frame)).name.expose(), ".bashrc")
      << "the receiver makes it safe, and can say so";
  sender.on(PeerAccept{0, stream::window, {}}, world.env, effects);
  effects.clear();
  sender.on(FramesRead{{}, Digest{}}, world.env, effects);
  const auto about = std::get<ws::About>(parsed(find<SendFrame>(effects)->frame));
  EXPECT_EQ(about.modified, -5);
  EXPECT_EQ(about.mode, 0600);
}

TEST(Sender, RefusesAnAnswerThatCannotBe) {
  for (const PeerAccept accept : {PeerAccept{6, stream::window, {}}, PeerAccept{0, 100, {}}}) {
    SenderScene scene(5);
    scene.feed(accept);
    EXPECT_EQ(failure(scene.effects), Fault::file_protocol);
    EXPECT_EQ(scene.last<ws::Cancel>()->reason, ws::Reason::protocol);
  }
}

/// Each living state, by name.
std::vector<std::function<void(SenderScene&)>> sender_paths() {
  return {[](SenderScene&) {}, [](SenderScene& s) { s.accept(mib); },
          [](SenderScene& s) {
            s.feed(PeerWorking{mib, 0});
          },
          [](SenderScene& s) { s.accept(); },
          [](SenderScene& s) {
            s.feed(ChannelRoom{std::size_t{1} << 30});
            s.accept();
            while (s.asked) s.read();
          }};
}

TEST(Sender, EveryStateCanEnd) {
  for (const auto& path : sender_paths()) {
    const auto end = [&](Sender::Event event, Fault fault, std::optional<ws::Reason> told) {
      SenderScene scene(2 * mib);
      path(scene);
      const auto state = std::string(scene.sender.state());
      if (state == "AwaitingCheck" && std::holds_alternative<DiskFailed>(event)) return;
      scene.frames.clear();
      scene.feed(std::move(event));
      EXPECT_TRUE(scene.sender.ended()) << state;
      EXPECT_EQ(failure(scene.effects), fault) << state;
      EXPECT_EQ(count<DropSource>(scene.effects), 1u) << state;
      EXPECT_FALSE(scene.sender.deadline()) << state;
      const auto* cancel = scene.last<ws::Cancel>();
      ASSERT_EQ(cancel != nullptr, told.has_value()) << state;
      if (told) {
        EXPECT_EQ(cancel->reason, *told) << state;
      }
      scene.feed(Cancel{Fault::cancelled});
      EXPECT_TRUE(scene.effects.empty()) << "nothing follows the end";
    };
    end(PeerFailed{Fault::file_refused}, Fault::file_refused, std::nullopt);
    end(Cancel{Fault::cancelled}, Fault::cancelled, ws::Reason::cancelled);
    end(Cancel{Fault::peer_gone}, Fault::peer_gone, std::nullopt);
    end(Cancel{Fault::interrupted}, Fault::interrupted, std::nullopt);
    end(DiskFailed{Fault::file_changed}, Fault::file_changed, ws::Reason::changed);
  }
}

TEST(Sender, WhatComesOutOfTurnEndsIt) {
  SenderScene early(5);
  early.feed(PeerChecked{});
  EXPECT_EQ(failure(early.effects), Fault::file_protocol);
  SenderScene twice(5);
  twice.accept();
  twice.feed(PeerAccept{0, stream::window, {}});
  EXPECT_EQ(failure(twice.effects), Fault::file_protocol);
  SenderScene unread(5);
  unread.feed(FramesRead{});
  EXPECT_TRUE(unread.effects.empty()) << "our own late answers change nothing";
}

}  // namespace
}  // namespace culver::transfer::test
