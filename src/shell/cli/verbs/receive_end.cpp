// How receive ends, and what becomes of the files that are still coming then.
#include <algorithm>
#include <utility>

#include "core/base/fsm.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/verbs/receive.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {

using fsm::overload;

/// What comes whole meanwhile, or is getting its name, is told as that: its sender hears so as
/// well.
void Receive::stop(Fault signal) {
  if (finished_) return;
  finished_ = true;
  context_.console.close();  // what is said next begins on a line of its own
  if (!is_of_output(signal)) presenter_.fail(signal);
  code_of_stop_ = host::fault_text(signal).exit_code;
  const auto coming = presenter_.coming();
  for (const auto& file : coming)
    if (!file.is_whole) say_what_is_kept(file.file.name);
  if (coming.empty() || signal != Fault::interrupted) return await_names();
  context_.reporter.remark("Ctrl-C again now throws it away.");
  may_discard_ = true;
  context_.after(time_to_discard, [this] {
    if (std::exchange(may_discard_, false)) await_names();
  });
}

void Receive::say_what_is_kept(const Plaintext& name) {
  context_.reporter.remark("What has come of " + printable(name.expose()) +
                           " is kept: sent again, it goes on from there.");
}

void Receive::discard() {
  if (!std::exchange(may_discard_, false)) return PeerVerb::discard();
  for (const auto& file : presenter_.coming()) context_.command(engine::CancelFile{file.id});
  leave_after(time_to_name);
}

/// A file of which everything is here may be getting its name.
void Receive::await_names() {
  const auto coming = presenter_.coming();
  const bool is_naming = std::ranges::any_of(coming, &Presenter::Coming::is_whole);
  if (!is_naming) return leave();
  leave_after(time_to_name);
}

void Receive::leave_after(Duration patience) {
  context_.after(patience, [this] { leave(); });
}

void Receive::leave() {
  if (const auto code = std::exchange(code_of_stop_, std::nullopt)) context_.done(*code);
}

/// Of the files that were still coming at the end: also of one whose name was on its way when
/// everybody was left.
void Receive::follow_files(const engine::Notice& notice) {
  const auto ended = [this] {
    if (presenter_.coming().empty()) leave();
  };
  std::visit(overload{[&](const engine::FileProgress& n) { presenter_.note(n); },
                      [&](const engine::FileReceived& n) {
                        presenter_.on(n);
                        ended();
                      },
                      [&](const engine::FileFailed& n) {
                        if (n.fault == Fault::cancelled && presenter_.is_coming(n.transfer))
                          context_.reporter.remark("Thrown away.");
                        else if (n.fault != Fault::interrupted)
                          presenter_.on(n);
                        presenter_.drop(n.transfer);
                        ended();
                      },
                      [](const auto&) {}},
             notice);
}

void Receive::finish(int exit_code) {
  finished_ = true;
  context_.console.close();
  context_.done(exit_code);
}

}  // namespace culver::cli
