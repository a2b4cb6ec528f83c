// What `send` is to send and to whom, collected and checked before anybody is dialled.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "shell/cli/options.hpp"
#include "shell/cli/verbs/send.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/host/paths.hpp"

namespace culver::cli {

struct Prepared {
  Send::SendRequest request;
  std::optional<PairingCode> code;  ///< absent: to be asked for
};

/// Reads the text and the code where the options say (`standard_input` for "-"), and opens every
/// file once to see that it can be read. Troubles: usage, text_too_long, file_unreadable,
/// bad_pairing_code.
host::Outcome<Prepared> prepare(const SendOptions& options, const host::Variables& variables,
                                const host::FileDescriptor& standard_input);

}  // namespace culver::cli
