// Where a code comes from that nobody has to be asked for: a file, standard input, CULVER_CODE.
#pragma once

#include <optional>
#include <string>

#include "shell/host/file_descriptor.hpp"
#include "shell/host/paths.hpp"
#include "shell/host/trouble.hpp"

namespace culver::cli {

struct GivenCode {
  std::string text;    ///< not looked at yet
  std::string source;  ///< for a sentence: "standard input"
};
/// Nothing if it has to be asked for. Fault::usage if the file cannot be read.
host::Outcome<std::optional<GivenCode>> read_code(const std::optional<std::string>& code_file,
                                                  const host::Variables& variables,
                                                  const host::FileDescriptor& standard_input);

/// At most one byte more than `limit`: enough to see that there is too much.
std::optional<std::string> read_up_to(const host::FileDescriptor& file, std::size_t limit);

}  // namespace culver::cli
