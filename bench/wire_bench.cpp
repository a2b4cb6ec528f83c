// What the wire form of one chunk costs: base64 and the file_chunk frame.
#include <benchmark/benchmark.h>

#include "core/wire/base64.hpp"
#include "core/wire/peer.hpp"

namespace culver {
namespace {

constexpr std::size_t sealed_size = wire::limits::chunk_out + 28;

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(sealed_size));
}

void base64_encode(benchmark::State& state) {
  const ByteVector bytes(sealed_size, std::byte{0xA5});
  for (auto _ : state) benchmark::DoNotOptimize(wire::base64::encode(bytes));
  count_bytes(state);
}
BENCHMARK(base64_encode);

void base64_decode(benchmark::State& state) {
  const std::string text = wire::base64::encode(ByteVector(sealed_size, std::byte{0xA5}));
  for (auto _ : state) benchmark::DoNotOptimize(wire::base64::decode(text));
  count_bytes(state);
}
BENCHMARK(base64_decode);

wire::peer::FileChunk chunk() {
  return {wire::peer::FileId::from_random({}), 123'456,
          wire::base64::encode(ByteVector(sealed_size, std::byte{0xA5}))};
}

void print_chunk(benchmark::State& state) {
  const auto message = chunk();
  for (auto _ : state) benchmark::DoNotOptimize(wire::peer::print(message));
  count_bytes(state);
}
BENCHMARK(print_chunk);

void parse_chunk(benchmark::State& state) {
  const std::string frame = wire::peer::print(chunk());
  for (auto _ : state) {
    const auto parsed = wire::peer::parse_file_frame(frame);
    if (!parsed) state.SkipWithError("not parsed");
  }
  count_bytes(state);
}
BENCHMARK(parse_chunk);

}  // namespace
}  // namespace culver
