// Everything that a client is made of, opened from a Config.
#pragma once

#include <memory>

#include "culver/config.hpp"
#include "culver/result.hpp"
#include "shell/host/sole_receiver.hpp"
#include "shell/library/books.hpp"
#include "shell/library/engine_thread.hpp"
#include "shell/library/event_queue.hpp"
#include "shell/library/session.hpp"

namespace culver::library {

struct Opened {
  std::unique_ptr<host::SoleReceiver> sole;
  std::shared_ptr<Books> books;
  std::shared_ptr<EventQueue> events;
  std::shared_ptr<Session> session;      ///< used on the thread alone
  std::shared_ptr<EngineThread> thread;  ///< behind the session, so that it ends first
};

v1::Result<Opened> open(const v1::Config& config);

}  // namespace culver::library
