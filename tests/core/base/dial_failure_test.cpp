#include "core/base/dial_failure.hpp"

#include <gtest/gtest.h>

namespace culver {
namespace {

using namespace dial;
using Why = Untrusted::Why;

TEST(DialFailure, EveryCauseHasAName) {
  EXPECT_EQ(name_of(NoSuchName{}).text(), "no_such_name");
  EXPECT_EQ(name_of(Silent{Step::securing}).text(), "tls_timed_out");
  EXPECT_EQ(name_of(HungUp{Step::upgrading}).text(), "hung_up");
  EXPECT_EQ(name_of(NotHttp{Protocol::tls}).text(), "tls_spoken");
  EXPECT_EQ(name_of(Untrusted{Why::expired}).text(), "certificate_expired");
}

TEST(DialFailure, OnlyWhatIsBusyPassesWithTime) {
  for (const unsigned status : {429u, 502u, 503u, 504u})
    EXPECT_TRUE(passes_with_time(Cause(HttpStatus{status, ""}))) << status;
  for (const unsigned status : {200u, 301u, 403u, 404u, 500u})
    EXPECT_FALSE(passes_with_time(Cause(HttpStatus{status, ""}))) << status;
  EXPECT_FALSE(passes_with_time(Cause(Refused{})));
  EXPECT_TRUE(passes_with_time(Failure(Fault::too_many_handshakes)));
  EXPECT_TRUE(passes_with_time(Failure(Fault::rate_limited)));
  EXPECT_FALSE(passes_with_time(Failure(Fault::server_unreachable)));
  EXPECT_FALSE(passes_with_time(Failure(Fault::server_identity_changed)));
}

TEST(DialFailure, AFailureIsItsFaultToWhoeverWantsNoMore) {
  const Failure failure(DialFailure{"example.org", 443, Untrusted{Why::expired}, {}});
  EXPECT_EQ(static_cast<Fault>(failure), Fault::server_untrusted);
  EXPECT_TRUE(failure.why);
  EXPECT_FALSE(Failure(Fault::rate_limited).why);
}

}  // namespace
}  // namespace culver
