#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/wire/base64.hpp"
#include "core/wire/limits.hpp"
#include "core/wire/peer.hpp"
#include "tests/core/wire/generators_support.hpp"

namespace culver::wire::peer {
namespace {

const std::string digits = "00112233445566778899aabbccddeeff";

LetterName name(std::uint64_t number) {
  SeriesId series;
  for (std::size_t i = 0; i < SeriesId::size; ++i) series.data[i] = static_cast<std::byte>(i * 17);
  return {series, number};
}

std::string marked(const std::string& json) { return letter_mark + json; }

TEST(LetterFrames, ArePrintedAsThePageSays) {
  EXPECT_EQ(print(Letter{name(3), 1, 1'764'000'000'000, Plaintext("hello")}),
            marked(R"({"type":"letter","series":")" + digits +
                   R"(","number":3,"place":1,"written":1764000000000,"text":"aGVsbG8="})"));
  EXPECT_EQ(print(LettersHad{name(3)}),
            marked(R"({"type":"letters_had","series":")" + digits + R"(","number":3})"));
}

RC_GTEST_PROP(LetterFrames, ArriveAsTheyWereSaid, ()) {
  const auto number = *rc::gen::inRange<std::uint64_t>(1, limits::letter_number + 1);
  const Letter letter{name(number), *rc::gen::inRange<std::uint64_t>(1, limits::letter_number + 1),
                      *rc::gen::inRange<WallTime>(0, 1'000'000'000'000'000),
                      Plaintext(*culver::testing::utf8_text(300, {"\"", "\\", "typ:"}))};
  RC_ASSERT(std::get<Letter>(*parse_letter_frame(print(letter))) == letter);
  const LettersHad had{letter.name};
  RC_ASSERT(std::get<LettersHad>(*parse_letter_frame(print(had))) == had);
  const Refused refused{*rc::gen::element(Refusal::store, Refusal::unwanted, Refusal::replaced)};
  RC_ASSERT(std::get<Refused>(*parse_letter_frame(print(refused))) == refused);
}

TEST(LetterFrames, HaveRoomForTheLargestText) {
  const Letter letter{name(limits::letter_number), limits::letter_number,
                      static_cast<WallTime>(limits::letter_number),
                      Plaintext(std::string(limits::text, '\x01'))};
  const auto frame = print(letter);
  EXPECT_LE(frame.size(), limits::letter_frame);
  EXPECT_EQ(std::get<Letter>(*parse_letter_frame(frame)), letter);
  EXPECT_LE(base64::encoded_size(limits::letter_frame + 28), limits::channel_frame_in);
}

TEST(LetterFrames, AreNeverTexts) {
  EXPECT_TRUE(is_letter_frame(print(LettersHad{name(1)})));
  const auto newer =
      parse_letter_frame(marked(R"({"type":"refused","reason":"of a later version"})"));
  EXPECT_EQ(std::get<Refused>(*newer), Refused{Refusal::unwanted});
  EXPECT_FALSE(parse_letter_frame(marked(R"({"type":"refused"})")));
  EXPECT_FALSE(parse_content(print(LettersHad{name(1)})));
  EXPECT_FALSE(is_letter_frame("typ:"));
  EXPECT_FALSE(is_letter_frame(""));
}

TEST(LetterFrames, AreRefusedIfBroken) {
  const auto fault_of = [](const std::string& json) {
    return parse_letter_frame(marked(json)).error();
  };
  const auto had = [](const std::string& rest) { return R"({"type":"letters_had",)" + rest + "}"; };
  const auto letter = [](const std::string& rest) {
    return R"({"type":"letter","series":")" + digits + R"(","number":1,)" + rest + "}";
  };
  EXPECT_EQ(parse_letter_frame(R"({"type":"letter"})").error(), Fault::malformed) << "no mark";
  EXPECT_EQ(fault_of("hello"), Fault::malformed);
  EXPECT_EQ(fault_of("{}"), Fault::missing_field);
  EXPECT_EQ(fault_of(had(R"("number":1)")), Fault::missing_field);
  EXPECT_EQ(fault_of(had(R"("series":")" + digits + "\"")), Fault::missing_field);
  for (const auto* number : {"0", "-1", "1.5", "9007199254740992", "\"1\"", "null"})
    EXPECT_TRUE(
        fault_of(had(R"("series":")" + digits + R"(","number":)" + number)) == Fault::wrong_type ||
        fault_of(had(R"("series":")" + digits + R"(","number":)" + number)) == Fault::missing_field)
        << number;
  EXPECT_EQ(fault_of(had(R"("series":"0011","number":1)")), Fault::wrong_type);
  EXPECT_EQ(fault_of(letter(R"("place":1,"written":1,"text":"*")")), Fault::wrong_type);
  EXPECT_EQ(fault_of(letter(R"("place":1,"written":1,"text":"/w==")")), Fault::wrong_type)
      << "no UTF-8";
  EXPECT_EQ(fault_of(letter(R"("place":0,"written":1,"text":"")")), Fault::wrong_type);
  EXPECT_EQ(fault_of(letter(R"("place":1,"written":-1,"text":"")")), Fault::wrong_type);
  EXPECT_EQ(fault_of(letter(R"("place":1,"written":1)")), Fault::missing_field);
  EXPECT_EQ(fault_of(letter(R"("place":1,"written":1,"text":")" +
                            base64::encode(as_bytes(std::string(limits::text + 1, 'a'))) + "\"")),
            Fault::wrong_type);
  EXPECT_EQ(fault_of(std::string(limits::letter_frame, ' ')), Fault::too_large);
}

TEST(LetterFrames, OfATypeThatWeDoNotKnowAreIgnored) {
  const auto frame = parse_letter_frame(marked(R"({"type":"news","number":7})"));
  ASSERT_TRUE(frame);
  EXPECT_TRUE(std::holds_alternative<LetterIgnored>(*frame));
}

TEST(Capabilities, SayWhichLettersAreSpoken) {
  Capabilities said{2, 262'144, {}, 1};
  EXPECT_EQ(*parse_capabilities(print(said)), said);
  EXPECT_NE(print(said).find(R"(,"letters":1})"), std::string::npos);
  auto broken = print(said);
  broken.replace(broken.find(R"("letters":1)"), 11, R"("letters":"x")");
  EXPECT_EQ(parse_capabilities(broken).error(), Fault::wrong_type);
}

}  // namespace
}  // namespace culver::wire::peer
