// A fixed volume through two transports on one thread, over loopback sockets, for a tool that
// counts the instructions of culver_measured and nothing else: bench/instructions.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <sys/socket.h>

#include "bench/p2p/end.hpp"

namespace {

using namespace culver;
using namespace culver::p2p;

constexpr std::size_t frame = 65'536;
constexpr std::size_t warm_up = std::size_t{8} << 20;
constexpr std::size_t volume = std::size_t{16} << 20;

struct Load {
  boost::asio::io_context io;
  bench::Signals a_signals, b_signals;
  bench::End a, b;
  std::size_t left = 0, got = 0;

  static StackConfig config() {
    StackConfig config;
    config.addresses = {"127.0.0.1"};
    return config;
  }
  explicit Load(const int (&ends)[2])
      : a_signals(io, ends[0]),
        b_signals(io, ends[1]),
        a(io, a_signals, true, config()),
        b(io, b_signals, false, config()) {
    a_signals.sink = [this](char tag, const std::string& text) { a.on_signal(tag, text); };
    b_signals.sink = [this](char tag, const std::string& text) { b.on_signal(tag, text); };
    a.also = [this](const connection::TransportEvent& event) {
      if (std::holds_alternative<connection::Window>(event)) fill();
    };
    b.also = [this](const connection::TransportEvent& event) {
      if (const auto* data = std::get_if<connection::ChannelData>(&event))
        got += data->bytes.size();
    };
    a.begin();
    b.begin();
    while (!a.has("files") || !b.has("files")) io.run_one();
  }
  void fill() {
    while (left > 0 && a.window("files") >= frame) {
      a.send("files", ByteVector(frame, std::byte{0x5a}), true);
      a.window("files") -= frame;
      left -= frame;
    }
  }
  void pump(std::size_t bytes) {
    left = bytes;
    got = 0;
    fill();
    while (got < bytes || !a.all_sent()) {
      if (a.closed() || b.closed()) std::abort();
      io.run_one();
    }
  }
};

}  // namespace

extern "C" __attribute__((noinline)) void culver_measured(void* load) {
  static_cast<Load*>(load)->pump(volume);
}

int main() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
  const auto load = std::make_unique<Load>(ends);
  load->pump(warm_up);
  culver_measured(load.get());
  std::printf("%zu MiB\n", volume >> 20);
}
