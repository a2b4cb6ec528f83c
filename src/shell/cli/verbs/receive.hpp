// culver receive: shows a code, looks for the peers that it knows, lets peers in, takes what they
// send.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "shell/cli/output/presenter.hpp"
#include "shell/cli/with_peers.hpp"

namespace culver::cli {

class Receive final : public PeerVerb {
 public:
  struct Choices {
    bool yes;   ///< accept files without asking; the engine does so with pairings
    bool once;  ///< end after the first accepted peer; the engine lets nobody else in
    /// Whether known peers come to this process and not to another on the same data folder.
    std::function<bool()> leads = [] { return true; };
  };
  /// How long Ctrl-C waits for another one while a file is coming in.
  static constexpr auto time_to_discard = std::chrono::seconds(2);
  /// How long the end waits for a whole file to get its name.
  static constexpr auto time_to_name = std::chrono::seconds(10);

  Receive(Choices choices, VerbContext context)
      : choices_(choices),
        context_(std::move(context)),
        presenter_(context_.reporter, context_.contacts) {}

  void start() override;
  void on(const engine::Notice& notice) override;
  /// Each second: the process that known peers came to may have ended.
  void tick() override;
  /// Of a pairing: files and names that are refused have events of their own.
  bool tell_unanswered(Console::Ticket question, std::string_view why) override;
  /// The person has had enough.
  void stop(Fault signal) override;
  /// Once more: what has come of files is thrown away.
  void discard() override;

 private:
  void handle(const engine::Online&);
  void handle(const engine::Offline&);
  void handle(const engine::PairRequested&);
  void handle(const engine::PairWithdrawn&);
  void handle(const engine::PairFailed&);
  void handle(const engine::Connecting&);
  void handle(const engine::NameTaken&);
  void handle(const engine::RefusedByPeer&) {}  // it is looked for again
  void handle(const engine::ClaimFailed&);
  void handle(const engine::Paced&);
  void handle(const engine::ClockWrong&);
  void handle(const engine::Establishing&);
  void handle(const engine::PeerBookChanged&) {}  // the engine looks for those that there are
  void handle(const engine::Unproven&);
  void handle(const engine::Connected&);
  void handle(const engine::LetterReceived&);
  void handle(const engine::FileOffered&);
  void handle(const engine::FileReceived&);
  void handle(const engine::FileFailed&);
  void handle(const engine::Closed&);

  void answer_pair(const PairingCode& from, bool accepted);
  void chosen(const PairingCode& from);
  Console::Ticket ask_for_forgotten(const report::Peer& peer, std::function<void(bool)> answer);
  struct Asked {
    ConnectionId connection;
    Console::Ticket ticket;
  };
  /// Somebody who has asked to pair, under this code.
  struct Request {
    report::Peer peer;
    std::optional<Console::Ticket> ticket;  ///< none: it is answered
  };
  /// What was said to a batch of files is said to those of it that follow.
  struct Said {
    bool accepted;
    engine::Batch left;
  };
  void ask_about(const engine::FileOffered& notice);
  void answer_file(const engine::FileOffered& notice, bool accepted);
  bool is_answered(const engine::FileOffered& notice);
  bool is_the_one(const PairingCode& code) const { return choices_.once && the_one_ == code; }
  void say_what_is_kept(const Plaintext& name);
  void withdraw_file(TransferId transfer);
  /// The person is told whose question it was that has lost its point.
  void withdraw(Console::Ticket ticket, const std::string& why);
  void tell_of_us(Fault fault, std::optional<report::Peer> whom);
  void conclude_left();
  void conclude(const engine::Closed& notice);
  void finish(int exit_code);
  void follow_files(const engine::Notice& notice);
  void await_names();
  void leave_after(Duration patience);
  void leave();

  Choices choices_;
  VerbContext context_;
  Presenter presenter_;
  /// Until they are connected, or it comes to nothing.
  std::map<PairingCode, Request> requests_;
  std::map<TransferId, Asked> asked_files_;
  std::map<ConnectionId, Said> said_;
  std::map<ConnectionId, Console::Ticket> asked_names_;
  std::map<ConnectionId, engine::Closed> left_;  ///< their last files are being checked and named
  /// With --once: the peer that was accepted, or the first known one that has shown its key.
  std::optional<PairingCode> the_one_;
  std::optional<ConnectionId> connection_of_the_one_;
  /// Of those that were looked for and came: whoever is refused is told once.
  std::set<PublicKey> turned_away_;
  /// The same of what fails here, each peer once.
  std::set<std::pair<std::optional<PublicKey>, Fault>> told_of_us_;
  /// Connections with known peers that have not shown their keys yet, by whose code. One that fails
  /// is nobody's news: the engine looks for the peer again.
  std::map<ConnectionId, PairingCode> found_;
  bool leads_ = false;
  bool was_online_ = false;
  bool told_offline_ = false;
  std::optional<Fault> server_gone_;  ///< for good: end when the last peer has left
  bool finished_ = false;
  std::optional<int> code_of_stop_;  ///< files are still coming to their ends
  bool may_discard_ = false;         ///< the person has been told how
};

}  // namespace culver::cli
