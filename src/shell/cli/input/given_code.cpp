#include "shell/cli/input/given_code.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>

#include "shell/cli/output/printable.hpp"

namespace culver::cli {

using host::FileDescriptor;

namespace {

constexpr std::size_t code_file_size = 256;

}  // namespace

std::optional<std::string> read_up_to(const FileDescriptor& file, std::size_t limit) {
  std::string text(limit + 1, '\0');
  const auto got = host::read_some(file, std::as_writable_bytes(std::span(text)));
  if (got < 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(got));
  return text;
}

host::Outcome<std::optional<GivenCode>> read_code(const std::optional<std::string>& code_file,
                                                  const host::Variables& variables,
                                                  const FileDescriptor& standard_input) {
  if (code_file == "-")
    return GivenCode{read_up_to(standard_input, code_file_size).value_or(""), "standard input"};
  if (code_file) {
    const FileDescriptor file(open(code_file->c_str(), O_RDONLY | O_CLOEXEC));
    const auto name = "the file " + printable(*code_file);
    if (!file)
      return host::trouble(Fault::usage, "Cannot read " + name + ": " + std::strerror(errno) + ".");
    return GivenCode{read_up_to(file, code_file_size).value_or(""), name};
  }
  if (const auto set = variables("CULVER_CODE")) return GivenCode{*set, "CULVER_CODE"};
  return std::nullopt;
}

}  // namespace culver::cli
