// Whatever parses prints back to something that parses to the same; a stream is cut within its
// bounds; ChannelData lies within what came.
#include <cstdint>
#include <cstdlib>

#include "core/wire/stun.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver::fuzz;

namespace stun = culver::wire::stun;
using culver::ByteView;

void check_message(ByteView bytes) {
  const auto received = stun::parse(bytes);
  if (!received) return;
  require(received->raw.data() == bytes.data() && received->raw.size() == bytes.size());
  require(stun::kind_of(bytes) == stun::Kind::stun);
  require(received->not_understood.size() <= stun::max_unknown);
  const auto key = stun::Key::short_term("a password");
  stun::authentic(*received, key);
  const auto printed = stun::print(received->message, &key);
  // Twice the address that was read once may not fit any more.
  if (printed.empty()) return require(bytes.size() > 60000);
  const auto again = stun::parse(printed);
  require(again && again->message == received->message && again->has_fingerprint);
  require(again->not_understood.empty() && stun::authentic(*again, key));
}

void check_stream(ByteView bytes) {
  while (!bytes.empty()) {
    const auto size = stun::frame_size(bytes);
    if (!size || !*size) return;
    require(**size >= stun::channel_header && **size <= stun::max_frame);
    if (**size > bytes.size()) return;
    const auto frame = bytes.first(**size);
    if (stun::kind_of(frame) == stun::Kind::channel_data) {
      const auto data = stun::parse_channel_data(frame);
      require(data && stun::is_channel(data->channel) && data->payload.size() <= frame.size());
      if (!data->payload.empty()) require(data->payload.data() == frame.data() + 4);
    } else {
      check_message(frame);
    }
    bytes = bytes.subspan(**size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  check_message(bytes);
  check_stream(bytes);
  (void)stun::parse_channel_data(bytes);
  return 0;
}
