// culver send: its options, and the client around its decisions.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shell/cli/verbs/verb.hpp"

namespace culver::cli {

struct SendOptions {
  static constexpr std::chrono::seconds default_wait{60};          ///< for a known peer to come
  static constexpr std::chrono::seconds default_answer_wait{120};  ///< for a person to accept
  static constexpr std::chrono::seconds longest_wait{86'400};
  std::optional<std::string> text;  ///< "-": standard input
  std::vector<std::filesystem::path> files;
  std::optional<std::string> code_file;           ///< "-": standard input
  std::optional<std::string> to = {};             ///< the name of a known peer
  std::optional<std::chrono::seconds> wait = {};  ///< for the peer to come, or to accept
  bool later = false;                             ///< the text is kept until the peer comes
  bool require_confirmation = false;              ///< a file that nobody confirms is a failure
};

class SendWords : public VerbWords {
 public:
  using Options = SendOptions;
  void add_to(CLI::App& app);
  Parsed<SendOptions> parse(const Settings& settings) const;

 private:
  CLI::App* verb_ = nullptr;
  std::optional<std::string> text_, code_file_, to_;
  std::optional<std::uint32_t> wait_;
  std::vector<std::string> files_;
  bool later_ = false, require_confirmation_ = false;
};

int run(const Options& options, const SendOptions& send);

}  // namespace culver::cli
