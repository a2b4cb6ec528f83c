// The words and the decision of trust-server.
#include "shell/cli/verbs/trust_server.hpp"

#include <CLI/CLI.hpp>

#include "core/base/ids.hpp"
#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/report.hpp"
#include "shell/cli/output/report_text.hpp"
#include "shell/cli/verb_loop.hpp"
#include "shell/cli/verbs/peer.hpp"
#include "shell/cli/words.hpp"
#include "shell/client/known_server.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {
namespace {

std::string lines(const crypto::VerifyKey& identity, unsigned version) {
  return "  Identity  " + print_hex(identity.data) + "\n  Handshake version " +
         std::to_string(version);
}

}  // namespace

void TrustServer::on(const client::Introduction::Proven& proof) {
  if (finished_) return;
  if (!proof) return fail_with(proof.error());
  if (context_.output == Output::text) show(*proof);
  decide(*proof);
}

void TrustServer::show(const client::ServerProof& proof) {
  auto& screen = context_.screen;
  screen.say("The server " + printable(context_.url) + " proves this identity:\n" +
             lines(proof.identity, proof.version));
  if (!context_.known) return screen.say("It was not known before.");
  const auto& known = *context_.known;
  if (known.identity == proof.identity && known.version <= proof.version)
    return screen.say("It is the one that is known since " + printable(known.first_seen) + ".");
  screen.say("Known since " + printable(known.first_seen) + " is:\n" +
             lines(known.identity, known.version));
}

void TrustServer::decide(const client::ServerProof& proof) {
  if (options_.identity == proof.identity) return accept(proof);
  if (options_.identity) {
    print(proof, false);
    return finish(cli::refuse(context_.screen, context_.output,
                              {Fault::server_identity_changed,
                               "That is not the identity that was asked for: nothing was "
                               "changed."}));
  }
  const auto& known = context_.known;
  const bool is_news =
      !known || known->identity != proof.identity || known->version > proof.version;
  if (options_.yes || !is_news) return accept(proof);
  if (context_.output == Output::text)
    context_.screen.say("Compare it with what the owner of the server tells you.");
  context_.console.confirm("Trust it from now on? [y/N] ", [this, proof](bool yes) {
    if (finished_) return;
    if (yes) return accept(proof);
    print(proof, false);
    finish(cli::decline(context_.screen, context_.output));
  });
}

void TrustServer::accept(const client::ServerProof& proof) {
  if (const auto written = context_.trust(proof); !written) return fail_with(written.error());
  print(proof, true);
  finish(0);
}

void TrustServer::print(const client::ServerProof& proof, bool trusted) {
  if (context_.output == Output::text) {
    if (trusted) context_.screen.say("Trusted.");
    return;
  }
  report::Server server{context_.url, proof.identity, proof.version, {}, {}, trusted};
  if (context_.known) {
    server.known_identity = context_.known->identity;
    server.known_version = context_.known->version;
  }
  context_.screen.say(json_of(server));
}

void TrustServer::fail_with(const Failure& fault) {
  if (finished_) return;
  context_.console.close();
  const report::Failed failed{fault, {}};
  if (context_.output == Output::json) context_.screen.say(json_of(failed));
  if (!is_of_output(fault.fault)) context_.screen.complain(failure_sentence(failed));
  finish(host::fault_text(fault.fault).exit_code);
}

void TrustServer::finish(int exit_code) {
  finished_ = true;
  context_.console.close();
  context_.done(exit_code);
}

void TrustServerWords::add_to(CLI::App& app) {
  verb_ = app.add_subcommand("trust-server",
                             "Show the identity of the server, and trust it from now on");
  verb_->add_flag("--yes", yes_, "Trust it without asking");
  verb_->add_option("--fingerprint", fingerprint_, "Trust this identity only, without asking")
      ->type_name("FP");
}

/// --yes is said each time: a setting must not make a client trust whoever answers.
Parsed<TrustServerOptions> TrustServerWords::parse(const Settings&) const {
  if (!verb_->parsed()) return std::nullopt;
  TrustServerOptions options{yes_, std::nullopt};
  if (!fingerprint_) return options;
  options.identity = parse_identity(*fingerprint_);
  if (!options.identity) return wrong_use("--fingerprint has 64 hexadecimal digits.");
  return options;
}

std::optional<crypto::VerifyKey> parse_identity(std::string_view text) {
  return parse_hex<crypto::VerifyKey>(digits_only(text));
}

int run(const Options& options, const TrustServerOptions& trust) {
  auto server = client::look_up_server(options.server, options.data_dir);
  if (!server) return complain(options, server.error());
  VerbLoop around;
  Console console(around.loop(), open_terminal(true), around.screen());
  TrustServer verb(trust, {server->url(), server->known,
                           [&](const client::ServerProof& proof) { return server->trust(proof); },
                           around.screen(), console, options.output, around.done()});
  std::optional<client::Introduction> introduction;
  const auto start = [&] {
    introduction.emplace(around.loop(), server->server, handshake::client::Pin{},
                         [&](client::Introduction::Proven proof) { verb.on(proof); });
  };
  return around.run(start, [&](Fault why) {
    introduction.reset();
    verb.stop(why);
  });
}

}  // namespace culver::cli
