// Reports for a person: plain lines on standard output, a progress bar on standard error.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/env.hpp"
#include "core/engine/api.hpp"
#include "shell/cli/contacts.hpp"
#include "shell/cli/output/progress.hpp"
#include "shell/cli/output/reporter.hpp"
#include "shell/cli/output/screen.hpp"

namespace culver::cli {

/// As a shell takes it for one word, whatever the peer calls itself: by its handle if that is
/// letters and digits, else by its fingerprint.
std::string word_of(const report::Peer& peer, const Contacts& contacts);

/// "culver: NAME: what happened. What to do." The wording of every failure, for both reporters.
std::string failure_sentence(const report::Failed& failed, const Contacts& contacts = {});
/// The same of a failure that is not the end.
std::string passing_sentence(const Failure& failure);
/// Of engine::Paced.
std::string pace_sentence(Duration wait);
/// Of engine::ClockWrong.
std::string clock_sentence(std::chrono::milliseconds ahead);
/// Of engine::Establishing: a line that the next one takes the place of.
std::string phase_sentence(const engine::Establishing& notice);
std::string tried_text(const report::Tried& tried);
std::string relay_sentence(const report::RelayFailed& failed);

class TextReport final : public Reporter {
 public:
  /// `server` is what the other machine has to be told; empty if it is the default.
  TextReport(Screen& screen, std::function<TimePoint()> now, std::string server,
             Contacts contacts = {})
      : screen_(screen),
        now_(std::move(now)),
        server_(std::move(server)),
        contacts_(std::move(contacts)) {}

  void report(const report::Event& event) override;
  void remark(std::string_view sentence) override;
  void tick() override;
  void phase(std::string_view sentence) override;

 private:
  void show(const report::Code&);
  void show(const report::PairRequest&);
  void show(const report::NameQuestion&) {}  // the question says all
  void show(const report::FileQuestion&) {}
  void show(const report::FileRefused&);
  void show(const report::Waiting&);
  void show(const report::Unproven&);
  void show(const report::Connected&);
  void show(const report::Text&);
  void show(const report::TextSent&);
  void show(const report::LetterKept&);
  void show(const report::LetterDelivered&);
  void paint(std::uint64_t bytes, TimePoint now);
  void show(const report::FileChecking&);
  void show(const report::FileStarted&);
  void show(const report::FileProgress&);
  void show(const report::FileReceived&);
  void show(const report::FileSent&);
  void show(const report::Failed&);
  void show(const report::Closed&);
  void show(const report::RelayFailed&);

  std::string name_of(const report::Peer& peer) const { return contacts_.handle(peer); }
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
