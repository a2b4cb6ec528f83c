#include "tests/core/crypto/wycheproof_support.hpp"

#include <algorithm>

namespace culver::testing {

bool WycheproofTest::has_flag(std::string_view flag) const {
  const auto& flags = test.at("flags").as_array();
  return std::any_of(flags.begin(), flags.end(),
                     [&](const auto& f) { return f.as_string() == flag; });
}

WycheproofCounts run_wycheproof(const boost::json::value& file,
                                const std::function<Verdict(const WycheproofTest&)>& judge,
                                const std::function<Verdict(const WycheproofTest&)>& acceptable) {
  WycheproofCounts counts;
  for (const auto& group : file.at("testGroups").as_array())
    for (const auto& test : group.at("tests").as_array()) {
      const WycheproofTest one{group, test, text_at(test, "result")};
      const Verdict verdict = judge(one);
      if (verdict == Verdict::not_applicable) {
        ++counts.not_applicable;
        continue;
      }
      ++(verdict == Verdict::accepted ? counts.accepted : counts.refused);
      const Verdict expected = one.result == "valid"     ? Verdict::accepted
                               : one.result == "invalid" ? Verdict::refused
                                                         : acceptable(one);
      EXPECT_EQ(static_cast<int>(verdict), static_cast<int>(expected))
          << "tcId " << test.at("tcId") << ": " << text_at(test, "comment");
    }
  ::testing::Test::RecordProperty("accepted", counts.accepted);
  ::testing::Test::RecordProperty("refused", counts.refused);
  ::testing::Test::RecordProperty("not_applicable", counts.not_applicable);
  return counts;
}

}  // namespace culver::testing
