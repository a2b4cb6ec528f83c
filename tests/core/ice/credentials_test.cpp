#include "core/ice/credentials.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/support/seeded.hpp"

namespace culver::ice {
namespace {

namespace stun = wire::stun;

stun::Message some_request() {
  stun::Message message{};
  message.kind = stun::Class::request;
  message.method = stun::Method::binding;
  message.username = "them:us";
  return message;
}

TEST(Credentials, AreIceCharsAndNeverTheSame) {
  test::SeededRng random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const auto made = make_credentials(random.rng());
    ASSERT_EQ(made.ufrag.size(), 8U);
    ASSERT_EQ(made.pwd.size(), 24U);
    for (const char c : made.ufrag + made.pwd)
      ASSERT_TRUE(std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/');
    ASSERT_TRUE(seen.insert(made.pwd).second);
  }
}

TEST(Username, NamesWhoIsAskedFirst) {
  EXPECT_EQ(username("them", "us"), "them:us");
  const auto names = split_username("them:us").value();
  EXPECT_EQ(names.asked, "them");
  EXPECT_EQ(names.asking, "us");
  EXPECT_FALSE(split_username("them"));
  EXPECT_EQ(split_username(":")->asked, "");
}

TEST(Verify, TakesWhatTheKeyMade) {
  const auto key = stun::Key::short_term("0123456789012345678901");
  const auto bytes = stun::print(some_request(), &key);
  const auto received = stun::parse(bytes).value();
  ASSERT_TRUE(verify(received, key));
  EXPECT_EQ(verify(received, key)->message().username, "them:us");
}

TEST(Verify, RefusesAnotherKeyNoKeyAndNoFingerprint) {
  const auto key = stun::Key::short_term("0123456789012345678901");
  const auto other = stun::Key::short_term("0123456789012345678902");
  const auto bytes = stun::print(some_request(), &key);
  auto received = stun::parse(bytes).value();
  EXPECT_FALSE(verify(received, other));
  received.has_fingerprint = false;
  EXPECT_FALSE(verify(received, key));
  const auto bare = stun::print(some_request(), nullptr);
  EXPECT_FALSE(verify(stun::parse(bare).value(), key));
}

}  // namespace
}  // namespace culver::ice
