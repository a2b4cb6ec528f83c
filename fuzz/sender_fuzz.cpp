// Any order of events at the sender of the second form: it ends once, frees its file, sends what it
// has read in order, never beyond its budget nor the peer's credit, and holds two blocks at most.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fuzzer/FuzzedDataProvider.h>

#include "core/transfer/sender.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::transfer;
namespace ws = wire::stream;

/// What the world around a sender knows of it.
struct Ledger {
  std::uint64_t size;
  std::size_t ends = 0, dropped = 0, budget = 0;
  std::uint64_t read = 0, sent = 0, up_to = 0;
  std::uint32_t window = 0;
  std::uint64_t hashed = 0, hashing = 0;
  bool begun = false, complete = false;
  std::optional<ReadFrames> asked{};

  void take(const Effects& effects) {
    for (const auto& effect : effects) {
      require(ends == 0);
      std::visit([this](const auto& e) { note(e); }, effect);
    }
  }
  void note(const ReadFrames& request) {
    require(!asked && request.offset == read && request.bytes <= stream::block);
    require(request.last == (read + request.bytes == size));
    asked = request;
  }
  void note(const HashPrefix& prefix) {
    require(!begun && hashing == 0 && prefix.from == hashed && prefix.bytes <= stream::hash_step);
    require(prefix.bytes > 0 && prefix.from + prefix.bytes <= size);
    hashing = prefix.bytes;
  }
  void note(const SendFrame& sent_frame) {
    auto opened = sent_frame.frame;
    opened.resize(opened.size() - ws::tag_size);
    auto frame = ws::parse(std::move(opened));
    require(frame.has_value());
    if (const auto* begin = std::get_if<ws::Begin>(&*frame)) {
      require(!begun && begin->from <= size);
      begun = true;
      read = sent = begin->from;
      up_to = begin->from + window;
    } else if (const auto* data = std::get_if<ws::Data>(&*frame)) {
      require(begun && !complete && sent_frame.frame.size() <= budget);
      budget -= sent_frame.frame.size();
      sent += data->bytes.size;
      require(sent <= read && sent <= up_to && read - sent <= 2 * stream::block);
      require(data->bytes.size >= stream::least_data || sent == size);
    } else if (std::holds_alternative<ws::Complete>(*frame)) {
      require(begun && !complete && sent == size);
      complete = true;
    }
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

FramesRead answer(Ledger& ledger) {
  FramesRead read;
  if (!ledger.asked) return read;
  const auto request = *std::exchange(ledger.asked, std::nullopt);
  const auto piece = stream::even_piece(request.bytes, request.frame);
  for (std::size_t at = 0; at < request.bytes; at += piece)
    read.frames.emplace_back(ws::data_overhead + std::min(piece, request.bytes - at));
  ledger.read += request.bytes;
  if (request.last) read.sha256 = Digest{};
  return read;
}

Sender::Event any_event(FuzzedDataProvider& input, Ledger& ledger) {
  switch (input.ConsumeIntegralInRange(0, 15)) {
    case 0: {
      PeerAccept accept{input.ConsumeIntegralInRange<std::uint64_t>(0, ledger.size + 1),
                        input.ConsumeIntegral<std::uint32_t>(), Digest{}};
      if (!ledger.begun && ledger.window == 0) ledger.window = accept.window;
      return accept;
    }
    case 1:
      return PeerCredit{input.ConsumeIntegral<std::uint32_t>()};
    case 2:
      return PeerChecked{};
    case 3:
      return PeerFailed{any_fault(input)};
    case 4:
      return Cancel{any_fault(input)};
    case 5:
      return Tick{};
    case 6:
      return DiskFailed{any_fault(input)};
    case 7: {
      if (ledger.hashing == 0) return Tick{};
      ledger.hashed += std::exchange(ledger.hashing, 0);
      PrefixHashed hashed{ledger.hashed, {}};
      hashed.sha256.data[0] = static_cast<std::byte>(input.ConsumeBool());
      return hashed;
    }
    case 8:
      ledger.budget = input.ConsumeIntegral<std::uint32_t>() >> input.ConsumeIntegralInRange(0, 31);
      return ChannelRoom{ledger.budget};
    case 9:
      return PeerAccept{0, ledger.window = stream::window, Digest{}};
    case 10:
    case 11: {
      const auto of = input.ConsumeIntegralInRange<std::uint64_t>(0, ledger.size + 1);
      return PeerWorking{of, input.ConsumeIntegralInRange<std::uint64_t>(0, of)};
    }
    default:
      return answer(ledger);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  Rng rng([](void*, std::span<std::byte>) {}, nullptr);
  Env env{TimePoint{}, rng};

  Ledger ledger{.size = input.ConsumeIntegralInRange<std::uint64_t>(0, std::uint64_t{5} << 20)};
  Effects effects;
  auto sender = Sender::start({1, Plaintext("x"), ledger.size, 65'536}, env, effects);
  ledger.take(effects);
  for (int step = 0; step < 200 && input.remaining_bytes() > 0; ++step) {
    env.now += std::chrono::seconds(input.ConsumeIntegralInRange(0, 20));
    effects.clear();
    auto event = any_event(input, ledger);
    if (const auto* credit = std::get_if<PeerCredit>(&event))
      ledger.up_to = std::max(ledger.up_to, credit->up_to);
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
