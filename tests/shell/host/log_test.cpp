#include "shell/host/log.hpp"

#include <gtest/gtest.h>

#include "core/base/bytes.hpp"

namespace culver::log {
namespace {

// What a person wrote, keys and free strings do not compile as fields.
static_assert(!LogSafe<Plaintext>);
static_assert(!LogSafe<PublicKey>);
static_assert(!LogSafe<std::string>);
static_assert(!LogSafe<const char*>);
static_assert(!LogSafe<std::string_view>);
static_assert(LogSafe<LogName> && LogSafe<Fault> && LogSafe<int> && LogSafe<PairingCode>);

TEST(Log, WritesNamesNumbersFaultsAndIds) {
  EXPECT_EQ(
      line("file ended", LogName("Sender"), 42, Fault::no_space, ConnectionId{3}, TransferId{7}),
      "file ended Sender 42 no_space link=3 transfer=7");
}

TEST(Log, MasksPairingCodes) {
  EXPECT_EQ(line("pairing", *PairingCode::parse("K7MW2Q")), "pairing K****Q");
}

TEST(Log, TakesItsLevelFromTheFlagThenTheVariable) {
  EXPECT_EQ(level_from(0, ""), Level::warn);
  EXPECT_EQ(level_from(0, "nonsense"), Level::warn);
  EXPECT_FALSE(is_level("nonsense"));
  for (const auto* level : {"", "debug", "info", "warn", "error"}) EXPECT_TRUE(is_level(level));
  EXPECT_EQ(level_from(0, "debug"), Level::debug);
  EXPECT_EQ(level_from(0, "error"), Level::error);
  EXPECT_EQ(level_from(1, "error"), Level::info);
  EXPECT_EQ(level_from(2, ""), Level::debug);
}

TEST(Log, GoesToStandardErrorFromItsLevelOn) {
  testing::internal::CaptureStderr();
  set_level(Level::info);
  debug("not this");
  info("but this", 1);
  set_level(Level::warn);
  info("nor this");
  const auto written = testing::internal::GetCapturedStderr();
  EXPECT_NE(written.find(" info but this 1\n"), std::string::npos) << written;
  EXPECT_EQ(written.find("not this"), std::string::npos);
  EXPECT_EQ(written.find("nor this"), std::string::npos);
}

}  // namespace
}  // namespace culver::log
