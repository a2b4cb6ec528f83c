// verify, rename, block, unblock, forget and trust: finds the peer that is meant, shows what it is
// about, asks where a person has to decide, and writes the answer into the peer book.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "shell/cli/console.hpp"
#include "shell/cli/options.hpp"
#include "shell/host/trouble.hpp"
#include "shell/store/sqlite/peer_book.hpp"

namespace culver::cli {

class BookVerb {
 public:
  struct VerbContext {
    store::sqlite::PeerBook& book;
    PublicKey self;
    Screen& screen;
    Console& console;
    Output output;
    /// The verb is over, with this exit code. Called once.
    std::function<void(int)> done;
  };

  BookVerb(BookOptions options, VerbContext context)
      : options_(std::move(options)), context_(std::move(context)) {}

  void start();
  /// Where standard output is full, it is said what was done all the same.
  void stop(Fault signal);

 private:
  void handle(const VerifyPeer&);
  void handle(const RenamePeer&);
  void handle(const BlockPeer&);
  void handle(const ForgetPeer&);
  void handle(const TrustPeer&);
  void trust(const PublicKey& offered, bool is_sure);

  host::Outcome<store::KnownPeer> find(const std::string& name);
  void show_safety_number(const std::string& title, const PublicKey& key);
  /// Asks and goes on with a yes. A no changes nothing.
  void ask(const std::string& question, std::function<void()> go_on);
  /// The change was made, or why not; `said` is for people.
  void conclude(const Result<void>& done, const PublicKey& key, const std::string& said);
  void give_up(const std::string& why, int exit_code);
  void fail_with(const host::Trouble& trouble);
  void print_row(const PublicKey& key);
  void say(const std::string& text);
  void finish(int exit_code);

  BookOptions options_;
  VerbContext context_;
  std::vector<store::KnownPeer> peers_;  ///< as they were found
  store::KnownPeer peer_ = {};           ///< the one that is meant
  std::string name_;                     ///< how it is called, fit for a terminal
  bool finished_ = false;
  std::string done_;  ///< what was changed, in a sentence
};

}  // namespace culver::cli
