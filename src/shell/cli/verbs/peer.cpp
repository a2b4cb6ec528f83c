// The decisions of the verbs about one peer.
#include "shell/cli/verbs/peer.hpp"

#include <algorithm>

#include "core/base/fsm.hpp"
#include "core/crypto/hash.hpp"
#include "core/crypto/keys.hpp"
#include "core/engine/names.hpp"
#include "shell/cli/data_folder.hpp"
#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/qr.hpp"
#include "shell/cli/output/report_text.hpp"
#include "shell/cli/verb_loop.hpp"
#include "shell/cli/verbs/addressee.hpp"
#include "shell/cli/verbs/peers.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {
namespace {

/// Two meet again only if both know the other's key, and a machine with a new key has often lost
/// its peers.
const std::string new_pairing =
    "With a new key a machine may know nobody any more. If culver send NAME does not find it, pair "
    "once more: culver receive there, and culver send with its code here.";

std::string texts_that_wait(std::size_t count) {
  if (count == 0) return {};
  return count == 1 ? "a text that waits for it"
                    : std::to_string(count) + " texts that wait for it";
}

}  // namespace

void PeerOfBook::start() {
  const auto name = std::visit([](const auto& verb) { return verb.peer.expose(); }, options_);
  auto found = find(name);
  if (!found) return fail_with(found.error());
  peer_ = std::move(*found);
  name_ = printable(engine::handle(store::as_known(peers_), peer_.as_known()));
  std::visit([this](const auto& verb) { handle(verb); }, options_);
}

void PeerOfBook::stop(Fault signal) {
  if (signal == Fault::output_unwritable && !done_.empty())
    context_.screen.complain("It was done all the same: " + done_);
  fail_with({signal, std::string(host::fault_text(signal).sentence)});
}

host::Outcome<store::KnownPeer> PeerOfBook::find(const std::string& name) {
  auto all = context_.book.all();
  if (!all) return tl::unexpected(trouble_of_books(context_.folder, all.error()));
  peers_ = std::move(*all);
  const auto key = peer_named(store::as_known(peers_), name);
  if (!key) return tl::unexpected(key.error());
  return *std::ranges::find(peers_, *key, &store::KnownPeer::key);
}

void PeerOfBook::handle(const VerifyPeer& verb) {
  const bool is_match = verb.matches.value_or(true);
  const auto write = [this, is_match] {
    conclude(context_.book.set_verified(peer_.key, is_match), peer_.key,
             name_ + (is_match ? " is verified." : " is not verified."));
  };
  show_safety_number("Safety number with " + name_, peer_.key);
  if (verb.matches) return write();
  say("The other side shows the same number if nobody is in between. Compare them where nobody can "
      "come in between: face to face, or on the telephone.");
  ask("Do they match? [y/N] ", write);
}

/// Two aliases that read the same would leave neither of use.
void PeerOfBook::handle(const RenamePeer& verb) {
  const engine::Reading wanted(verb.alias ? verb.alias->expose() : std::string());
  const auto is_taken = [&](const store::KnownPeer& other) {
    const auto name = other.as_known().called();
    return other.key != peer_.key && name && wanted.looks_like(engine::Reading(name->expose()));
  };
  if (std::ranges::any_of(peers_, is_taken))
    return fail_with(trouble_of_books(context_.folder, Fault::name_taken));
  const auto called = verb.alias ? printable(verb.alias->expose()) : std::string();
  conclude(context_.book.rename(peer_.key, verb.alias), peer_.key,
           verb.alias ? name_ + " is called " + called + " from now on."
                      : name_ + " goes by its own name again.");
}

void PeerOfBook::handle(const BlockPeer& verb) {
  const auto* now = verb.is_blocked    ? " is blocked: it is refused before you are asked."
                    : peer_.is_blocked ? " is not blocked any more."
                                       : " was not blocked.";
  conclude(context_.book.set_blocked(peer_.key, verb.is_blocked), peer_.key, name_ + now);
}

void PeerOfBook::handle(const ForgetPeer& verb) {
  const auto waiting = context_.book.letters_to(peer_.key);
  if (!waiting) return fail_with(trouble_of_books(context_.folder, waiting.error()));
  const auto texts = texts_that_wait(*waiting);
  const auto write = [this, texts] {
    const auto done = context_.book.forget(peer_.key);
    conclude(done, peer_.key,
             name_ + " is forgotten" + (texts.empty() ? "." : ", and with it " + texts + ".") +
                 "\nA culver receive that runs on this data folder asks before it lets this key in "
                 "again, also with --yes.");
    if (done && context_.output == Output::json && !texts.empty())
      context_.screen.complain("Dropped with the peer: " + texts + ".");
  };
  if (verb.yes) return write();
  say(show_peers(rows_of({peer_}, context_.self), Output::text));
  ask("Forget this peer" + (texts.empty() ? "" : ", and drop " + texts) + "? [y/N] ", write);
}

