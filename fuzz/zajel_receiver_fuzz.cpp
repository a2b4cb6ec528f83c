// Any order of events at the receiver: it ends once, frees what it took, never leaves the
// connection paused and never asks the disk for more than was announced. A cancel ends it, but for
// a name that the disk was asked to give: that ends with the disk's answer.
#include <cstdlib>
#include <optional>

#include <fuzzer/FuzzedDataProvider.h>

#include "core/transfer/chunks.hpp"
#include "core/transfer/zajel_receiver.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::transfer;

/// What the world around a receiver knows of it.
struct Ledger {
  std::uint64_t announced;
  bool acks;
  std::size_t ends = 0, created = 0, dropped = 0, finishes = 0;
  std::uint64_t given = 0, unwritten = 0;
  bool paused = false;

  void take(const Effects& effects) {
    for (const auto& effect : effects) {
      require(ends == 0);
      std::visit([this](const auto& e) { note(e); }, effect);
    }
  }
  void note(const CreateTarget&) { ++created; }
  void note(const DropTarget&) { ++dropped; }
  void note(const FinishTarget&) {
    require(unwritten == 0 && given == announced);
    ++finishes;
  }
  void note(const WriteBlock& block) {
    require(created == 1 && dropped == 0 && finishes == 0);
    require(!block.bytes.empty() && block.bytes.size() <= block_size);
    given += block.bytes.size();
    unwritten += block.bytes.size();
    require(given <= announced);
  }
  void note(const PauseConnection& pause) {
    require(pause.paused != paused);
    paused = pause.paused;
  }
  void note(const SendEnvelope& sent) {
    if (std::holds_alternative<wire::peer::FileStartAck>(sent.envelope) ||
        std::holds_alternative<wire::peer::FileCompleteAck>(sent.envelope))
      require(acks);
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

ZajelReceiver::Event any_event(FuzzedDataProvider& input, const wire::peer::FileId& id,
                               std::uint64_t& index, std::size_t chunk, const Ledger& ledger) {
  switch (input.ConsumeIntegralInRange(0, 11)) {
    case 0:
      return OpenedChunk{id, input.ConsumeIntegral<std::uint64_t>(), ByteVector(chunk)};
    case 1:
      return OpenedChunk{id, index++, ByteVector(input.ConsumeIntegral<std::uint16_t>())};
    case 2:
      return PeerComplete{};
    case 3:
      return PeerComplete{Digest{}};
    case 4:
      return PeerFailed{any_fault(input)};
    case 5:
      return Decision{input.ConsumeBool()};
    case 6:
      return Cancel{any_fault(input)};
    case 7:
      return Tick{};
    case 8:
      return TargetCreated{};
    case 9:
      return BlockWritten{static_cast<std::size_t>(ledger.unwritten)};
    case 10:
      return TargetFinished{"x"};
    default: {
      const auto left = ledger.announced - std::min(ledger.announced, index * chunk);
      return OpenedChunk{id, index++, ByteVector(std::min<std::uint64_t>(chunk, left))};
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  Rng rng([](void*, std::span<std::byte>) {}, nullptr);
  Env env{TimePoint{}, rng};
  const auto id = wire::peer::FileId::from_random({});

  const std::size_t chunk = input.ConsumeIntegralInRange<std::size_t>(1, 65'536);
  const auto announced = input.ConsumeIntegralInRange<std::uint64_t>(0, std::uint64_t{16} << 20);
  const auto chunks =
      input.ConsumeBool() ? chunk_count(announced, chunk) : input.ConsumeIntegral<std::uint64_t>();
  const bool acks = input.ConsumeBool();
  Ledger ledger{.announced = announced, .acks = acks};
  Effects effects;
  auto receiver =
      ZajelReceiver::start({wire::peer::FileStart{id, Plaintext("x"), announced, chunks},
                            std::uint64_t{15} << 20, acks, input.ConsumeBool()},
                           env, effects);
  ledger.take(effects);

  std::uint64_t index = 0;
  for (int step = 0; step < 300 && input.remaining_bytes() > 0; ++step) {
    env.now += std::chrono::seconds(input.ConsumeIntegralInRange(0, 90));
    effects.clear();
    auto event = input.ConsumeIntegralInRange(0, 40) == 0
                     ? ZajelReceiver::Event(DiskFailed{any_fault(input)})
                     : any_event(input, id, index, chunk, ledger);
    // A disk answers only what it was asked, and with as much.
    if (std::holds_alternative<BlockWritten>(event)) ledger.unwritten = 0;
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
  require(ledger.created == ledger.dropped && !ledger.paused);
  return 0;
}
