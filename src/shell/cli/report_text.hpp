// Reports for a person: plain lines on standard output, a progress bar on standard error.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/env.hpp"
#include "core/engine/api.hpp"
#include "shell/cli/contacts.hpp"
#include "shell/cli/progress.hpp"
#include "shell/cli/reporter.hpp"
#include "shell/cli/screen.hpp"

namespace culver::cli {

/// As a shell takes it for one word, whatever the peer calls itself: by its handle if that is
/// letters and digits, else by its fingerprint.
std::string word_of(const wire::report::Peer& peer, const Contacts& contacts);

/// "culver: NAME: what happened. What to do." The wording of every failure, for both reporters.
std::string failure_sentence(const wire::report::Failed& failed, const Contacts& contacts = {});
/// The same of a failure that is not the end.
std::string passing_sentence(const Failure& failure);
/// Of engine::Paced.
std::string pace_sentence(Duration wait);
/// Of engine::ClockWrong.
std::string clock_sentence(std::chrono::milliseconds ahead);
/// Of engine::Establishing: a line that the next one takes the place of.
std::string phase_sentence(const engine::Establishing& notice);
std::string tried_text(const wire::report::Tried& tried);
std::string relay_sentence(const wire::report::RelayFailed& failed);

class TextReport final : public Reporter {
 public:
  /// `server` is what the other machine has to be told; empty if it is the default.
  TextReport(Screen& screen, std::function<TimePoint()> now, std::string server,
             Contacts contacts = {})
      : screen_(screen),
        now_(std::move(now)),
        server_(std::move(server)),
        contacts_(std::move(contacts)) {}

  void report(const wire::report::Event& event) override;
  void remark(std::string_view sentence) override;
  void tick() override;
  void phase(std::string_view sentence) override;

 private:
  void show(const wire::report::Code&);
  void show(const wire::report::PairRequest&);
  void show(const wire::report::NameQuestion&) {}  // the question says all
  void show(const wire::report::FileQuestion&) {}
  void show(const wire::report::FileRefused&);
  void show(const wire::report::Waiting&);
  void show(const wire::report::Unproven&);
  void show(const wire::report::Connected&);
  void show(const wire::report::Text&);
  void show(const wire::report::TextSent&);
  void show(const wire::report::LetterKept&);
  void show(const wire::report::LetterDelivered&);
  void paint(std::uint64_t bytes, TimePoint now);
  void show(const wire::report::FileChecking&);
  void show(const wire::report::FileStarted&);
  void show(const wire::report::FileProgress&);
  void show(const wire::report::FileReceived&);
  void show(const wire::report::FileSent&);
  void show(const wire::report::Failed&);
  void show(const wire::report::Closed&);
  void show(const wire::report::RelayFailed&);

  std::string name_of(const wire::report::Peer& peer) const { return contacts_.handle(peer); }
  void paint_bar(TimePoint now);

  Screen& screen_;
  std::function<TimePoint()> now_;
  std::string server_;
  Contacts contacts_;
  /// Of the file that moved last: with several at once the bar changes between them.
  struct Bar {
    std::string name;
    PublicKey peer;
    Progress progress;
    std::optional<TimePoint> painted;
  };
  std::optional<Bar> bar_;
};

}  // namespace culver::cli
