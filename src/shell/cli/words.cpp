#include "shell/cli/words.hpp"

#include <algorithm>

namespace culver::cli {
namespace {

constexpr char mark = '\x01';

bool is_short(std::string_view word) { return word.size() > 1 && word[0] == '-' && word[1] != '-'; }

bool is_known_cluster(std::string_view word) {
  if (word == "-ojson" || word == "-otext") return true;
  return std::ranges::all_of(word.substr(1), [](char c) { return c == 'v'; });
}

}  // namespace

std::optional<std::string> stray_option(std::span<const char* const> words,
                                        const std::function<bool(std::string_view)>& takes_value) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") return std::nullopt;
    if (takes_value(word)) {
      ++i;
      continue;
    }
    if (is_short(word) && word.size() > 2 && !is_known_cluster(word)) return std::string(word);
  }
  return std::nullopt;
}

std::vector<std::string> without_dashes(std::span<const char* const> words,
                                        const std::function<bool(std::string_view)>& takes_value) {
  std::vector<std::string> kept;
  bool are_arguments = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (are_arguments) {
      kept.push_back(mark + word);
    } else if (word == "--") {
      are_arguments = true;
    } else {
      kept.push_back(word);
      if (takes_value(word) && i + 1 < words.size()) kept.emplace_back(words[++i]);
    }
  }
  std::ranges::reverse(kept);
  return kept;
}

std::string unmarked(std::string word) {
  if (word.starts_with(mark)) word.erase(0, 1);
  return word;
}

bool ask_for_json(std::span<const char* const> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") return false;
    if (word == "-ojson" || word == "--output=json") return true;
    if ((word == "-o" || word == "--output") && i + 1 < words.size() &&
        words[i + 1] == std::string_view("json"))
      return true;
  }
  return false;
}

std::size_t edits_between(std::string_view one, std::string_view other) {
  const std::size_t rows = one.size() + 1, columns = other.size() + 1;
  std::vector<std::size_t> steps(rows * columns);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return steps[i * columns + j];
  };
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) {
      if (i == 0 || j == 0) {
        at(i, j) = i + j;
        continue;
      }
      const std::size_t wrong = one[i - 1] == other[j - 1] ? 0 : 1;
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + wrong});
      if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
        at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  return steps.back();
}

}  // namespace culver::cli
