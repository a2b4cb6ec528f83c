// The client, the reporter and the console around a verb that talks with peers.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "core/base/fault.hpp"
#include "core/engine/api.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/verb_context.hpp"
#include "shell/client/client.hpp"
#include "shell/host/vault.hpp"

namespace culver::cli {

/// What the client calls of a verb, on its loop.
class PeerVerb {
 public:
  virtual ~PeerVerb() = default;
  virtual void start() = 0;
  virtual void on(const engine::Notice& notice) = 0;
  /// On a signal, or when the output is of no use any more.
  virtual void stop(Fault why) = 0;
  /// Each second.
  virtual void tick() {}
  /// That nobody is there to answer this question, if no other event tells how it has ended.
  virtual bool tell_unanswered(Console::Ticket, std::string_view) { return false; }
  /// A second Ctrl-C. Unless the verb has a use for it, the program ends at once.
  virtual void discard();
};

/// Who answers questions.
enum class Asked {
  terminal,           ///< the person at the controlling one
  input,              ///< a program on standard input if output is for one, or the person there
  input_or_terminal,  ///< as `input`, or the person at the controlling terminal
};

struct Terms {
  Asked asked;
  bool only_one = false;  ///< nobody but one peer is let in
  engine::PairRequests pair_requests = engine::PairRequests::ask;
  bool goes_online = true;
};

using MakeVerb = std::function<std::unique_ptr<PeerVerb>(VerbContext, client::Client&)>;

/// Runs the verb that `make` builds from its context until it is over. The exit code.
int run_with_peers(const Options& options, host::Vault vault,
                   const std::filesystem::path& download_dir, Terms terms, const MakeVerb& make);

}  // namespace culver::cli
