#include "shell/p2p/dcep.hpp"

#include <gtest/gtest.h>

#include "core/wire/dcep.hpp"

namespace culver::p2p {
namespace {

namespace dcep = wire::dcep;
const ByteVector open_bytes = dcep::print(dcep::Open{"label", ""});
const ByteVector ack_bytes = dcep::print(dcep::Ack{});

template <class Outcome>
bool is(const Channels::Outcome& outcome) {
  return std::holds_alternative<Outcome>(outcome);
}

TEST(Channels, IdsFollowTheDtlsRole) {
  Channels client(link::DtlsRole::client, 1'024), server(link::DtlsRole::server, 1'024);
  EXPECT_EQ(client.open("a"), ChannelId{0});
  EXPECT_EQ(client.open("b"), ChannelId{2});
  EXPECT_EQ(server.open("a"), ChannelId{1});
  EXPECT_EQ(server.open("b"), ChannelId{3});
}

TEST(Channels, TakeDataOnlyOnceOpen) {
  Channels channels(link::DtlsRole::client, 1'024);
  const auto id = *channels.open("a");
  EXPECT_FALSE(channels.takes_data(id));
  EXPECT_TRUE(is<Channels::OpenedByUs>(channels.on_control(id.value, ack_bytes)));
  EXPECT_TRUE(channels.takes_data(id));
  EXPECT_TRUE(is<Channels::Nothing>(channels.on_control(id.value, ack_bytes)));
}

TEST(Channels, AnIdIsFreeOnlyAfterBothDirectionsAreReset) {
  Channels channels(link::DtlsRole::client, 1'024);
  const auto id = *channels.open("a");
  channels.on_control(id.value, ack_bytes);
  const auto reset = channels.on_incoming_reset(id.value);
  EXPECT_TRUE(reset.answer && reset.closed);
  EXPECT_FALSE(channels.takes_data(id));
  EXPECT_TRUE(is<Channels::Refused>(channels.on_data(id.value)));
  EXPECT_FALSE(channels.on_incoming_reset(id.value).answer) << "answered already";
  EXPECT_NE(channels.open("b"), id);
  channels.on_outgoing_reset(id.value);
  EXPECT_EQ(channels.open("c"), id);
}

TEST(Channels, AnIdOfThePeerLikewise) {
  Channels channels(link::DtlsRole::client, 1'024);
  EXPECT_TRUE(is<Channels::OpenedByPeer>(channels.on_control(1, open_bytes)));
  channels.on_incoming_reset(1);
  EXPECT_TRUE(is<Channels::Refused>(channels.on_control(1, open_bytes)));
  channels.on_outgoing_reset(1);
  EXPECT_TRUE(is<Channels::OpenedByPeer>(channels.on_control(1, open_bytes)));
}

TEST(Channels, RefuseWrongParityDuplicatesAndStreamsThatAreNotThere) {
  Channels channels(link::DtlsRole::client, 8);
  EXPECT_TRUE(is<Channels::Refused>(channels.on_control(0, open_bytes)));
  EXPECT_TRUE(is<Channels::OpenedByPeer>(channels.on_control(1, open_bytes)));
  EXPECT_TRUE(is<Channels::Refused>(channels.on_control(1, open_bytes)));
  EXPECT_TRUE(is<Channels::Refused>(channels.on_control(1, ack_bytes)));
  EXPECT_TRUE(is<Channels::Refused>(channels.on_control(9, open_bytes)));
  EXPECT_TRUE(is<Channels::Refused>(channels.on_control(3, as_bytes("garbage"))));
  EXPECT_TRUE(is<Channels::Refused>(channels.on_data(5)));
}

TEST(Channels, AreBoundedByTheStreams) {
  Channels channels(link::DtlsRole::client, 4);
  EXPECT_TRUE(channels.open("a"));
  EXPECT_TRUE(channels.open("b"));
  EXPECT_FALSE(channels.open("c"));
}

}  // namespace
}  // namespace culver::p2p
