// The options and arguments of the verbs about one peer.
#include <CLI/CLI.hpp>

#include "core/base/ids.hpp"
#include "core/wire/limits.hpp"
#include "shell/cli/input/name_words.hpp"
#include "shell/cli/verbs/peer.hpp"
#include "shell/cli/words.hpp"

namespace culver::cli {

CLI::App* PeerWords::add_verb(CLI::App& app, const char* name, const char* what) {
  auto* verb = app.add_subcommand(name, what);
  verb->add_option("NAME", peer_,
                   "The peer, as culver peers shows it, or its fingerprint's beginning")
      ->required();
  return verb;
}

void PeerWords::add_to(CLI::App& app) {
  verify_ = add_verb(app, "verify", "Show the safety number of a peer, and note that it matches");
  auto* yes = verify_->add_flag("--yes", yes_, "It matches: do not ask");
  verify_->add_flag("--no", no_, "It does not: the peer is not verified")->excludes(yes);

  rename_ = add_verb(app, "rename", "Call a peer by a name of your own");
  rename_->add_option("NEW", alias_, "At most 64 bytes; empty: by its own name again")->required();

  block_ = add_verb(app, "block", "Refuse a peer from now on, without a question");
  unblock_ = add_verb(app, "unblock", "Refuse it no more");

  forget_ = add_verb(app, "forget", "Remove a peer from the book, and what waits for it");
  forget_->add_flag("--yes", yes_, "Do not ask");

  trust_ = add_verb(app, "trust", "Take the new key that was refused under the name of a peer");
  trust_->add_flag("--yes", yes_, "Do not ask");
  trust_->add_option("--fingerprint", fingerprint_, "Take this key only, without asking")
      ->type_name("FP");
}

bool PeerWords::are_parsed() const {
  for (const auto* verb : {verify_, rename_, block_, unblock_, forget_, trust_})
    if (verb->parsed()) return true;
  return false;
}

Parsed<PeerOptions> PeerWords::parse(const Settings&) const {
  if (!are_parsed()) return std::nullopt;
  const Plaintext peer(peer_);
  if (verify_->parsed()) return VerifyPeer{peer, yes_ || no_ ? std::optional(yes_) : std::nullopt};
  if (forget_->parsed()) return ForgetPeer{peer, yes_};
  if (trust_->parsed()) {
    if (!fingerprint_) return TrustPeer{peer, yes_, std::nullopt};
    const auto fingerprint = parse_hex<Digest>(digits_only(*fingerprint_));
    if (!fingerprint) return wrong_use("--fingerprint has 64 hexadecimal digits.");
    return TrustPeer{peer, yes_, fingerprint};
  }
  if (!rename_->parsed()) return BlockPeer{peer, block_->parsed()};
  if (alias_.empty()) return RenamePeer{peer, std::nullopt};
  // What would be kept otherwise than it was written is refused, and what no peer may call itself.
  if (const auto why = why_not_called(alias_, {.bytes = wire::limits::proposed_name}))
    return wrong_use(*why);
  return RenamePeer{peer, Plaintext(alias_)};
}

}  // namespace culver::cli
