// culver id, culver name and culver version: who we are, and what peers are told as our name:
// chosen once, kept in the data folder until it is changed.
#pragma once

#include <optional>
#include <string>

#include "core/base/text.hpp"
#include "shell/cli/options.hpp"
#include "shell/cli/output/report.hpp"
#include "shell/cli/verbs/verb.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

struct IdOptions {};
/// Shows our own name, or keeps another.
struct NameOptions {
  std::optional<Plaintext> name;  ///< none: it is asked for; empty: the host's again
};
struct VersionOptions {};

class IdWords : public VerbWords {
 public:
  using Options = IdOptions;
  void add_to(CLI::App& app);
  Parsed<IdOptions> parse(const Settings& settings) const;

 private:
  CLI::App* verb_ = nullptr;
};
class NameWords : public VerbWords {
 public:
  using Options = NameOptions;
  void add_to(CLI::App& app);
  Parsed<NameOptions> parse(const Settings& settings) const;

 private:
  CLI::App* verb_ = nullptr;
  std::optional<std::string> name_;
};
class VersionWords : public VerbWords {
 public:
  using Options = VersionOptions;
  void add_to(CLI::App& app);
  Parsed<VersionOptions> parse(const Settings& settings) const;

 private:
  CLI::App* verb_ = nullptr;
};

int run(const Options& options, const IdOptions&);
int run(const Options& options, const NameOptions& verb);
int run(const Options& options, const VersionOptions&);

/// The options with the name that counts: --name; that of the configuration; the one that is kept;
/// the host's. The data folder is there.
host::Outcome<Options> with_own_name(const Options& options);

/// Keeps what --name says from now on, once it was taken where it was said: one that was refused is
/// not kept. What is to be told of that; empty if nothing has changed.
std::string keep_name_of_option(const Options& options);

/// Keeps a name, or none any more.
host::Outcome<void> keep_name(const Options& options, const std::optional<Plaintext>& name);

// Layout, without the last newline.
std::string show_id(const report::Identity& identity, Output output);
std::string show_name(const report::OwnName& name, Output output);
std::string show_version(Output output);

}  // namespace culver::cli
