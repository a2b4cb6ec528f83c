// Any order of events at the receiver of the second form: it ends once, frees what it took, holds
// no more than the credit it gave, and gives a file its name only if all of it is there and right.
// A cancel ends it, but for a name that the disk was asked to give: that ends with its answer.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fuzzer/FuzzedDataProvider.h>

#include "core/transfer/receiver.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::transfer;
namespace ws = wire::stream;

/// What the world around a receiver knows of it.
struct Ledger {
  std::uint64_t size;
  std::size_t ends = 0, opened = 0, freed = 0, finishes = 0;
  std::uint64_t given = 0, written = 0, have = 0, granted = 0;
  std::size_t writes = 0;  ///< under way
  std::uint64_t hashed = 0, asked = 0;
  bool last = false;

  void take(const Effects& effects) {
    for (const auto& effect : effects) {
      require(ends == 0);
      std::visit([this](const auto& e) { note(e); }, effect);
    }
  }
  void note(const OpenTarget&) { ++opened; }
  void note(const HashPart& part) {
    require(opened == 1 && asked == 0 && hashed + part.bytes <= have);
    asked = part.bytes;
  }
  void note(const DropTarget&) { ++freed; }
  void note(const KeepTarget&) { ++freed; }
  void note(const Started& started) {
    given = written = started.from;
    require(started.from == 0 || started.from == have);
    granted = started.from + stream::window;
  }
  void note(const WriteSlices& write) {
    require(opened == 1 && freed == 0 && finishes == 0 && !last);
    for (const auto& slice : write.slices) given += slice.size;
    last = write.last;
    ++writes;
    require(given <= size && given <= granted && last == (given == size));
    require(given - written <= stream::window && write.slices.size() <= 64);
  }
  void note(const FinishTarget&) {
    require(last && writes == 0 && given == size);
    ++finishes;
  }
  void note(const SendFrame& sent) {
    auto plain = sent.frame;
    plain.resize(plain.size() - ws::tag_size);
    const auto frame = ws::parse(std::move(plain));
    require(frame.has_value());
    if (const auto* credit = std::get_if<ws::Credit>(&*frame)) {
      require(credit->up_to > std::min(granted, size) && credit->up_to <= size);
      granted = credit->up_to;
    }
  }
  void note(const Finished&) {
    require(finishes == 1);
    ++ends;
  }
  void note(const Failed&) { ++ends; }
  template <class Other>
  void note(const Other&) {}
};

Fault any_fault(FuzzedDataProvider& input) {
  return static_cast<Fault>(input.ConsumeIntegralInRange<std::size_t>(0, fault_count - 1));
}

Receiver::Event any_event(FuzzedDataProvider& input, Ledger& ledger) {
  const auto data = [](std::size_t bytes) {
    return PeerData{ws::Slice{ByteVector(bytes), 0, bytes}};
  };
  switch (input.ConsumeIntegralInRange(0, 18)) {
    case 0:
      return PeerBegin{input.ConsumeIntegralInRange<std::uint64_t>(0, ledger.size)};
    case 1:
      return PeerBegin{input.ConsumeBool() ? ledger.have : 0};
    case 2:
      return data(input.ConsumeIntegralInRange<std::size_t>(1, 262'122));
    case 3:
      return PeerComplete{Digest{}};
    case 4:
      return PeerFailed{any_fault(input)};
    case 5:
      return Decision{input.ConsumeIntegralInRange(0, 7) != 0};
    case 6:
      return Cancel{any_fault(input)};
    case 7:
      return Tick{};
    case 8: {
      if (ledger.opened == 1 && ledger.have == 0 && ledger.hashed == 0)
        ledger.have = input.ConsumeIntegralInRange<std::uint64_t>(0, ledger.size);
      return TargetOpened{ledger.have};
    }
    case 9:
    case 10: {
      // A disk answers only what it was asked.
      if (ledger.writes == 0) return Tick{};
      --ledger.writes;
      const auto bytes = ledger.writes == 0 ? ledger.given - ledger.written : 0;
      ledger.written += bytes;
      BlockWritten block{static_cast<std::size_t>(bytes)};
      if (ledger.last && ledger.writes == 0) block.sha256 = Digest{};
      return block;
    }
    case 11:
      return TargetFinished{"x"};
    case 12:
    case 13:
      return TargetFound{input.ConsumeIntegralInRange<std::uint64_t>(0, ledger.size)};
    case 14:
    case 15:
      // Step by step, or that it cannot be read.
      if (ledger.asked == 0) return Tick{};
      ledger.hashed += std::exchange(ledger.asked, 0);
      if (input.ConsumeIntegralInRange(0, 15) == 0) ledger.hashed = ledger.have = 0;
      return PartHashed{ledger.hashed, Digest{}};
    case 16:
      return PeerAbout{{input.ConsumeIntegral<std::int64_t>(), 0644}};
    case 17:
      return PeerWorking{ledger.have, input.ConsumeIntegral<std::uint64_t>()};
    default:
      return data(input.ConsumeIntegralInRange<std::size_t>(16'384, 65'514));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  Rng rng([](void*, std::span<std::byte>) {}, nullptr);
  Env env{TimePoint{}, rng};

  Ledger ledger{.size = input.ConsumeIntegralInRange<std::uint64_t>(0, std::uint64_t{12} << 20)};
  Effects effects;
  auto receiver = Receiver::start(
      {PublicKey{}, ws::Offer{1, ledger.size, Plaintext("x")}, std::uint64_t{11} << 20}, env,
      effects);
  ledger.take(effects);
  for (int step = 0; step < 400 && input.remaining_bytes() > 0; ++step) {
    env.now += std::chrono::seconds(input.ConsumeIntegralInRange(0, 30));
    effects.clear();
    auto event = input.ConsumeIntegralInRange(0, 40) == 0
                     ? Receiver::Event(DiskFailed{any_fault(input)})
                     : any_event(input, ledger);
    receiver.on(std::move(event), env, effects);
    ledger.take(effects);
    require(receiver.ended() == (ledger.ends == 1));
    require(receiver.ended() != receiver.deadline().has_value());
  }
  effects.clear();
  receiver.on(Cancel{Fault::cancelled}, env, effects);
  ledger.take(effects);
  if (!receiver.ended()) {
    require(ledger.finishes == 1);
    effects.clear();
    receiver.on(TargetFinished{"x"}, env, effects);
    ledger.take(effects);
  }
  require(receiver.ended() && ledger.ends == 1);
  require(ledger.opened == ledger.freed);
  return 0;
}
