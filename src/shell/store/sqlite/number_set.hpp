// Which of its numbers a device has used: nearly always one range, so that remembering all of them
// for ever costs a few bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace culver::store::sqlite {

class NumberSet {
 public:
  /// Gaps that are remembered. Of more, the narrowest are taken for used.
  static constexpr std::size_t max_gaps = 64;

  bool contains(std::uint64_t number) const;
  void insert(std::uint64_t number);
  std::uint64_t last() const { return ranges_.empty() ? 0 : ranges_.back().last; }  ///< 0 for none

  /// "1-7 9-9"
  std::string text() const;
  static Result<NumberSet> parse(std::string_view text);
  bool operator==(const NumberSet&) const = default;

 private:
  struct Range {
    std::uint64_t first, last;
    bool operator==(const Range&) const = default;
  };
  std::vector<Range> ranges_;  ///< growing, with gaps between them
};

}  // namespace culver::store::sqlite
