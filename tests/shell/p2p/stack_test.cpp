#include "shell/p2p/stack.hpp"

#include <gtest/gtest.h>

#include "core/base/text.hpp"
#include "tests/shell/p2p/pair_support.hpp"

namespace culver::p2p {
namespace {

using test::frame;
using test::Pair;

// Sends `total` bytes in frames, as far as the windows allow and no further.
void pump(test::End& from, ChannelId channel, std::size_t& left) {
  auto& window = from.windows[channel];
  while (left > 0 && window >= frame) {
    from.send(channel, frame);
    window -= frame;
    left -= frame;
  }
}

TEST(Stack, ConnectsOverRealIceAndTellsWhatHappenedInOrder) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  for (auto* end : {&pair.a, &pair.b}) {
    std::vector<std::string> phases;
    for (const auto& name : end->names)
      if ((name == "LocalDescription" || name == "PathReady" || name == "DtlsUp" ||
           name == "SctpUp" || name == "ChannelOpen" || name == "Window") &&
          (phases.empty() || phases.back() != name))
        phases.push_back(name);
    const std::vector<std::string> expected{"LocalDescription", "PathReady",   "DtlsUp",
                                            "SctpUp",           "ChannelOpen", "Window"};
    EXPECT_EQ(phases, expected);
    EXPECT_EQ(end->path, connection::PathKind::direct);
    EXPECT_GE(end->windows.at(end->channel("messages")), std::size_t{1} << 20);
  }
  EXPECT_EQ(pair.b.channel("messages").value % 2, 1) << "the DTLS server opens odd ids";
}

TEST(Stack, CarriesTextsAndLargeAndEmptyFramesBothWays) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  const auto channel = pair.a.channel("messages");
  for (auto* end : {&pair.a, &pair.b}) {
    end->send(channel, 5, 't');
    end->send(channel, 0);
    end->send(channel, frame, 'F');
  }
  ASSERT_TRUE(pair.until([&] { return pair.a.data.size() == 3 && pair.b.data.size() == 3; }));
  for (auto* end : {&pair.a, &pair.b}) {
    EXPECT_EQ(as_text(end->data[0]), "ttttt");
    EXPECT_TRUE(end->data[1].empty());
    EXPECT_EQ(end->data[2], ByteVector(frame, std::byte{'F'}));
  }
  EXPECT_TRUE(pair.until([&] { return pair.a.saw("AllSent") && pair.b.saw("AllSent"); }));
}

TEST(Stack, OpensSeveralChannelsFromBothSides) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  pair.a.perform(connection::OpenChannel{"files"});
  pair.b.perform(connection::OpenChannel{"other"});
  ASSERT_TRUE(pair.until([&] {
    return pair.a.has("files") && pair.b.has("files") && pair.a.has("other") && pair.b.has("other");
  }));
  EXPECT_EQ(pair.a.channel("files"), pair.b.channel("files"));
  EXPECT_EQ(pair.b.channel("other").value % 2, 0) << "the DTLS client opens even ids";
}

TEST(Stack, MovesFiftyMebibytesWithinTheWindows) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  const std::size_t total = 800 * frame;
  const auto channel = pair.a.channel("messages");
  std::size_t left = total;
  pair.b.keep_data = false;
  pair.a.also = [&](const connection::TransportEvent& event) {
    if (std::holds_alternative<connection::Window>(event)) pump(pair.a, channel, left);
  };
  pump(pair.a, channel, left);
  EXPECT_GT(left, 0u) << "the first window must not take everything";
  const auto all = [&] { return pair.b.received() == total && pair.a.saw("AllSent"); };
  ASSERT_TRUE(pair.until(all, std::chrono::seconds(120)));
  EXPECT_GE(pair.a.count("Window"), 50u);
}

TEST(Stack, APausedReaderStopsTheSenderAndLosesNothing) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  const auto channel = pair.a.channel("messages");
  const std::size_t total = 128 * frame;
  std::size_t left = total;
  std::size_t left_when_all_sent = total;
  pair.a.also = [&](const connection::TransportEvent& event) {
    if (std::holds_alternative<connection::AllSent>(event)) left_when_all_sent = left;
    if (std::holds_alternative<connection::Window>(event)) pump(pair.a, channel, left);
  };
  pair.b.perform(connection::PauseReading{true});
  pump(pair.a, channel, left);
  // Until the windows of both ends are full: nothing new for two seconds is the proof.
  std::size_t before = total + 1;
  while (before != left) {
    before = left;
    pair.until([] { return false; }, std::chrono::seconds(2));
  }
  EXPECT_GE(left, total - 5 * (std::size_t{1} << 20)) << "the sender kept growing";
  EXPECT_EQ(pair.b.received(), 0u);
  // The first window may have found room at the other end, and what was given to it since has not.
  EXPECT_GT(left_when_all_sent, left);
  pair.b.perform(connection::PauseReading{false});
  ASSERT_TRUE(pair.until([&] { return pair.b.received() == total; }));
  EXPECT_TRUE(pair.until([&] { return left_when_all_sent == 0; }));
}

