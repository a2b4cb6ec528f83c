// Checks on files, text and code.
#include "shell/cli/verbs/send_request.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>

#include "core/wire/limits.hpp"
#include "core/wire/utf8.hpp"
#include "shell/cli/input/given_code.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {
namespace {

using host::FileDescriptor;
using host::Outcome;
using host::trouble;

tl::unexpected<host::Trouble> with_advice(Fault fault) {
  return trouble(fault, std::string(host::fault_text(fault).sentence) + " " +
                            std::string(host::fault_text(fault).advice));
}

/// The one that echo puts behind what it was given.
void take_line_end(std::string& text) {
  if (!text.ends_with('\n')) return;
  text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

Outcome<Plaintext> text_of(const std::string& option, const FileDescriptor& standard_input) {
  auto text = option == "-" ? read_up_to(standard_input, wire::limits::text + 2) : option;
  if (!text) return trouble(Fault::usage, "The text cannot be read from standard input.");
  if (option == "-") take_line_end(*text);
  if (text->size() > wire::limits::text) return with_advice(Fault::text_too_long);
  if (text->empty()) return trouble(Fault::usage, "The text is empty.");
  if (!wire::utf8::is_valid(*text))
    return trouble(Fault::usage, "The text is not UTF-8. Send it as a file.");
  return Plaintext(std::move(*text));
}

/// Codes are bearer secrets: the command line of a process is shown to every user of the machine.
Outcome<std::uint64_t> size_of_file(const std::filesystem::path& path) {
  if (path.empty())
    return trouble(Fault::usage, "The name of a file is empty: is a variable unset?");
  const auto name = printable(path.string());
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file && errno == ENOENT && PairingCode::parse_typed(path.string()))
    return trouble(Fault::usage,
                   "There is no file of that name, and pairing codes are not taken from arguments: "
                   "other users of this machine could read them there, and they would stay in the "
                   "history of the shell. culver asks for the code, or takes it from CULVER_CODE "
                   "or --code-file.");
  if (!file)
    return trouble(Fault::file_unreadable,
                   "The file " + name + " cannot be read: " + std::strerror(errno) + ".");
  struct stat status {};
  const bool is_known = fstat(file.get(), &status) == 0;
  if (is_known && S_ISDIR(status.st_mode))
    return trouble(Fault::file_unreadable,
                   name + " is a folder, and only files can be sent: pack it first (tar).");
  if (!is_known || !S_ISREG(status.st_mode))
    return trouble(Fault::file_unreadable,
                   name + " is not a regular file, and only those can be sent.");
  return static_cast<std::uint64_t>(status.st_size);
}

Outcome<std::optional<PairingCode>> code_of(const SendOptions& options,
                                            const host::Variables& variables,
                                            const FileDescriptor& standard_input) {
  auto given = read_code(options.code_file, variables, standard_input);
  if (!given) return tl::unexpected(given.error());
  if (!*given) return std::nullopt;
  const auto code = PairingCode::parse_typed((*given)->text);
  if (code) return *code;
  return trouble(code.error(), "What " + (*given)->source +
                                   " holds is not a pairing code: a code is six "
                                   "letters and digits, without I, O, 0 and 1.");
}

}  // namespace

Outcome<Prepared> prepare(const SendOptions& options, const host::Variables& variables,
                          const FileDescriptor& standard_input) {
  Prepared prepared;
  prepared.request.require_confirmation = options.require_confirmation;
  for (const auto& path : options.files) {
    const auto size = size_of_file(path);
    if (!size) return tl::unexpected(size.error());
    prepared.request.bytes += *size;
    prepared.request.files.push_back(path);
  }
  if (options.text) {
    auto text = text_of(*options.text, standard_input);
    if (!text) return tl::unexpected(text.error());
    prepared.request.text = std::move(*text);
  }
  auto code = code_of(options, variables, standard_input);
  if (!code) return tl::unexpected(code.error());
  prepared.code = *code;
  return prepared;
}

}  // namespace culver::cli
