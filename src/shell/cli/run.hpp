// Carries out a verb: builds what it needs, runs the loop until it is over, returns the exit code.
#pragma once

#include "shell/cli/options.hpp"

namespace culver::cli {

// With peers.
int run(const Options& options, const ReceiveOptions& receive);
int run(const Options& options, const SendOptions& send);

// With the server alone.
int run(const Options& options, const TrustServerOptions& trust);
int run(const Options& options, const DevicesOptions& verb);
int run(const Options& options, const OfferLinkOptions&);
int run(const Options& options, const LinkOptions& verb);

// Without a network.
int run(const Options& options, const PeersOptions&);
int run(const Options& options, const BookOptions& verb);
int run(const Options& options, const OutboxOptions& verb);
int run(const Options& options, const BackupOptions& verb);
int run(const Options& options, const VaultOptions& verb);
int run(const Options& options, const IdOptions&);
int run(const Options& options, const NameOptions& verb);
int run(const Options& options, const VersionOptions&);

}  // namespace culver::cli
