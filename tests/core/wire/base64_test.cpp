#include "core/wire/base64.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace culver::wire::base64 {
namespace {

std::string decoded(std::string_view text) {
  const auto bytes = decode(text);
  return bytes ? std::string(as_text(*bytes)) : "refused";
}

// RFC 4648 section 10.
TEST(Base64, AnswersAsRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(encode(as_bytes(plain)), encoded);
    EXPECT_EQ(decoded(encoded), plain);
  }
}

TEST(Base64, RefusesWhatIsNotCanonical) {
  for (const std::string_view bad :
       {"Z",      "Zg",   "Zg=",  "Zg===",    "=",       "==",   "====",
        "A===",   "Zh==", "Zm9=", "Zm8=Zm8=", "Zm8=\n",  " Zm8", "Zm 8",
        "Zm9v\n", "Zm9-", "Zm9_", "Zm9\x80",  "Zm9\xff", "Z=9v", "=Zm9"})
    EXPECT_FALSE(decode(bad) || decoded_size(bad)) << bad;
  EXPECT_FALSE(decode(std::string_view("Zm\0v", 4)));
}

TEST(Base64, TakesMissingPaddingWhereToldTo) {
  EXPECT_EQ(as_text(*decode_unpadded_too("Zm8")), "fo");
  EXPECT_EQ(as_text(*decode_unpadded_too("Zg")), "f");
  EXPECT_EQ(as_text(*decode_unpadded_too("Zg==")), "f");
  EXPECT_FALSE(decode_unpadded_too("Z"));
  EXPECT_FALSE(decode_unpadded_too("Zh"));
  EXPECT_FALSE(decode_unpadded_too("Zm9="));
}

RC_GTEST_PROP(Base64, GoesThereAndBack, (const std::vector<std::uint8_t>& raw)) {
  const ByteView bytes = std::as_bytes(std::span(raw));
  const std::string text = encode(bytes);
  RC_ASSERT(text.size() == encoded_size(bytes.size()));
  const auto back = decode(text);
  RC_ASSERT(back.has_value());
  RC_ASSERT(decoded_size(text) == bytes.size());
  RC_ASSERT(std::equal(back->begin(), back->end(), bytes.begin(), bytes.end()));
  std::string appended = "x";
  encode_to(bytes, appended);
  RC_ASSERT(appended == "x" + text);
}

RC_GTEST_PROP(Base64, HasOneTextPerValue, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("AQgwZ+/=9")));
  const auto bytes = decode(text);
  if (bytes) RC_ASSERT(encode(*bytes) == text);
  const auto size = decoded_size(text);
  RC_ASSERT(size == (bytes ? std::optional(bytes->size()) : std::nullopt));
}

TEST(Base64, ReadsPublicKeys) {
  const std::string text = "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw=";
  const auto key = parse_public_key(text);
  ASSERT_TRUE(key);
  EXPECT_EQ(print(*key), text);
  EXPECT_EQ(parse_public_key(text.substr(0, 43)), key);
  for (const std::string_view bad : {"", "AAAA", "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9_AsrhtHHw=",
                                     "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHx=",
                                     "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHwA"})
    EXPECT_EQ(parse_public_key(bad).error(), Fault::bad_public_key) << bad;
}

}  // namespace
}  // namespace culver::wire::base64
