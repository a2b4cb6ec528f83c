#include "core/base/fault.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace culver {
namespace {

TEST(Fault, EachHasItsOwnNameAndASentence) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto& row = info(static_cast<Fault>(i));
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.sentence.empty()) << row.name;
    EXPECT_EQ(row.sentence.find_first_of("\r\n\t"), std::string_view::npos) << row.name;
  }
}

TEST(Fault, ExitCodesAreThoseOfTheCommandLine) {
  const std::set<int> allowed{1, 2, 3, 4, 7, 8, 10, 12, 129, 130, 131, 141, 143};
  for (std::size_t i = 0; i < fault_count; ++i)
    EXPECT_TRUE(allowed.contains(info(static_cast<Fault>(i)).exit_code))
        << info(static_cast<Fault>(i)).name;
}

TEST(Fault, WireTextsFitACloseFrame) {
  for (std::size_t i = 0; i < fault_count; ++i)
    EXPECT_LE(info(static_cast<Fault>(i)).wire.size(), 123u);
}

}  // namespace
}  // namespace culver
