#include "shell/cli/settings_file.hpp"

#include <cerrno>
#include <span>

#include <fcntl.h>
#include <sys/stat.h>

#include "shell/cli/output/printable.hpp"
#include "shell/host/file_descriptor.hpp"

namespace culver::cli {

using format::settings::Settings;

namespace {

std::string what_is_wrong(const format::settings::Wrong& wrong) {
  using How = format::settings::Wrong::How;
  switch (wrong.how) {
    case How::unknown_key:
      return "it has no key " + printable(wrong.key) + ", as keys are long options in camelCase.";
    case How::wrong_type:
      return "the value of " + printable(wrong.key) + " is of the wrong type.";
    case How::not_an_object:
      break;
  }
  return "it is one JSON object whose keys are long options in camelCase.";
}

}  // namespace

host::Outcome<Settings> read_settings(const std::filesystem::path& file) {
  // A pipe of that name would keep us waiting for whoever writes into it.
  const host::FileDescriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor && (errno == ENOENT || errno == ENOTDIR)) return Settings{};
  struct stat status {};
  if (descriptor && fstat(descriptor.get(), &status) == 0 && S_ISFIFO(status.st_mode))
    return host::trouble(Fault::bad_config,
                         "The configuration " + printable(file.string()) + " is not a file.");
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
                             " is not valid: " + what_is_wrong(settings.error()));
  return std::move(*settings);
}

}  // namespace culver::cli
