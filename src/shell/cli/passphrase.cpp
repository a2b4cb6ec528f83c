// Reading without leaving copies, and the terminal with its echo off.
#include "shell/cli/passphrase.hpp"

#include <algorithm>
#include <cstring>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/bytes.hpp"
#include "core/crypto/hash.hpp"
#include "shell/cli/printable.hpp"
#include "shell/host/file_descriptor.hpp"

namespace culver::cli {
namespace {

using host::FileDescriptor;
using host::Outcome;

tl::unexpected<host::Trouble> refuse(const std::string& sentence) {
  return host::trouble(Fault::usage, sentence);
}

/// Room for a passphrase, its line end, and one byte that shows that there is more.
using Line = Secret<longest_passphrase + 2>;

/// The line end does not count.
Outcome<SecretBytes> without_end(const Line& line, std::size_t size) {
  auto text = line.expose().first(size);
  if (!text.empty() && text.back() == std::byte{'\n'}) text = text.first(text.size() - 1);
  if (text.size() > longest_passphrase) return refuse("The passphrase is longer than 1024 bytes.");
  return SecretBytes(text);
}

Outcome<SecretBytes> from_file(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  Line line;
  const auto got = file ? host::read_some(file, line.expose_to_fill()) : -1;
  if (got < 0)
    return host::trouble(Fault::file_unreadable, "The passphrase file " + printable(path) +
                                                     " cannot be read: " + strerror(errno) + ".");
  return without_end(line, static_cast<std::size_t>(got));
}

/// A terminal that shows nothing of what is typed. Ctrl-C is read like any other key meanwhile, so
/// that the echo is never left off.
class Unseen {
 public:
  explicit Unseen(int terminal) : terminal_(terminal) {
    valid_ = tcgetattr(terminal, &before_) == 0;
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    quiet.c_lflag |= ICANON;
    valid_ = valid_ && tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  ~Unseen() {
    if (valid_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  explicit operator bool() const { return valid_; }

 private:
  int terminal_;
  termios before_{};
  bool valid_;
};

Outcome<SecretBytes> ask(const FileDescriptor& terminal, std::string_view question) {
  constexpr std::byte ctrl_c{3};
  const Unseen unseen(terminal.get());
  if (!unseen || !host::write_all(terminal, as_bytes(question)))
    return refuse("The terminal cannot be used to ask for the passphrase.");
  Line line;
  const auto got = ::read(terminal.get(), line.expose_to_fill().data(), Line::size);
  host::write_all(terminal, as_bytes("\n"));
  const auto size = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  const auto text = line.expose().first(size);
  if (got <= 0 || std::ranges::find(text, ctrl_c) != text.end())
    return host::trouble(Fault::interrupted, std::string(info(Fault::interrupted).sentence));
  return without_end(line, size);
}

FileDescriptor controlling_terminal() {
  return FileDescriptor(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
}

Outcome<SecretBytes> from_person(bool is_new) {
  const auto terminal = controlling_terminal();
  if (!terminal)
    return refuse(
        "There is no terminal to ask for the passphrase: use CULVER_PASSPHRASE or "
        "--passphrase-file.");
  auto once = ask(terminal, is_new ? "New passphrase: " : "Passphrase: ");
  if (!once || !is_new) return once;
  const auto again = ask(terminal, "The same again: ");
  if (!again) return tl::unexpected(again.error());
  if (!crypto::equal_in_constant_time(once->expose(), again->expose()))
    return refuse("The two passphrases are not the same.");
  return once;
}

Outcome<SecretBytes> read_anywhere(const std::optional<std::string>& file,
                                   const host::Variables& variables, bool is_new) {
  if (file) return from_file(*file);
  if (const auto set = variables("CULVER_PASSPHRASE")) return SecretBytes(as_bytes(*set));
  return from_person(is_new);
}

}  // namespace

Outcome<SecretBytes> read_passphrase(const std::optional<std::string>& file,
                                     const host::Variables& variables, bool is_new) {
  auto passphrase = read_anywhere(file, variables, is_new);
  if (!passphrase) return passphrase;
  if (is_new && passphrase->expose().size() < shortest_passphrase)
    return refuse("The passphrase has fewer than 8 characters.");
  return passphrase;
}

Outcome<SecretBytes> read_folder_passphrase(const host::Variables& variables) {
  if (const auto file = variables("CULVER_PASSPHRASE_FILE")) return from_file(*file);
  const auto terminal = controlling_terminal();
  if (terminal) return ask(terminal, "Passphrase of the data folder: ");
  const auto& needed = info(Fault::passphrase_needed);
  return host::trouble(needed.fault,
                       std::string(needed.sentence) + " " + std::string(needed.advice));
}

}  // namespace culver::cli