TEST(Stack, AQueueAboveTheHardCapEndsTheTransport) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  pair.b.perform(connection::PauseReading{true});
  const auto channel = pair.a.channel("messages");
  for (int i = 0; i < 300; ++i) pair.a.send(channel, frame);  // 18.75 MiB, heedless of windows
  EXPECT_TRUE(pair.until([&] { return pair.a.saw("TransportClosed"); }));
  EXPECT_EQ(pair.a.stack->live(), 0u);
}

TEST(Stack, HangUpFirstDeliversEverything) {
  for (const bool offerer : {true, false}) {
    Pair pair;
    ASSERT_TRUE(pair.open());
    auto& leaving = offerer ? pair.a : pair.b;
    auto& staying = offerer ? pair.b : pair.a;
    for (int i = 0; i < 12; ++i) leaving.send(leaving.channel("messages"), frame);
    leaving.perform(connection::HangUp{});
    ASSERT_TRUE(
        pair.until([&] { return leaving.saw("TransportClosed") && staying.saw("TransportClosed"); },
                   std::chrono::seconds(4)));
    EXPECT_EQ(staying.received(), 12 * frame);
    EXPECT_EQ(staying.names.back(), "TransportClosed");
    EXPECT_EQ(leaving.names.back(), "TransportClosed");
    EXPECT_EQ(pair.a.stack->live() + pair.b.stack->live(), 0u);
  }
}

TEST(Stack, AReaderThatPausedGetsTheRestBeforeItHearsOfTheEnd) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  pair.b.perform(connection::PauseReading{true});
  for (int i = 0; i < 8; ++i) pair.a.send(pair.a.channel("messages"), frame);
  pair.a.perform(connection::HangUp{});
  ASSERT_TRUE(pair.until([&] { return pair.a.saw("TransportClosed"); }));
  EXPECT_EQ(pair.b.received(), 0u);
  pair.b.perform(connection::PauseReading{false});
  ASSERT_TRUE(pair.until([&] { return pair.b.saw("TransportClosed"); }));
  EXPECT_EQ(pair.b.received(), 8 * frame);
}

TEST(Stack, HangUpGivesUpOnAPeerThatDoesNotRead) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  pair.b.perform(connection::PauseReading{true});
  for (int i = 0; i < 64; ++i) pair.a.send(pair.a.channel("messages"), frame);
  pair.a.perform(connection::HangUp{});
  EXPECT_TRUE(pair.until([&] { return pair.a.saw("TransportClosed"); }, std::chrono::seconds(8)));
  EXPECT_EQ(pair.a.stack->live(), 0u);
}

TEST(Stack, DropIsSilentHereAndToldThere) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  const auto told = pair.a.names.size();
  pair.a.perform(connection::DropTransport{});
  EXPECT_EQ(pair.a.stack->live(), 0u);
  ASSERT_TRUE(pair.until([&] { return pair.b.saw("TransportClosed"); }, std::chrono::seconds(4)));
  EXPECT_EQ(pair.a.names.size(), told);
}

TEST(Stack, CanBeDroppedInEveryPhase) {
  for (std::string_view phase : {"LocalDescription", "LocalCandidate", "GatheringDone", "PathReady",
                                 "DtlsUp", "SctpUp", "ChannelOpen", "Window"}) {
    Pair pair;
    std::size_t told_at_drop = 0;
    pair.b.also = [&](const connection::TransportEvent& event) {
      if (fsm::name_of(event) != phase || told_at_drop != 0) return;
      pair.b.perform(connection::DropTransport{});
      told_at_drop = pair.b.names.size();
    };
    pair.start();
    ASSERT_TRUE(pair.until([&] { return told_at_drop != 0; })) << phase;
    pair.settle();
    EXPECT_EQ(pair.b.stack->live(), 0u) << phase;
    EXPECT_EQ(pair.b.names.size(), told_at_drop) << "an event followed the drop at " << phase;
    pair.a.perform(connection::DropTransport{});
    EXPECT_EQ(pair.a.stack->live(), 0u) << phase;
  }
}

TEST(Stack, IgnoresEffectsForTransportsThatAreGone) {
  Pair pair;
  pair.a.perform(connection::SendOn{ChannelId{1}, {}});
  pair.a.perform(connection::HangUp{});
  pair.a.perform(connection::DropTransport{});
  pair.settle();
  EXPECT_TRUE(pair.a.names.empty());
}

