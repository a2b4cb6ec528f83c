#include "core/dcep/channels.hpp"

#include <gtest/gtest.h>

#include "core/base/bytes.hpp"
#include "core/wire/dcep.hpp"
#include "core/wire/limits.hpp"

namespace culver::dcep {
namespace {

const ByteVector open_bytes = wire::dcep::print(wire::dcep::Open{"label", ""});
const ByteVector ack_bytes = wire::dcep::print(wire::dcep::Ack{});
constexpr std::uint16_t many = 1'024;

Channels client(std::uint16_t streams = many) { return Channels({Ids::even, streams, 0}); }

ByteVector bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

/// In words, so that a test reads like what happens.
struct InWords {
  std::string operator()(const SendOnStream& e) const {
    return "send " + std::to_string(e.stream) + " " + std::to_string(e.ppid) + " " +
           std::to_string(e.bytes.size());
  }
  std::string operator()(const ResetStream& e) const { return "reset " + std::to_string(e.stream); }
  std::string operator()(const Opened& e) const {
    return "opened " + std::to_string(e.channel.value) + " " + e.label;
  }
  std::string operator()(const Data& e) const {
    return (e.binary ? "bytes " : "text ") + std::to_string(e.channel.value) + " " +
           std::string(as_text(e.bytes));
  }
  std::string operator()(const Closed& e) const {
    return "closed " + std::to_string(e.channel.value);
  }
  std::string operator()(const Dropped& e) const {
    return e.what == Dropped::What::control ? "dropped control" : "dropped data";
  }
  std::string operator()(const TooLarge&) const { return "too large"; }
};

using Words = std::vector<std::string>;
Words words(const Effects& effects) {
  Words out;
  for (const auto& effect : effects) out.push_back(std::visit(InWords{}, effect));
  return out;
}

Words words(const std::vector<ResetStream>& resets) {
  Words out;
  for (const auto& reset : resets) out.push_back(InWords{}(reset));
  return out;
}

Words control(Channels& channels, std::uint16_t stream, ByteVector bytes) {
  return words(channels.take(stream, wire::dcep::ppid_dcep, std::move(bytes)));
}
Words text(Channels& channels, std::uint16_t stream) {
  return words(channels.take(stream, wire::dcep::ppid_string, bytes_of("x")));
}

const Words nothing;
const Words dropped_control{"dropped control"};
const Words dropped_data{"dropped data"};

TEST(Channels, IdsFollowTheDtlsRole) {
  auto even = client();
  Channels odd({Ids::odd, many, 0});
  EXPECT_EQ(words(even.open("a")), Words{"send 0 50 13"});
  EXPECT_EQ(words(even.open("b")), Words{"send 2 50 13"});
  EXPECT_EQ(words(odd.open("a")), Words{"send 1 50 13"});
  EXPECT_EQ(words(odd.open("b")), Words{"send 3 50 13"});
}

TEST(Channels, TakeDataOnlyOnceOpen) {
  auto channels = client();
  channels.open("a");
  EXPECT_EQ(words(channels.send(ChannelId{0}, bytes_of("early"), false)), dropped_data);
  EXPECT_EQ(control(channels, 0, ack_bytes), Words{"opened 0 a"});
  EXPECT_EQ(words(channels.send(ChannelId{0}, bytes_of("now"), false)), Words{"send 0 51 3"});
  EXPECT_EQ(control(channels, 0, ack_bytes), nothing) << "twice changes nothing";
}

TEST(Channels, ThePayloadIdentifierSaysWhatAMessageIs) {
  auto channels = client();
  EXPECT_EQ(control(channels, 1, open_bytes), (Words{"send 1 50 1", "opened 1 label"}));
  const auto take = [&](std::uint32_t ppid) {
    return words(channels.take(1, ppid, bytes_of("x")));
  };
  EXPECT_EQ(take(wire::dcep::ppid_string), Words{"text 1 x"});
  EXPECT_EQ(take(wire::dcep::ppid_binary), Words{"bytes 1 x"});
  EXPECT_EQ(take(wire::dcep::ppid_string_empty), Words{"text 1 "});
  EXPECT_EQ(take(wire::dcep::ppid_binary_empty), Words{"bytes 1 "});
  EXPECT_EQ(take(52), dropped_data) << "a part of a message: nobody sends it any more";
  const auto send = [&](bool binary, std::string_view said) {
    return words(channels.send(ChannelId{1}, bytes_of(said), binary));
  };
  EXPECT_EQ(send(false, "x"), Words{"send 1 51 1"});
  EXPECT_EQ(send(true, "x"), Words{"send 1 53 1"});
  EXPECT_EQ(send(false, ""), Words{"send 1 56 1"});
  EXPECT_EQ(send(true, ""), Words{"send 1 57 1"});
}

TEST(Channels, DataBeforeItsAcknowledgementCountsAsOne) {
  auto channels = client();
  channels.open("a");
  EXPECT_EQ(text(channels, 0), (Words{"opened 0 a", "text 0 x"}));
  EXPECT_EQ(control(channels, 0, ack_bytes), nothing);
}

TEST(Channels, AnIdIsFreeOnlyAfterBothDirectionsAreReset) {
  auto channels = client();
  channels.open("a");
  control(channels, 0, ack_bytes);
  EXPECT_EQ(words(channels.on_incoming_reset({0})), (Words{"reset 0", "closed 0"}));
  EXPECT_EQ(words(channels.send(ChannelId{0}, bytes_of("x"), false)), dropped_data);
  EXPECT_EQ(text(channels, 0), dropped_data);
  EXPECT_EQ(words(channels.on_incoming_reset({0})), nothing) << "answered already";
  EXPECT_EQ(words(channels.open("b")), Words{"send 2 50 13"});
  channels.on_outgoing_reset({0});
  EXPECT_EQ(words(channels.open("c")), Words{"send 0 50 13"});
}

TEST(Channels, AnIdOfThePeerLikewise) {
  auto channels = client();
  control(channels, 1, open_bytes);
  channels.on_incoming_reset({1});
  EXPECT_EQ(control(channels, 1, open_bytes), dropped_control);
  channels.on_outgoing_reset({1});
  EXPECT_EQ(control(channels, 1, open_bytes), (Words{"send 1 50 1", "opened 1 label"}));
}

TEST(Channels, AResetThatNamesNoStreamIsOfAll) {
  auto channels = client();
  channels.open("a");
  control(channels, 0, ack_bytes);
  control(channels, 1, open_bytes);
  EXPECT_EQ(words(channels.on_incoming_reset({})),
            (Words{"reset 0", "closed 0", "reset 1", "closed 1"}));
  channels.on_outgoing_reset({});
  EXPECT_TRUE(channels.empty());
}

TEST(Channels, RefuseWrongParityDuplicatesAndStreamsThatAreNotThere) {
  auto channels = client(8);
  EXPECT_EQ(control(channels, 0, open_bytes), dropped_control);
  EXPECT_EQ(control(channels, 1, open_bytes), (Words{"send 1 50 1", "opened 1 label"}));
  EXPECT_EQ(control(channels, 1, open_bytes), dropped_control);
  EXPECT_EQ(control(channels, 1, ack_bytes), dropped_control);
  EXPECT_EQ(control(channels, 2, ack_bytes), dropped_control) << "of nothing";
  EXPECT_EQ(control(channels, 9, open_bytes), dropped_control);
  EXPECT_EQ(control(channels, 3, bytes_of("garbage")), dropped_control);
  EXPECT_EQ(text(channels, 5), dropped_data);
  EXPECT_EQ(words(channels.on_incoming_reset({7})), nothing);
}

TEST(Channels, AreBoundedByTheStreams) {
  auto channels = client(4);
  EXPECT_FALSE(channels.open("a").empty());
  EXPECT_FALSE(channels.open("b").empty());
  EXPECT_TRUE(channels.open("c").empty());
}

TEST(Channels, AreBoundedWhoeverOpensThem) {
  auto channels = client();
  for (std::size_t i = 0; i < Channels::limit; ++i)
    EXPECT_NE(control(channels, static_cast<std::uint16_t>(2 * i + 1), open_bytes),
              dropped_control);
  EXPECT_EQ(control(channels, 2 * Channels::limit + 1, open_bytes), dropped_control);
  EXPECT_TRUE(channels.open("a").empty());
}

TEST(Channels, NothingIsSentThatThePeerDoesNotTake) {
  Channels channels({Ids::even, many, 3});
  control(channels, 1, open_bytes);
  EXPECT_EQ(words(channels.send(ChannelId{1}, ByteVector(3), true)), Words{"send 1 53 3"});
  EXPECT_EQ(words(channels.send(ChannelId{1}, ByteVector(4), true)), Words{"too large"});
}

TEST(Channels, WhatWeCloseTakesDataUntilThePeerHasAnswered) {
  auto channels = client();
  control(channels, 1, open_bytes);
  control(channels, 3, open_bytes);
  EXPECT_EQ(words(channels.on_incoming_reset({3})), (Words{"reset 3", "closed 3"}));
  EXPECT_EQ(words(channels.close_all()), Words{"reset 1"}) << "the other is closing already";
  EXPECT_EQ(words(channels.close_all()), nothing);
  EXPECT_EQ(words(channels.send(ChannelId{1}, bytes_of("x"), false)), dropped_data);
  EXPECT_EQ(text(channels, 1), Words{"text 1 x"});
  channels.on_outgoing_reset({1});
  EXPECT_EQ(words(channels.on_incoming_reset({1})), Words{"closed 1"});
  channels.on_outgoing_reset({3});
  EXPECT_TRUE(channels.empty());
}

// Whoever was not told that a channel is open is told neither its data nor its end.
TEST(Channels, WhatWeCloseBeforeItIsOpenStaysUntold) {
  auto channels = client();
  channels.open("a");
  EXPECT_EQ(words(channels.close_all()), Words{"reset 0"});
  EXPECT_EQ(control(channels, 0, ack_bytes), nothing);
  EXPECT_EQ(text(channels, 0), dropped_data);
  EXPECT_EQ(words(channels.on_incoming_reset({0})), nothing);
  EXPECT_TRUE(channels.empty());
}

}  // namespace
}  // namespace culver::dcep
