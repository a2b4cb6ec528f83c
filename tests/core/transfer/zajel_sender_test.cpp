#include "core/transfer/zajel_sender.hpp"

#include <gtest/gtest.h>

#include "core/transfer/chunks.hpp"
#include "tests/core/transfer/transfer_support.hpp"

namespace culver::transfer::test {
namespace {

namespace peer = wire::peer;
using wire::limits::chunk_out;
using wire::limits::chunk_to_zajel;
using namespace std::chrono_literals;

constexpr std::size_t plenty = std::size_t{1} << 30;

/// A sender together with the file it reads.
struct Outgoing {
  Outgoing(std::size_t size, bool acks, std::string name = "report.pdf")
      : file(content(size)),
        sender(ZajelSender::start({file_id(), Plaintext(name), size, acks}, world.env, effects)) {}

  Effects say(ZajelSender::Event event) {
    Effects now;
    sender.on(std::move(event), world.env, now);
    effects.insert(effects.end(), now.begin(), now.end());
    return now;
  }
  /// Answers the read that is under way, and those that follow from the answer.
  void read_on() {
    while (const auto asked = outstanding()) {
      const std::size_t n = std::min(*asked, file.size() - offset);
      const auto begin = file.begin() + static_cast<std::ptrdiff_t>(offset);
      offset += n;
      ++answered;
      say(BlockRead{ByteVector(begin, begin + static_cast<std::ptrdiff_t>(n))});
    }
  }
  std::optional<std::size_t> outstanding() const {
    std::size_t seen = 0;
    for (const auto& effect : effects)
      if (const auto* read = std::get_if<ReadBlock>(&effect))
        if (seen++ == answered) return read->bytes;
    return std::nullopt;
  }
  ByteVector sent() const {
    ByteVector all;
    std::uint64_t index = 0;
    for (const auto& effect : effects) {
      const auto* chunk = std::get_if<SendChunk>(&effect);
      if (chunk == nullptr) continue;
      EXPECT_EQ(chunk->index, index++);
      EXPECT_LE(chunk->bytes.size(), chunk_out);
      all.insert(all.end(), chunk->bytes.begin(), chunk->bytes.end());
    }
    return all;
  }
  std::size_t ends() const { return count<Finished>(effects) + count<Failed>(effects); }

