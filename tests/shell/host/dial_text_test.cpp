#include "shell/host/dial_text.hpp"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace culver::host {
namespace {

using namespace dial;
using Why = Untrusted::Why;

/// One of each, in every shape that has words of its own.
std::vector<Cause> every_cause() {
  return {NoSuchName{},
          NameUnanswered{},
          Refused{},
          NoRoute{},
          Silent{Step::connecting},
          Silent{Step::securing},
          Silent{Step::upgrading},
          HungUp{Step::securing},
          HungUp{Step::upgrading},
          HungUp{Step::talking},
          NoDescriptors{},
          System{5},
          NotTls{Protocol::ssh},
          NotTls{Protocol::unknown},
          NotTls{Protocol::tls},
          NotHttp{Protocol::ssh},
          NotHttp{Protocol::tls},
          NotHttp{Protocol::unknown},
          HttpStatus{404, ""},
          HttpStatus{301, "https://example.org"},
          HttpStatus{502, ""},
          Untrusted{Why::self_signed},
          Untrusted{Why::unknown_issuer},
          Untrusted{Why::expired},
          Untrusted{Why::not_yet_valid},
          Untrusted{Why::other_name},
          Untrusted{Why::no_store},
          Untrusted{Why::other}};
}

TEST(DialText, EveryCauseHasASentenceOfItsOwnAndAdvice) {
  std::set<std::string> sentences;
  for (const auto& cause : every_cause()) {
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
