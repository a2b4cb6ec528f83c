#include "shell/host/fault_text.hpp"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace culver::host {
namespace {

TEST(FaultText, IsASentenceOnOneLine) {
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto& row = fault_text(static_cast<Fault>(i));
    EXPECT_TRUE(row.sentence.ends_with('.')) << row.sentence;
    for (const auto words : {row.sentence, row.advice})
      EXPECT_EQ(words.find_first_of("\r\n\t"), std::string_view::npos) << words;
  }
}

TEST(FaultText, ExitCodesAreThoseOfTheCommandLine) {
  const std::set<int> allowed{1, 2, 3, 4, 7, 8, 10, 12, 129, 130, 131, 141, 143};
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    EXPECT_TRUE(allowed.contains(fault_text(fault).exit_code)) << info(fault).name;
  }
}

TEST(FaultText, WhatHappenedSaysWhereIfItWasDialled) {
  EXPECT_EQ(happened(Fault::pair_refused), "The peer does not let us in.");
  EXPECT_EQ(happened(DialFailure{"example.org", 443, dial::NoSuchName{}, {}}),
            "example.org port 443: There is no host of that name.");
}

}  // namespace
}  // namespace culver::host
