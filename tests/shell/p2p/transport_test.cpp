// The transport against a peer that does not behave, or whose datagrams do not.
#include "shell/p2p/transport.hpp"

#include <random>

#include <gtest/gtest.h>

#include "core/base/text.hpp"
#include "core/dcep/channels.hpp"
#include "core/wire/dcep.hpp"
#include "core/wire/limits.hpp"
#include "tests/shell/p2p/raw_peer_support.hpp"

namespace culver::p2p {
namespace {

using test::RawPeer;
namespace dcep = wire::dcep;

/// Waits until the stack has read what was said before, by a text on channel 0.
bool still_works(RawPeer& peer) {
  const auto before = peer.count("ChannelData");
  peer.say(0, dcep::ppid_string, "ping");
  return peer.until([&] { return peer.count("ChannelData") > before; });
}

TEST(Transport, AcknowledgesTheChannelsOfThePeer) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "messages");
  ASSERT_TRUE(peer.until([&] { return !peer.heard.empty(); }));
  EXPECT_EQ(peer.heard[0].stream, 0);
  EXPECT_EQ(peer.heard[0].ppid, dcep::ppid_dcep);
  EXPECT_EQ(peer.heard[0].bytes, dcep::print(dcep::Ack{}));
  EXPECT_TRUE(peer.until([&] { return peer.saw("ChannelOpen"); }));
}

TEST(Transport, TakesBinaryAndEmptyFramesAsBytes) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "files");
  peer.say(0, dcep::ppid_binary, "binary");
  peer.say(0, dcep::ppid_binary_empty, "\x01");
  peer.say(0, dcep::ppid_string_empty, "\x01");
  peer.say(0, 52, "a part of a message, as nobody sends it any more");
  peer.say(0, dcep::ppid_string, "text");
  ASSERT_TRUE(peer.until([&] { return peer.count("ChannelData") == 4; }));
  std::vector<std::string> got;
  std::vector<bool> binary;
  for (const auto& event : peer.events)
    if (const auto* data = std::get_if<connection::ChannelData>(&event)) {
      got.emplace_back(as_text(data->bytes));
      binary.push_back(data->binary);
    }
  EXPECT_EQ(got, (std::vector<std::string>{"binary", "", "", "text"}));
  EXPECT_EQ(binary, (std::vector<bool>{true, true, false, false}));
  EXPECT_EQ(peer.stack->counters().messages_dropped, 1u);
}

TEST(Transport, SendsTextAndBytesAndEmptyOnes) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "messages");
  ASSERT_TRUE(peer.until([&] { return peer.saw("ChannelOpen"); }));
  peer.stack->perform(test::link_id,
                      connection::SendOn{ChannelId{0}, ByteVector(3, std::byte{'x'})});
  peer.stack->perform(test::link_id, connection::SendOn{ChannelId{0}, {}});
  peer.stack->perform(test::link_id, connection::SendOn{ChannelId{0}, ByteVector(3), true});
  peer.stack->perform(test::link_id, connection::SendOn{ChannelId{0}, {}, true});
  ASSERT_TRUE(peer.until([&] { return peer.heard.size() == 5; }));
  EXPECT_EQ(peer.heard[1].ppid, dcep::ppid_string);
  EXPECT_EQ(peer.heard[2].ppid, dcep::ppid_string_empty);
  EXPECT_EQ(peer.heard[2].bytes.size(), 1u);
  EXPECT_EQ(peer.heard[3].ppid, dcep::ppid_binary);
  EXPECT_EQ(peer.heard[4].ppid, dcep::ppid_binary_empty);
  EXPECT_EQ(peer.heard[4].bytes.size(), 1u);
}

