#include "tests/shell/p2p/glib_loop_support.hpp"

namespace culver::p2p::test {

std::shared_ptr<GlibLoop> GlibLoop::shared() {
  static std::weak_ptr<GlibLoop> running;
  auto loop = running.lock();
  if (!loop) {
    loop = std::shared_ptr<GlibLoop>(new GlibLoop);
    running = loop;
  }
  return loop;
}

GlibLoop::GlibLoop()
    : context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)), thread_([this] {
        // So that what libnice resolves asynchronously comes back to this loop.
        g_main_context_push_thread_default(context_);
        g_main_loop_run(loop_);
        while (g_main_context_iteration(context_, FALSE)) {
        }
        g_main_context_pop_thread_default(context_);
      }) {}

GlibLoop::~GlibLoop() {
  invoke([this] { g_main_loop_quit(loop_); });
  thread_.join();
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
}

void GlibLoop::invoke(std::function<void()> work) {
  // Not g_main_context_invoke: that would run at once here if nobody owned the context yet.
  GSource* source = g_idle_source_new();
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(
      source,
      [](gpointer task) -> gboolean {
        (*static_cast<std::function<void()>*>(task))();
        return G_SOURCE_REMOVE;
      },
      new std::function<void()>(std::move(work)),
      [](gpointer task) { delete static_cast<std::function<void()>*>(task); });
  g_source_attach(source, context_);
  g_source_unref(source);
}

}  // namespace culver::p2p::test
