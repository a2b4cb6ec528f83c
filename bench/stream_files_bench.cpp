// What the disk thread spends on a file of the second form: a block read into frames and hashed,
// and a batch hashed and written. From and to the page cache, so that it is the processor's time.
#include <filesystem>
#include <fstream>

#include <benchmark/benchmark.h>

#include "core/transfer/stream_terms.hpp"
#include "shell/store/stream_files.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::store {
namespace {

using transfer::stream::block;
using transfer::stream::write_batch;

constexpr std::uint64_t blocks = 64;

void read_and_hash(benchmark::State& state) {
  TemporaryFolder folder;
  write_file(folder / "file", std::string(blocks * block, 'x'));
  StreamSource source(*OutgoingFile::open((folder / "file").string()));
  std::uint64_t at = 0;
  for (auto _ : state) {
    const auto frames = source.read({at, block, wire::limits::channel_frame_out, false});
    if (!frames) state.SkipWithError("not read");
    at = (at + block) % (blocks * block);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(block));
}
BENCHMARK(read_and_hash);

void hash_and_write(benchmark::State& state) {
  TemporaryFolder root;
  const auto folder = *Folder::open(root.path().string());
  auto target = *StreamTarget::open(folder, {{}, Plaintext("file"), 0});
  transfer::WriteSlices write{{}, false};
  for (int i = 0; i < 4; ++i)
    write.slices.push_back({ByteVector(write_batch / 4), 0, write_batch / 4});
  std::uint64_t written = 0;
  for (auto _ : state) {
    if (!target.write(write)) state.SkipWithError("not written");
    if ((written += write_batch) < blocks * block) continue;
    state.PauseTiming();
    target.restart();
    written = 0;
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(write_batch));
}
BENCHMARK(hash_and_write);

}  // namespace
}  // namespace culver::store
