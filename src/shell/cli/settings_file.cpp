#include "shell/cli/settings_file.hpp"

#include <cerrno>
#include <span>

#include <fcntl.h>

#include "shell/cli/output/printable.hpp"
#include "shell/host/file_descriptor.hpp"

namespace culver::cli {

using format::settings::Settings;

host::Outcome<Settings> read_settings(const std::filesystem::path& file) {
  const host::FileDescriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor && (errno == ENOENT || errno == ENOTDIR)) return Settings{};
  std::string text(format::settings::file_size + 1, '\0');
  const auto got = host::read_some(descriptor, std::as_writable_bytes(std::span(text)));
  if (got < 0)
    return host::trouble(Fault::bad_config,
                         "The configuration " + printable(file.string()) + " cannot be read.");
  text.resize(static_cast<std::size_t>(got));
  auto settings = format::settings::parse(text);
  if (!settings)
    return host::trouble(Fault::bad_config,
                         "The configuration " + printable(file.string()) +
                             " is not valid: it is one JSON object whose keys are long options in "
                             "camelCase.");
  return std::move(*settings);
}

}  // namespace culver::cli
