// Two processes joined by a transport over loopback: how fast and how dear bytes are, how long a
// text takes beside them, and how long it takes until channels are open.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "bench/p2p/direct_path.hpp"
#include "bench/p2p/end.hpp"
#include "tests/shell/p2p/nice_support.hpp"

namespace culver::p2p::bench {
namespace {

constexpr std::size_t text_size = 200;
constexpr std::chrono::milliseconds text_interval{2};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}
double peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

struct Options {
  std::string path = "ice";
  std::size_t mib = 1024;
  std::size_t frame = 65'536;
  int setups = 50;
  int rounds = 1;
  bool texts = true;
};

StackConfig config_of(const Options& options) {
  StackConfig config;
  config.addresses = {"127.0.0.1"};
  if (options.path == "nice") config.make_path = test::nice_paths();
  if (options.path == "direct") config.make_path = direct_paths();
  return config;
}

template <class T>
std::string packed(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
template <class T>
T unpacked(const std::string& text) {
  T value{};
  std::memcpy(&value, text.data(), std::min(text.size(), sizeof value));
  return value;
}

struct Received {  ///< what the receiver says of one file
  double seconds, cpu, memory;
};

/// The child: answers until the other end is gone.
class Receiver {
 public:
  Receiver(int descriptor, const Options& options) : signals_(io_, descriptor), options_(options) {
    signals_.sink = [this](char tag, const std::string& text) { on_signal(tag, text); };
    io_.run();
  }

 private:
  void on_signal(char tag, const std::string& text) {
    if (tag == 'X') return io_.stop();
    if (tag == 'S') {
      end_.emplace(io_, signals_, false, config_of(options_));
      end_->also = [this](const connection::TransportEvent& event) { on(event); };
      end_->begin();
    } else if (tag == 'Q') {
      end_.reset();
      signals_.say('Q');
    } else if (tag == 'T') {
      expected_ = unpacked<std::size_t>(text);
      got_ = 0;
      signals_.say('T');
    } else if (end_) {
      end_->on_signal(tag, text);
    }
  }
  void on(const connection::TransportEvent& event) {
    if (std::holds_alternative<connection::ChannelOpen>(event) && end_->has("files") &&
        end_->has("messages"))
      signals_.say('O');
    const auto* data = std::get_if<connection::ChannelData>(&event);
    if (data == nullptr) return;
    if (!data->binary) {
      double sent = 0;
      std::memcpy(&sent, data->bytes.data(), sizeof sent);
      signals_.say('L', packed(now() - sent));
      return;
    }
    if (got_ == 0) {
      began_ = now();
      cpu_ = cpu();
    }
    got_ += data->bytes.size();
    if (got_ >= expected_)
      signals_.say('R', packed(Received{now() - began_, cpu() - cpu_, peak_memory()}));
  }

  boost::asio::io_context io_;
  Signals signals_;
  const Options& options_;
  std::optional<End> end_;
  std::size_t expected_ = 0, got_ = 0;
  double began_ = 0, cpu_ = 0;
};

class Sender {
 public:
  Sender(int descriptor, const Options& options)
      : signals_(io_, descriptor), options_(options), text_timer_(io_) {
    signals_.sink = [this](char tag, const std::string& text) { on_signal(tag, text); };
  }

  /// Milliseconds until both ends have both channels.
  double connect() {
    peer_open_ = false;
    const double begun = now();
    signals_.say('S');
    end_.emplace(io_, signals_, true, config_of(options_));
    end_->also = [this](const connection::TransportEvent& event) {
      if (std::holds_alternative<connection::Window>(event)) fill();
    };
    end_->begin();
    until([this] { return peer_open_ && end_->has("files") && end_->has("messages"); });
    return (now() - begun) * 1e3;
  }
  void disconnect() {
    end_.reset();
    peer_gone_ = false;
    signals_.say('Q');
    until([this] { return peer_gone_; });
  }

  void pump(const char* what) {
    const std::size_t total = options_.mib << 20;
    received_.reset();
    peer_ready_ = false;
    signals_.say('T', packed(total));
    until([this] { return peer_ready_; });
    left_ = total;
    const double cpu_before = cpu();
    fill();
    until([this] { return received_.has_value(); });
    const double own = cpu() - cpu_before;
    const double gb = static_cast<double>(total) / 1e9;
    std::printf(
        "%-22s %7.1f MB/s  cpu s/GB %5.2f (sender %.2f, receiver %.2f)  peak MB %.1f %.1f\n", what,
        gb * 1e3 / received_->seconds, (own + received_->cpu) / gb, own / gb, received_->cpu / gb,
        peak_memory(), received_->memory);
    std::fflush(stdout);
  }

  void begin_texts() {
    latencies_.clear();
    texts_ = true;
    say_text();
  }
  void end_texts(const char* what) {
    texts_ = false;
    text_timer_.cancel();
    std::sort(latencies_.begin(), latencies_.end());
    if (latencies_.empty()) return;
    const auto at = [this](double share) {
      return 1e3 * latencies_[static_cast<std::size_t>(share *
                                                       static_cast<double>(latencies_.size() - 1))];
    };
    std::printf("%-22s median %.2f ms, p99 %.2f ms, max %.2f ms, %zu texts\n", what, at(0.5),
                at(0.99), at(1), latencies_.size());
  }
  void rest(std::chrono::milliseconds time) {
    boost::asio::steady_timer timer(io_, time);
    bool over = false;
    timer.async_wait([&over](auto) { over = true; });
    until([&over] { return over; });
  }

 private:
  void on_signal(char tag, const std::string& text) {
    if (tag == 'X') throw std::runtime_error("the receiver is gone");
    if (tag == 'O')
      peer_open_ = true;
    else if (tag == 'Q')
      peer_gone_ = true;
    else if (tag == 'T')
      peer_ready_ = true;
    else if (tag == 'R')
      received_ = unpacked<Received>(text);
    else if (tag == 'L')
      latencies_.push_back(unpacked<double>(text));
    else if (end_)
      end_->on_signal(tag, text);
  }
  void fill() {
    while (left_ > 0 && end_->window("files") >= options_.frame) {
      end_->send("files", ByteVector(options_.frame, std::byte{0x5a}), true);
      end_->window("files") -= options_.frame;
      left_ -= std::min(left_, options_.frame);
    }
  }
  void say_text() {
    if (!texts_) return;
    ByteVector text(text_size);
    const double sent = now();
    std::memcpy(text.data(), &sent, sizeof sent);
    end_->send("messages", std::move(text), false);
    text_timer_.expires_after(text_interval);
    text_timer_.async_wait([this](auto error) {
      if (!error) say_text();
    });
  }
  template <class Done>
  void until(Done done) {
    while (!done()) {
      if (end_ && end_->closed()) throw std::runtime_error("the transport has closed");
      io_.run_one();
    }
  }

  boost::asio::io_context io_;
  Signals signals_;
  const Options& options_;
  std::optional<End> end_;
  bool peer_open_ = false, peer_gone_ = false, peer_ready_ = false, texts_ = false;
  std::size_t left_ = 0;
  std::optional<Received> received_;
  std::vector<double> latencies_;
  boost::asio::steady_timer text_timer_;
};

void run(int descriptor, const Options& options) {
  Sender sender(descriptor, options);
  if (options.setups > 0) {
    std::vector<double> times;
    for (int i = 0; i < options.setups; ++i) {
      times.push_back(sender.connect());
      sender.disconnect();
    }
    std::sort(times.begin(), times.end());
    std::printf("%-22s median %.1f ms, max %.1f ms, %zu times\n", "start to both open",
                times[times.size() / 2], times.back(), times.size());
  }
  sender.connect();
  if (options.texts) {
    sender.begin_texts();
    sender.rest(std::chrono::milliseconds(1'000));
    sender.end_texts("texts alone");
  }
  for (int i = 0; i < options.rounds; ++i) sender.pump("bytes");
  if (options.texts) {
    sender.begin_texts();
    sender.pump("bytes beside texts");
    sender.end_texts("texts beside bytes");
  }
}

}  // namespace
}  // namespace culver::p2p::bench

int main(int argc, char** argv) {
  using namespace culver::p2p::bench;
  Options options;
  CLI::App app("Pumps bytes from one process to another.", "p2p_pump");
  app.add_option("--path", options.path, "ice, nice (libnice) or direct (no ICE)")
      ->check(CLI::IsMember({"ice", "nice", "direct"}));
  app.add_option("--mib", options.mib, "how much, in MiB");
  app.add_option("--frame", options.frame, "bytes of a message");
  app.add_option("--setups", options.setups, "how many connections are timed");
  app.add_option("--rounds", options.rounds, "how often the bytes are pumped");
  app.add_flag("!--no-texts", options.texts, "leave out texts");
  CLI11_PARSE(app, argc, argv);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
  const pid_t child = fork();
  if (child < 0) return 1;
  close(ends[child == 0 ? 0 : 1]);
  if (child == 0) {
    const Receiver receiver(ends[1], options);
    return 0;
  }
  int status = 0;
  try {
    run(ends[0], options);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "p2p_pump: %s\n", problem.what());
    status = 1;
  }
  waitpid(child, nullptr, 0);
  return status;
}
