// The one thread that is not ours: GLib's main loop, which libnice needs for its timers and
// sockets. Shared by all agents of the process.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include <glib.h>

namespace culver::p2p::test {

class GlibLoop {
 public:
  /// The running one, or a new one. It stops with its last owner, after what was invoked is done.
  /// Shared because several stacks of one process may use it and none outlives the others.
  static std::shared_ptr<GlibLoop> shared();

  ~GlibLoop();
  GlibLoop(const GlibLoop&) = delete;
  GlibLoop& operator=(const GlibLoop&) = delete;

  GMainContext* context() const { return context_; }
  /// Runs `work` on the loop's thread, in the order of the calls.
  void invoke(std::function<void()> work);

 private:
  GlibLoop();

  GMainContext* context_;
  GMainLoop* loop_;
  std::thread thread_;
};

}  // namespace culver::p2p::test
