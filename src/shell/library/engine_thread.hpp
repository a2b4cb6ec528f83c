// The one thread on which all clients of this process live: the SCTP library keeps one state for a
// process, and is used from one thread at a time.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace culver::library {

class EngineThread {
 public:
  /// That of this process, started if it is not there. It ends with the last who has it.
  static std::shared_ptr<EngineThread> get();
  EngineThread();
  /// Waits for the end of what runs, and not for ever.
  ~EngineThread();
  EngineThread(const EngineThread&) = delete;
  EngineThread& operator=(const EngineThread&) = delete;

  void post(std::function<void()> task);

  // On the thread.

  boost::asio::io_context& loop();
  /// Called with each exception that comes out of a step: nothing that had a part in the step may
  /// be used further. For as long as the one who gave it keeps the answer.
  using Failed = std::function<void()>;
  std::shared_ptr<Failed> when_failed(Failed failed);

 private:
  struct Shared;  ///< outlives this if the thread does
  static void run(const std::shared_ptr<Shared>& shared, std::promise<void> ended);

  std::shared_ptr<Shared> shared_;
  std::future<void> ended_;
  std::thread thread_;
};

}  // namespace culver::library
