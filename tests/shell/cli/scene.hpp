// A context for verbs without any network: commands are recorded, notices are scripted, the person
// types into a pipe, time stands still until it is moved.
#pragma once

#include <algorithm>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "shell/cli/output/report_json.hpp"
#include "shell/cli/verb_context.hpp"

namespace culver::cli {

inline PairingCode code(std::string_view text) { return *PairingCode::parse(text); }
inline const PairingCode own_code = code("K7MW2Q");
inline const ConnectionId peer_connection{1};

class Scene {
 public:
  enum class Person { present, absent };
  explicit Scene(Person person = Person::absent)
      : screen_(out_, err_, {}),
        reporter_(screen_),
        console_(
            loop_, open_pipe(person), screen_, Answerer::person, [this] { return now; },
            [this] { return ++last_ticket_; }) {}

  VerbContext context() {
    return {[this](engine::Command command) { commands.push_back(std::move(command)); },
            [this](const std::filesystem::path& path) { return open_file(path); },
            reporter_,
            console_,
            [this] { return now; },
            [this](int code) {
              EXPECT_FALSE(exit) << "done twice";
              exit = code;
            },
            [this](Duration time, std::function<void()> act) {
              alarm_time = time;
              alarm_ = std::move(act);
            },
            [this] { return wall; },
            [this](LetterId) { return waits; },
            Contacts([this] { return std::span<const engine::Known>(book); })};
  }

  /// The time that was asked for last is over: as in the program, there is one. More may be asked
  /// for meanwhile.
  void alarm() {
    const auto act = std::exchange(alarm_, nullptr);
    ASSERT_TRUE(act);
    act();
    settle();
  }

  void type(const std::string& text) {
    ASSERT_EQ(::write(keyboard_.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
    settle();
  }
  void leave() {
    keyboard_ = {};
    settle();
  }
  /// Everything that can happen now happens.
  void settle() {
    for (int i = 0; i < 3; ++i) {
      loop_.restart();
      loop_.poll();
    }
  }

  /// The only command of its kind so far.
  template <class Command>
  const Command* only() const {
    const Command* found = nullptr;
    for (const auto& command : commands)
      if (const auto* match = std::get_if<Command>(&command)) {
        EXPECT_FALSE(found) << "more than one";
        found = match;
      }
    return found;
  }
  template <class Command>
  std::size_t count() const {
    std::size_t found = 0;
    for (const auto& command : commands) found += std::holds_alternative<Command>(command);
    return found;
  }

  std::string out() const { return out_.str(); }
  /// JSON without what says whom a line is about: every peer of a scene has the same key.
  std::string out_of_peers() const {
    static const std::regex whom(R"re(,"fingerprint":"[^"]*","isVerified":(true|false))re");
    return std::regex_replace(out_.str(), whom, "");
  }
  std::string err() const { return err_.str(); }
  Screen& screen() { return screen_; }
  Console& console() { return console_; }
  boost::asio::io_context& loop() { return loop_; }

  std::vector<engine::Command> commands;
  std::optional<int> exit;
  TimePoint now{};
  WallTime wall = 0;
  std::vector<engine::Known> book;      ///< of peers
  bool waits = true;                    ///< the letters, in the outbox
  std::optional<Duration> alarm_time;   ///< that the verb has asked for
  std::vector<std::string> unreadable;  ///< files that cannot be opened

 private:
  std::function<void()> alarm_;

  host::FileDescriptor open_pipe(Person person) {
    int ends[2];
    if (person == Person::absent || pipe2(ends, O_CLOEXEC) != 0) return {};
    keyboard_ = host::FileDescriptor(ends[1]);
    return host::FileDescriptor(ends[0]);
  }
  Result<OpenedFile> open_file(const std::filesystem::path& path) {
    for (const auto& bad : unreadable)
      if (path == bad) return fail(Fault::file_unreadable);
    return OpenedFile{TransferId{++last_transfer_}, Plaintext(path.filename().string()), 1000};
  }

  boost::asio::io_context loop_;
  std::ostringstream out_, err_;
  host::FileDescriptor keyboard_;
  Screen screen_;
  JsonReport reporter_;
  Console console_;
  std::uint32_t last_transfer_ = 0;
  Console::Ticket last_ticket_ = 0;
};

}  // namespace culver::cli
