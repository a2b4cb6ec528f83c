// Whom a name belongs to, whoever claims it.
#include "core/engine/peer_directory.hpp"

#include <gtest/gtest.h>

#include "tests/support/keys.hpp"

namespace culver::engine {
namespace {

using test::key;

Known called(int of, const char* name) {
  return {.key = key(of), .name = Plaintext(name), .alias = {}};
}

/// The fault, or none for welcome.
std::optional<Fault> judged(const PeerDirectory& book, int of, const char* name) {
  const auto verdict = book.judge(key(of), Plaintext(name));
  const auto* why = std::get_if<Unwelcome>(&verdict);
  return why ? std::optional(why->fault) : std::nullopt;
}

TEST(PeerDirectory, ANameBelongsToTheKeyThatHadItFirstWhoeverClaimsIt) {
  for (const auto trust : {Trust::on_first_use, Trust::never}) {
    const PeerDirectory book({called(1, "ana"), called(2, "eve")}, trust);
    EXPECT_EQ(judged(book, 1, "ana"), std::nullopt);
    EXPECT_EQ(judged(book, 2, "eve"), std::nullopt);
    EXPECT_EQ(judged(book, 2, "Ana"), Fault::name_of_another) << "a known key is no exception";
    EXPECT_EQ(judged(book, 3, "ana"), Fault::peer_key_changed);
    for (const char* alike : {"ana\u00a0", "\u3000ana", "ana\u2003", "an\U0001d159a", "ana\u2800"})
      EXPECT_EQ(judged(book, 3, alike), Fault::peer_key_changed) << alike;
    EXPECT_EQ(judged(book, 2, "eva"), std::nullopt);
  }
  const PeerDirectory open({called(1, "ana"), called(2, "eve")}, Trust::always);
  EXPECT_EQ(judged(open, 2, "ana"), std::nullopt);
  EXPECT_EQ(open.name_to_keep(key(2), Plaintext("ana")), std::nullopt) << "but not as ana";
  const auto verdict = open.judge(key(2), Plaintext("ana"));
  EXPECT_EQ(std::get<Welcome>(verdict).instead_of, std::nullopt) << "nor in her place";
}

TEST(PeerDirectory, ANameBelongsToItsKeyInEverySpellingAndLook) {
  const PeerDirectory book({called(1, "Ana"), called(2, "Jos\u00e9"), called(4, "Iris-10")},
                           Trust::on_first_use);
  for (const char* alike :
       {"\u0410na", "An\u0430", "\uff21na", "\u0391na", "A\u0578a", "JOSE\u0301", "J\u043es\u00e9",
        "lris-1O", "|r\u0131s\u2010\u0406\u0555"})
    EXPECT_EQ(judged(book, 3, alike), Fault::peer_key_changed) << alike;
  for (const char* other : {"Anna", "Jose", "Irma-10", "\u05d0\u05e0\u05d4"})
    EXPECT_EQ(judged(book, 3, other), std::nullopt) << other;
}

/// Whoever was let in before the two names counted as one.
TEST(PeerDirectory, WhoIsKnownBesideALookAlikeStaysAndKeepsItsName) {
  PeerDirectory book({called(1, "Ana"), called(2, "An\u0430")}, Trust::on_first_use);
  for (const int of : {1, 2}) {
    const char* name = of == 1 ? "Ana" : "An\u0430";
    EXPECT_EQ(judged(book, of, name), std::nullopt);
    book.connected(key(of), book.name_to_keep(key(of), Plaintext(name)), true, {});
    EXPECT_EQ(book.find(key(of))->called(), Plaintext(name));
  }
  EXPECT_EQ(judged(book, 2, "Ana"), Fault::name_of_another) << "but takes no other's spelling";
  EXPECT_EQ(book.name_to_keep(key(2), Plaintext("Ana")), std::nullopt);
}

TEST(PeerDirectory, ANameThatWasGivenUpIsNobodyElses) {
  PeerDirectory book({called(1, "ana"), called(2, "eve")}, Trust::on_first_use);
  book.connected(key(1), Plaintext("laptop"), true, {});
  EXPECT_EQ(judged(book, 2, "ana"), Fault::name_of_another);
  EXPECT_EQ(judged(book, 3, "ana"), Fault::peer_key_changed);
  EXPECT_EQ(judged(book, 1, "ana"), std::nullopt) << "it may have it back";
  auto renamed = called(1, "laptop");
  renamed.earlier = {Plaintext("ana")};
  renamed.alias = Plaintext("Ana K.");
  book.know(renamed);
  EXPECT_EQ(judged(book, 3, "ana"), std::nullopt) << "a person has called her otherwise";
}

TEST(PeerDirectory, WhoeverWasAcceptedBesideANamesakeKeepsItsName) {
  PeerDirectory book({called(1, "ana")}, Trust::on_first_use);
  book.tell_apart(key(2));
  EXPECT_EQ(judged(book, 2, "ana"), std::nullopt);
  book.connected(key(2), book.name_to_keep(key(2), Plaintext("ana")), true, {});
  EXPECT_EQ(judged(book, 2, "ana"), std::nullopt);
  EXPECT_EQ(book.find(key(2))->called(), Plaintext("ana"));
}

TEST(PeerDirectory, AKnownPeerThatMayHaveTheNameOfAnotherKeepsIt) {
  PeerDirectory book({called(1, "ana"), called(2, "bob")}, Trust::on_first_use);
  EXPECT_EQ(judged(book, 2, "ana"), Fault::name_of_another);
  book.tell_apart(key(2));
  book.connected(key(2), book.name_to_keep(key(2), Plaintext("ana")), true, {});
  EXPECT_EQ(book.find(key(2))->called(), Plaintext("ana"));
  EXPECT_EQ(judged(book, 2, "ana"), std::nullopt) << "it is not asked about again";
  EXPECT_EQ(judged(book, 3, "ana"), Fault::peer_key_changed);
}

TEST(PeerDirectory, OnceACulverAlwaysACulver) {
  PeerDirectory book({}, Trust::on_first_use);
  book.connected(key(1), {}, true, {});
  book.connected(key(1), {}, false, {});
  EXPECT_TRUE(book.find(key(1))->is_culver);
}

}  // namespace
}  // namespace culver::engine
