// culver receive: its options, and the client around its decisions.
#pragma once

#include <filesystem>
#include <string>

#include "shell/cli/verbs/verb.hpp"

namespace culver::cli {

struct ReceiveOptions {
  std::filesystem::path out;
  bool yes;
  bool once;
};

class ReceiveWords : public VerbWords {
 public:
  using Options = ReceiveOptions;
  void add_to(CLI::App& app);
  Parsed<ReceiveOptions> parse(const Settings& settings) const;

 private:
  CLI::App* verb_ = nullptr;
  std::optional<std::string> out_;
  bool yes_ = false, once_ = false;
};

int run(const Options& options, const ReceiveOptions& receive);

}  // namespace culver::cli
