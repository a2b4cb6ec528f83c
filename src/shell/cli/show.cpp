// Layout of what is known about oneself and others.
#include "shell/cli/show.hpp"

#include "core/crypto/keys.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/report.hpp"
#include "shell/cli/printable.hpp"

namespace culver::cli {
namespace {

namespace report = wire::report;

std::string line(const store::KnownPeer& peer) {
  return printable(report::display_name({peer.name, peer.key})) + "\n  Fingerprint " +
         crypto::fingerprint(peer.key) + "\n  First seen  " + printable(peer.first_seen) +
         ", last seen " + printable(peer.last_seen);
}

}  // namespace

std::string show_peers(const std::vector<store::KnownPeer>& peers, Output output) {
  if (output == Output::json) {
    std::vector<report::KnownPeer> known;
    for (const auto& peer : peers)
      known.push_back({{peer.name, peer.key}, peer.first_seen, peer.last_seen});
    return report::print(known);
  }
  if (peers.empty()) return "No peers yet.";
  std::string text;
  for (const auto& peer : peers) text += (text.empty() ? "" : "\n\n") + line(peer);
  return text;
}

std::string show_id(const report::Identity& identity, Output output) {
  if (output == Output::json) return report::print(identity);
  return "Fingerprint " + crypto::fingerprint(identity.key) + "\nPublic key  " +
         wire::base64::print(identity.key) + "\nAccount     " + print_hex(identity.account.data) +
         "\nDevice      " + print_uuid(identity.device.data);
}

std::string show_version(Output output) {
  if (output == Output::json) return report::print_version(program_version);
  return "culver " + std::string(program_version);
}

}  // namespace culver::cli
