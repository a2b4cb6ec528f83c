// The verb outbox: lists and removes texts that wait.
#include "shell/cli/open_vault.hpp"
#include "shell/cli/outcome.hpp"
#include "shell/cli/run.hpp"
#include "shell/cli/show_outbox.hpp"
#include "shell/host/identity.hpp"
#include "shell/store/sqlite/peer_book.hpp"

namespace culver::cli {

int run(const Options& options, const OutboxOptions& verb) {
  const auto vault = open_vault(options);  // makes the folder too
  if (!vault) return complain(options, vault.error());
  const auto identity = host::open_identity(*vault);
  if (!identity) return complain(options, identity.error());
  auto book = store::sqlite::PeerBook::open(options.data_dir / "peers.db");
  if (!book) return complain(options, book.error());
  auto outbox =
      store::sqlite::Outbox::open(options.data_dir, format::kept_letter::key_of(identity->secret));
  if (!outbox) return complain(options, outbox.error());
  const auto peers = book->all();
  if (!peers) return complain(options, peers.error());
  const auto rows = outbox->all();
  if (!rows) return complain(options, rows.error());
  const auto known = store::as_known(*peers);
  const Contacts contacts([&] { return std::span(known); });

  if (const auto* list = std::get_if<ListOutbox>(&verb))
    return print(show_outbox(waiting_of(*rows, known, list->show), options.output, contacts));
  const auto meant = letters_named(*rows, known, std::get<DropLetters>(verb).what);
  if (!meant) return complain(options, meant.error());
  std::vector<LetterId> ids;
  for (const auto& row : *meant) ids.push_back(row.id);
  if (const auto gone = outbox->remove(ids); !gone) return complain(options, gone.error());
  const auto removed = ids.empty() ? std::string()
                                   : "Removed: " + std::to_string(ids.size()) +
                                         (ids.size() == 1 ? " text." : " texts.");
  if (options.output == Output::json)
    return print(show_outbox(waiting_of(*meant, known, false), options.output), removed);
  return print(ids.empty() ? "Nothing waits for that peer." : removed, removed);
}

}  // namespace culver::cli
