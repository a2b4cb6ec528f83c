// The command line, the environment and the configuration file as one value.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "core/base/ids.hpp"
#include "core/base/strong.hpp"
#include "core/base/text.hpp"
#include "core/crypto/sign.hpp"
#include "core/engine/known.hpp"
#include "shell/cli/ice_server.hpp"
#include "shell/cli/options_backup.hpp"
#include "shell/cli/options_book.hpp"
#include "shell/cli/options_vault.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/version.hpp"

namespace culver::cli {

inline constexpr std::string_view program_version = host::version;
inline constexpr std::string_view default_server = "ws://127.0.0.1:9000";

struct ReceiveOptions {
  std::filesystem::path out;
  bool yes;
  bool once;
};
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
struct PeersOptions {};
struct ListOutbox {
  bool show;  ///< the texts too
};
struct DropLetters {
  std::string what;  ///< the name of a peer, or the id of a letter
};
using OutboxOptions = std::variant<ListOutbox, DropLetters>;
struct IdOptions {};
/// Shows our own name, or keeps another.
struct NameOptions {
  std::optional<Plaintext> name;  ///< none: it is asked for; empty: the host's again
};
struct VersionOptions {};
struct TrustServerOptions {
  bool yes;
  std::optional<crypto::VerifyKey> identity;  ///< trust this one only, without asking
};
struct ListDevices {};
struct RevokeDevice {
  DeviceId device;
  bool yes = false;  ///< without a question
};
struct RenameDevice {
  DeviceId device;
  Plaintext name;
};
using DevicesOptions = std::variant<ListDevices, RevokeDevice, RenameDevice>;
struct OfferLinkOptions {
  bool yes;  ///< whoever has the code is let in without a question
};
struct LinkOptions {
  std::optional<LinkCode> code;
  std::optional<std::string> code_file;  ///< "-": standard input
};
using Verb = std::variant<ReceiveOptions, SendOptions, PeersOptions, IdOptions, VersionOptions,
                          TrustServerOptions, DevicesOptions, OfferLinkOptions, LinkOptions,
                          BookOptions, BackupOptions, VaultOptions, OutboxOptions, NameOptions>;

enum class Output { text, json };

/// 64 hex digits of either case, with blanks, dashes and colons anywhere.
std::optional<crypto::VerifyKey> parse_identity(std::string_view text);

/// Who has chosen our name.
enum class NameFrom { option, settings, kept, host };

struct Options {
  std::filesystem::path data_dir;
  std::optional<std::filesystem::path> key_file;  ///< absent: in data_dir
  std::string server;
  Output output;
  int verbosity;
  Plaintext name;  ///< what peers are told
  NameFrom name_from;
  std::vector<IceServer> ice_servers;
  engine::Trust trust;
  Verb verb;
};

/// Nothing to run: help was asked for (code 0), or the command line is wrong (code 1).
struct Exit {
  int code;
  std::string out;  ///< for standard output
  std::string err;  ///< for standard error
  Fault fault = Fault::usage;
};

/// Flags win over variables, variables over the configuration file, that over the defaults.
tl::expected<Options, Exit> parse_options(int argc, const char* const* argv,
                                          const host::Variables& variables);

}  // namespace culver::cli
