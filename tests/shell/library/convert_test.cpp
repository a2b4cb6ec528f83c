#include "shell/library/convert.hpp"

#include <gtest/gtest.h>

#include "shell/host/fault_text.hpp"
#include "tests/support/keys.hpp"

namespace culver::library {
namespace {

using test::key;

TEST(ErrorOf, SaysWhatTheTableOfFaultsSays) {
  const auto error = error_of(Fault::peer_away, "Ana");
  EXPECT_EQ(error.code, "peer_away");
  EXPECT_EQ(error.blame, v1::Blame::world);
  EXPECT_EQ(error.sentence, host::fault_text(Fault::peer_away).sentence);
  EXPECT_EQ(error.about, "Ana");
  EXPECT_TRUE(error.text().starts_with("Ana: "));
}

TEST(ErrorOf, EveryFaultHasACodeAndASentence) {
  for (std::size_t n = 0; n < fault_count; ++n) {
    const auto error = error_of(static_cast<Fault>(n));
    EXPECT_FALSE(error.code.empty());
    EXPECT_FALSE(error.sentence.empty()) << error.code;
  }
}

TEST(ErrorOf, ATroubleKeepsItsOwnSentence) {
  const auto error = error_of(host::Trouble{Fault::store_failed, "The file a cannot be read."});
  EXPECT_EQ(error.code, "store_failed");
  EXPECT_EQ(error.sentence, "The file a cannot be read.");
}

TEST(ErrorOf, AServerThatCannotBeDialledIsNamed) {
  const auto error = error_of(Failure(DialFailure{"example.org", 443, dial::Refused{}}));
  EXPECT_EQ(error.code, "server_unreachable");
  EXPECT_NE(error.about.find("example.org"), std::string::npos);
}

TEST(PeerOf, IsCalledAsInTheBook) {
  const std::vector<engine::Known> book{{key(1), Plaintext("Ana"), Plaintext("Anna")}};
  const auto peer = peer_of(book, key(1), Plaintext("Somebody"));
  EXPECT_EQ(peer.name, "Anna");
  EXPECT_EQ(peer.fingerprint.size(), 64u);
}

/// A stranger who says that he is Ana is not called so where Ana is known.
TEST(PeerOf, AStrangerIsToldApart) {
  const std::vector<engine::Known> book{{key(1), Plaintext("Ana"), std::nullopt}};
  EXPECT_TRUE(peer_of(book, key(2), Plaintext("Ana")).name.starts_with("Ana@"));
  EXPECT_EQ(peer_of(book, key(2), Plaintext("Ben")).name, "Ben");
  EXPECT_EQ(peer_of(book, key(2)).name.find("Ana"), std::string::npos);
}

}  // namespace
}  // namespace culver::library
