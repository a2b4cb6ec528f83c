// How a peer is called in a report.
#include "shell/cli/output/report.hpp"

#include "core/crypto/keys.hpp"

namespace culver::cli::report {

std::string short_fingerprint(const PublicKey& key) {
  return crypto::fingerprint(key).substr(0, 4 * 4 + 3);
}

std::string display_name(const Peer& peer) {
  if (peer.name && !peer.name->expose().empty()) return peer.name->expose();
  return short_fingerprint(peer.key);
}

std::string display_name(const KnownPeer& known) {
  return known.alias ? known.alias->expose() : display_name(known.peer);
}

}  // namespace culver::cli::report