TEST(Stack, ShowsTheCertificateThatIsReallyThereAndStartsNothingByItself) {
  Pair pair;
  pair.a.auto_sctp = pair.b.auto_sctp = false;
  pair.start();
  ASSERT_TRUE(pair.until([&] { return pair.a.saw("DtlsUp") && pair.b.saw("DtlsUp"); }));
  EXPECT_EQ(pair.a.seen_fingerprint, pair.b.own_fingerprint);
  EXPECT_EQ(pair.b.seen_fingerprint, pair.a.own_fingerprint);
  EXPECT_NE(pair.a.own_fingerprint, pair.b.own_fingerprint);
  // b alone would go on: without a's consent no association comes up.
  pair.b.perform(connection::StartSctp{5000, 0});
  pair.until([] { return false; }, std::chrono::seconds(1));
  EXPECT_FALSE(pair.a.saw("SctpUp") || pair.b.saw("SctpUp"));
  // And what b sent meanwhile was kept for the moment when a agrees.
  pair.a.perform(connection::StartSctp{5000, 0});
  EXPECT_TRUE(pair.until([&] { return pair.a.saw("SctpUp") && pair.b.saw("SctpUp"); }));
}

// Were the ClientHello lost, only the client's timer could bring the handshake to its end, every
// time. On a busy machine the timer may also fire for no reason, hence more than one attempt.
TEST(Stack, AClientHelloBeforeStartDtlsIsKept) {
  std::uint64_t repeated = 1;
  for (int attempt = 0; attempt < 5 && repeated != 0; ++attempt) {
    Pair pair;
    pair.a.auto_dtls = false;  // a will be the server
    pair.start();
    ASSERT_TRUE(pair.until([&] { return pair.a.stack->counters().datagrams_early > 0; }));
    pair.a.perform(connection::StartDtls{connection::DtlsRole::server});
    ASSERT_TRUE(pair.until([&] { return pair.a.saw("DtlsUp") && pair.b.saw("DtlsUp"); }));
    repeated = pair.b.stack->counters().dtls_retransmissions;
  }
  EXPECT_EQ(repeated, 0u);
}

TEST(Stack, PathFailsWhenNobodyAnswers) {
  Pair pair;
  pair.a.perform(connection::StartIce{true});
  ASSERT_TRUE(pair.until([&] { return pair.a.saw("GatheringDone"); }));
  pair.a.perform(connection::SetRemoteIce{{"nobody", "nobodynobodynobodynobody"}});
  wire::sdp::Candidate nobody{"1", 2'130'706'431, "127.0.0.1", 9, {}, "", 0};
  pair.a.perform(connection::AddCandidate{nobody});
  pair.a.perform(connection::RemoteCandidatesDone{});
  EXPECT_TRUE(pair.until([&] { return pair.a.saw("PathFailed"); }));
  pair.a.perform(connection::DropTransport{});
}

TEST(Stack, GathersLoopbackWhenAsked) {
  StackConfig config;
  config.loopback = true;
  Pair pair(config);
  bool loopback = false;
  pair.a.also = [&](const connection::TransportEvent& event) {
    if (const auto* local = std::get_if<connection::LocalCandidate>(&event))
      loopback = loopback || local->candidate.address == "127.0.0.1";
  };
  EXPECT_TRUE(pair.open());
  EXPECT_TRUE(loopback);
}

TEST(Stack, DiesWithLiveTransports) {
  Pair pair;
  ASSERT_TRUE(pair.open());
  const auto told = pair.a.names.size();
  pair.a.stack.reset();
  ASSERT_TRUE(pair.until([&] { return pair.b.saw("TransportClosed"); }));
  EXPECT_EQ(pair.a.names.size(), told);
}

TEST(Stack, HundredConnectionsLeaveNothingBehind) {
  Pair warm;
  ASSERT_TRUE(warm.open());  // what libraries make once
  const auto descriptors = test::open_descriptors();
  const auto threads = test::running_threads();
  for (int i = 0; i < 100; ++i) {
    Pair pair;
    ASSERT_TRUE(pair.open()) << i;
    auto& leaving = i % 2 ? pair.a : pair.b;
    if (i % 4 < 2)
      leaving.perform(connection::DropTransport{});
    else
      leaving.perform(connection::HangUp{});
    ASSERT_TRUE(pair.until([&] { return leaving.peer->saw("TransportClosed"); })) << i;
  }
  EXPECT_LE(test::open_descriptors(), descriptors);
  EXPECT_LE(test::running_threads(), threads);
}

}  // namespace
}  // namespace culver::p2p
