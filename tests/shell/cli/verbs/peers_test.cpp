#include "shell/cli/verbs/peers.hpp"

#include <gtest/gtest.h>

#include "core/crypto/keys.hpp"
#include "tests/support/keys.hpp"

namespace culver::cli {
namespace {

using test::key;

store::KnownPeer peer(int number, const char* name) {
  return {key(number), Plaintext(name), std::nullopt, "2025-01-01T00:00:00Z",
          "2025-02-01T00:00:00Z"};
}

std::string shown(const std::vector<store::KnownPeer>& peers, Output output = Output::text) {
  return show_peers(rows_of(peers, key(99)), output);
}

std::string seen(int number) {
  return "\n  Fingerprint " + crypto::fingerprint(key(number)) +
         "\n  First seen  2025-01-01T00:00:00Z, last seen 2025-02-01T00:00:00Z";
}

TEST(ShowPeers, HasAWordForNobody) {
  EXPECT_EQ(shown({}), "No peers yet.");
  EXPECT_EQ(shown({}, Output::json), "[]");
}

TEST(ShowPeers, NamesEachAsAVerbTakesIt) {
  auto nameless = peer(3, "");
  nameless.name.reset();
  const auto digits = [](int number, std::size_t size) {
    return crypto::fingerprint(key(number)).substr(0, size);
  };
  EXPECT_EQ(shown({peer(1, "A\x1bna"), peer(2, "Ben"), nameless, peer(4, "ben")}),
            "A\\x1bna" + seen(1) + "\n\nBen@" + digits(2, 4) + seen(2) + "\n\n" + digits(3, 4) +
                digits(3, 9).substr(5) + seen(3) + "\n\nben@" + digits(4, 4) + seen(4));
}

TEST(ShowPeers, SaysWhatIsKnown) {
  auto known = peer(1, "Ana");
  known.alias = Plaintext("Sister");
  known.is_verified = known.is_blocked = true;
  known.offered = {key(2)};
  EXPECT_EQ(shown({known}),
            "Sister, who calls itself Ana (verified) (blocked)" + seen(1) + "\n  Refused key " +
                crypto::fingerprint(key(2)) +
                "\n              came under this name; if it is right: culver trust "
                "NAME");
  const auto json = shown({known}, Output::json);
  for (const auto& part :
       {std::string(R"("peer":"Sister","handle":"Sister","name":"Ana","alias":"Sister")"),
        R"("safetyNumber":")" + crypto::safety_number(key(99), key(1)) + '"',
        std::string(R"("isVerified":true,"isBlocked":true,"isCulver":false,"offered":[")") +
            crypto::fingerprint_digits(key(2)) + "\"]"})
    EXPECT_NE(json.find(part), std::string::npos) << json;
}

TEST(ShowPeers, GroupsASafetyNumber) {
  EXPECT_EQ(
      show_safety_number("187070064325685103191599629257340212345839000147553541363916"),
      "    18707 00643 25685 10319\n    15996 29257 34021 23458\n    39000 14755 35413 63916");
}

}  // namespace
}  // namespace culver::cli