  World world;
  Effects effects;
  ByteVector file;
  std::size_t offset = 0;
  std::size_t answered = 0;
  ZajelSender sender;
};

TEST(ZajelSender, WaitsForThePeerBeforeItReads) {
  Outgoing out(1000, true);
  const auto* start = envelope<peer::FileStart>(out.effects);
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->size, 1000u);
  EXPECT_EQ(start->chunks, 1u);
  EXPECT_EQ(start->name.expose(), "report.pdf");
  EXPECT_EQ(out.sender.state(), "AwaitingAck");
  EXPECT_EQ(count<ReadBlock>(out.effects), 0u);
  EXPECT_EQ(count<Started>(out.effects), 0u);
}

TEST(ZajelSender, AnnouncesABasenameOnly) {
  Outgoing out(1, true, "/home/somebody/secret/plan.txt");
  EXPECT_EQ(envelope<peer::FileStart>(out.effects)->name.expose(), "plan.txt");
}

TEST(ZajelSender, SendsAtOnceToAPeerWithoutAcks) {
  Outgoing out(40'000, false);
  EXPECT_EQ(out.sender.state(), "Sending");
  out.say(ChannelRoom{plenty});
  out.read_on();
  EXPECT_EQ(out.sent(), out.file);
  EXPECT_EQ(count<SendChunk>(out.effects), 10u);
  EXPECT_EQ(envelope<peer::FileComplete>(out.effects)->sha256, crypto::sha256(out.file));
  EXPECT_EQ(out.sender.state(), "Flushing");
  EXPECT_EQ(out.ends(), 0u);
  out.say(Flushed{});
  const auto* finished = find<Finished>(out.effects);
  ASSERT_NE(finished, nullptr);
  EXPECT_FALSE(finished->confirmed);
  EXPECT_EQ(count<DropSource>(out.effects), 1u);
  EXPECT_TRUE(out.sender.ended());
}

TEST(ZajelSender, WithAcksItIsDoneWhenThePeerHasChecked) {
  Outgoing out(100'000, true);
  out.say(ChannelRoom{plenty});
  out.say(PeerStartAck{true, {}});
  out.read_on();
  EXPECT_EQ(out.sender.state(), "AwaitingCheck");
  out.say(Flushed{});
  EXPECT_EQ(out.sender.state(), "AwaitingCheck") << "delivered is not checked";
  out.say(PeerCompleteAck{true, {}});
  ASSERT_NE(find<Finished>(out.effects), nullptr);
  EXPECT_TRUE(find<Finished>(out.effects)->confirmed);
  EXPECT_EQ(find<Finished>(out.effects)->sha256, crypto::sha256(out.file));
}

TEST(ZajelSender, EverySizeArrivesWhole) {
  for (const std::size_t size :
       {std::size_t{1}, chunk_out - 1, chunk_out, chunk_out + 1, block_size - 1, block_size,
        block_size + 1, 2 * block_size, 3 * block_size + 5}) {
    for (const bool acks : {true, false}) {
      Outgoing out(size, acks);
      out.say(PeerStartAck{true, {}});
      out.say(ChannelRoom{plenty});
      out.read_on();
      EXPECT_EQ(out.sent(), out.file) << size;
      const auto chunk = acks ? chunk_out : chunk_to_zajel;
      EXPECT_EQ(envelope<peer::FileStart>(out.effects)->chunks, chunk_count(size, chunk)) << size;
      EXPECT_EQ(count<SendChunk>(out.effects), chunk_count(size, chunk)) << size;
      EXPECT_EQ(find<SendChunk>(out.effects)->bytes.size(), std::min(size, chunk));
      EXPECT_EQ(out.sender.state(), acks ? "AwaitingCheck" : "Flushing") << size;
    }
  }
}

TEST(ZajelSender, MakesChunksThatThePeersTransportTakes) {
  const auto first_chunk = [](std::size_t largest_message) {
    World world;
    Effects effects;
    auto sender = ZajelSender::start({file_id(), Plaintext("x"), 100'000, true, largest_message},
                                     world.env, effects);
    const auto chunks = envelope<peer::FileStart>(effects)->chunks;
    sender.on(PeerStartAck{true, {}}, world.env, effects);
    sender.on(ChannelRoom{plenty}, world.env, effects);
    sender.on(BlockRead{ByteVector(100'000)}, world.env, effects);
    const auto size = find<SendChunk>(effects)->bytes.size();
    EXPECT_EQ(chunks, chunk_count(100'000, size));
    return size;
  };
  EXPECT_EQ(first_chunk(65'536), chunk_out);
  EXPECT_EQ(first_chunk(16'384), 8'192u);
  EXPECT_EQ(first_chunk(8'192), 4'096u);
  EXPECT_EQ(first_chunk(100), least_chunk);
}

TEST(ZajelSender, AnEmptyFileIsOneEmptyChunkForZajelAndNoneForUs) {
  Outgoing zajel(0, false);
  zajel.say(ChannelRoom{plenty});
  zajel.read_on();
  EXPECT_EQ(envelope<peer::FileStart>(zajel.effects)->chunks, 1u);
  ASSERT_EQ(count<SendChunk>(zajel.effects), 1u);
  EXPECT_TRUE(find<SendChunk>(zajel.effects)->bytes.empty());
  EXPECT_EQ(envelope<peer::FileComplete>(zajel.effects)->sha256, crypto::sha256({}));

  Outgoing ours(0, true);
  ours.say(PeerStartAck{true, {}});
  ours.read_on();
  EXPECT_EQ(envelope<peer::FileStart>(ours.effects)->chunks, 0u);
  EXPECT_EQ(count<SendChunk>(ours.effects), 0u);
  EXPECT_EQ(ours.sender.state(), "AwaitingCheck");
}

TEST(ZajelSender, TheEmptyChunkWaitsForRoomToo) {
  Outgoing out(0, false);
  out.read_on();
  EXPECT_EQ(count<SendChunk>(out.effects), 0u);
  EXPECT_EQ(out.sender.state(), "Sending");
  out.say(ChannelRoom{plenty});
  EXPECT_EQ(count<SendChunk>(out.effects), 1u);
  EXPECT_EQ(out.sender.state(), "Flushing");
}

TEST(ZajelSender, NeverSendsMoreThanTheCredit) {
  Outgoing out(10 * chunk_to_zajel, false);
  out.read_on();
  EXPECT_EQ(count<SendChunk>(out.effects), 0u);
  const std::size_t cost = wire_cost(chunk_to_zajel);
  EXPECT_EQ(count<SendChunk>(out.say(ChannelRoom{cost - 1})), 0u);
  EXPECT_EQ(count<SendChunk>(out.say(ChannelRoom{cost})), 1u);
  EXPECT_EQ(count<SendChunk>(out.say(ChannelRoom{3 * cost + 1})), 3u);
  EXPECT_EQ(count<SendChunk>(out.say(ChannelRoom{plenty})), 6u);
}

TEST(ZajelSender, HoldsTwoBlocksAtMost) {
  Outgoing out(10 * block_size, false);
  out.read_on();
  EXPECT_EQ(out.answered, 2u);
  EXPECT_FALSE(out.outstanding());
  out.say(ChannelRoom{block_size / chunk_to_zajel * wire_cost(chunk_to_zajel)});
  EXPECT_TRUE(out.outstanding());
}

TEST(ZajelSender, CreditGivenWhileWaitingIsUsed) {
  Outgoing out(1000, true);
  out.say(ChannelRoom{plenty});
  out.say(PeerStartAck{true, {}});
  out.read_on();
  EXPECT_EQ(out.sent(), out.file);
}

TEST(ZajelSender, NoticesAFileThatShrinksOrGrows) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, block_size, block_size + 100}) {
    Outgoing longer(size, true);
    longer.say(PeerStartAck{true, {}});
    longer.file.push_back(std::byte{1});
    longer.say(ChannelRoom{plenty});
    longer.read_on();
    EXPECT_EQ(failure(longer.effects), Fault::file_changed) << size;
    EXPECT_EQ(envelope<peer::FileError>(longer.effects)->reason, "file_changed");
    EXPECT_EQ(envelope<peer::FileComplete>(longer.effects), nullptr);
    if (size == 0) continue;
    Outgoing shorter(size, true);
    shorter.say(PeerStartAck{true, {}});
    shorter.file.pop_back();
    shorter.say(ChannelRoom{plenty});
    shorter.read_on();
    EXPECT_EQ(failure(shorter.effects), Fault::file_changed) << size;
    EXPECT_EQ(count<DropSource>(shorter.effects), 1u);
  }
}

TEST(ZajelSender, TellsWhyThePeerRefused) {
  struct Case {
    const char* reason;
    Fault at_the_start, at_the_end;
  };
  const Case cases[] = {{"declined", Fault::file_refused, Fault::file_refused},
                        {"no_space", Fault::peer_no_space, Fault::peer_no_space},
                        {"too_large", Fault::file_too_large, Fault::file_too_large},
                        {"damaged", Fault::file_damaged, Fault::file_damaged},
                        {"internal", Fault::peer_file_failed, Fault::peer_file_failed},
                        {"out of coffee", Fault::file_refused, Fault::peer_file_failed},
                        {"", Fault::file_refused, Fault::peer_file_failed}};
  for (const auto& [reason, at_the_start, fault] : cases) {
    Outgoing asked(10, true);
    asked.say(PeerStartAck{false, reason});
    EXPECT_EQ(failure(asked.effects), at_the_start) << reason;
    EXPECT_EQ(count<SendEnvelope>(asked.effects), 1u) << "only the start";

    Outgoing checked(10, true);
    checked.say(ChannelRoom{plenty});
    checked.say(PeerStartAck{true, {}});
    checked.read_on();
    checked.say(PeerCompleteAck{false, reason});
    EXPECT_EQ(failure(checked.effects), fault) << reason;
    EXPECT_EQ(count<DropSource>(checked.effects), 1u);
  }
}

TEST(ZajelSender, APeerWithoutAcksMayStillRefuseOrConfirm) {
  Outgoing refused(10, false);
  refused.say(PeerStartAck{false, "declined"});
  EXPECT_EQ(failure(refused.effects), Fault::file_refused);

  Outgoing confirmed(10, false);
  confirmed.say(ChannelRoom{plenty});
  confirmed.read_on();
  confirmed.say(PeerStartAck{true, {}});
  confirmed.say(PeerCompleteAck{true, {}});
  ASSERT_NE(find<Finished>(confirmed.effects), nullptr);
  EXPECT_TRUE(find<Finished>(confirmed.effects)->confirmed);
}

TEST(ZajelSender, ACheckBeforeTheEndBreaksTheRules) {
  Outgoing early(10, true);
  early.say(PeerCompleteAck{true, {}});
  EXPECT_EQ(failure(early.effects), Fault::file_protocol);
  Outgoing sending(10, true);
  sending.say(PeerStartAck{true, {}});
  sending.say(PeerCompleteAck{true, {}});
  EXPECT_EQ(failure(sending.effects), Fault::file_protocol);
  EXPECT_EQ(envelope<peer::FileError>(sending.effects)->reason, "file_protocol");
}

TEST(ZajelSender, StallsAfterAMinuteWithoutMovement) {
  Outgoing out(10 * chunk_out, false);
  out.read_on();
  out.world.pass(59s);
  out.say(Tick{});
  EXPECT_FALSE(out.sender.ended());
  out.say(ChannelRoom{wire_cost(chunk_out)});
  out.world.pass(59s);
  out.say(Tick{});
  EXPECT_FALSE(out.sender.ended()) << "the credit was movement";
  out.say(ChannelRoom{0});
  out.world.pass(1s);
  out.say(Tick{});
  EXPECT_EQ(failure(out.effects), Fault::file_stalled) << "no credit is no movement";
  EXPECT_EQ(envelope<peer::FileCancel>(out.effects)->reason, "timeout");
}

TEST(ZajelSender, ItsOwnDiskMayBeSlowForMinutes) {
  Outgoing out(10 * chunk_out, false);
  out.say(ChannelRoom{plenty});
  out.world.pass(3min);
  out.say(Tick{});
  EXPECT_FALSE(out.sender.ended());
  out.world.pass(1min);
  out.say(Tick{});
  EXPECT_EQ(failure(out.effects), Fault::file_stalled);
}

TEST(ZajelSender, EveryWaitEnds) {
  Outgoing thinking(10, true);
  thinking.world.pass(10min);
  thinking.say(Tick{});
  EXPECT_EQ(failure(thinking.effects), Fault::file_stalled);

  for (const bool acks : {true, false}) {
    Outgoing out(10, acks);
    out.say(ChannelRoom{plenty});
    out.say(PeerStartAck{true, {}});
    out.read_on();
    ASSERT_TRUE(out.sender.deadline());
    out.world.env.now = *out.sender.deadline();
    out.say(Tick{});
    EXPECT_EQ(failure(out.effects), Fault::file_stalled);
    EXPECT_FALSE(out.sender.deadline());
  }
}

TEST(ZajelSender, CancelTellsThePeerUnlessItIsGone) {
  Outgoing out(10, true);
  out.say(Cancel{Fault::interrupted});
  EXPECT_EQ(failure(out.effects), Fault::interrupted);
  EXPECT_EQ(envelope<peer::FileCancel>(out.effects)->reason, "user_cancelled");
  Outgoing gone(10, true);
  gone.say(Cancel{Fault::peer_gone});
  EXPECT_EQ(failure(gone.effects), Fault::peer_gone);
  EXPECT_EQ(envelope<peer::FileCancel>(gone.effects), nullptr);
}

TEST(ZajelSender, ADiskFailureIsToldToThePeer) {
  Outgoing out(10, false);
  out.say(DiskFailed{Fault::file_unreadable});
  EXPECT_EQ(failure(out.effects), Fault::file_unreadable);
  EXPECT_EQ(envelope<peer::FileError>(out.effects)->reason, "file_unreadable");
}

TEST(ZajelSender, NothingHappensAfterTheEnd) {
  Outgoing out(10, true);
  out.say(PeerFailed{Fault::peer_file_failed});
  ASSERT_EQ(out.ends(), 1u);
  EXPECT_EQ(envelope<peer::FileError>(out.effects), nullptr) << "the peer knows";
  out.world.pass(1h);
  for (ZajelSender::Event event :
       {ZajelSender::Event(PeerStartAck{true, {}}), ZajelSender::Event(PeerCompleteAck{true, {}}),
        ZajelSender::Event(PeerFailed{Fault::file_protocol}),
        ZajelSender::Event(Cancel{Fault::cancelled}), ZajelSender::Event(ChannelRoom{plenty}),
        ZajelSender::Event(Flushed{}), ZajelSender::Event(Tick{}), ZajelSender::Event(BlockRead{}),
        ZajelSender::Event(DiskFailed{Fault::file_unreadable})})
    EXPECT_TRUE(out.say(std::move(event)).empty());
}

TEST(ZajelSender, TellsProgressSparinglyAndAtTheEnd) {
  const std::size_t size = 5 * (std::size_t{1} << 20) + 3;
  Outgoing out(size, false);
  out.say(ChannelRoom{plenty});
  out.read_on();
  EXPECT_GE(count<Progress>(out.effects), 5u);
  EXPECT_LE(count<Progress>(out.effects), 6u);
  const Progress* last = nullptr;
  for (const auto& effect : out.effects)
    if (const auto* progress = std::get_if<Progress>(&effect)) last = progress;
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->bytes, size);
}

TEST(ZajelSender, AFileBeyondAllLimitsFailsAtOnce) {
  World world;
  Effects effects;
  auto sender = ZajelSender::start({file_id(), Plaintext("x"), wire::limits::file_size + 1, true},
                                   world.env, effects);
  EXPECT_TRUE(sender.ended());
  EXPECT_EQ(failure(effects), Fault::file_too_large);
  EXPECT_EQ(count<SendEnvelope>(effects), 0u);
}

TEST(ZajelSender, WireCostCoversTheWholeFrame) {
  EXPECT_GE(wire_cost(chunk_out), 29'262u) << "as captured from Zajel";
  EXPECT_LE(wire_cost(chunk_out), 29'600u);
  EXPECT_LE(wire_cost(chunk_out), wire::limits::channel_frame_out);
}

TEST(ZajelSender, TheTableOfItsTypesNamesEveryLivingState) {
  const auto table = fsm::table<zajel_sender::Machine>();
  EXPECT_NE(table.find("| AwaitingAck | PeerStartAck | Sending | Aborted |"), std::string::npos);
  EXPECT_NE(table.find("| Flushing | Flushed | Done |"), std::string::npos);
  EXPECT_EQ(table.find("\n| Done |"), std::string::npos) << "no way out of the end";
}

}  // namespace
}  // namespace culver::transfer::test
