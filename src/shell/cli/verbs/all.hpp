// All verbs, in the order of the help.
#pragma once

#include <tuple>
#include <variant>

#include "shell/cli/verbs/backup.hpp"
#include "shell/cli/verbs/devices.hpp"
#include "shell/cli/verbs/identity.hpp"
#include "shell/cli/verbs/link.hpp"
#include "shell/cli/verbs/outbox.hpp"
#include "shell/cli/verbs/peer.hpp"
#include "shell/cli/verbs/peers.hpp"
#include "shell/cli/verbs/receive_verb.hpp"
#include "shell/cli/verbs/send_verb.hpp"
#include "shell/cli/verbs/trust_server.hpp"
#include "shell/cli/verbs/vault.hpp"

namespace culver::cli {

using AllWords = std::tuple<ReceiveWords, SendWords, OutboxWords, PeersWords, IdWords, NameWords,
                            TrustServerWords, DevicesWords, OfferLinkWords, LinkWords, PeerWords,
                            BackupWords, VaultWords, VersionWords>;

template <class Words>
struct OptionsOf;
template <class... Words>
struct OptionsOf<std::tuple<Words...>> {
  using Variant = std::variant<typename Words::Options...>;
};
using Verb = OptionsOf<AllWords>::Variant;

}  // namespace culver::cli
