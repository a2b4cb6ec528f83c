// What a file of the second form costs beside the transport: a frame sealed, opened and parsed in
// its buffer, and a block hashed. Bytes are those of the file.
#include <benchmark/benchmark.h>

#include "core/connection/stream_seal.hpp"
#include "core/crypto/hash.hpp"
#include "core/transfer/stream_terms.hpp"
#include "core/wire/stream.hpp"

namespace culver {
namespace {

using transfer::stream::block;

constexpr std::size_t piece = transfer::stream::even_piece(block, wire::limits::channel_frame_out);

connection::StreamSeal seal_of(int ours, int theirs) {
  connection::Party us;
  us.identity.data.fill(static_cast<std::byte>(ours));
  connection::Party them;
  them.identity.data.fill(static_cast<std::byte>(theirs));
  return connection::StreamSeal(*connection::stream_keys(connection::SessionKey{}, us, them));
}

void stream_seal(benchmark::State& state) {
  auto seal = seal_of(1, 2);
  ByteVector frame(piece + wire::stream::data_overhead);
  for (auto _ : state) {
    wire::stream::print_data_head(1, frame);
    seal.seal(frame);
    benchmark::DoNotOptimize(frame.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(piece));
}
BENCHMARK(stream_seal);

/// Sealing is part of the loop, since a frame opens once only: subtract it.
void stream_seal_and_open(benchmark::State& state) {
  auto ours = seal_of(1, 2);
  auto theirs = seal_of(2, 1);
  ByteVector frame(piece + wire::stream::data_overhead);
  for (auto _ : state) {
    wire::stream::print_data_head(1, frame);
    ours.seal(frame);
    if (!theirs.open(frame)) state.SkipWithError("not opened");
    auto parsed = wire::stream::parse(std::move(frame));
    frame = std::move(std::get<wire::stream::Data>(*parsed).bytes.frame);
    frame.resize(piece + wire::stream::data_overhead);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(piece));
}
BENCHMARK(stream_seal_and_open);

void stream_hash(benchmark::State& state) {
  const ByteVector data(piece);
  crypto::Sha256 hash;
  for (auto _ : state) hash.update(data);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(piece));
}
BENCHMARK(stream_hash);

}  // namespace
}  // namespace culver
