// Frames of the second form of files: whatever parses is printed as the same bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "core/wire/stream.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::wire;

struct PrintAgain {
  const ByteVector& input;

  template <class Frame>
  void operator()(const Frame& frame) const {
    const auto printed = stream::print(frame);
    const auto plain = ByteView(printed).first(printed.size() - stream::tag_size);
    require(plain.size() == input.size());
    // A reason that is unknown comes back as `other`.
    const auto same = [](std::byte a, std::byte b) { return a == b; };
    constexpr bool reasoned = requires { frame.reason; };
    const auto compared = plain.size() - (reasoned ? 1 : 0);
    require(std::equal(plain.begin(), plain.begin() + static_cast<long>(compared), input.begin(),
                       same));
  }
  void operator()(const stream::Data& data) const {
    require(data.bytes.size > 0 && stream::data_head + data.bytes.size == input.size());
    auto frame = input;
    stream::print_data_head(data.transfer, frame);
    require(frame == input);
  }
  void operator()(const stream::Ignored&) const {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const ByteVector input(bytes, bytes + size);
  if (const auto frame = stream::parse(input)) std::visit(PrintAgain{input}, *frame);
  return 0;
}