TEST(Transport, NoDatagramIsLargerThanTheSmallestMtuCarries) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "files");
  ASSERT_TRUE(peer.until([&] { return peer.saw("ChannelOpen"); }));
  peer.stack->perform(test::link_id,
                      connection::SendOn{ChannelId{0}, ByteVector(200'000, std::byte{'x'})});
  ASSERT_TRUE(peer.until([&] { return peer.heard.size() == 2; }));
  EXPECT_EQ(peer.heard[1].bytes.size(), 200'000u);
  EXPECT_LE(peer.largest_datagram, 1'200u);
  EXPECT_GE(peer.largest_datagram, 1'150u);
}

TEST(Transport, RefusesChannelsThatBreakTheRulesAndKeepsTheOthers) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "messages");
  peer.open_channel(1, "the stack's own parity");
  peer.open_channel(0, "again");
  peer.open_channel(2, std::string(wire::limits::channel_label + 1, 'l'));
  peer.say(4, dcep::ppid_dcep, "garbage");
  peer.say(6, dcep::ppid_dcep, "\x02");  // ACK of nothing
  peer.say(0, dcep::ppid_dcep, std::string("\x03\x00\x00", 3));
  peer.say(8, dcep::ppid_string, "data on no channel");
  ASSERT_TRUE(still_works(peer));
  EXPECT_EQ(peer.count("ChannelOpen"), 1u);
  EXPECT_EQ(peer.count("ChannelData"), 1u);
  EXPECT_EQ(peer.stack->counters().channels_refused, 6u);
  EXPECT_EQ(peer.stack->counters().messages_dropped, 1u);
  EXPECT_FALSE(peer.saw("TransportClosed"));
}

TEST(Transport, AcceptsEveryReliability) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  std::uint16_t stream = 0;
  for (bool ordered : {true, false})
    for (auto reliability : {dcep::Reliability::reliable, dcep::Reliability::limited_retransmits,
                             dcep::Reliability::limited_time}) {
      peer.say(stream, dcep::ppid_dcep,
               dcep::print(dcep::Open{"any", "", reliability, ordered, 5}));
      stream = static_cast<std::uint16_t>(stream + 2);
    }
  EXPECT_TRUE(peer.until([&] { return peer.count("ChannelOpen") == 6; }));
}

TEST(Transport, BoundsTheChannelsOfAPeer) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  for (std::uint16_t i = 0; i < culver::dcep::Channels::limit + 10; ++i)
    peer.open_channel(static_cast<std::uint16_t>(2 * i), "many");
  ASSERT_TRUE(still_works(peer));
  EXPECT_EQ(peer.count("ChannelOpen"), culver::dcep::Channels::limit);
  EXPECT_EQ(peer.stack->counters().channels_refused, 10u);
}

TEST(Transport, TakesDataBeforeItsAcknowledgement) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.stack->perform(test::link_id, connection::OpenChannel{"ours"});
  ASSERT_TRUE(peer.until([&] { return !peer.heard.empty(); }));
  EXPECT_EQ(peer.heard[0].stream, 1) << "the DTLS server has the odd ids";
  peer.say(1, dcep::ppid_string, "early");
  peer.say(1, dcep::ppid_dcep, "\x02");
  ASSERT_TRUE(peer.until([&] { return peer.saw("ChannelData"); }));
  EXPECT_EQ(peer.count("ChannelOpen"), 1u);
  const auto opened = std::find(peer.names.begin(), peer.names.end(), "ChannelOpen");
  EXPECT_LT(opened, std::find(peer.names.begin(), peer.names.end(), "ChannelData"));
}

TEST(Transport, AChannelClosedByThePeerCanBeOpenedAgain) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  for (std::size_t round = 1; round <= 3; ++round) {
    peer.open_channel(0, "messages");
    ASSERT_TRUE(peer.until([&] { return peer.count("ChannelOpen") == round; }));
    peer.reset(0);
    ASSERT_TRUE(peer.until([&] { return peer.count("ChannelClosed") == round; }));
    const auto answered = [&] {
      return std::any_of(peer.resets.begin(), peer.resets.end(),
                         [](const auto& reset) { return reset.incoming; });
    };
    ASSERT_TRUE(peer.until(answered)) << "our direction must be reset too";
    peer.resets.clear();
    // What is sent into a closed channel goes nowhere.
    peer.stack->perform(test::link_id, connection::SendOn{ChannelId{0}, ByteVector(1)});
    EXPECT_EQ(peer.stack->counters().messages_dropped, round);
  }
}

