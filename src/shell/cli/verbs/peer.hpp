// verify, rename, block, unblock, forget and trust: finds the peer that is meant, shows what it is
// about, asks where a person has to decide, and writes the answer into the peer book.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/text.hpp"
#include "shell/cli/input/console.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/verbs/verb.hpp"
#include "shell/host/trouble.hpp"
#include "shell/store/sqlite/peer_book.hpp"

namespace culver::cli {

// `peer` is as the person has named it: a name, name@digits, or digits.

struct VerifyPeer {
  Plaintext peer;
  std::optional<bool> matches;  ///< absent: to be asked for
};
struct RenamePeer {
  Plaintext peer;
  std::optional<Plaintext> alias;  ///< absent: by its own name again
};
struct BlockPeer {
  Plaintext peer;
  bool is_blocked;
};
struct ForgetPeer {
  Plaintext peer;
  bool yes;
};
struct TrustPeer {
  Plaintext peer;
  bool yes;
  std::optional<Digest> fingerprint;  ///< trust this key only, without asking
};
using PeerOptions = std::variant<VerifyPeer, RenamePeer, BlockPeer, ForgetPeer, TrustPeer>;

class PeerWords : public VerbWords {
 public:
  using Options = PeerOptions;
  void add_to(CLI::App& app);
  Parsed<PeerOptions> parse(const Settings& settings) const;

 private:
  CLI::App* add_verb(CLI::App& app, const char* name, const char* what);
  bool are_parsed() const;

  CLI::App *verify_ = nullptr, *rename_ = nullptr, *block_ = nullptr, *unblock_ = nullptr,
           *forget_ = nullptr, *trust_ = nullptr;
  std::string peer_, alias_;
  std::optional<std::string> fingerprint_;
  bool yes_ = false, no_ = false;
};

int run(const Options& options, const PeerOptions& verb);

class PeerOfBook {
 public:
  struct Context {
    store::sqlite::PeerBook& book;
    PublicKey self;
    Screen& screen;
    Console& console;
    Output output;
    /// The verb is over, with this exit code. Called once.
    std::function<void(int)> done;
    std::filesystem::path folder = {};  ///< of the book
  };

  PeerOfBook(PeerOptions options, Context context)
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
  void give_up(Fault fault, const std::string& why);
  /// A no of the person, or of nobody.
  void decline();
  void fail_with(const host::Trouble& trouble);
  void print_row(const PublicKey& key);
  void say(const std::string& text);
  void finish(int exit_code);

  PeerOptions options_;
  Context context_;
  std::vector<store::KnownPeer> peers_;  ///< as they were found
  store::KnownPeer peer_ = {};           ///< the one that is meant
  std::string name_;                     ///< how it is called, fit for a terminal
  bool finished_ = false;
  std::string done_;  ///< what was changed, in a sentence
};

}  // namespace culver::cli
