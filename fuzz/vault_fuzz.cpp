// The files of a data folder's secrets: whatever parses as a plain key is printed as the same
// bytes, a wrapped key is kept as it is, and nothing opens that was not sealed under the key and
// the name.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "core/format/vault.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::format;

bool is_same(ByteView one, ByteView other) { return std::ranges::equal(one, other); }

Rng fives() {
  return Rng([](void*, std::span<std::byte> out) { std::ranges::fill(out, std::byte{5}); },
             nullptr);
}

void read_as_key(ByteView input) {
  const auto stored = vault::parse_key(input);
  if (!stored) return;
  if (const auto* plain = std::get_if<vault::DataKey>(&*stored))
    require(is_same(vault::print(*plain).expose(), input));
  else
    require(is_same(std::get<vault::WrappedKey>(*stored).file, input));
}

void seal_and_change(ByteView input) {
  const vault::DataKey key;
  auto rng = fives();
  const auto content = input.first(std::min(input.size(), vault::content_size));
  auto sealed = vault::seal(key, "account", content, rng);
  const auto opened = vault::open(key, "account", sealed);
  require(opened && is_same(opened->expose(), content));
  require(!vault::open(key, "identity.key", sealed));
  const auto at = content.empty() ? 0 : std::to_integer<std::size_t>(content[0]) % sealed.size();
  sealed[at] ^= std::byte{1};
  require(!vault::open(key, "account", sealed));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  read_as_key(input);
  // Nobody seals under this name here.
  require(!vault::open(vault::DataKey(), "server-key", input));
  seal_and_change(input);
  return 0;
}
