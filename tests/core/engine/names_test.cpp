#include "core/engine/names.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/base/ids.hpp"
#include "core/crypto/hash.hpp"
#include "core/crypto/keys.hpp"
#include "tests/support/keys.hpp"

namespace culver::engine {
namespace {

using test::key;

std::string digits(int number, std::size_t size) {
  return print_upper_hex(crypto::sha256(key(number).view()).view()).substr(0, size);
}

Known known_as(int number, std::optional<std::string> name) {
  Known known{key(number), {}, {}, false, false};
  if (name) known.name.emplace(std::move(*name));
  return known;
}

const std::vector<Known> book{known_as(1, "Ana"), known_as(2, "ben"), known_as(3, "ANA"),
                              known_as(4, std::nullopt), known_as(5, "Zoë Ελένη")};

void expect_one(std::string_view text, int number) {
  const auto meant = who_is(book, text);
  ASSERT_TRUE(std::holds_alternative<PublicKey>(meant)) << text << " " << meant.index();
  EXPECT_EQ(std::get<PublicKey>(meant), key(number)) << text;
}

void expect_nobody(std::string_view text) {
  EXPECT_TRUE(std::holds_alternative<NobodyMeant>(who_is(book, text))) << text;
}

TEST(Names, MeanThePeerThatHasThem) {
  expect_one("ben", 2);
  expect_one("BEN", 2);
  expect_one("ZOË ελένη", 5);
  expect_one("b\u200ben", 2);
  for (const char* nobody : {"", " ", "be", "benn", "ana2", "@", "ana@", "@1f", "ben@xyz"})
    expect_nobody(nobody);
}

TEST(Names, ThatNobodyHasChosenAreOfOneMachineOnly) {
  const auto one = default_name("laptop", key(1)), other = default_name("laptop", key(2));
  EXPECT_EQ(one, Plaintext("laptop-" + digits(1, 4)));
  EXPECT_FALSE(is_same_name(one.expose(), other.expose()));
  const std::vector<Known> two{known_as(1, one.expose()), known_as(2, other.expose())};
  EXPECT_TRUE(std::holds_alternative<SeveralMeant>(who_is(two, "Laptop")));
  EXPECT_EQ(std::get<PublicKey>(who_is(two, "laptop-" + digits(2, 4))), key(2));
  EXPECT_EQ(handle(two, two[0]), one.expose());
  EXPECT_EQ(std::get<PublicKey>(who_is(std::vector{two[0]}, "laptop")), key(1));
  EXPECT_TRUE(std::holds_alternative<NobodyMeant>(who_is(two, "")));
  const auto long_name = default_name(std::string(200, 'x'), key(1));
  EXPECT_EQ(long_name.expose().size(), 64u);
  EXPECT_TRUE(long_name.expose().ends_with("-" + digits(1, 4)));
}

TEST(Names, OfAHostAloneAreNotThoseOfSomebodyWhoseDigitsTheyAreNot) {
  const std::vector<Known> liar{known_as(1, "laptop-" + digits(2, 4))};
  EXPECT_TRUE(std::holds_alternative<NobodyMeant>(who_is(liar, "laptop")));
}

TEST(Names, AreTheAliasWhereThereIsOne) {
  auto renamed = book;
  renamed[1].alias = Plaintext("Ana's brother");
  const auto meant = who_is(renamed, "ana's brother");
  EXPECT_EQ(std::get<PublicKey>(meant), key(2));
  EXPECT_TRUE(std::holds_alternative<NobodyMeant>(who_is(renamed, "ben")));
  EXPECT_EQ(handle(renamed, renamed[1]), "Ana's brother");
}

TEST(Names, OfSeveralPeersMeanNoneOfThem) {
  const auto meant = who_is(book, "ana");
  ASSERT_TRUE(std::holds_alternative<SeveralMeant>(meant));
  EXPECT_EQ(std::get<SeveralMeant>(meant).candidates, (std::vector{key(1), key(3)}));
}

TEST(Names, AreToldApartByTheBeginningOfTheFingerprint) {
  expect_one("ana@" + digits(1, 4), 1);
  expect_one("Ana@" + digits(3, 64), 3);
  expect_nobody("ana@" + digits(2, 8));
  expect_nobody("ana@" + digits(1, 64) + "0");
}

TEST(Names, MayBeTheBeginningOfTheFingerprintAlone) {
  expect_one(digits(4, 8), 4);
  expect_one(crypto::fingerprint(key(2)), 2);
  expect_one(crypto::fingerprint(key(4)).substr(0, 19), 4);
  expect_nobody(digits(4, 7));
}

TEST(Names, SpelledLikeAFingerprintHideNobody) {
  auto spoofed = book;
  spoofed.push_back(known_as(6, digits(2, 8)));
  spoofed.push_back(known_as(7, "ana@" + digits(1, 4)));
  for (const auto& text : {digits(2, 8), "ana@" + digits(1, 4)})
    EXPECT_TRUE(std::holds_alternative<SeveralMeant>(who_is(spoofed, text))) << text;
  for (const auto& known : spoofed)
    EXPECT_EQ(std::get<PublicKey>(who_is(spoofed, handle(spoofed, known))), known.key);
}

TEST(Names, AreShownAsShortAsTheyAreClear) {
  EXPECT_EQ(handle(book, book[0]), "Ana@" + digits(1, 4));
  EXPECT_EQ(handle(book, book[1]), "ben");
  EXPECT_EQ(handle(book, book[2]), "ANA@" + digits(3, 4));
  EXPECT_EQ(handle(book, book[3]), digits(4, 8));
}

TEST(Names, ThatLookLikeOthersAreShownWithDigitsAndMeanNobodyElse) {
  const std::vector<Known> two{known_as(1, "Ana"), known_as(2, "An\u0430")};
  EXPECT_EQ(handle(two, two[0]), "Ana@" + digits(1, 4));
  EXPECT_EQ(handle(two, two[1]), "An\u0430@" + digits(2, 4));
  EXPECT_EQ(std::get<PublicKey>(who_is(two, "ana")), key(1));
  EXPECT_EQ(std::get<PublicKey>(who_is(two, "an\u0430")), key(2));
  EXPECT_EQ(std::get<PublicKey>(who_is(two, "Ana@" + digits(2, 4))), key(2)) << "as it was read";
  const std::vector<Known> look_alike{two[1]};
  EXPECT_TRUE(std::holds_alternative<NobodyMeant>(who_is(look_alike, "Ana")));
}

TEST(Names, LikeWhatTheProgramsPrintOrTakeAreNoPeersOwn) {
  const auto stays = [](std::string text) {
    return name_of_peer(Plaintext(text), key(1)) == Plaintext(text);
  };
  const auto fingerprint = crypto::fingerprint(key(2));
  const std::vector<std::string> likes{fingerprint.substr(0, 39),
                                       digits(2, 64),
                                       digits(2, 8),
                                       "12 34-56:78",
                                       "Ana@" + digits(2, 4),
                                       "@12",
                                       "\uff21na\uff20\uff11\uff12\uff13\uff14",
                                       "Ana@1\u0430\u0435\u0441",
                                       "1234\u20105678",
                                       "Ana@12-" + digits(1, 4),
                                       "deadbeef-" + digits(2, 4),
                                       "Zoe@E38l",
                                       "Zoe@E381.",
                                       "Ana@0O0O",
                                       "BO1D 8523",
                                       "Ana (verified)",
                                       "Ana (Verlf\u0456ed)",
                                       "vm (this device)",
                                       "Ana (" + fingerprint.substr(0, 19) + ")",
                                       "culver",
                                       "\u0421ulver: note",
                                       "culver\u2236 x",
                                       "culver\ua789",
                                       "culver\u02d0 x",
                                       "culver\u0589 x",
                                       "culver\u05c3 x",
                                       "\u02d0culver: x",
                                       "Ana \u2768verified\u2769",
                                       "Ana \u27eeverified\u27ef",
                                       "Ana [verified]",
                                       "Ana (verified, 1F3A 2B3C)",
                                       "Ana (known, verified) wants to pair? Yes",
                                       "Bob: the new account is 4711",
                                       "Bob:",
                                       "phone\". It is known here already. Let it in? \"",
                                       "Ana. Known and verified. Let in?",
                                       "Ana\u201d",
                                       "\u00abAna\u00bb",
                                       "Bob\uff1a the new account is 4711",
                                       "Bob\ua789\u00a0x",
                                       "Bob:\u3164x",
                                       "Bob\u02f8 x",
                                       "Dr. Culver: x"};
  for (const auto& like : likes) EXPECT_FALSE(stays(like)) << like;
  for (const char* other :
       {"Ana", "1234567", "ana@example.org", "Cecilia Bell", "laptop-1F3A", "Martin", "7K2M9Q",
        "Ana@", "@", "Adelaide", "bob@aol.de", "Ana (work)", "Ana [work, home]", "Cafe (2024)",
        "Culver City", "Team 3:1", "A:B", "O'Brien", "Dr. Who"})
    EXPECT_TRUE(stays(other)) << other;
  EXPECT_TRUE(stays("3f2a9c0b1d4e-" + digits(1, 4))) << "of a host";
  EXPECT_EQ(name_of_peer(std::nullopt, key(1)), std::nullopt);
}

RC_GTEST_PROP(Names, LeadBackToTheirPeer, (const std::vector<bool>& named)) {
  std::vector<Known> many;
  for (std::size_t i = 0; i < named.size(); ++i)
    many.push_back(known_as(static_cast<int>(i), named[i] ? std::optional("Ana") : std::nullopt));
  for (const auto& known : many) {
    const auto meant = who_is(many, handle(many, known));
    RC_ASSERT(std::get<PublicKey>(meant) == known.key);
  }
}

TEST(Names, AreKeptClean) {
  EXPECT_EQ(clean_name("  Ana \t Maria \n"), Plaintext("Ana  Maria"));
  EXPECT_EQ(clean_name("a\x1b[31m\u202eb\xFF"), Plaintext("a[31mb"));
  EXPECT_EQ(clean_name(std::string(70, 'x')), Plaintext(std::string(64, 'x')));
  EXPECT_EQ(clean_name(std::string(63, 'x') + "ß"), Plaintext(std::string(63, 'x')));
  for (const char* nothing : {"", "  ", "\n", "\xFF", "\u202e", "\u200b", " \u200b\u2060 "})
    EXPECT_FALSE(clean_name(nothing));
}

RC_GTEST_PROP(Names, AreCleanOnceAndForAll, (const std::string& text)) {
  const auto clean = clean_name(text);
  if (clean) RC_ASSERT(clean_name(clean->expose()) == clean);
}

TEST(Names, AreTheSameForAReader) {
  EXPECT_TRUE(is_same_name("Ana", "aNA"));
  EXPECT_TRUE(is_same_name("Ana", "A\u00adna\u202e"));
  EXPECT_FALSE(is_same_name("Ana", "Anna"));
  EXPECT_FALSE(is_same_name("", ""));
  EXPECT_FALSE(is_same_name("\u200b", "\u200b"));
}

TEST(Names, AreTheSameInEverySpellingOfUnicode) {
  EXPECT_TRUE(is_same_name("Jos\u00e9", "Jose\u0301"));
  EXPECT_TRUE(is_same_name("\uff21\uff4e\uff41", "ana"));              // of full width
  EXPECT_TRUE(is_same_name("\U0001d400\U0001d427\U0001d41a", "Ana"));  // of mathematics
  EXPECT_TRUE(is_same_name("Strasse", "STRA\u1e9eE"));
  EXPECT_TRUE(is_same_name("\uac00", "\u1100\u1161"));
  EXPECT_FALSE(is_same_name("Jose", "Jos\u00e9"));
  expect_one("ZOE\u0308 \u0395\u03bb\u03b5\u0301\u03bd\u03b7", 5);
}

}  // namespace
}  // namespace culver::engine
