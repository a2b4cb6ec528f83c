// The signals that end a program: the first asks for an orderly end, a further one ends at once,
// also while the loop is held up.
#pragma once

#include <csignal>
#include <cstdlib>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
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
  /// How long an end that was asked for may be held up by whoever reads the output, or by a loop
  /// that is stuck; then it comes as if a second signal had. Seconds.
  static constexpr unsigned patience = 10;
  /// How long the loop has to make something of a second SIGINT. Seconds.
  static constexpr unsigned patience_again = 1;

  /// SIGHUP and SIGQUIT are left alone if they were ignored from the start: nohup, jobs in the
  /// background. `on_again` is called for a second SIGINT, if that says more than the first and the
  /// loop has heard of the first. One object at a time.
  Signals(boost::asio::io_context& loop, OnSignal on_signal, std::function<void()> on_again = {});
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// No more signals are taken: the loop may run dry.
  void cancel();
  /// Everything is done but what the output still has to take, which has `patience` if a signal
  /// was the reason, or comes now.
  void await_output_only();

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
  void add(int number);
  void wait();
  void live_on();

  boost::asio::signal_set signals_;
  boost::asio::steady_timer alive_;
  OnSignal on_signal_;
  std::function<void()> on_again_;
  bool awaits_output_only_ = false;
};

}  // namespace culver::host
