// What the store was asked and has not answered: numbers the questions and remembers what each
// answer is for. The answers come in the order of the questions, so this is a queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include "core/relay/events.hpp"
#include "core/relay/limits.hpp"
#include "core/relay/link_codes.hpp"

namespace culver::relay {

// Why it was asked. Whoever asked may be gone when the answer comes; what follows from the answer
// for others must not depend on that.

struct ForHandshake {
  SocketId socket;
};
struct ForEvent {
  SocketId socket;
  UserId user;
  DeviceId device;
  EventId event;
  std::uint64_t device_seq;
  std::size_t bytes;
};
/// Of an event that names another device than the one that sent it.
struct ForEcho {
  SocketId socket;
  EventId event;
  std::uint64_t device_seq;
  std::size_t bytes;
};
struct ForPage {
  SocketId socket;
};
struct ForConnection {
  SocketId socket;
  DeviceId device;
  UserId to;
  std::optional<LinkCodes::Request> let_in_by;  ///< none: nobody was asked
};
/// Of an HTTP request: who signed it.
struct ForSigner {
  SocketId socket;
};
/// Of the same: whether it is new.
struct ForNonce {
  SocketId socket;
};
struct ForDeviceList {
  SocketId socket;
};
struct ForRename {
  SocketId socket;
  DeviceId device;
};
struct ForRevocation {
  SocketId socket;
  DeviceId device;
};

/// Of drops that are to outlive the process. The answer waits for them.
struct ForDrops {
  SocketId socket;
  std::string answer;
  std::size_t bytes;
};

using Purpose = std::variant<ForHandshake, ForEvent, ForPage, ForConnection, ForSigner,
                             ForDeviceList, ForRename, ForRevocation, ForDrops, ForEcho, ForNonce>;

class Questions {
 public:
  /// No more may be asked until answers come; the store is slower than its clients.
  bool full(const Limits& limits) const {
    return waiting_.size() >= limits.questions || bytes_ >= limits.question_bytes;
  }
  Ask ask(Question question, Purpose purpose);
  /// For SaveCursor, Prune and KeepTime.
  Ask tell(Question question) { return Ask{++last_, std::move(question)}; }
  /// nullopt for an answer to nothing.
  std::optional<Purpose> answered(std::uint64_t number);
  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::uint64_t number;
    Purpose purpose;
  };
  std::uint64_t last_ = 0;
  std::size_t bytes_ = 0;
  std::deque<Waiting> waiting_;
};

}  // namespace culver::relay
