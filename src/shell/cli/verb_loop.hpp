// The loop of a verb that talks with a person and perhaps with a server, but with no peer: its
// screen, its console, what ends it, and its exit code.
#pragma once

#include <functional>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "core/base/fault.hpp"
#include "shell/cli/input/console.hpp"
#include "shell/cli/output/output_watch.hpp"
#include "shell/cli/output/screen.hpp"
#include "shell/host/signals.hpp"

namespace culver::cli {

class VerbLoop {
 public:
  VerbLoop();
  VerbLoop(const VerbLoop&) = delete;
  VerbLoop& operator=(const VerbLoop&) = delete;

  boost::asio::io_context& loop() { return loop_; }
  Screen& screen() { return screen_; }

  /// The verb is over, with this exit code: nothing ends it any more, and the loop runs dry.
  std::function<void(int)> done();

  /// Until the loop has run dry. `start` is called first. `stop` is called on a signal, or if the
  /// output is of no use any more. The exit code: that of done(), and otherwise Fault::internal's.
  int run(const std::function<void()>& start, const std::function<void(Fault)>& stop);

 private:
  boost::asio::io_context loop_{1};
  Screen screen_;
  std::optional<host::Signals> signals_;
  std::optional<OutputWatch> watch_;
  int exit_code_;
};

}  // namespace culver::cli
