// The words for a row's marks, and the grouping of digits.
#include "shell/cli/verbs/peers.hpp"

#include <CLI/CLI.hpp>

#include "core/crypto/keys.hpp"
#include "core/engine/names.hpp"
#include "shell/cli/data_folder.hpp"
#include "shell/cli/output/json_output.hpp"
#include "shell/cli/output/outcome.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/host/clock.hpp"

namespace culver::cli {

void PeersWords::add_to(CLI::App& app) {
  verb_ = app.add_subcommand("peers", "List the peers of the book");
}

Parsed<PeersOptions> PeersWords::parse(const Settings&) const {
  if (!verb_->parsed()) return std::nullopt;
  return PeersOptions{};
}

int run(const Options& options, const PeersOptions&) {
  auto folder = DataFolder::open(options);
  if (!folder) return complain(options, folder.error());
  const auto peers = folder->book.all();
  if (!peers) return complain(options, peers.error());
  return print(show_peers(rows_of(*peers, folder->identity.shared), options.output));
}

namespace {

std::string paragraph(const report::KnownPeer& known) {
  std::string text = printable(known.handle);
  if (known.alias && known.peer.name)
    text += ", who calls itself " + printable(known.peer.name->expose());
  if (known.is_verified) text += " (verified)";
  if (known.is_blocked) text += " (blocked)";
  text += "\n  Fingerprint " + crypto::fingerprint(known.peer.key) + "\n  First seen  " +
          host::iso8601(known.first_seen) + ", last seen " + host::iso8601(known.last_seen);
  for (const auto& key : known.offered) text += "\n  Refused key " + crypto::fingerprint(key);
  if (known.offered.size() == 1)
    text += "\n              came under this name; if it is right: culver trust NAME";
  if (known.offered.size() > 1)
    text +=
        "\n              came under this name; if one is right:"
        " culver trust NAME --fingerprint HEX";
  return text;
}

}  // namespace

std::vector<report::KnownPeer> rows_of(const std::vector<store::KnownPeer>& peers,
                                       const PublicKey& self) {
  const auto book = store::as_known(peers);
  std::vector<report::KnownPeer> rows;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const auto& peer = peers[i];
    rows.push_back({{peer.name, peer.key},
                    peer.alias,
                    engine::handle(book, book[i]),
                    crypto::safety_number(self, peer.key),
                    host::time_of(peer.first_seen),
                    host::time_of(peer.last_seen),
                    peer.is_verified,
                    peer.is_blocked,
                    peer.is_culver,
                    peer.offered});
  }
  return rows;
}

std::string show_peers(const std::vector<report::KnownPeer>& peers, Output output) {
  if (output == Output::json) return json_of(peers);
  if (peers.empty()) return "No peers yet.";
  std::string text;
  for (const auto& peer : peers) text += (text.empty() ? "" : "\n\n") + paragraph(peer);
  return text;
}

std::string show_safety_number(std::string_view digits) {
  constexpr std::size_t per_group = 5, per_line = 4 * per_group;
  std::string text;
  for (std::size_t i = 0; i < digits.size(); i += per_group) {
    if (i > 0) text += i % per_line == 0 ? "\n" : " ";
    if (i % per_line == 0) text += "    ";
    text += digits.substr(i, per_group);
  }
  return text;
}

}  // namespace culver::cli
