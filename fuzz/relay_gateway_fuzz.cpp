// Bytes -> what devices behind the gateway say, what the store answers, what time it is; after each
// the invariants must hold. The handshakes are real, of version 1, so that frames are what the
// bytes say.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "../tests/core/relay/door_support.hpp"
#include "../tests/core/relay/hub_invariants.hpp"
#include "core/handshake/client.hpp"
#include "core/relay/hub.hpp"
#include "fuzz/input.hpp"

namespace {

using namespace culver;
using namespace culver::fuzz;
using namespace culver::relay;
namespace client = handshake::client;
namespace gateway = wire::gateway;

/// Different every time, the same in every run.
struct Randomness {
  std::uint64_t state = 1;
  static void fill(void* self, std::span<std::byte> out) {
    auto& state = static_cast<Randomness*>(self)->state;
    for (auto& byte : out) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      byte = static_cast<std::byte>(state >> 56);
    }
  }
};

client::Account account(std::uint8_t number) {
  crypto::SigningSeed seed;
  for (auto& byte : seed.expose_to_fill()) byte = static_cast<std::byte>(number);
  crypto::SigningKey key(seed);
  const UserId user{key.verify_key().data};
  DeviceId device;
  device.data.fill(static_cast<std::byte>(number));
  device.data[6] = std::byte{0x40};
  device.data[8] = std::byte{0x80};
  return {std::move(key), user, device, std::nullopt, std::nullopt};
}

/// Made once: keys cost more than a run.
const std::vector<client::Account>& accounts() {
  static const auto all = [] {
    std::vector<client::Account> made;
    for (std::uint8_t number = 1; number <= 3; ++number) made.push_back(account(number));
    return made;
  }();
  return all;
}

class World {
 public:
  explicit World(Input bytes)
      : input_(bytes),
        rng_(&Randomness::fill, &randomness_),
        hub_({"ed25519:fuzz", "ws://fuzz", std::nullopt}, limits(), test_door()) {
    for (std::uint8_t device = 1; device <= 3; ++device) connect(device);
  }

  void run() {
    while (!input_.empty()) step();
  }

 private:
  static Limits limits() {
    Limits limits;
    limits.unanswered_events = 4;
    limits.questions = 12;
    limits.waiting_frames = 2;
    limits.events_per_user = {20, std::chrono::seconds(60)};
    limits.accounts = 1;
    limits.link_codes = 2;
    limits.page_bytes = 64;
    return limits;
  }
  Env env() { return {now_, rng_, wall_}; }
  const UserId& founder() const { return accounts_[0].user; }

  void deliver(Event event) {
    for (auto& effect : hub_.step(std::move(event), env())) {
      if (auto* ask = std::get_if<Ask>(&effect)) asked_.push_back(std::move(*ask));
      if (auto* send = std::get_if<SendToSocket>(&effect)) last_sent_ = std::move(send->text);
    }
    if (const auto what = broken(hub_); !what.empty()) {
      std::fprintf(stderr, "%s\n", what.c_str());
      std::abort();
    }
  }

  /// Shakes hands on a new socket; the store has still to be asked.
  void connect(std::uint8_t device) {
    const SocketId socket{++sockets_};
    deliver(Accepted{socket, "home"});
    deliver(SocketOpened{socket, "home"});
    auto now = env();
    const auto& mine = accounts_.at(static_cast<std::size_t>(device - 1));
    const client::Pin pin;
    client::Context context{now, mine, pin, 1};
    auto [state, hello] = client::begin(now_, context);
    last_sent_.clear();
    deliver(Frame{socket, std::move(hello)});
    auto event = client::read(state, last_sent_);
    client::Effects effects;
    state = fsm::step<client::Machine>(std::move(state), std::move(event), context, effects);
    for (auto& effect : effects) deliver(Frame{socket, std::get<client::SendFrame>(effect).frame});
  }

