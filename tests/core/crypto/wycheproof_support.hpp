// Project Wycheproof's test files, one test at a time.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tests/core/vectors_support.hpp"

namespace culver::testing {

struct WycheproofTest {
  const boost::json::value& group;
  const boost::json::value& test;
  std::string result;  ///< valid, invalid or acceptable

  bool has_flag(std::string_view flag) const;
  ByteVector hex(std::string_view key) const { return hex_at(test, key); }
};

/// What a wrapper made of one test.
enum class Verdict { accepted, refused, not_applicable };

struct WycheproofCounts {
  int accepted = 0;
  int refused = 0;
  int not_applicable = 0;
};

/// Runs a file of vectors/wycheproof and records the counts in the test's report. `judge` returns
/// accepted only if the answer was right; `expected` says what is right for a test.
WycheproofCounts run_wycheproof(const boost::json::value& file,
                                const std::function<Verdict(const WycheproofTest&)>& judge,
                                const std::function<Verdict(const WycheproofTest&)>& acceptable);

/// For files where right and wrong is all there is.
inline Verdict nothing_is_acceptable(const WycheproofTest&) { return Verdict::refused; }

}  // namespace culver::testing
