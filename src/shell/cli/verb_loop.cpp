#include "shell/cli/verb_loop.hpp"

#include <iostream>

#include <boost/asio/post.hpp>

#include "shell/host/fault_text.hpp"
#include "shell/host/paths.hpp"

namespace culver::cli {

VerbLoop::VerbLoop()
    : screen_(std::cout, std::cerr, standard_abilities(host::environment)),
      exit_code_(host::fault_text(Fault::internal).exit_code) {}

std::function<void(int)> VerbLoop::done() {
  return [this](int code) {
    exit_code_ = code;
    watch_->cancel();
    signals_->cancel();
  };
}

int VerbLoop::run(const std::function<void()>& start, const std::function<void(Fault)>& stop) {
  signals_.emplace(loop_, stop);
  watch_.emplace(loop_, [this] { screen_.reader_left(); });
  screen_.when_lost(
      [this, stop](Fault why) { boost::asio::post(loop_, [stop, why] { stop(why); }); });
  start();
  loop_.run();
  return screen_.exit_code(exit_code_);
}

}  // namespace culver::cli
