// An eventfd stands for the state of the queue, so that next() and a user's own loop wait for the
// same thing.
#include "shell/library/event_queue.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace culver::library {

namespace {

/// A file or a text is worth more than how far another one is.
bool is_progress(const v1::EventData& data) {
  return std::holds_alternative<v1::TransferProgress>(data);
}

}  // namespace

std::unique_ptr<EventQueue> EventQueue::make(ReadText read) {
  host::FileDescriptor fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) return nullptr;
  return std::unique_ptr<EventQueue>(new EventQueue(std::move(fd), std::move(read)));
}

EventQueue::EventQueue(host::FileDescriptor fd, ReadText read)
    : fd_(std::move(fd)), read_(std::move(read)) {}

// ---- in -----------------------------------------------------------------------------------------

void EventQueue::push(v1::EventData data, WallTime at) {
  const std::lock_guard lock(mutex_);
  if (is_ended_ || merge(data)) return;
  if (transient_ >= transient_at_most) return drop(at);
  append({{0, at, false, false, std::move(data)}});
}

void EventQueue::push_held(v1::TextReceived text, HeldId held, bool is_redelivered, WallTime at) {
  const std::lock_guard lock(mutex_);
  if (is_ended_) return;
  Entry entry{{0, at, true, is_redelivered, {}}, held};
  if (bytes_ + text.text.size() > bytes_in_memory) {
    entry.is_on_disk_only = true;
    text.text = std::string();
  }
  entry.counted = text.text.size();
  bytes_ += entry.counted;
  entry.event.data = std::move(text);
  append(std::move(entry));
}

/// The newest takes the place of the one that nobody has seen yet.
bool EventQueue::merge(const v1::EventData& data) {
  const auto* progress = std::get_if<v1::TransferProgress>(&data);
  if (progress == nullptr) return false;
  const auto before = progress_.find(progress->transfer);
  if (before == progress_.end()) return false;
  before->second->event.data = data;
  return true;
}

void EventQueue::append(Entry entry) {
  entry.event.seq = ++last_seq_;
  if (!entry.held) ++transient_;
  entries_.push_back(std::move(entry));
  const auto last = std::prev(entries_.end());
  if (is_progress(last->event.data))
    progress_.emplace(std::get<v1::TransferProgress>(last->event.data).transfer, last);
  signal();
}

void EventQueue::drop(WallTime at) {
  ++last_seq_;
  if (!dropped_) {
    append({{0, at, false, false, v1::TransientDropped{0}}});
    dropped_ = std::prev(entries_.end());
  }
  ++std::get<v1::TransientDropped>((*dropped_)->event.data).count;
}

void EventQueue::end() {
  const std::lock_guard lock(mutex_);
  is_ended_ = true;
  signal();
}

void EventQueue::close() {
  const std::lock_guard lock(mutex_);
  is_ended_ = true;
  entries_.clear();
  progress_.clear();
  dropped_.reset();
  transient_ = bytes_ = 0;
  signal();
}

bool EventQueue::is_ended() {
  const std::lock_guard lock(mutex_);
  return is_ended_;
}

// ---- out ----------------------------------------------------------------------------------------

std::optional<v1::Event> EventQueue::next(std::optional<std::chrono::milliseconds> timeout) {
  using Clock = std::chrono::steady_clock;
  constexpr auto longest = std::chrono::hours(24 * 365);
  std::optional<Clock::time_point> end;
  if (timeout) end = Clock::now() + std::clamp<std::chrono::milliseconds>(*timeout, {}, longest);
  for (;;) {
    std::optional<Entry> taken;
    {
      const std::lock_guard lock(mutex_);
      for (auto wakes = wakes_.load(); wakes > 0;)
        if (wakes_.compare_exchange_weak(wakes, wakes - 1)) return settle(), std::nullopt;
      if (entries_.empty() && is_ended_) return std::nullopt;
      taken = take();
      settle();
    }
    if (taken) return read_back(std::move(*taken));
    if (!wait_until(end)) return std::nullopt;
  }
}

std::optional<EventQueue::Entry> EventQueue::take() {
  if (entries_.empty()) return std::nullopt;
  const auto first = entries_.begin();
  if (const auto* progress = std::get_if<v1::TransferProgress>(&first->event.data))
    progress_.erase(progress->transfer);
  if (dropped_ == first) dropped_.reset();
  if (first->held)
    unacknowledged_.emplace(first->event.seq, *first->held);
  else
    --transient_;
  bytes_ -= first->counted;
  auto entry = std::move(*first);
  entries_.pop_front();
  return entry;
}

/// What cannot be read now stays on the disk: it is told again by the next client.
v1::Event EventQueue::read_back(Entry entry) {
  if (!entry.is_on_disk_only) return std::move(entry.event);
  auto& text = std::get<v1::TextReceived>(entry.event.data);
  if (auto read = read_(*entry.held)) {
    text.text = std::move(*read);
    return std::move(entry.event);
  } else {
    const std::lock_guard lock(mutex_);
    unacknowledged_.erase(entry.event.seq);
    entry.event.is_durable = false;
    entry.event.data = v1::TextFailed{text.peer, text.message, read.error()};
    return std::move(entry.event);
  }
}

/// False: the time is over.
bool EventQueue::wait_until(std::optional<std::chrono::steady_clock::time_point> end) const {
  for (;;) {
    timespec left{};
    if (end) {
      const auto rest = std::max(*end - std::chrono::steady_clock::now(),
                                 std::chrono::steady_clock::duration::zero());
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(rest);
      left = {seconds.count(), std::chrono::nanoseconds(rest - seconds).count()};
    }
    pollfd waited{fd_.get(), POLLIN, 0};
    const int ready = ppoll(&waited, 1, end ? &left : nullptr, nullptr);
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return false;
  }
}

void EventQueue::wake() noexcept {
  ++wakes_;
  signal();
}

void EventQueue::signal() noexcept {
  const int before = errno;  // this may be a signal handler
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
  errno = before;
}

/// Makes the descriptor say what is so.
void EventQueue::settle() {
  if (!entries_.empty() || is_ended_) return;
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_.get(), &count, sizeof count);
  if (wakes_.load() > 0) signal();  // came meanwhile
}

std::vector<HeldId> EventQueue::ack(std::uint64_t seq) {
  const std::lock_guard lock(mutex_);
  std::vector<HeldId> done;
  const auto end = unacknowledged_.upper_bound(seq);
  for (auto at = unacknowledged_.begin(); at != end; ++at) done.push_back(at->second);
  unacknowledged_.erase(unacknowledged_.begin(), end);
  return done;
}

}  // namespace culver::library
