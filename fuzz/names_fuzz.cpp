// What peers call themselves: folded, as it looks, kept, and found again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fold.hpp"
#include "core/engine/names.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;

void check_folds(std::string_view text) {
  for (const auto fold : {unicode::folded, unicode::in_latin, unicode::skeleton}) {
    const auto once = fold(text);
    require(once.size() <= unicode::longest_folded && fold(once) == once);
  }
  require(unicode::skeleton_of_capitals(text).size() <= unicode::longest_folded);
  require(unicode::folded(unicode::folded(text)) == unicode::folded(text));
}

/// Whatever two call themselves, each is found by what it is shown as.
void check_pair(std::string_view one, std::string_view other) {
  std::vector<engine::Known> book;
  for (const auto name : {one, other}) {
    const PublicKey key{{static_cast<std::byte>(book.size() + 1)}};
    book.push_back({key, engine::name_of_peer(engine::clean_name(name), key), {}});
  }
  for (const auto& peer : book) {
    const auto meant = engine::who_is(book, engine::handle(book, peer));
    const auto* found = std::get_if<PublicKey>(&meant);
    require(found && *found == peer.key);
  }
  const engine::Reading reading(one);
  require(reading.looks_like(engine::Reading(other)) == engine::Reading(other).looks_like(reading));
  require(!engine::is_same_name(one, other) || reading.looks_like(engine::Reading(other)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_folds(text);
  const auto end = text.find('\n');
  check_pair(text.substr(0, end), end == std::string_view::npos ? "Ana" : text.substr(end + 1));
  return 0;
}
