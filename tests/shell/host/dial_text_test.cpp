#include "shell/host/dial_text.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/shell/host/causes_support.hpp"

namespace culver::host {
namespace {

using namespace dial;
TEST(DialText, EveryCauseHasASentenceOfItsOwnAndAdvice) {
  std::set<std::string> sentences;
  for (const auto& cause : test::every_cause()) {
    EXPECT_TRUE(sentences.insert(sentence(cause)).second) << sentence(cause);
    EXPECT_TRUE(sentence(cause).ends_with(".")) << sentence(cause);
    EXPECT_TRUE(advice(cause).ends_with(".")) << sentence(cause);
  }
}

TEST(DialText, SaysWhereAndWhichAddressesWereTried) {
  const auto at = [](const char* address) { return *Endpoint::parse(address, 443); };
  DialFailure failure{"example.org", 443, Refused{}, {}};
  EXPECT_EQ(where(failure), "example.org port 443");
  failure.tried = {at("192.0.2.1")};
  EXPECT_EQ(where(failure), "example.org port 443 (192.0.2.1)");
  failure.tried = {at("192.0.2.1"), at("2001:db8::1"), at("192.0.2.3"), at("192.0.2.4")};
  EXPECT_EQ(where(failure), "example.org port 443 (192.0.2.1, 2001:db8::1 and 2 more)");
  failure = {"192.0.2.1", 443, Refused{}, {at("192.0.2.1")}};
  EXPECT_EQ(where(failure), "192.0.2.1 port 443") << "not twice";
}

}  // namespace
}  // namespace culver::host
