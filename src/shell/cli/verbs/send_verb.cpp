#include "shell/cli/verbs/send_verb.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "shell/cli/data_folder.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/verbs/addressee.hpp"
#include "shell/cli/verbs/send.hpp"
#include "shell/cli/verbs/send_later.hpp"
#include "shell/cli/verbs/send_request.hpp"
#include "shell/cli/with_peers.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/private_file.hpp"

namespace culver::cli {

void SendWords::add_to(CLI::App& app) {
  verb_ = app.add_subcommand(
      "send", "Send a text and files to a known peer, or to the machine that shows a code");
  verb_->alias("tx");
  verb_->add_option("--text", text_, "Text to send; - reads it from standard input")
      ->type_name("MSG|-");
  verb_
      ->add_option("--code-file", code_file_,
                   "Read the pairing code from there (variable CULVER_CODE holds it itself)")
      ->type_name("FILE|-");
  verb_->add_option("--to", to_, "The known peer that it is for, as culver peers shows it")
      ->type_name("NAME");
  verb_
      ->add_option("--wait", wait_,
                   "How long to wait for a known peer to come (default: 60), or for the other side "
                   "to accept (default: 120)")
      ->type_name("SECONDS")
      ->check(CLI::Range(std::uint32_t{0},
                         static_cast<std::uint32_t>(SendOptions::longest_wait.count())));
  verb_
      ->add_option("FILE", files_,
                   "Files to send; the first may be the name of a known peer instead")
      ->type_name("[NAME] FILE");
  verb_->add_flag("--require-confirmation", require_confirmation_,
                  "End with 7 if the other side does not confirm a file");
  verb_->add_flag("--later", later_,
                  "Keep the text until the known peer comes, if it does not within --wait (60 s); "
                  "--wait 0 keeps it at once");
}

Parsed<SendOptions> SendWords::parse(const Settings&) const {
  if (!verb_->parsed()) return std::nullopt;
  if (!text_ && files_.empty()) return wrong_use("There is nothing to send.");
  if (text_ == "-" && code_file_ == "-")
    return wrong_use("Standard input cannot be both the text and the code.");
  if (later_ && !text_) return wrong_use("--later keeps a text: give one with --text.");
  SendOptions options{text_, {files_.begin(), files_.end()}, code_file_, to_};
  options.later = later_;
  options.require_confirmation = require_confirmation_;
  if (wait_) options.wait = std::chrono::seconds(*wait_);
  return options;
}

namespace {

/// A book that is not there is not made: the identity comes first.
host::Outcome<std::vector<store::KnownPeer>> read_book(const Options& options) {
  if (const auto made = host::make_private_dir(options.data_dir); !made)
    return tl::unexpected(made.error());
  const auto file = options.data_dir / host::peer_book_file;
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return std::vector<store::KnownPeer>();
  auto book = store::sqlite::PeerBook::open(file);
  if (!book) return tl::unexpected(book.error());
  auto peers = book->all();
  if (!peers) return tl::unexpected(trouble_of_books(options.data_dir, peers.error()));
  return std::move(*peers);
}

/// Takes the name out of what is to be sent.
host::Outcome<std::optional<Addressee>> find_known(const Options& options, SendOptions& send) {
  const auto peers = read_book(options);
  if (!peers) return tl::unexpected(peers.error());
  const bool has_code = send.code_file || host::environment("CULVER_CODE");
  auto known = take_addressee(send, store::as_known(*peers), has_code);
  if (!known || !send.later) return known;
  if (!*known) return host::trouble(Fault::usage, "--later needs the name of a known peer.");
  if (!send.files.empty())
    return host::trouble(Fault::usage, "--later keeps texts only: files go when the peer is here.");
  return known;
}

}  // namespace

int run(const Options& options, const SendOptions& send) {
  const host::FileDescriptor standard_input(dup(STDIN_FILENO));
  auto named = send;
  auto known = find_known(options, named);
  if (!known) return complain(options, known.error());
  // Who is nobody's peer leaves nothing behind.
  auto vault = open_vault(options);
  if (!vault) return complain(options, vault.error());
  auto prepared = prepare(named, host::environment, standard_input);
  if (!prepared) return complain(options, prepared.error());
  // Standard input may be the text or the code, and who has neither is asked at the terminal.
  const bool is_input_free = send.text != "-" && send.code_file != "-";
  const bool is_addressed = *known || prepared->code;
  const auto asked = is_input_free && is_addressed ? Asked::input_or_terminal : Asked::terminal;
  if (send.later) {
    const auto wait = send.wait.value_or(SendOptions::default_wait);
    Terms terms{asked};
    terms.goes_online = wait.count() > 0;
    return run_with_peers(options, std::move(*vault), ".", terms,
                          [&](VerbContext context, client::Client&) {
                            return std::make_unique<SendLater>(std::move(*prepared->request.text),
                                                               **known, wait, std::move(context));
                          });
  }
  const auto answer_wait = send.wait.value_or(SendOptions::default_answer_wait);
  return run_with_peers(
      options, std::move(*vault), ".", Terms{asked}, [&](VerbContext context, client::Client&) {
        using Made = std::unique_ptr<PeerVerb>;
        if (!*known)
          return Made(std::make_unique<Send>(std::move(prepared->request), prepared->code,
                                             answer_wait, std::move(context)));
        const Send::Known there{**known, send.wait.value_or(SendOptions::default_wait),
                                answer_wait};
        return Made(
            std::make_unique<Send>(std::move(prepared->request), there, std::move(context)));
      });
}

}  // namespace culver::cli
