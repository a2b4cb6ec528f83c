// Session descriptions and candidate lines: what is read is read again as it is printed.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/wire/limits.hpp"
#include "core/wire/sdp.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver::fuzz;
using namespace culver::wire;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto description = sdp::parse(text)) {
    require(description->candidates.size() <= limits::candidates);
    const auto again = sdp::parse(sdp::print(*description));
    require(again && *again == *description);
  }
  const auto parsed = sdp::parse_candidate(text);
  if (parsed && !parsed->skipped) {
    const auto again = sdp::parse_candidate(sdp::print(parsed->candidate));
    require(again && !again->skipped && again->candidate == parsed->candidate);
  }
  return 0;
}
