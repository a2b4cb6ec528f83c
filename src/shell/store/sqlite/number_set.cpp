#include "shell/store/sqlite/number_set.hpp"

#include <algorithm>
#include <charconv>

namespace culver::store::sqlite {
namespace {

/// Reads a number and the character behind it, which the end of the text stands in for.
bool take_number(std::string_view& text, char behind, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || (length < text.size() && text[length] != behind)) return false;
  text.remove_prefix(std::min(length + 1, text.size()));
  return true;
}

}  // namespace

bool NumberSet::contains(std::uint64_t number) const {
  const auto range =
      std::partition_point(ranges_.begin(), ranges_.end(),
                           [number](const Range& before) { return before.last < number; });
  return range != ranges_.end() && range->first <= number;
}

void NumberSet::insert(std::uint64_t number) {
  if (!ranges_.empty() && ranges_.back().last + 1 == number) {
    ++ranges_.back().last;
    return;
  }
  auto range = std::partition_point(ranges_.begin(), ranges_.end(),
                                    [number](const Range& before) { return before.last < number; });
  if (range != ranges_.end() && range->first <= number) return;
  range = ranges_.insert(range, {number, number});
  const auto join_next = [this](auto left) {
    left->last = std::next(left)->last;
    ranges_.erase(std::next(left));
  };
  if (std::next(range) != ranges_.end() && std::next(range)->first == number + 1) join_next(range);
  if (range != ranges_.begin() && std::prev(range)->last + 1 == number) join_next(std::prev(range));
  if (ranges_.size() <= max_gaps + 1) return;
  auto narrowest = ranges_.begin();
  const auto gap = [](auto left) { return std::next(left)->first - left->last; };
  for (auto left = ranges_.begin(); std::next(left) != ranges_.end(); ++left)
    if (gap(left) < gap(narrowest)) narrowest = left;
  join_next(narrowest);
}

std::string NumberSet::text() const {
  std::string text;
  for (const auto& range : ranges_)
    text +=
        (text.empty() ? "" : " ") + std::to_string(range.first) + "-" + std::to_string(range.last);
  return text;
}

Result<NumberSet> NumberSet::parse(std::string_view text) {
  NumberSet set;
  while (!text.empty()) {
    Range range{};
    if (!take_number(text, '-', range.first) || !take_number(text, ' ', range.last) ||
        range.last < range.first || (!set.ranges_.empty() && range.first <= set.last() + 1))
      return fail(Fault::store_failed);
    set.ranges_.push_back(range);
  }
  return set;
}

}  // namespace culver::store::sqlite
