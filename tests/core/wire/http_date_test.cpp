#include "core/wire/http_date.hpp"

#include <gtest/gtest.h>

namespace culver::wire {
namespace {

TEST(HttpDate, IsReadAndPrinted) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777'000);
  EXPECT_EQ(print_http_date(784'111'777'999), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(print_http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(print_http_date(-1'000), "Wed, 31 Dec 1969 23:59:59 GMT");
  for (const WallTime time : {WallTime(0), WallTime(951'782'400'000), WallTime(3'345'000'000'000)})
    EXPECT_EQ(parse_http_date(print_http_date(time)), time);
}

TEST(HttpDate, NothingElseIsRead) {
  for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                           "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 06 Nov 1994 08.49.37 GMT"})
    EXPECT_FALSE(parse_http_date(text)) << text;
}

}  // namespace
}  // namespace culver::wire