  std::string frame_of(std::uint8_t device) {
    const auto kind = input_.byte();
    const auto number = input_.byte();
    const auto& mine = accounts_.at(static_cast<std::size_t>(device - 1));
    EventId id;
    id.data.fill(static_cast<std::byte>(number));
    id.data[6] = std::byte{0x70};
    id.data[8] = std::byte{0x80};
    switch (kind % 8) {
      case 0:
        return gateway::print(gateway::NewEvent{id, std::nullopt, mine.device,
                                                std::uint64_t{1} + number, "s", "t", "AAAA", 3,
                                                std::nullopt});
      case 1:
        return gateway::print(gateway::AckReceived{number, std::nullopt});
      case 2:
        return gateway::print(gateway::AckReceived{std::nullopt, std::uint64_t{1} + number});
      case 3:
        return gateway::print(gateway::ReplayRequest{1, number, number > 200});
      case 4:
        return R"({"type":"initiate_pairing"})";
      case 5:
        return R"({"type":"complete_pairing","payload":{"pairing_code":")" + last_code() + "\"}}";
      case 6:
        return R"({"type":"scratchpad_sync","payload":1})";
      default:
        return input_.text();
    }
  }
  /// Out of what was sent last, if that was a code.
  std::string last_code() const {
    const auto at = last_sent_.find(R"("code":")");
    return at == std::string::npos ? "000000" : last_sent_.substr(at + 8, 6);
  }

  DeviceRecord record(const DeviceId& device) {
    const auto found = std::find_if(accounts_.begin(), accounts_.end(),
                                    [&](const auto& a) { return a.device == device; });
    const auto& key = found == accounts_.end() ? founder() : found->user;
    return {founder(), key, device, std::nullopt, std::nullopt, 0, 0, input_.byte() > 250};
  }
  Answer answer_to(const Question& question, bool fails) {
    const auto fault = static_cast<Fault>(input_.byte() % fault_count);
    const auto number = input_.byte();
    if (const auto* admit = std::get_if<AdmitDevice>(&question))
      return fails ? Result<Admission>(fail(fault))
                   : Admission{record(admit->device), number, number, std::uint64_t{number} * 2};
    if (const auto* link = std::get_if<LinkDevice>(&question)) {
      auto linked = record(link->device);
      linked.user = link->to;
      return fails ? Result<Admission>(fail(fault)) : Admission{linked, number, 0, number};
    }
    if (std::holds_alternative<AppendEvent>(question)) {
      using Told = tl::expected<Appended, AppendRefused>;
      if (fails) return Told(tl::unexpected(AppendRefused{fault, wall_ + number}));
      return Told(Appended{{number, number, R"("x":1)"}, number % 4 == 0});
    }
    if (std::holds_alternative<FetchPage>(question))
      return fails ? Result<Page>(fail(fault))
                   : Page{{{number, 1, R"("x":1)"}}, number, number % 2 == 0, number};
    if (std::holds_alternative<ListDevices>(question))
      return fails ? Result<std::vector<DeviceRecord>>(fail(fault))
                   : std::vector<DeviceRecord>{record(accounts_[0].device)};
    if (std::holds_alternative<KeepDrops>(question))
      return fails ? Result<DropsKept>(fail(fault)) : DropsKept{};
    if (std::holds_alternative<FindEvent>(question))
      return fails ? Result<EventFound>(fail(fault)) : EventFound{number % 2 == 0};
    return fails ? Result<DeviceRecord>(fail(fault)) : record(accounts_[number % 3].device);
  }
  void answer(bool fails) {
    if (asked_.empty()) return;
    const auto [number, question] = std::move(asked_.front());
    asked_.pop_front();
    if (std::holds_alternative<SaveCursor>(question) || std::holds_alternative<Prune>(question) ||
        std::holds_alternative<KeepTime>(question))
      return;
    deliver(Answered{number, answer_to(question, fails)});
  }
  void request(std::uint8_t device) {
    const auto& mine = accounts_.at(static_cast<std::size_t>(device - 1));
    const SocketId socket{++sockets_};
    deliver(Accepted{socket, "home"});
    gateway::Authorization authorization{mine.device, wall_, {}, {}};
    authorization.nonce.data.fill(static_cast<std::byte>(input_.byte()));
    const bool deletes = input_.byte() % 2 == 0;
    const std::string method = deletes ? "DELETE" : "GET";
    const std::string target = deletes ? "/api/devices/" + print_uuid(accounts_[1].device.view())
                                       : std::string("/api/devices");
    const auto digest = gateway::digest_of(
        {test_door().identity.text, method, target, mine.device, wall_, authorization.nonce, {}});
    authorization.signature = mine.key.sign(digest.view());
    deliver(HttpRequest{socket, "home", method, target, gateway::print(authorization), {}});
  }

  void step() {
    const auto what = input_.byte();
    const auto device = static_cast<std::uint8_t>(1 + (what >> 4) % 3);
    const SocketId socket{1 + static_cast<std::uint64_t>(what >> 4) % sockets_};
    const auto later = std::chrono::milliseconds(100 * (what >> 4));
    switch (what & 15) {
      case 0:
        if (++connections_ <= 4) connect(device);
        return;
      case 1:
        return deliver(SocketClosed{socket, what > 128});
      case 2:
        now_ += later * 10;
        wall_ += (later * 10).count();
        return deliver(Tick{});
      case 3:
        return answer(true);
      case 4:
      case 5:
      case 6:
        return answer(false);
      case 7:
        if (++requests_ <= 4) request(device);
        return;
      case 8:
        return deliver(Oversized{socket});
      case 9:
        return deliver(Alive{socket});
      default:
        return deliver(Frame{socket, frame_of(device)});
    }
  }

  Input input_;
  Randomness randomness_;
  Rng rng_;
  TimePoint now_{std::chrono::hours(1)};
  WallTime wall_ = 1'700'000'000'000;
  const std::vector<client::Account>& accounts_ = accounts();
  Hub hub_;
  std::uint64_t sockets_ = 0;
  int connections_ = 0, requests_ = 0;
  std::deque<Ask> asked_;
  std::string last_sent_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World(Input{data, data + std::min<std::size_t>(size, 512)}).run();
  return 0;
}
