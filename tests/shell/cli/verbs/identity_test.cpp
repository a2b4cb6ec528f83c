#include "shell/cli/verbs/identity.hpp"

#include <gtest/gtest.h>

#include "shell/host/version.hpp"
#include "tests/shell/cli/output/fingerprint_support.hpp"

namespace culver::cli {
namespace {

const std::string key_text = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

TEST(Show, TellsWhoWeAre) {
  const std::string account(64, '0'), device = "00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(show_id({}, Output::text), "Fingerprint " + zero_fingerprint + "\nPublic key  " +
                                           key_text + "\nAccount     " + account +
                                           "\nDevice      " + device);
  EXPECT_EQ(show_id({}, Output::json), R"({"publicKey":")" + key_text + R"(","fingerprint":")" +
                                           zero_digits + R"(","account":")" + account +
                                           R"(","device":")" + device + R"("})");
  EXPECT_EQ(show_version(Output::text), "culver " + std::string(host::version));
  EXPECT_EQ(show_version(Output::json), R"({"version":")" + std::string(host::version) + R"("})");
}

}  // namespace
}  // namespace culver::cli
