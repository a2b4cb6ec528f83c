// A path with delay, loss and a bottleneck between two network namespaces: moves IP packets between
// a TUN device in each of them. One direction, one thread, one queue in the order of arrival, so
// the delay has no jitter; the losses of a seed are always the same packets of each direction.
// Prints `ready`, runs until SIGTERM or SIGINT and then prints what happened as one line of JSON.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using std::chrono::nanoseconds;

constexpr std::size_t largest_packet = 2048;
constexpr int reads_in_a_row = 64;

struct Impairment {
  double delay_ms = 0;         ///< one way, in each direction
  double loss = 0;             ///< probability, 0 to 1
  double mbit_per_second = 0;  ///< of IP packets; 0 means no bottleneck
  double queue_ms = 50;        ///< what may wait before the bottleneck
  std::uint64_t seed = 1;
  std::size_t slots = 16'384;  ///< packets under way at most
};

struct Counters {
  std::uint64_t packets = 0, bytes = 0;  ///< delivered
  std::uint64_t lost = 0, overflown = 0,
                refused = 0;  ///< by chance, by a full queue, by the device
};

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void enter(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) fail(path);
  close(fd);
}

/// The calling thread stays in the namespace; the descriptor works from everywhere.
int open_tun(const std::string& name_space, const std::string& device) {
  enter("/run/netns/" + name_space);
  const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) fail("/dev/net/tun");
  ifreq request{};
  device.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (ioctl(fd, TUNSETIFF, &request) != 0) fail(device);
  return fd;
}

class Direction {
 public:
  Direction(int from, int to, const Impairment& impairment, std::uint64_t seed)
      : from_(from),
        to_(to),
        impairment_(impairment),
        delay_(static_cast<std::int64_t>(impairment.delay_ms * 1e6)),
        queue_(static_cast<std::int64_t>(impairment.queue_ms * 1e6)),
        chance_(seed),
        ring_(impairment.slots) {}

  void run(const std::atomic<bool>& stop) {
    prctl(PR_SET_TIMERSLACK, 1);
    setpriority(PRIO_PROCESS, 0, -15);  // of this thread: ends that are busy must not add delay
    while (!stop) {
      const bool came = take();
      deliver();
      if (!came) wait();
    }
  }

  const Counters& counters() const { return counters_; }

 private:
  struct Packet {
    Time due;
    std::size_t size;
    std::array<char, largest_packet> bytes;
  };

  /// False once the device has no more for now.
  bool take() {
    for (int i = 0; i < reads_in_a_row; ++i) {
      auto& slot = ring_[tail_ % ring_.size()];
      const bool full = tail_ - head_ == ring_.size();
      const auto size = read(from_, full ? spare_.data() : slot.bytes.data(), largest_packet);
      if (size <= 0) return false;
      const auto due = schedule(static_cast<std::size_t>(size), Clock::now());
      if (!due) continue;
      if (full) {
        ++counters_.overflown;
        continue;
      }
      slot.due = *due;
      slot.size = static_cast<std::size_t>(size);
      ++tail_;
    }
    return true;
  }

  /// When it comes out at the other end, if it does.
  std::optional<Time> schedule(std::size_t size, Time now) {
    if (impairment_.loss > 0 && uniform_(chance_) < impairment_.loss) {
      ++counters_.lost;
      return std::nullopt;
    }
    if (impairment_.mbit_per_second <= 0) return now + delay_;
    if (free_at_ - now > queue_) {
      ++counters_.overflown;
      return std::nullopt;
    }
    const double ns = static_cast<double>(size) * 8e3 / impairment_.mbit_per_second;
    free_at_ = std::max(free_at_, now) + nanoseconds(static_cast<std::int64_t>(ns));
    return free_at_ + delay_;
  }

  void deliver() {
    if (head_ == tail_) return;
    const auto now = Clock::now();
    while (head_ != tail_) {
      const auto& packet = ring_[head_ % ring_.size()];
      if (packet.due > now) return;
      ++head_;
      if (write(to_, packet.bytes.data(), packet.size) < 0) {
        ++counters_.refused;
      } else {
        ++counters_.packets;
        counters_.bytes += packet.size;
      }
    }
  }

  /// For the next packet or for the first that is due; and now and then for the end.
  void wait() {
    nanoseconds left = std::chrono::milliseconds(50);
    if (head_ != tail_)
      left = std::clamp<nanoseconds>(ring_[head_ % ring_.size()].due - Clock::now(), nanoseconds(0),
                                     left);
    pollfd waited{from_, POLLIN, 0};
    const timespec timeout{0, left.count()};
    ppoll(&waited, 1, &timeout, nullptr);
  }

  int from_;
  int to_;
  Impairment impairment_;
  nanoseconds delay_;
  nanoseconds queue_;
  std::mt19937_64 chance_;
  std::uniform_real_distribution<double> uniform_{0, 1};
  std::vector<Packet> ring_;
  std::array<char, largest_packet> spare_{};
  std::uint64_t head_ = 0, tail_ = 0;
  Time free_at_{};
  Counters counters_;
};

std::string print(const Counters& c) {
  return "{\"packets\":" + std::to_string(c.packets) + ",\"bytes\":" + std::to_string(c.bytes) +
         ",\"lost\":" + std::to_string(c.lost) + ",\"overflown\":" + std::to_string(c.overflown) +
         ",\"refused\":" + std::to_string(c.refused) + "}";
}

int run(int a, int b, const Impairment& impairment) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // the threads inherit it

  Direction there(a, b, impairment, impairment.seed), back(b, a, impairment, ~impairment.seed);
  std::atomic<bool> stop = false;
  std::jthread first([&] { there.run(stop); });
  std::jthread second([&] { back.run(stop); });
  std::cout << "ready" << std::endl;
  int number = 0;
  sigwait(&ends, &number);
  stop = true;
  first.join();
  second.join();
  std::cout << "{\"there\":" << print(there.counters()) << ",\"back\":" << print(back.counters())
            << "}" << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Moves packets between two network namespaces over a worse path");
  Impairment impairment;
  std::string a, b, device = "path0";
  app.add_option("--a", a, "name of the one namespace")->required();
  app.add_option("--b", b, "name of the other")->required();
  app.add_option("--device", device, "TUN device in both of them");
  app.add_option("--delay", impairment.delay_ms, "ms, one way")->check(CLI::Range(0.0, 10'000.0));
  app.add_option("--loss", impairment.loss, "probability")->check(CLI::Range(0.0, 1.0));
  app.add_option("--rate", impairment.mbit_per_second, "Mbit/s; 0: no limit")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--queue", impairment.queue_ms, "ms of it may wait")
      ->check(CLI::Range(0.0, 10'000.0));
  app.add_option("--slots", impairment.slots, "packets under way")->check(CLI::Range(1, 1 << 20));
  app.add_option("--seed", impairment.seed, "of the losses");
  CLI11_PARSE(app, argc, argv);
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // a script that was killed leaves nothing behind
  try {
    const int first = open_tun(a, device);
    const int second = open_tun(b, device);
    return run(first, second, impairment);
  } catch (const std::exception& failure) {
    std::cerr << "impair: " << failure.what() << '\n';
    return 1;
  }
}
