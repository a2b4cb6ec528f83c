// Any order of events at the sender: it ends once, frees its file, sends what it has read and never
// beyond its credit. And any name at all: what is announced is safe.
#include <cstdlib>
#include <optional>

#include <fuzzer/FuzzedDataProvider.h>

#include "core/transfer/chunks.hpp"
#include "core/transfer/safe_name.hpp"
#include "core/transfer/zajel_sender.hpp"
#include "core/wire/utf8.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::transfer;

void check_name(const std::string& name) {
  const std::string safe = safe_name(name);
  require(!safe.empty() && safe.size() <= safe_name_size);
  require(wire::utf8::is_valid(safe));
  require(safe.front() != '.' && safe.front() != ' ' && safe.back() != '.' && safe.back() != ' ');
  for (const char c : safe)
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f &&
            std::string_view("/\\:*?\"<>|").find(c) == std::string_view::npos);
  for (const std::string_view turn : {"\u202A", "\u202E", "\u2066", "\u2069", "\u0085"})
    require(safe.find(turn) == std::string::npos);
  require(safe_name(safe) == safe);
  require(numbered_name(safe, 9'999).size() <= 255);
}

/// What the world around a sender knows of it.
struct Ledger {
  std::uint64_t size;
  std::size_t ends = 0, dropped = 0, credit = 0, asked = 0;
  std::uint64_t read = 0, sent = 0, next = 0;
  bool complete = false;

  void take(const Effects& effects) {
    for (const auto& effect : effects) {
      require(ends == 0);
      std::visit([this](const auto& e) { note(e); }, effect);
    }
  }
  void note(const ReadBlock& block) {
    require(asked == 0 && block.bytes > 0 && block.bytes <= block_size + 1);
    asked = block.bytes;
  }
  void note(const SendChunk& chunk) {
    require(!complete && chunk.index == next++ && chunk.bytes.size() <= wire::limits::chunk_out);
    const auto cost = wire_cost(chunk.bytes.size());
    require(cost <= credit);
    credit -= cost;
    sent += chunk.bytes.size();
    require(sent <= read && sent <= size && read - sent <= 2 * block_size);
  }
  void note(const SendEnvelope& envelope) {
    if (!std::holds_alternative<wire::peer::FileComplete>(envelope.envelope)) return;
    require(!complete && sent == size);
    complete = true;
  }
  void note(const DropSource&) { ++dropped; }
  void note(const Finished&) {
    require(complete);
    ++ends;
  }
  void note(const Failed&) { ++ends; }
  template <class Other>
  void note(const Other&) {}
};

Fault any_fault(FuzzedDataProvider& input) {
  return static_cast<Fault>(input.ConsumeIntegralInRange<std::size_t>(0, fault_count - 1));
}

ZajelSender::Event any_event(FuzzedDataProvider& input, Ledger& ledger) {
  const auto reason = [&] { return input.ConsumeRandomLengthString(12); };
  switch (input.ConsumeIntegralInRange(0, 12)) {
    case 0:
      return PeerStartAck{input.ConsumeBool(), reason()};
    case 1:
      return PeerCompleteAck{input.ConsumeBool(), reason()};
    case 2:
      return PeerFailed{any_fault(input)};
    case 3:
      return Cancel{any_fault(input)};
    case 4:
      return Flushed{};
    case 5:
      return Tick{};
    case 6:
      return DiskFailed{any_fault(input)};
    case 7: {  // a file that changes, or an answer to nothing
      const ByteVector bytes(input.ConsumeIntegralInRange<std::size_t>(0, block_size + 2));
      if (std::exchange(ledger.asked, 0) > 0) ledger.read += bytes.size();
      return BlockRead{bytes};
    }
    case 8:
    case 9: {
      ledger.credit = input.ConsumeIntegral<std::uint32_t>() >> input.ConsumeIntegralInRange(0, 31);
      return ChannelRoom{ledger.credit};
    }
    default: {
      const auto left = ledger.size - std::min(ledger.size, ledger.read);
      const auto bytes = std::min<std::uint64_t>(left, ledger.asked);
      ledger.read += bytes;
      ledger.asked = 0;
      return BlockRead{ByteVector(bytes)};
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  Rng rng([](void*, std::span<std::byte>) {}, nullptr);
  Env env{TimePoint{}, rng};

  const std::string name = input.ConsumeRandomLengthString(400);
  check_name(name);
  Ledger ledger{.size = input.ConsumeIntegralInRange<std::uint64_t>(0, std::uint64_t{2} << 20)};
  Effects effects;
  auto sender = ZajelSender::start(
      {wire::peer::FileId::from_random({}), Plaintext(name), ledger.size, input.ConsumeBool()}, env,
      effects);
  ledger.take(effects);

  for (int step = 0; step < 200 && input.remaining_bytes() > 0; ++step) {
    env.now += std::chrono::seconds(input.ConsumeIntegralInRange(0, 20));
    effects.clear();
    auto event = any_event(input, ledger);
    sender.on(std::move(event), env, effects);
    ledger.take(effects);
    require(sender.ended() == (ledger.ends == 1));
    require(sender.ended() != sender.deadline().has_value());
  }
  effects.clear();
  sender.on(Cancel{Fault::cancelled}, env, effects);
  ledger.take(effects);
  require(sender.ended() && ledger.ends == 1 && ledger.dropped == 1);
  return 0;
}
