// SIGINT and SIGTERM: the first asks for an orderly end, the second ends at once.
#pragma once

#include <csignal>
#include <cstdlib>
#include <functional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "core/base/fault.hpp"

namespace culver::host {

/// Of a server, at its start: who reads its output may go, a disk may have a limit for the size of
/// a file, and the hand that turns logs may send what others read as "open your log again". None of
/// them is a reason to end; the write that fails says so.
inline void ignore_signals_of_habit() {
  for (const int number : {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2}) std::signal(number, SIG_IGN);
}

class Signals {
 public:
  /// Called on the loop with Fault::interrupted or Fault::terminated, once.
  using OnSignal = std::function<void(Fault)>;

  Signals(boost::asio::io_context& loop, OnSignal on_signal)
      : signals_(loop, SIGINT, SIGTERM), on_signal_(std::move(on_signal)) {
    wait();
  }
  /// No more signals are taken: the loop may run dry.
  void cancel() {
    boost::system::error_code ignored;
    signals_.cancel(ignored);
  }

 private:
  void wait() {
    signals_.async_wait([this](boost::system::error_code error, int number) {
      if (error) return;
      const Fault fault = number == SIGINT ? Fault::interrupted : Fault::terminated;
      if (asked_) std::_Exit(info(fault).exit_code);
      asked_ = true;
      wait();
      on_signal_(fault);
    });
  }

  boost::asio::signal_set signals_;
  OnSignal on_signal_;
  bool asked_ = false;
};

}  // namespace culver::host
