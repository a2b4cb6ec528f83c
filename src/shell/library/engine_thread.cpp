#include "shell/library/engine_thread.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "shell/host/log.hpp"

namespace culver::library {

namespace asio = boost::asio;

struct EngineThread::Shared {
  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
  std::vector<std::weak_ptr<Failed>> failed;
};

std::shared_ptr<EngineThread> EngineThread::get() {
  static std::mutex mutex;
  static std::weak_ptr<EngineThread> running;
  const std::lock_guard lock(mutex);
  if (auto thread = running.lock()) return thread;
  auto made = std::make_shared<EngineThread>();
  running = made;
  return made;
}

/// Signals are for the threads of the program: this one, and those that it starts, take none.
EngineThread::EngineThread() : shared_(std::make_shared<Shared>()) {
  std::promise<void> ended;
  ended_ = ended.get_future();
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread(
      [shared = shared_, ended = std::move(ended)]() mutable { run(shared, std::move(ended)); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// A disk that does not answer keeps the thread; it ends when the disk does.
EngineThread::~EngineThread() {
  constexpr auto patience = std::chrono::milliseconds(250);
  asio::post(shared_->loop, [shared = shared_.get()] { shared->loop.stop(); });
  if (ended_.wait_for(patience) == std::future_status::ready)
    thread_.join();
  else
    thread_.detach();
}

void EngineThread::run(const std::shared_ptr<Shared>& shared, std::promise<void> ended) {
  while (!shared->loop.stopped()) {
    try {
      shared->loop.run();
    } catch (const std::exception&) {  // its text may quote what a person wrote
      log::error("the engine of a client has failed", Fault::internal);
      for (const auto& told : std::exchange(shared->failed, {}))
        if (const auto failed = told.lock()) (*failed)();
    }
  }
  ended.set_value();
}

void EngineThread::post(std::function<void()> task) { asio::post(shared_->loop, std::move(task)); }

asio::io_context& EngineThread::loop() { return shared_->loop; }

std::shared_ptr<EngineThread::Failed> EngineThread::when_failed(Failed failed) {
  std::erase_if(shared_->failed, [](const auto& told) { return told.expired(); });
  auto kept = std::make_shared<Failed>(std::move(failed));
  shared_->failed.push_back(kept);
  return kept;
}

}  // namespace culver::library
