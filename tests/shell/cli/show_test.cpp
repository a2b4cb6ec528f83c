#include "shell/cli/show.hpp"

#include <gtest/gtest.h>

#include "tests/shell/cli/fingerprint_support.hpp"

namespace culver::cli {
namespace {

const std::string key_text = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

TEST(Show, TellsWhoWeAre) {
  const std::string account(64, '0'), device = "00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(show_id({}, Output::text), "Fingerprint " + zero_fingerprint + "\nPublic key  " +
                                           key_text + "\nAccount     " + account +
                                           "\nDevice      " + device);
  EXPECT_EQ(show_id({}, Output::json), R"({"public_key":")" + key_text + R"(","fingerprint":")" +
                                           zero_fingerprint + R"(","account":")" + account +
                                           R"(","device":")" + device + R"("})");
  EXPECT_EQ(show_version(Output::text), "culver 0.1.0");
  EXPECT_EQ(show_version(Output::json), R"({"version":"0.1.0"})");
}

}  // namespace
}  // namespace culver::cli
