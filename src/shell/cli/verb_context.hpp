// What a verb is given to act with: the client, the person, the clock. Plain functions, so that a
// test plays all of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "core/base/env.hpp"
#include "core/engine/api.hpp"
#include "shell/cli/contacts.hpp"
#include "shell/cli/input/console.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/reporter.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

/// A file that the client holds open until its transfer has ended.
struct OpenedFile {
  TransferId id;
  Plaintext name;
  std::uint64_t size;
  transfer::Attributes attributes = {};
};

struct VerbContext {
  std::function<void(engine::Command)> command;
  std::function<Result<OpenedFile>(const std::filesystem::path&)> open_file;
  Reporter& reporter;
  Console& console;
  std::function<TimePoint()> now;
  /// The verb is over, with this exit code. Called once; the verb hears nothing after it.
  std::function<void(int)> done;
  /// Calls once, after so much time, unless the verb is over by then. One at a time.
  std::function<void(Duration, std::function<void()>)> after = {};
  std::function<WallTime()> wall = {};
  /// Whether a text of the outbox still waits there: another process may have delivered it.
  std::function<bool(LetterId)> still_waits = [](LetterId) { return true; };
  Contacts contacts = {};
  /// Calls when everything that was reported so far has left this process.
  std::function<void(std::function<void()>)> when_taken = [](const auto& act) { act(); };
  /// Why a book of the data folder was not written; without a sentence: the fault's own.
  std::function<host::Trouble(Fault)> trouble_of_books = [](Fault fault) {
    return host::Trouble{fault, {}};
  };
};

/// Whether it has been shown that somebody has the key, or it was only named.
enum class KeyIs { named, proven };

/// Asks whether a key that came under the name of a known peer is somebody else. By no option is it
/// anybody: --yes is said beforehand.
inline Console::Ticket ask_for_another(const VerbContext& context, const report::Peer& peer,
                                       KeyIs key_is, const PublicKey& known,
                                       std::function<void(bool)> answer) {
  using report::short_fingerprint;
  const auto name = context.contacts.handle({peer.name, known});
  const auto nobody = "Nobody is there to ask, which counts as no.";
  if (context.contacts.has(peer.key)) {
    const auto called = context.contacts.handle({std::nullopt, peer.key});
    const auto* who = key_is == KeyIs::named ? "Somebody who names the key of " : "";
    return context.console.confirm(
        who + called + " (" + short_fingerprint(peer.key) + " ...) calls itself " +
            Contacts::shown(peer.name) + " now, like the " + name + " that you know (" +
            short_fingerprint(known) + " ...). Let it in by that name? [y/N] ",
        std::move(answer), nobody);
  }
  return context.console.confirm("This is not the " + name + " that you know: that one's key is " +
                                     short_fingerprint(known) + " ..., this one's " +
                                     short_fingerprint(peer.key) +
                                     " .... It is somebody else of that name, or " + name +
                                     " with a new key. Let it in as somebody else? [y/N] ",
                                 std::move(answer), nobody);
}

}  // namespace culver::cli
