#include "shell/cli/show.hpp"

#include <gtest/gtest.h>

namespace culver::cli {
namespace {

const std::string fingerprint =
    "6668 7AAD F862 BD77 6C8F C18B 8E9F 8E20 0897 1485 6EE2 33B3 902A 591D 0D5F 2925";
const std::string key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

TEST(Show, TellsWhoWeAre) {
  const std::string account(64, '0'), device = "00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(show_id({}, Output::text), "Fingerprint " + fingerprint + "\nPublic key  " + key +
                                           "\nAccount     " + account + "\nDevice      " + device);
  EXPECT_EQ(show_id({}, Output::json), R"({"public_key":")" + key + R"(","fingerprint":")" +
                                           fingerprint + R"(","account":")" + account +
                                           R"(","device":")" + device + R"("})");
  EXPECT_EQ(show_version(Output::text), "culver 0.1.0");
  EXPECT_EQ(show_version(Output::json), R"({"version":"0.1.0"})");
}

}  // namespace
}  // namespace culver::cli
