#include "core/wire/websocket.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace culver::wire::websocket {
namespace {

constexpr std::size_t longest = 70'000;
constexpr int fin = 0x80;

/// As a client sends it. `first`: FIN, reserved bits and opcode.
std::string frame(int first, std::string_view payload, std::string_view key = "\x12\xab\x03\xff") {
  auto made = print_header(static_cast<Opcode>(0), payload.size());
  made[0] = static_cast<char>(first);
  made[1] = static_cast<char>(made[1] | 0x80);
  made += key;
  for (std::size_t i = 0; i < payload.size(); ++i)
    made += static_cast<char>(payload[i] ^ key[i % key.size()]);
  return made;
}

struct Told {
  std::string operator()(const Message& is) const { return "message " + is.bytes; }
  std::string operator()(const TooLong&) const { return "too long"; }
  std::string operator()(const PingFrame& is) const { return "ping " + is.payload; }
  std::string operator()(const PongFrame&) const { return "pong"; }
  std::string operator()(const CloseFrame& is) const { return "close " + std::to_string(is.code); }
  std::string operator()(const Broken& is) const { return "broken " + std::to_string(is.code); }
};

using Story = std::vector<std::string>;

/// Everything that comes of the bytes, given `piece` at a time.
Story read(std::string_view bytes, std::size_t piece = std::string_view::npos) {
  Reader reader(longest);
  Story story;
  while (!bytes.empty()) {
    auto input = bytes.substr(0, piece);
    bytes.remove_prefix(input.size());
    while (auto incoming = reader.next(input)) {
      story.push_back(std::visit(Told{}, *incoming));
      if (std::holds_alternative<Broken>(*incoming)) return story;
    }
    EXPECT_TRUE(input.empty());
  }
  return story;
}

TEST(WebSocket, TakesMessagesOfEveryLengthForm) {
  for (const std::size_t size : {0u, 1u, 7u, 8u, 9u, 125u, 126u, 127u, 65'535u, 65'536u, 70'000u}) {
    const std::string payload(size, 'x');
    EXPECT_EQ(read(frame(fin | 1, payload)), Story{"message " + payload}) << size;
    EXPECT_EQ(read(frame(fin | 2, payload)), Story{"message " + payload}) << size;
  }
}

TEST(WebSocket, TakesFragmentsWithControlFramesBetween) {
  EXPECT_EQ(read(frame(1, "one ") + frame(fin | 9, "p") + frame(0, "two ") + frame(fin | 10, "") +
                 frame(fin | 0, "three") + frame(fin | 2, "next")),
            (Story{"ping p", "pong", "message one two three", "message next"}));
  // A character may be cut by a fragment, but not by the end.
  EXPECT_EQ(read(frame(1, "\xc3") + frame(fin | 0, "\xa4")), Story{"message \xc3\xa4"});
  EXPECT_EQ(read(frame(1, "\xc3") + frame(fin | 0, "x")), Story{"broken 1007"});
}

TEST(WebSocket, TextIsUtf8AndBinaryIsAnything) {
  EXPECT_EQ(read(frame(fin | 1, "\xff")), Story{"broken 1007"});
  EXPECT_EQ(read(frame(fin | 2, "\xff")), Story{"message \xff"});
}

TEST(WebSocket, TellsOnceThatAMessageIsTooLongAndThrowsItAway) {
  const std::string half(longest / 2 + 1, 'x');
  EXPECT_EQ(read(frame(1, half) + frame(0, half) + frame(fin | 0, half) + frame(fin | 1, "later") +
                 frame(fin | 8, "\x03\xe8")),
            (Story{"too long", "close 1000"}));
  // Known from the header alone; nothing was held for it.
  Reader reader(longest);
  const auto huge = frame(fin | 2, std::string(longest + 1, 'x'));
  std::string_view head = std::string_view(huge).substr(0, 14);
  const auto incoming = reader.next(head);
  ASSERT_TRUE(incoming);
  EXPECT_TRUE(std::holds_alternative<TooLong>(*incoming));
  EXPECT_EQ(reader.held(), 0u);
}

TEST(WebSocket, TakesCloseFramesOfTheRfc) {
  EXPECT_EQ(read(frame(fin | 8, "")), Story{"close 1005"});
  EXPECT_EQ(read(frame(fin | 8, "\x03\xe8 bye")), Story{"close 1000"});
  EXPECT_EQ(read(frame(fin | 8, "\x0f\xa1")), Story{"close 4001"});
  for (const std::string_view bad :
       {"\x03", "\x03\xec", "\x03\xed", "\x03\xee", "\x03\xe7", "\x07\xd0"})
    EXPECT_EQ(read(frame(fin | 8, bad)), Story{"broken 1002"}) << bad;
  EXPECT_EQ(read(frame(fin | 8, "\x03\xe8\xff")), Story{"broken 1007"});
}

TEST(WebSocket, BreaksOffAtWhatTheRfcForbids) {
  const std::string long_control(126, 'x');
  const std::string unmasked = print_header(Opcode::text, 2) + "hi";
  const std::string not_shortest(
      "\x82\xfe\x00\x05"
      "mask"
      "hello",
      13);
  const std::string negative(
      "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x01"
      "mask"
      "x",
      15);
  for (const auto& bad : {frame(fin | 0x40 | 1, "x"), frame(fin | 0x10 | 1, "x"),
                          frame(fin | 3, "x"), frame(fin | 11, ""), frame(9, "fragmented"),
                          frame(fin | 9, long_control), frame(fin | 0, "nothing to continue"),
                          frame(1, "a") + frame(fin | 1, "b"), unmasked, not_shortest, negative}) {
    const auto story = read(bad);
    ASSERT_FALSE(story.empty());
    EXPECT_EQ(story.back(), "broken 1002");
  }
}

RC_GTEST_PROP(WebSocket, PiecesMakeNoDifference, ()) {
  const auto payloads = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127)));
  const auto key = *rc::gen::container<std::string>(4, rc::gen::arbitrary<char>());
  const auto piece = *rc::gen::inRange<std::size_t>(1, 40);
  std::string bytes;
  for (std::size_t i = 0; i < payloads.size(); ++i)
    bytes += frame(payloads[i].size() < 126 && i % 3 == 2 ? fin | 9 : fin | 1, payloads[i], key);
  RC_ASSERT(read(bytes, piece) == read(bytes));
}

TEST(WebSocket, HoldsNothingBetweenMessages) {
  Reader reader(longest);
  const auto bytes = frame(fin | 2, std::string(1'000, 'x'));
  std::string_view head = std::string_view(bytes).substr(0, 500);
  EXPECT_FALSE(reader.next(head));
  EXPECT_GT(reader.held(), 400u);
  std::string_view rest = std::string_view(bytes).substr(500);
  EXPECT_TRUE(reader.next(rest));
  EXPECT_EQ(reader.held(), 0u);
}

TEST(WebSocket, PrintsHeadsAndClosings) {
  EXPECT_EQ(print_header(Opcode::text, 5), "\x81\x05");
  EXPECT_EQ(print_header(Opcode::binary, 126), std::string("\x82\x7e\x00\x7e", 4));
  EXPECT_EQ(print_header(Opcode::ping, 0), std::string("\x89\x00", 2));
  EXPECT_EQ(print_header(Opcode::binary, 65'536),
            std::string("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
  EXPECT_EQ(print_close(1000, "bye"),
            "\x88\x05\x03\xe8"
            "bye");
  EXPECT_EQ(print_close(1000, std::string(200, 'x')).size(), 2 + control_payload);
}

}  // namespace
}  // namespace culver::wire::websocket
