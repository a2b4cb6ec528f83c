// culver trust-server: shows the identity that the server proves and the one that was known, and
// puts the new one into the server book if the person says so.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/crypto/sign.hpp"
#include "shell/cli/input/console.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/verbs/verb.hpp"
#include "shell/client/introduction.hpp"
#include "shell/store/server_book.hpp"

namespace culver::cli {

struct TrustServerOptions {
  bool yes;
  std::optional<crypto::VerifyKey> identity;  ///< trust this one only, without asking
};

class TrustServerWords : public VerbWords {
 public:
  using Options = TrustServerOptions;
  void add_to(CLI::App& app);
  Parsed<TrustServerOptions> parse(const Settings& settings) const;

 private:
  CLI::App* verb_ = nullptr;
  std::optional<std::string> fingerprint_;
  bool yes_ = false;
};

int run(const Options& options, const TrustServerOptions& trust);

/// 64 hex digits of either case, with blanks, dashes and colons anywhere.
std::optional<crypto::VerifyKey> parse_identity(std::string_view text);

class TrustServer {
 public:
  struct Context {
    std::string url;                                                ///< the server's origin
    std::optional<store::ServerRecord> known;                       ///< what the book says
    std::function<Result<void>(const client::ServerProof&)> trust;  ///< writes it there
    Screen& screen;
    Console& console;
    Output output;
    /// The verb is over, with this exit code. Called once.
    std::function<void(int)> done;
  };

  TrustServer(TrustServerOptions options, Context context)
      : options_(std::move(options)), context_(std::move(context)) {}

  void on(const client::Introduction::Proven& proof);
  void stop(Fault signal) { fail_with(signal); }

 private:
  void show(const client::ServerProof& proof);
  void decide(const client::ServerProof& proof);
  void accept(const client::ServerProof& proof);
  void print(const client::ServerProof& proof, bool trusted);
  void fail_with(const Failure& fault);
  void finish(int exit_code);

  TrustServerOptions options_;
  Context context_;
  bool finished_ = false;
};

}  // namespace culver::cli
