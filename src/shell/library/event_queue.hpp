// Events on their way from the engine's thread to whoever asks for them, and what of them is still
// to be acknowledged. Bounded: texts that are on the disk leave memory, progress is merged, and
// what else does not fit is dropped and counted.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/env.hpp"
#include "core/base/strong.hpp"
#include "culver/events.hpp"
#include "shell/host/file_descriptor.hpp"

namespace culver::library {

class EventQueue {
 public:
  static constexpr std::size_t transient_at_most = 4'096;
  static constexpr std::size_t bytes_in_memory = 4 << 20;  ///< of texts that are on the disk
  /// On the thread that asks for the event.
  using ReadText = std::function<v1::Result<std::string>(HeldId)>;

  /// Nothing: the system gives no descriptor.
  static std::unique_ptr<EventQueue> make(ReadText read);
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  void push(v1::EventData data, WallTime at);
  /// A text that the disk keeps until it is acknowledged.
  void push_held(v1::TextReceived text, HeldId held, bool is_redelivered, WallTime at);
  /// Nothing more comes. What is there can still be taken.
  void end();
  /// Nobody gets anything any more.
  void close();

  /// Without a timeout for ever.
  std::optional<v1::Event> next(std::optional<std::chrono::milliseconds> timeout = {});
  /// Safe in a signal handler.
  void wake() noexcept;
  int fd() const { return fd_.get(); }
  bool is_ended();
  /// What the disk need not keep any longer, of this event and all before it; of those alone that
  /// next() has given.
  std::vector<HeldId> ack(std::uint64_t seq);

 private:
  struct Entry {
    v1::Event event;
    std::optional<HeldId> held = {};
    std::size_t counted = 0;  ///< bytes of its text that count as in memory
    bool is_on_disk_only = false;
  };
  using Entries = std::list<Entry>;

  EventQueue(host::FileDescriptor fd, ReadText read);
  void append(Entry entry);
  bool merge(const v1::EventData& data);
  void drop(WallTime at);
  std::optional<Entry> take();
  v1::Event read_back(Entry entry);
  void signal() noexcept;
  void settle();
  bool wait_until(std::optional<std::chrono::steady_clock::time_point> end) const;

  host::FileDescriptor fd_;  ///< an eventfd: readable if next() has something to say
  ReadText read_;
  std::atomic<std::uint32_t> wakes_ = 0;

  std::mutex mutex_;  ///< over all that follows
  Entries entries_;
  std::size_t transient_ = 0;  ///< of the entries
  std::size_t bytes_ = 0;
  std::uint64_t last_seq_ = 0;
  std::map<std::string, Entries::iterator> progress_;  ///< by transfer
  std::optional<Entries::iterator> dropped_;           ///< that counts what is dropped
  std::map<std::uint64_t, HeldId> unacknowledged_;     ///< of those that were given
  bool is_ended_ = false;
};

}  // namespace culver::library
