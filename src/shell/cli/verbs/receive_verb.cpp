#include "shell/cli/verbs/receive_verb.hpp"

#include <CLI/CLI.hpp>

#include "shell/cli/data_folder.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/verbs/receive.hpp"
#include "shell/cli/with_peers.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/sole_receiver.hpp"
#include "shell/store/folder.hpp"

namespace culver::cli {

void ReceiveWords::add_to(CLI::App& app) {
  verb_ = app.add_subcommand("receive", "Show a pairing code and take what peers send");
  verb_->alias("recv")->alias("rx");
  verb_->add_option("--out", out_, "Folder for the files; default: the current one")
      ->type_name("DIR");
  verb_->add_flag("--yes", yes_, "Accept pairings and files without asking");
  verb_->add_flag("--once", once_, "End after the first peer has finished");
}

Parsed<ReceiveOptions> ReceiveWords::parse(const Settings& settings) const {
  if (!verb_->parsed()) return std::nullopt;
  ReceiveOptions options{out_.value_or(settings.out.value_or(".")),
                         yes_ || settings.yes.value_or(false),
                         once_ || settings.once.value_or(false)};
  std::error_code error;
  const auto out = std::filesystem::status(options.out, error);
  const auto there = printable(options.out.string());
  if (out.type() == std::filesystem::file_type::not_found)
    return wrong_use("--out " + there + " does not exist: make it (mkdir -p), or choose another.");
  if (out.type() == std::filesystem::file_type::none)
    return wrong_use("--out " + there + " cannot be looked at: " + error.message() + ".");
  if (out.type() != std::filesystem::file_type::directory)
    return wrong_use("--out " + there + " is not a folder: choose another, or leave it away.");
  return options;
}

namespace {

/// What cannot be written is said before anybody is let in.
host::Outcome<void> try_folder(const std::filesystem::path& path) {
  const auto tried = [&]() -> Result<void> {
    TRY(const auto folder, store::Folder::open(path.string()));
    if (folder.room() == 0) return fail(Fault::no_space);
    return folder.try_out(0);
  }();
  if (tried) return {};
  // In some that are no disk's (/proc) a new file "does not exist".
  std::error_code ignored;
  const bool is_there = std::filesystem::is_directory(path, ignored);
  const auto fault =
      tried.error() == Fault::folder_missing && is_there ? Fault::folder_unfit : tried.error();
  const auto& row = host::fault_text(fault);
  return host::trouble(fault, "--out " + printable(path.string()) + ", tried with an empty file: " +
                                  std::string(row.sentence) + " " + std::string(row.advice));
}

}  // namespace

int run(const Options& options, const ReceiveOptions& receive) {
  if (const auto tried = try_folder(receive.out); !tried) return complain(options, tried.error());
  auto vault = open_vault(options);
  if (!vault) return complain(options, vault.error());
  host::SoleReceiver sole(options.data_dir);
  const auto requests = receive.yes ? engine::PairRequests::accept : engine::PairRequests::ask;
  const Receive::Choices choices{receive.yes, receive.once, [&] { return sole.try_become(); }};
  return run_with_peers(options, std::move(*vault), receive.out,
                        Terms{Asked::input, receive.once, requests},
                        [&](VerbContext context, client::Client&) {
                          return std::make_unique<Receive>(choices, std::move(context));
                        });
}

}  // namespace culver::cli
