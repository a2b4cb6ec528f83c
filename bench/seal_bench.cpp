// What one chunk costs between the file and the channel: sealing, opening, hashing.
#include <benchmark/benchmark.h>

#include "core/connection/sealed_channel.hpp"
#include "core/crypto/hash.hpp"
#include "tests/support/seeded.hpp"

namespace culver {
namespace {

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void seal(benchmark::State& state) {
  test::SeededRng rng(1);
  connection::SealedChannel ours(rng.rng().secret<32>(), rng.rng());
  const ByteVector plain(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(ours.seal(plain));
  count_bytes(state);
}
BENCHMARK(seal)->Arg(64)->Arg(16'384);

/// Sealing is part of the loop, since a frame can be opened once only: subtract it.
void seal_and_open(benchmark::State& state) {
  test::SeededRng rng(1);
  const auto key = rng.rng().secret<32>();
  connection::SealedChannel ours(key, rng.rng());
  connection::SealedChannel theirs(key, rng.rng());
  const ByteVector plain(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const auto opened = theirs.open(ours.seal(plain).value());
    if (!opened) state.SkipWithError("not opened");
  }
  count_bytes(state);
}
BENCHMARK(seal_and_open)->Arg(64)->Arg(16'384);

void sha256(benchmark::State& state) {
  const ByteVector data(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(crypto::sha256(data));
  count_bytes(state);
}
BENCHMARK(sha256)->Arg(16'384);

}  // namespace
}  // namespace culver
