// Base64 and hex: one text per value, and any bytes survive the way there and back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "core/base/ids.hpp"
#include "core/wire/base64.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver::fuzz;
using namespace culver::wire;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const culver::ByteView bytes = std::as_bytes(std::span(data, size));

  const auto strict = base64::decode(text);
  if (strict) require(base64::encode(*strict) == text);
  const auto lax = base64::decode_unpadded_too(text);
  if (strict) require(lax == strict);
  if (const auto key = base64::parse_public_key(text))
    require(base64::parse_public_key(base64::print(*key)) == key);

  const auto back = base64::decode(base64::encode(bytes));
  require(back && std::equal(back->begin(), back->end(), bytes.begin(), bytes.end()));
  culver::ByteVector unhexed(size);
  require(culver::detail::decode_hex(culver::print_hex(bytes), unhexed));
  require(std::equal(unhexed.begin(), unhexed.end(), bytes.begin(), bytes.end()));
  return 0;
}