// A browser throws away what its page has not taken when the channel closes: the page is given
// time, and the association stays until the other side has closed the channel too.
TEST(Transport, AGoodbyeLeavesTimeToReadThenClosesTheChannelsAndAwaitsTheAnswer) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "messages");
  ASSERT_TRUE(peer.until([&] { return peer.saw("ChannelOpen"); }));
  peer.stack->perform(test::link_id,
                      connection::SendOn{ChannelId{0}, ByteVector(3, std::byte{'x'})});
  peer.stack->perform(test::link_id, connection::HangUp{});
  ASSERT_TRUE(peer.until([&] { return peer.saw("AllSent"); }));
  const auto sent = std::chrono::steady_clock::now();
  ASSERT_TRUE(peer.until([&] { return !peer.resets.empty(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - sent, std::chrono::milliseconds(1'900));
  EXPECT_TRUE(peer.resets[0].incoming);
  EXPECT_EQ(peer.resets[0].streams, std::vector<std::uint16_t>{0});
  EXPECT_FALSE(peer.saw("TransportClosed"));
  peer.say(0, dcep::ppid_string, "what the peer says before it closes");
  ASSERT_TRUE(peer.until([&] { return peer.saw("ChannelData"); })) << "still arrives";
  peer.reset(0);
  EXPECT_TRUE(peer.until([&] { return peer.saw("TransportClosed"); }));
  EXPECT_EQ(peer.count("ChannelClosed"), 1u);
}

TEST(Transport, AGoodbyeToACulverIsQuick) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "messages");
  ASSERT_TRUE(peer.until([&] { return peer.saw("ChannelOpen"); }));
  peer.stack->perform(test::link_id, connection::AcknowledgeSeldom{});
  peer.stack->perform(test::link_id,
                      connection::SendOn{ChannelId{0}, ByteVector(3, std::byte{'x'})});
  peer.stack->perform(test::link_id, connection::HangUp{});
  EXPECT_TRUE(peer.until([&] { return peer.saw("TransportClosed"); }));
  EXPECT_TRUE(peer.resets.empty()) << "it would take a closed channel for the end of all";
}

TEST(Transport, AGoodbyeDoesNotWaitForAPeerThatDoesNotAnswer) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "messages");
  ASSERT_TRUE(peer.until([&] { return peer.saw("ChannelOpen"); }));
  peer.stack->perform(test::link_id, connection::HangUp{});
  EXPECT_TRUE(peer.until([&] { return peer.saw("TransportClosed"); }, std::chrono::seconds(6)));
}

TEST(Transport, AMessageAboveTheBoundEndsTheAssociation) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "messages");
  peer.say(0, dcep::ppid_string, std::string(wire::limits::channel_frame_in, 'x'));
  ASSERT_TRUE(peer.until([&] { return peer.saw("ChannelData"); }));
  peer.say(0, dcep::ppid_string, std::string(wire::limits::channel_frame_in + 1, 'x'));
  EXPECT_TRUE(peer.until([&] { return peer.saw("TransportClosed"); }));
  EXPECT_EQ(peer.stack->live(), 0u);
}

TEST(Transport, GarbageBehindDtlsChangesNothing) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "messages");
  std::mt19937 random(1);
  for (std::size_t size = 1; size < 300; ++size) {
    ByteVector packet(size);
    for (auto& byte : packet) byte = static_cast<std::byte>(random());
    if (size % 2 == 0 && size >= 4) {  // the right ports, and nonsense after them
      packet[0] = packet[2] = std::byte{0x13};
      packet[1] = packet[3] = std::byte{0x88};
    }
    peer.say_packet(packet);
  }
  EXPECT_TRUE(still_works(peer));
  EXPECT_FALSE(peer.saw("TransportClosed"));
}

TEST(Transport, GarbageAndDamagedDatagramsChangeNothing) {
  RawPeer peer;
  ASSERT_TRUE(peer.connect());
  peer.open_channel(0, "messages");
  ASSERT_TRUE(still_works(peer));
  std::mt19937 random(2);
  for (int i = 0; i < 2'000; ++i) {
    ByteVector datagram(random() % 200);
    for (auto& byte : datagram) byte = static_cast<std::byte>(random());
    peer.say_datagram(datagram);
  }
  const auto recorded = peer.datagrams;
  for (const auto& datagram : recorded) {
    peer.say_datagram(datagram);  // a replay
    for (std::size_t cut : {std::size_t{1}, std::size_t{12}, std::size_t{13}, datagram.size() / 2,
                            datagram.size() - 1})
      peer.say_datagram(Datagram(datagram).first(std::min(cut, datagram.size())));
    auto flipped = datagram;
    flipped[random() % flipped.size()] ^= std::byte{0x40};
    peer.say_datagram(flipped);
  }
  EXPECT_TRUE(still_works(peer));
  EXPECT_FALSE(peer.saw("TransportClosed"));
  EXPECT_EQ(peer.count("ChannelData"), 2u);
  EXPECT_GT(peer.stack->counters().datagrams_not_dtls, 1'000u);
}

TEST(Transport, EarlyDatagramsAreBounded) {
  RawPeer peer;
  peer.stack->perform(test::link_id, connection::StartIce{false});
  const ByteVector record(100, std::byte{22});
  for (int i = 0; i < 1'000; ++i) peer.say_datagram(record);
  EXPECT_LE(peer.stack->counters().datagrams_early, 64u);
  EXPECT_GE(peer.stack->counters().datagrams_overflow, 936u);
}

}  // namespace
}  // namespace culver::p2p
