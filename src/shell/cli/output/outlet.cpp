// A thread for each file that may keep its writer waiting, with a bounded queue before it.
#include "shell/cli/output/outlet.hpp"

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <streambuf>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/post.hpp>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace culver::cli {
namespace {

/// A writer that is not stopped is waited for: lines are then on the screen when the call returns.
constexpr std::chrono::milliseconds courtesy{5};

/// 0, or why not everything could be written. Another process may have made the file non-blocking.
int write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = ::write(file, bytes.data(), bytes.size());
    if (size >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {
      pollfd writable{file, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

/// Signals are for the loop's thread.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

/// Not without a name: a build of all files as one would warn of it.
namespace outlet {

class Writer {
 public:
  explicit Writer(boost::asio::io_context& loop) : loop_(loop) {
    const AllSignalsBlocked blocked;
    thread_ = std::thread([this] { run(); });
  }
  ~Writer() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  /// 0, or why what was printed to this file before could not be written.
  int put(int file, std::string bytes) {
    std::unique_lock lock(mutex_);
    if (error_ != 0 || bytes.empty()) return error_;
    const bool was_idle = waiting_ == 0;
    changed_.wait(lock, [&] { return waiting_ == 0 || waiting_ + bytes.size() <= Outlet::room; });
    waiting_ += bytes.size();
    queue_.push_back({file, std::move(bytes)});
    changed_.notify_all();
    if (was_idle) changed_.wait_for(lock, courtesy, [&] { return waiting_ == 0; });
    return error_;
  }

  /// `act` is called only if all was written, or also if something could not be.
  enum class If : std::uint8_t { written, either };
  void when_taken(If condition, std::function<void()> act) {
    std::unique_lock lock(mutex_);
    if (error_ != 0 && condition == If::written) return;
    if (waiting_ > 0 || !queue_.empty()) {
      queue_.push_back({-1, {}, std::move(act), condition});
      return;
    }
    lock.unlock();
    act();
  }

  std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

  void drain() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ == 0; });
  }

 private:
  struct Item {
    int file;
    std::string bytes;
    std::function<void()> taken = {};  ///< instead of bytes
    If condition = If::written;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return is_over_ || !queue_.empty(); });
      if (queue_.empty()) return;
      auto item = std::move(queue_.front());
      queue_.pop_front();
      if (item.taken) {
        if (error_ == 0 || item.condition == If::either)
          boost::asio::post(loop_, std::move(item.taken));
        continue;
      }
      if (error_ == 0) {
        lock.unlock();
        const int error = write_all(item.file, item.bytes);
        lock.lock();
        error_ = error;
      }
      waiting_ -= item.bytes.size();
      changed_.notify_all();
    }
  }

  boost::asio::io_context& loop_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  std::size_t waiting_ = 0;  ///< bytes, with those that are being written
  int error_ = 0;
  bool is_over_ = false;
  std::thread thread_;
};

/// One line and its surroundings at a time: whatever is printed between two flushes goes together.
class Buffer : public std::streambuf {
 public:
  Buffer(int file, Writer* writer) : file_(file), writer_(writer) {}

 protected:
  int_type overflow(int_type c) override {
    if (!traits_type::eq_int_type(c, traits_type::eof())) text_ += traits_type::to_char_type(c);
    return traits_type::not_eof(c);
  }
  std::streamsize xsputn(const char* bytes, std::streamsize size) override {
    text_.append(bytes, static_cast<std::size_t>(size));
    return size;
  }
  int sync() override {
    auto text = std::exchange(text_, {});
    const int error = writer_ ? writer_->put(file_, std::move(text)) : write_all(file_, text);
    if (error == 0) return 0;
    errno = error;
    return -1;
  }

 private:
  int file_;
  Writer* writer_;
  std::string text_;
};

}  // namespace outlet

namespace {

bool may_wait(int file) {
  struct stat what {};
  if (fstat(file, &what) != 0) return false;
  return isatty(file) || S_ISFIFO(what.st_mode) || S_ISSOCK(what.st_mode);
}

bool are_one(int one, int other) {
  struct stat first {
  }, second{};
  return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

}  // namespace

struct Outlet::Insides {
  Insides(boost::asio::io_context& loop, int one, int two)
      : out_buffer(one, may_wait(one) ? &out_writer.emplace(loop) : nullptr),
        error_buffer(two, writer_of_error(loop, one, two)) {}

  /// What shows at one place keeps its order.
  outlet::Writer* writer_of_error(boost::asio::io_context& loop, int one, int two) {
    if (!may_wait(two)) return nullptr;
    if (out_writer && are_one(one, two)) return &*out_writer;
    return &error_writer.emplace(loop);
  }

  std::optional<outlet::Writer> out_writer, error_writer;
  outlet::Buffer out_buffer, error_buffer;
  std::ostream out{&out_buffer}, error{&error_buffer};
};

Outlet::Outlet(boost::asio::io_context& loop, int out, int error)
    : insides_(std::make_unique<Insides>(loop, out, error)) {}

Outlet::~Outlet() = default;

std::ostream& Outlet::out() { return insides_->out; }
std::ostream& Outlet::error() { return insides_->error; }

bool Outlet::is_behind() const {
  for (const auto* writer : {&insides_->out_writer, &insides_->error_writer})
    if (*writer && (*writer)->waiting() > behind) return true;
  return false;
}

void Outlet::when_taken(std::function<void()> act) {
  using If = outlet::Writer::If;
  if (insides_->out_writer) return insides_->out_writer->when_taken(If::written, std::move(act));
  if (insides_->out) act();  // a disk that was full took a part of a line at most
}

void Outlet::when_settled(std::function<void()> act) {
  using If = outlet::Writer::If;
  if (insides_->out_writer) return insides_->out_writer->when_taken(If::either, std::move(act));
  act();
}

void Outlet::drain() {
  for (auto* writer : {&insides_->out_writer, &insides_->error_writer})
    if (*writer) (*writer)->drain();
}

}  // namespace culver::cli