void PeerOfBook::handle(const TrustPeer& verb) {
  if (peer_.offered.empty())
    return fail_with({Fault::key_not_offered,
                      "No other key of " + name_ + " was refused: there is nothing to trust."});
  std::string keys;
  for (const auto& key : peer_.offered) keys += "\n  Fingerprint " + crypto::fingerprint(key);
  say(name_ + " is known since " + printable(peer_.first_seen) + " by this key:\n  Fingerprint " +
      crypto::fingerprint(peer_.key) + "\nUnder its name came, and " +
      (peer_.offered.size() > 1 ? "were" : "was") + " refused:" + keys);
  if (verb.fingerprint) {
    const auto is_it = [&](const PublicKey& key) {
      return *verb.fingerprint == crypto::sha256(key.view());
    };
    const auto meant = std::ranges::find_if(peer_.offered, is_it);
    if (meant != peer_.offered.end()) return trust(*meant, true);
    return give_up(Fault::peer_key_changed, "That is not a key that waits: nothing was changed.");
  }
  // Anybody can claim a name: which of several is the right one is not for us to guess.
  if (peer_.offered.size() > 1)
    return give_up(Fault::peer_key_changed,
                   "More than one key came under this name: at most one is right. Ask " + name_ +
                       " by another way for its fingerprint (culver id), then: culver trust " +
                       name_ + " --fingerprint HEX");
  trust(peer_.offered.front(), verb.yes);
}

void PeerOfBook::trust(const PublicKey& offered, bool is_sure) {
  const auto waiting = context_.book.letters_to(peer_.key);
  if (!waiting) return fail_with(trouble_of_books(context_.folder, waiting.error()));
  // They were written to whoever had the old key: whether that is the same person is not proven.
  const auto advice =
      new_pairing + (*waiting == 0
                         ? ""
                         : "\nFor the old key " +
                               (*waiting == 1 ? std::string("a text waits and stays")
                                              : std::to_string(*waiting) + " texts wait and stay") +
                               ": see culver outbox, and send anew what is meant for the "
                               "new key.");
  const auto write = [this, offered, advice] {
    conclude(context_.book.trust(peer_.key, offered), offered,
             "Trusted. " + name_ + " is not verified" +
                 (peer_.is_blocked ? ", and still blocked." : ": culver verify does that.") + "\n" +
                 advice);
    if (context_.output == Output::json) context_.screen.complain(advice);
  };
  show_safety_number("Safety number with the new key", offered);
  if (is_sure) return write();
  say("Ask " + name_ + " by another way whether the new key is right.");
  ask("Trust it from now on? [y/N] ", write);
}

void PeerOfBook::show_safety_number(const std::string& title, const PublicKey& key) {
  const auto digits = crypto::safety_number(context_.self, key);
  if (context_.output == Output::text) show_qr(context_.screen, digits);
  say(title + ":\n\n" + cli::show_safety_number(digits) + "\n");
}

void PeerOfBook::ask(const std::string& question, std::function<void()> go_on) {
  const auto answer = [this, go_on = std::move(go_on)](bool yes) {
    if (finished_) return;
    if (yes) return go_on();
    decline();
  };
  context_.console.confirm(question, answer);
}

void PeerOfBook::conclude(const Result<void>& done, const PublicKey& key, const std::string& said) {
  if (!done) return fail_with(trouble_of_books(context_.folder, done.error()));
  done_ = said;
  say(said);
  print_row(key);
  finish(0);
}

/// No row: that of a peer that was not forgotten would look like that of one that was.
void PeerOfBook::give_up(Fault fault, const std::string& why) {
  finish(refuse(context_.screen, context_.output, {fault, why}));
}

void PeerOfBook::decline() { finish(cli::decline(context_.screen, context_.output)); }

void PeerOfBook::fail_with(const host::Trouble& trouble) {
  if (finished_) return;
  context_.console.close();
  report::Failed failed{trouble.fault, {}};
  failed.sentence = trouble.sentence;
  if (context_.output == Output::json) context_.screen.say(json_of(failed));
  if (!is_of_output(trouble.fault)) context_.screen.complain(failure_sentence(failed));
  finish(host::fault_text(trouble.fault).exit_code);
}

/// As it is now; one that is gone as it was.
void PeerOfBook::print_row(const PublicKey& key) {
  if (context_.output != Output::json) return;
  const auto now = context_.book.all();
  for (const auto* peers : {now ? &*now : nullptr, &std::as_const(peers_)}) {
    if (peers == nullptr) continue;
    for (const auto& row : rows_of(*peers, context_.self))
      if (row.peer.key == key) return context_.screen.say(json_of(row));
  }
}

void PeerOfBook::say(const std::string& text) {
  if (context_.output == Output::text) context_.screen.say(text);
}

void PeerOfBook::finish(int exit_code) {
  finished_ = true;
  context_.console.close();
  context_.done(exit_code);
}

int run(const Options& options, const PeerOptions& verb) {
  auto folder = DataFolder::open(options);
  if (!folder) return complain(options, folder.error());
  VerbLoop around;
  Console console(around.loop(), open_terminal(true), around.screen());
  PeerOfBook about(verb, {folder->book, folder->identity.shared, around.screen(), console,
                          options.output, around.done(), options.data_dir});
  return around.run([&] { about.start(); }, [&](Fault why) { about.stop(why); });
}

}  // namespace culver::cli
