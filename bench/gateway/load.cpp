// Loads a running server and prints what it measured, one JSON object per phase. bench/gateway/run
// starts the server and makes the table.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "bench/gateway/alone.hpp"
#include "bench/gateway/device.hpp"
#include "bench/gateway/handshakes.hpp"
#include "bench/gateway/process.hpp"
#include "core/wire/base64.hpp"
#include "shell/host/clock.hpp"

namespace culver::bench {
namespace {

namespace asio = boost::asio;
using namespace wire::gateway;

constexpr std::size_t window = 64;
constexpr std::size_t payload_bytes = 200;
constexpr std::uint32_t page_limit = 1'000;

// ---- phases -------------------------------------------------------------------------------------

void idle(const Target& target, std::size_t count) {
  asio::io_context io(1);
  std::deque<client::Account> accounts;
  for (std::size_t i = 0; i < count; ++i) accounts.push_back(make_account(2'000'000 + i));
  std::vector<std::shared_ptr<Device>> devices;
  std::size_t opened = 0, begun = 0;
  const auto before = resident_bytes(target.pid);
  std::function<void()> next = [&] {
    if (begun == count) return;
    devices.push_back(std::make_shared<Device>(io, accounts[begun++], target.version));
    devices.back()->connect(target.server, [&](Device& device) {
      device.on_frame([](Device&, std::string_view) {});
      if (++opened == count) return io.stop();
      next();
    });
  };
  for (std::size_t i = 0; i < at_once; ++i) next();
  io.run();
  const auto each = (resident_bytes(target.pid) - before) / static_cast<double>(count);
  std::printf(R"({"phase":"idle","count":%zu,"bytes_each":%.0f,"before":%.0f})"
              "\n",
              count, each, before);
  for (auto& device : devices) device->close();
}

/// Keeps `window` events unacknowledged until `count` are acknowledged.
class Sender {
 public:
  Sender(asio::io_context& io, const client::Account& account, const Target& target,
         std::size_t count)
      : device_(std::make_shared<Device>(io, account, target.version)), count_(count) {
    event_.device = account.device;
    event_.stream = "messages";
    event_.type = "message:text";
    event_.encrypted_payload = wire::base64::encode(ByteVector(payload_bytes, std::byte{0xA5}));
    std::copy_n(account.user.data.begin(), 7, event_.id.data.begin() + 9);
  }
  void connect(const Target& target, std::function<void()> ready, std::function<void()> done) {
    done_ = std::move(done);
    device_->connect(target.server, [this, ready = std::move(ready)](Device& device) {
      device.on_frame([this](Device&, std::string_view frame) { take(frame); });
      ready();
    });
  }
  void start() {
    for (std::size_t i = 0; i < window && sent_ < count_; ++i) send();
  }
  void close() { device_->close(); }
  std::size_t body_bytes() const { return body_of(event_, UserId{}, host::wall_now()).size(); }

 private:
  void send() {
    ++sent_;
    event_.device_seq = sent_;
    for (std::size_t i = 0; i < 6; ++i)
      event_.id.data[i] = static_cast<std::byte>(sent_ >> (40 - 8 * i));
    event_.id.data[6] = std::byte{0x70};
    event_.id.data[8] = std::byte{0x80};
    device_->send(print(event_));
  }
  void take(std::string_view frame) {
    if (frame.find("\"error\"") != std::string_view::npos) {
      std::fprintf(stderr, "gateway_load: refused: %.*s\n", static_cast<int>(frame.size()),
                   frame.data());
      std::_Exit(1);
    }
    if (frame.find("\"ack\"") == std::string_view::npos) return;
    if (++acknowledged_ == count_) return done_();
    if (sent_ < count_) send();
  }

