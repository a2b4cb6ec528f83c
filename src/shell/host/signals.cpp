// The second signal is judged where it arrives: a loop that waits for its output takes none.
#include "shell/host/signals.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <utility>

#include <unistd.h>

namespace culver::host {
namespace {

// All that a handler can reach.
std::atomic<int> first = 0;                ///< signal that came; 0: none
std::atomic<bool> is_first_taken = false;  ///< by the loop
std::atomic<bool> has_use_of_again = false;
std::atomic<void (*)(int)> handler_of_loop = nullptr;

void on_arrival(int number) {
  const int saved = errno;
  int before = 0;
  if (first.compare_exchange_strong(before, number)) {
    ::alarm(Signals::patience);
  } else {
    const bool is_again = number == SIGINT && before == SIGINT;
    if (!is_again || !is_first_taken || !has_use_of_again.exchange(false)) end_by(number);
    ::alarm(Signals::patience_again);
  }
  if (auto* const pass = handler_of_loop.load()) pass(number);
  errno = saved;
}

void on_patience_over(int) { end_by(first != 0 ? first.load() : SIGALRM); }

bool is_ignored(int number) {
  struct sigaction now {};
  return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

Signals::Signals(boost::asio::io_context& loop, OnSignal on_signal, std::function<void()> on_again)
    : signals_(loop),
      alive_(loop),
      on_signal_(std::move(on_signal)),
      on_again_(std::move(on_again)) {
  first = 0;
  is_first_taken = false;
  has_use_of_again = static_cast<bool>(on_again_);
  struct sigaction over {};
  over.sa_handler = on_patience_over;
  sigaction(SIGALRM, &over, nullptr);
  for (const int number : {SIGINT, SIGTERM}) add(number);
  for (const int number : {SIGHUP, SIGQUIT})
    if (!is_ignored(number)) add(number);
  wait();
}

Signals::~Signals() {
  ::alarm(0);
  std::signal(SIGALRM, SIG_DFL);
}

/// In front of the handler that the loop has put there.
void Signals::add(int number) {
  signals_.add(number);
  struct sigaction now {};
  if (sigaction(number, nullptr, &now) != 0) return;
  handler_of_loop = now.sa_handler;
  now.sa_handler = on_arrival;
  sigaction(number, &now, nullptr);
}

void Signals::cancel() {
  await_output_only();
  boost::system::error_code ignored;
  signals_.cancel(ignored);
}

void Signals::await_output_only() {
  awaits_output_only_ = true;
  alive_.cancel();
}

void Signals::wait() {
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    wait();
    if (is_first_taken.exchange(true)) {
      ::alarm(patience);
      if (on_again_) std::exchange(on_again_, nullptr)();
      return;
    }
    live_on();
    on_signal_(meaning(number));
  });
}

/// A loop that turns is not held up: how long an orderly end takes is the verb's.
void Signals::live_on() {
  if (awaits_output_only_) return;
  ::alarm(patience);
  alive_.expires_after(std::chrono::seconds(1));
  alive_.async_wait([this](boost::system::error_code error) {
    if (!error) live_on();
  });
}

}  // namespace culver::host
