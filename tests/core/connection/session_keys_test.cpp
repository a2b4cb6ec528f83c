#include "core/connection/session_keys.hpp"

#include <gtest/gtest.h>

#include "core/base/ids.hpp"
#include "tests/support/zajel_vectors.hpp"

namespace culver::connection {
namespace {

using test::Vectors;

TEST(SessionKeys, V1AgreesWithZajel) {
  const auto vectors = Vectors::load();
  if (!vectors) GTEST_SKIP() << Vectors::absent;
  const auto alice = vectors->private_key("alice_identity");
  const auto bob = vectors->private_key("bob_identity");
  const auto expected = vectors->text({"v1_session", "session_key"});
  EXPECT_EQ(print_hex(session_key_v1(alice, vectors->public_key("bob_identity"))->expose()),
            expected);
  EXPECT_EQ(print_hex(session_key_v1(bob, vectors->public_key("alice_identity"))->expose()),
            expected);
}

TEST(SessionKeys, V2AgreesWithZajel) {
  const auto vectors = Vectors::load();
  if (!vectors) GTEST_SKIP() << Vectors::absent;
  const auto key =
      session_key_v2(vectors->private_key("alice_identity"), vectors->public_key("bob_identity"),
                     vectors->private_key("alice_ephemeral"), vectors->public_key("bob_ephemeral"));
  EXPECT_EQ(print_hex(key->expose()), vectors->text({"v2_session", "session_key"}));
}

TEST(SessionKeys, LowOrderKeysAreRefusedInEveryPlace) {
  const auto vectors = Vectors::load();
  if (!vectors) GTEST_SKIP() << Vectors::absent;
  const auto alice = vectors->private_key("alice_identity");
  const auto ephemeral = vectors->private_key("alice_ephemeral");
  const auto bob = vectors->public_key("bob_identity");
  const auto weak_keys = vectors->texts({"x25519_low_order_public_keys_must_reject"});
  ASSERT_EQ(weak_keys.size(), 7u);
  for (const auto& text : weak_keys) {
    const auto weak = *parse_hex<PublicKey>(text);
    EXPECT_EQ(session_key_v1(alice, weak).error(), Fault::weak_public_key);
    EXPECT_EQ(session_key_v2(alice, weak, ephemeral, bob).error(), Fault::weak_public_key);
    EXPECT_EQ(session_key_v2(alice, bob, ephemeral, weak).error(), Fault::weak_public_key);
  }
}

}  // namespace
}  // namespace culver::connection
