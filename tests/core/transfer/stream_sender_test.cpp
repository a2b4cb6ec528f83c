// The sender of the second form, state by state.
#include "core/transfer/stream_sender.hpp"

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
        sender(StreamSender::start({7, Plaintext("a.bin"), size, frame_size}, world.env, effects)) {
  }

  void feed(StreamSender::Event event) {
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
  StreamSender sender;
};

TEST(StreamSender, OffersASafeNameAndReadsNothingBeforeItIsAccepted) {
  World world;
  Effects effects;
  auto sender =
      StreamSender::start({3, Plaintext("../x\n.bin"), 5, frame_size}, world.env, effects);
  const auto offer = std::get<ws::Offer>(parsed(find<SendFrame>(effects)->frame));
  EXPECT_EQ(offer.transfer, 3u);
  EXPECT_EQ(offer.size, 5u);
  EXPECT_EQ(offer.name.expose().find('/'), std::string::npos);
  EXPECT_EQ(count<ReadFrames>(effects), 0u);
  EXPECT_EQ(sender.state(), "Offering");
}

TEST(StreamSender, TooLargeAFileFailsAtOnce) {
  World world;
  Effects effects;
  auto sender = StreamSender::start({3, Plaintext("a"), wire::limits::file_size + 1, frame_size},
                                    world.env, effects);
  EXPECT_TRUE(sender.ended());
  EXPECT_EQ(failure(effects), Fault::file_too_large);
}

TEST(StreamSender, SendsEverySizeWholeAndInFullFrames) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{65'514}, mib - 1, mib, mib + 1, 3 * mib + 17}) {
    SenderScene scene(size);
    scene.feed(Credit{std::size_t{1} << 30});
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

TEST(StreamSender, BeginsWhereTheReceiversPartEnds) {
  SenderScene scene(3 * mib);
  scene.feed(Credit{std::size_t{1} << 30});
  scene.accept(2 * mib);
  EXPECT_EQ(scene.sender.state(), "Verifying");
  EXPECT_EQ(find<HashPrefix>(scene.effects)->bytes, 2 * mib);
  scene.feed(PrefixHashed{crypto::sha256(ByteView(scene.file).first(2 * mib))});
  EXPECT_EQ(find<Started>(scene.effects)->from, 2 * mib);
  EXPECT_EQ(scene.last<ws::Begin>()->from, 2 * mib);
  while (scene.asked) scene.read();
  EXPECT_TRUE(scene.data() == ByteVector(scene.file.begin() + 2 * mib, scene.file.end()));
}

TEST(StreamSender, CountsBeyondFourGibibytes) {
  World world;
  Effects effects;
  constexpr std::uint64_t have = std::uint64_t{5} << 30;
  auto sender = StreamSender::start({7, Plaintext("a"), have + 3, frame_size}, world.env, effects);
  sender.on(Credit{std::size_t{1} << 30}, world.env, effects);
  sender.on(PeerAccept{have, stream::window, {}}, world.env, effects);
  EXPECT_EQ(find<HashPrefix>(effects)->bytes, have);
  sender.on(PrefixHashed{}, world.env, effects);
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

TEST(StreamSender, BeginsAnewIfThatPartIsOfAnotherFile) {
  SenderScene scene(3 * mib);
  scene.accept(2 * mib);
  scene.feed(PrefixHashed{});
  EXPECT_EQ(scene.last<ws::Begin>()->from, 0u);
  EXPECT_EQ(scene.asked->offset, 0u);
}

TEST(StreamSender, HasNothingToSendIfTheReceiverHasEverything) {
  SenderScene scene(2 * mib);
  scene.accept(2 * mib);
  scene.feed(PrefixHashed{crypto::sha256(scene.file)});
  EXPECT_EQ(scene.asked->bytes, 0u);
  EXPECT_TRUE(scene.asked->last);
  scene.read();
  EXPECT_EQ(scene.last<ws::Complete>()->sha256, crypto::sha256(scene.file));
}

TEST(StreamSender, KeepsToTheChannelsBudget) {
  SenderScene scene(mib);
  scene.accept();
  scene.read();
  EXPECT_EQ(scene.data().size(), 0u);
  scene.feed(Credit{frame_size});
  EXPECT_EQ(count<SendFrame>(scene.effects), 1u);
  scene.feed(Credit{3 * frame_size});
  EXPECT_EQ(count<SendFrame>(scene.effects), 3u);
}

TEST(StreamSender, KeepsToTheReceiversCreditAndHoldsTwoBlocks) {
  SenderScene scene(20 * mib);
  scene.feed(Credit{std::size_t{1} << 30});
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

TEST(StreamSender, WaitsLongerForThePeersDiskThanForTheChannel) {
  SenderScene blocked(20 * mib);
  blocked.feed(Credit{std::size_t{1} << 30});
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

TEST(StreamSender, RefusesAnAnswerThatCannotBe) {
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
          [](SenderScene& s) { s.accept(); },
          [](SenderScene& s) {
            s.feed(Credit{std::size_t{1} << 30});
            s.accept();
            while (s.asked) s.read();
          }};
}

TEST(StreamSender, EveryStateCanEnd) {
  for (const auto& path : sender_paths()) {
    const auto end = [&](StreamSender::Event event, Fault fault, std::optional<ws::Reason> told) {
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
    end(DiskFailed{Fault::file_changed}, Fault::file_changed, ws::Reason::changed);
  }
}

TEST(StreamSender, WhatComesOutOfTurnEndsIt) {
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
