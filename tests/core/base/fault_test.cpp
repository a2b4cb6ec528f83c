#include "core/base/fault.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace culver {
namespace {

TEST(Fault, EachHasItsOwnName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto& row = info(static_cast<Fault>(i));
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
  }
}

TEST(Fault, WireTextsFitACloseFrame) {
  for (std::size_t i = 0; i < fault_count; ++i)
    EXPECT_LE(info(static_cast<Fault>(i)).wire.size(), 123u);
}

}  // namespace
}  // namespace culver
