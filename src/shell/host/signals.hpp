// The signals that end a program: the first asks for an orderly end, a further one ends at once.
#pragma once

#include <csignal>
#include <cstdlib>
#include <functional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <sys/resource.h>

#include "core/base/fault.hpp"

namespace culver::host {

/// Of a server, at its start: who reads its output may go, a disk may have a limit for the size of
/// a file, and the hand that turns logs may send what others read as "open your log again". None of
/// them is a reason to end; the write that fails says so.
inline void ignore_signals_of_habit() {
  for (const int number : {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2}) std::signal(number, SIG_IGN);
}

/// As if nobody had taken the signal, without a core dump: whoever waits for this process, a shell
/// with a loop, learns that the person has ended more than this one program.
[[noreturn]] inline void end_by(int number) {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  std::signal(number, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  std::raise(number);
  std::_Exit(128 + number);  // the first process of a container is spared by the kernel
}
/// If `exit_code` is one of those that stand for a signal that ends a program.
inline void end_by_signal_of(int exit_code) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
    if (exit_code == 128 + number) end_by(number);
}

class Signals {
 public:
  /// Called on the loop with what the first signal means.
  using OnSignal = std::function<void(Fault)>;

  /// SIGHUP and SIGQUIT are left alone if they were ignored from the start: nohup, jobs in the
  /// background. `on_again` is called for a second SIGINT, if that says more than the first.
  Signals(boost::asio::io_context& loop, OnSignal on_signal, std::function<void()> on_again = {})
      : signals_(loop, SIGINT, SIGTERM),
        on_signal_(std::move(on_signal)),
        on_again_(std::move(on_again)) {
    for (const int number : {SIGHUP, SIGQUIT})
      if (!is_ignored(number)) signals_.add(number);
    wait();
  }
  /// No more signals are taken: the loop may run dry.
  void cancel() {
    boost::system::error_code ignored;
    signals_.cancel(ignored);
  }

  static Fault meaning(int number) {
    switch (number) {
      case SIGINT:
        return Fault::interrupted;
      case SIGHUP:
        return Fault::hung_up;
      case SIGQUIT:
        return Fault::quit;
      default:
        return Fault::terminated;
    }
  }

 private:
  static bool is_ignored(int number) {
    struct sigaction now {};
    return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
  }

  void wait() {
    signals_.async_wait([this](boost::system::error_code error, int number) {
      if (error) return;
      const Fault fault = meaning(number);
      if (asked_ && (number != SIGINT || !on_again_)) end_by(number);
      wait();
      if (std::exchange(asked_, true)) return std::exchange(on_again_, nullptr)();
      if (number != SIGINT) on_again_ = nullptr;  // it takes two of a kind
      on_signal_(fault);
    });
  }

  boost::asio::signal_set signals_;
  OnSignal on_signal_;
  std::function<void()> on_again_;
  bool asked_ = false;
};

}  // namespace culver::host
