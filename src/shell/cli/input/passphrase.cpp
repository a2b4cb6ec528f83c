// Reading without leaving copies, and the terminal with its echo off.
#include "shell/cli/input/passphrase.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <variant>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/bytes.hpp"
#include "core/crypto/hash.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/file_descriptor.hpp"
#include "shell/host/foreground.hpp"
#include "shell/host/signals.hpp"

namespace culver::cli {
namespace {

using host::FileDescriptor;
using host::Outcome;

tl::unexpected<host::Trouble> refuse(const std::string& sentence) {
  return host::trouble(Fault::usage, sentence);
}

/// Room for a passphrase, its line end, and one byte that shows that there is more.
using Line = Secret<longest_passphrase + 2>;

tl::unexpected<host::Trouble> too_long() {
  return host::trouble(Fault::passphrase_unfit, "The passphrase is longer than 1024 bytes.");
}

/// The line end does not count.
Outcome<SecretBytes> without_end(const Line& line, std::size_t size) {
  auto text = line.expose().first(size);
  if (!text.empty() && text.back() == std::byte{'\n'}) text = text.first(text.size() - 1);
  if (text.size() > longest_passphrase) return too_long();
  return SecretBytes(text);
}

Outcome<void> check_new(const SecretBytes& passphrase) {
  if (passphrase.expose().size() > longest_passphrase) return too_long();
  if (passphrase.expose().size() >= shortest_passphrase) return {};
  return host::trouble(Fault::passphrase_unfit, "The passphrase has fewer than 8 bytes.");
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

// What reached the process while a terminal was without its echo. Handlers can reach nothing else.
volatile std::sig_atomic_t arrived = 0;

/// A terminal that shows nothing of what is typed. Signals are let in only where the echo can be
/// turned on again before anything comes of them.
class Unseen {
 public:
  explicit Unseen(int terminal) : terminal_(terminal) {
    sigset_t held;
    sigemptyset(&held);
    struct sigaction note {};
    note.sa_handler = [](int number) { arrived = number; };
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      sigaction(numbers[i], nullptr, &actions_[i]);
      if (actions_[i].sa_handler == SIG_IGN) continue;  // nohup
      sigaddset(&held, numbers[i]);
      sigaction(numbers[i], &note, nullptr);
    }
    arrived = 0;
    sigprocmask(SIG_BLOCK, &held, &mask_);
    valid_ = tcgetattr(terminal, &before_) == 0;
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ICANON | ISIG;
    valid_ = valid_ && tcsetattr(terminal, TCSAFLUSH, &quiet) == 0;
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  ~Unseen() {
    if (valid_) tcsetattr(terminal_, TCSAFLUSH, &before_);
    for (std::size_t i = 0; i < numbers.size(); ++i) sigaction(numbers[i], &actions_[i], nullptr);
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  explicit operator bool() const { return valid_; }

  /// The signal that came before there was anything to read, or 0.
  int wait() const {
    pollfd readable{terminal_, POLLIN, 0};
    while (ppoll(&readable, 1, nullptr, &mask_) < 0 && errno == EINTR && arrived == 0) {
    }
    return arrived;
  }

 private:
  static constexpr std::array numbers{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
  int terminal_;
  std::array<struct sigaction, numbers.size()> actions_{};
  sigset_t mask_{};
  termios before_{};
  bool valid_;
};

struct Stopped {};  ///< by Ctrl-Z: to be asked again
using Typed = std::variant<Outcome<SecretBytes>, Stopped>;

Typed ask_once(const FileDescriptor& terminal, std::string_view question) {
  const Unseen unseen(terminal.get());
  if (!unseen || !host::write_all(terminal, as_bytes(question)))
    return refuse("The terminal cannot be used to ask for the passphrase.");
  Line line;
  std::size_t size = 0;
  while (size < Line::size) {
    const int signal = unseen.wait();
    if (signal == SIGTSTP) return Stopped{};
    if (signal != 0) {
      host::write_all(terminal, as_bytes("\n"));
      const auto& row = host::fault_text(host::Signals::meaning(signal));
      return host::trouble(row.fault, std::string(row.sentence));
    }
    const auto room = line.expose_to_fill().subspan(size);
    const auto got = ::read(terminal.get(), room.data(), room.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
    if (room[static_cast<std::size_t>(got) - 1] == std::byte{'\n'}) break;
  }
  host::write_all(terminal, as_bytes("\n"));
  if (size == 0) return host::trouble(Fault::passphrase_needed, "No passphrase was given.");
  return without_end(line, size);
}

/// Neither the question nor the echo is touched before it is our turn: a job in the background
/// would be stopped without a word. Signals end it as ever.
void await_foreground(const FileDescriptor& terminal, std::string_view question) {
  if (!host::is_in_background(terminal.get())) return;
  host::write_all(terminal,
                  as_bytes(std::string(question) + "(to be typed in the foreground: fg)\n"));
  while (host::is_in_background(terminal.get())) std::this_thread::sleep_for(host::foreground_poll);
}

Outcome<SecretBytes> ask(const FileDescriptor& terminal, std::string_view question) {
  while (true) {
    await_foreground(terminal, question);
    auto typed = ask_once(terminal, question);
    if (auto* done = std::get_if<Outcome<SecretBytes>>(&typed)) return std::move(*done);
    std::raise(SIGTSTP);
  }
}

FileDescriptor controlling_terminal() {
  return FileDescriptor(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
}

Outcome<SecretBytes> new_from_person(const FileDescriptor& terminal) {
  auto once = ask(terminal, "New passphrase: ");
  if (!once) return once;
  if (auto fit = check_new(*once); !fit) return tl::unexpected(fit.error());
  const auto again = ask(terminal, "The same again: ");
  if (!again) return tl::unexpected(again.error());
  if (!crypto::equal_in_constant_time(once->expose(), again->expose()))
    return host::trouble(Fault::passphrase_unfit, "The two passphrases are not the same.");
  return once;
}

Outcome<SecretBytes> from_person(bool is_new) {
  const auto terminal = controlling_terminal();
  if (!terminal)
    return host::trouble(Fault::passphrase_needed,
                         "There is no terminal to ask for the passphrase: use CULVER_PASSPHRASE or "
                         "--passphrase-file.");
  if (!is_new) return ask(terminal, "Passphrase: ");
  for (int tries_left = passphrase_tries;; --tries_left) {
    auto typed = new_from_person(terminal);
    if (typed || typed.error().fault != Fault::passphrase_unfit || tries_left <= 1) return typed;
    host::write_all(terminal, as_bytes(typed.error().sentence + " Try again.\n"));
  }
}

/// One that is too long for a file and for the terminal opens what an older Culver has put under
/// it; nothing is put under it any more (check_new).
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
  if (!passphrase || !is_new) return passphrase;
  if (auto fit = check_new(*passphrase); !fit) return tl::unexpected(fit.error());
  return passphrase;
}

Outcome<FolderPassphrase> read_folder_passphrase(const host::Variables& variables,
                                                 Variable variable) {
  const auto given = [](Outcome<SecretBytes> read, bool is_typed) -> Outcome<FolderPassphrase> {
    if (!read) return tl::unexpected(read.error());
    return FolderPassphrase{std::move(*read), is_typed};
  };
  if (const auto file = variables("CULVER_PASSPHRASE_FILE")) return given(from_file(*file), false);
  const auto set = variables("CULVER_PASSPHRASE");
  if (set && variable == Variable::is_of_folder) return given(SecretBytes(as_bytes(*set)), false);
  const auto terminal = controlling_terminal();
  if (terminal) return given(ask(terminal, "Passphrase of the data folder: "), true);
  const auto& needed = host::fault_text(Fault::passphrase_needed);
  auto sentence = std::string(needed.sentence) + " " + std::string(needed.advice);
  if (set) sentence += " CULVER_PASSPHRASE is here that of what is made or read.";
  return host::trouble(needed.fault, std::move(sentence));
}

}  // namespace culver::cli