  std::shared_ptr<Device> device_;
  std::function<void()> done_;
  NewEvent event_{};
  std::size_t count_, sent_ = 0, acknowledged_ = 0;
};

void store(const Target& target, std::size_t senders_wanted, std::uint64_t first_account,
           std::size_t count, const char* phase) {
  asio::io_context io(1);
  std::deque<client::Account> accounts;
  std::deque<Sender> senders;
  std::size_t ready = 0, done = 0;
  std::optional<Stopwatch> watch;
  for (std::size_t i = 0; i < senders_wanted; ++i) {
    accounts.push_back(make_account(first_account + i));
    senders.emplace_back(io, accounts.back(), target, count / senders_wanted);
  }
  for (auto& sender : senders)
    sender.connect(
        target,
        [&] {
          if (++ready < senders_wanted) return;
          watch.emplace(target.pid);
          for (auto& each : senders) each.start();
        },
        [&] {
          if (++done == senders_wanted) io.stop();
        });
  io.run();
  const auto seconds = watch->seconds();
  const auto stored = static_cast<double>(count / senders_wanted * senders_wanted);
  std::printf(R"({"phase":"%s","count":%.0f,"per_second":%.0f,"cpu_us":%.2f,"body_bytes":%zu})"
              "\n",
              phase, stored, stored / seconds, watch->server_cpu() * 1e6 / stored,
              senders.front().body_bytes());
  for (auto& sender : senders) sender.close();
}

std::uint64_t number_after(std::string_view text, std::string_view name) {
  const auto at = text.rfind(name);
  return at == std::string_view::npos ? 0
                                      : std::strtoull(text.data() + at + name.size(), nullptr, 10);
}

/// Another device of the account reads everything, page by page.
void replay(const Target& target, std::uint64_t account_number, std::size_t count) {
  asio::io_context io(1);
  const auto account = make_account(account_number, 1);
  const auto device = std::make_shared<Device>(io, account, target.version);
  std::size_t events = 0, pages = 0;
  std::optional<Stopwatch> watch;
  device->connect(target.server, [&](Device& opened) {
    opened.on_frame([&](Device& reader, std::string_view frame) {
      if (frame.find("\"replay_response\"") == std::string_view::npos) return;
      ++pages;
      const auto end = frame.substr(frame.size() - std::min<std::size_t>(frame.size(), 256));
      events += number_after(end, "\"page_size\":");
      if (end.find("\"has_more\":true") == std::string_view::npos) return io.stop();
      reader.send(print(ReplayRequest{page_limit, number_after(end, "\"cursor\":"), true}));
    });
    watch.emplace(target.pid);
    opened.send(print(ReplayRequest{page_limit, 0, false}));
  });
  io.run();
  const auto seconds = watch->seconds();
  std::printf(
      R"({"phase":"replay","count":%zu,"expected":%zu,"pages":%zu,"per_second":%.0f,"cpu_us":%.2f})"
      "\n",
      events, count, pages, static_cast<double>(events) / seconds,
      watch->server_cpu() * 1e6 / static_cast<double>(events));
  device->close();
}

void alone(const std::string& folder, std::size_t body_bytes) {
  const auto core = operations_of_core(), openssl = operations_of_openssl();
  for (const auto& [name, is] : {std::pair{"core", core}, std::pair{"openssl", openssl}})
    std::printf(R"({"phase":"operations","of":"%s","key_pair":%.1f,"agreement":%.1f,"sign":%.1f,)"
                R"("verify":%.1f,"sum":%.1f})"
                "\n",
                name, is.key_pair, is.agreement, is.sign, is.verify, is.sum());
  std::printf(R"({"phase":"sqlite","group":64,"per_second":%.0f})"
              "\n",
              bare_inserts_per_second(folder, body_bytes, 64));
}

}  // namespace
}  // namespace culver::bench

int main(int argc, char** argv) {
  using namespace culver::bench;
  Target target;
  std::uint16_t port = 0;
  std::string phase, folder;
  std::size_t count = 0;
  CLI::App app("Loads a culver-server for bench/gateway/run", "gateway_load");
  app.add_option(
         "phase", phase,
         "alone, connections, shake-new, shake-known, handshakes, idle, store, fill, replay")
      ->required();
  app.add_option("--port", port);
  app.add_option("--pid", target.pid, "Of the server");
  app.add_option("--count", count);
  app.add_option("--folder", folder, "Where SQLite alone writes");
  app.add_option("--handshake", target.version, "Version of the handshake (2)");
  CLI11_PARSE(app, argc, argv);
  target.server = {boost::asio::ip::address_v4::loopback(), port};
  constexpr std::uint64_t senders = 3'000'000, reader = 4'000'000;
  if (phase == "alone") alone(folder, count);
  if (phase == "connections") connections(target, count);
  if (phase == "shake-new") handshakes_of_new_devices(target, count);
  if (phase == "shake-known") handshakes_of_known_devices(target, count);
  if (phase == "handshakes") whole_handshakes(target, count);
  if (phase == "idle") idle(target, count);
  if (phase == "store") store(target, at_once, senders, count, "store");
  if (phase == "fill") store(target, 1, reader, count, "fill");
  if (phase == "replay") replay(target, reader, count);
}
