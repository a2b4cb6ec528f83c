// Whom a name belongs to, whoever claims it.
#include "core/engine/acquaintances.hpp"

#include <gtest/gtest.h>

#include "tests/support/keys.hpp"

namespace culver::engine {
namespace {

using test::key;

Known called(int of, const char* name) {
  return {.key = key(of), .name = Plaintext(name), .alias = {}};
}

/// The fault, or none for welcome.
std::optional<Fault> judged(const Acquaintances& book, int of, const char* name) {
  const auto verdict = book.judge(key(of), Plaintext(name));
  const auto* why = std::get_if<Unwelcome>(&verdict);
  return why ? std::optional(why->fault) : std::nullopt;
}

TEST(Acquaintances, ANameBelongsToTheKeyThatHadItFirstWhoeverClaimsIt) {
  for (const auto trust : {Trust::on_first_use, Trust::never}) {
    const Acquaintances book({called(1, "ana"), called(2, "eve")}, trust);
    EXPECT_EQ(judged(book, 1, "ana"), std::nullopt);
    EXPECT_EQ(judged(book, 2, "eve"), std::nullopt);
    EXPECT_EQ(judged(book, 2, "Ana"), Fault::peer_key_changed) << "a known key is no exception";
    EXPECT_EQ(judged(book, 3, "ana"), Fault::peer_key_changed);
    for (const char* alike : {"ana\u00a0", "\u3000ana", "ana\u2003", "an\U0001d159a", "ana\u2800"})
      EXPECT_EQ(judged(book, 3, alike), Fault::peer_key_changed) << alike;
    EXPECT_EQ(judged(book, 2, "eva"), std::nullopt);
  }
  const Acquaintances open({called(1, "ana"), called(2, "eve")}, Trust::always);
  EXPECT_EQ(judged(open, 2, "ana"), std::nullopt);
  EXPECT_EQ(open.name_to_keep(key(2), Plaintext("ana")), std::nullopt) << "but not as ana";
  const auto verdict = open.judge(key(2), Plaintext("ana"));
  EXPECT_EQ(std::get<Welcome>(verdict).instead_of, std::nullopt) << "nor in her place";
}

TEST(Acquaintances, ANameThatWasGivenUpIsNobodyElses) {
  Acquaintances book({called(1, "ana"), called(2, "eve")}, Trust::on_first_use);
  book.met(key(1), Plaintext("laptop"), true, {});
  EXPECT_EQ(judged(book, 2, "ana"), Fault::peer_key_changed);
  EXPECT_EQ(judged(book, 3, "ana"), Fault::peer_key_changed);
  EXPECT_EQ(judged(book, 1, "ana"), std::nullopt) << "it may have it back";
  auto renamed = called(1, "laptop");
  renamed.earlier = {Plaintext("ana")};
  renamed.alias = Plaintext("Ana K.");
  book.know(renamed);
  EXPECT_EQ(judged(book, 3, "ana"), std::nullopt) << "a person has called her otherwise";
}

TEST(Acquaintances, WhoeverWasAcceptedBesideANamesakeKeepsItsName) {
  Acquaintances book({called(1, "ana")}, Trust::on_first_use);
  book.tell_apart(key(2));
  EXPECT_EQ(judged(book, 2, "ana"), std::nullopt);
  book.met(key(2), book.name_to_keep(key(2), Plaintext("ana")), true, {});
  EXPECT_EQ(judged(book, 2, "ana"), std::nullopt);
  EXPECT_EQ(book.find(key(2))->called(), Plaintext("ana"));
}

TEST(Acquaintances, OnceACulverAlwaysACulver) {
  Acquaintances book({}, Trust::on_first_use);
  book.met(key(1), {}, true, {});
  book.met(key(1), {}, false, {});
  EXPECT_TRUE(book.find(key(1))->is_culver);
}

}  // namespace
}  // namespace culver::engine
