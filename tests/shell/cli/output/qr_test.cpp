#include "shell/cli/output/qr.hpp"

#include <gtest/gtest.h>

namespace culver::cli {
namespace {

TEST(QrCode, IsASquareWithAQuietZone) {
  const auto drawn = qr_code("K7MW2Q", 80);
  // Version 1 has 21 modules, and 4 of quiet zone on each side: 29 columns, 15 half-block lines.
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\n'), 15);
  std::string quiet;
  for (int i = 0; i < 29; ++i) quiet += "█";
  EXPECT_EQ(drawn.substr(0, 2 * (quiet.size() + 1)), quiet + "\n" + quiet + "\n");
  // The finder pattern's upper edge: 7 dark modules above 1 dark, 5 light, 1 dark.
  EXPECT_NE(drawn.find("\n████ ▄▄▄▄▄ "), std::string::npos) << drawn;
}

TEST(QrCode, ThatWouldWrapIsEmpty) {
  EXPECT_NE(qr_code("K7MW2Q", 29), "");
  EXPECT_EQ(qr_code("K7MW2Q", 28), "");
}

TEST(QrCode, OfTooMuchIsEmpty) { EXPECT_EQ(qr_code(std::string(5000, 'x'), 10'000), ""); }

}  // namespace
}  // namespace culver::cli
