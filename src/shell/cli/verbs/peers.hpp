// culver peers: lists the peer book.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shell/cli/options.hpp"
#include "shell/cli/output/report.hpp"
#include "shell/cli/verbs/verb.hpp"
#include "shell/store/ports.hpp"

namespace culver::cli {

struct PeersOptions {};

class PeersWords : public VerbWords {
 public:
  using Options = PeersOptions;
  void add_to(CLI::App& app);
  Parsed<PeersOptions> parse(const Settings& settings) const;

 private:
  CLI::App* verb_ = nullptr;
};

int run(const Options& options, const PeersOptions&);

// Layout, without the last newline.

/// What is shown of the peers of the book `peers` in their order; `self` is our own key.
std::vector<report::KnownPeer> rows_of(const std::vector<store::KnownPeer>& peers,
                                       const PublicKey& self);

std::string show_peers(const std::vector<report::KnownPeer>& peers, Output output);

/// 60 digits as three lines of four groups, indented.
std::string show_safety_number(std::string_view digits);

}  // namespace culver::cli
