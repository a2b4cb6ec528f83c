// culver send: asks for the code and pairs, or waits for a known peer to come; sends a text behind
// those that are kept for it, and files in order; waits until the other side has them. A known peer
// that is lost in the middle is waited for again.
#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <set>
#include <variant>

#include "shell/cli/output/presenter.hpp"
#include "shell/cli/verbs/addressee.hpp"
#include "shell/cli/with_peers.hpp"

namespace culver::cli {

class Send final : public PeerVerb {
 public:
  struct SendRequest {
    std::optional<Plaintext> text;
    std::deque<std::filesystem::path> files;
    std::uint64_t bytes = 0;  ///< of the files, in all
    bool require_confirmation = false;
  };
  /// A known peer, how long to wait for it, and for it to accept a file.
  struct Known {
    Addressee peer;
    std::chrono::seconds wait;
    std::chrono::seconds answer_wait;
  };
  static constexpr int max_tries = 3;  ///< at typing the code
  /// After so long it is said that the other side has not answered yet; it has no less.
  static constexpr auto patience_with_answer = std::chrono::seconds(1);
  /// For the next of the texts that were kept before ours to be confirmed.
  static constexpr auto patience_with_kept = std::chrono::seconds(20);
  /// For a peer that speaks letters to say that it has the text, in all; and until it is said that
  /// this is what is waited for.
  static constexpr auto patience_with_text = std::chrono::seconds(45);
  static constexpr auto quiet_patience_with_text = std::chrono::seconds(5);
  /// Then it is said that nobody has answered yet.
  static constexpr std::chrono::seconds quiet_patience{20};
  /// For a server that says nothing, of which no wait is said.
  static constexpr std::chrono::seconds least_patience_with_server{1};
  /// For a connection that is being established when the wait is over.
  static constexpr std::chrono::seconds connecting_patience{10};

  /// Without a code the person is asked for it. `wait` is for the other side to accept: us,
  /// and each file.
  Send(SendRequest request, std::optional<PairingCode> code, std::chrono::seconds wait,
       VerbContext context)
      : request_(std::move(request)),
        code_(code),
        wait_(wait),
        answer_wait_(wait),
        context_(std::move(context)),
        presenter_(context_.reporter, context_.contacts) {}

  Send(SendRequest request, Known known, VerbContext context)
      : request_(std::move(request)),
        known_(std::move(known)),
        wait_(known_->wait),
        answer_wait_(known_->answer_wait),
        context_(std::move(context)),
        presenter_(context_.reporter, context_.contacts) {}

  void start() override;
  void on(const engine::Notice& notice) override;
  void stop(Fault signal) override;

 private:
  enum class Answer { none, accepted, started };
  /// How a file comes back to the front, if the peer is lost.
  struct UnderWay {
    TransferId id;
    std::filesystem::path path;
    std::uint64_t size;
    Answer answer = Answer::none;
  };
  /// Files wait until a peer that was looked for, and only claims its key, has shown it.
  enum class Standing { claimed, claimed_and_sought, proven };

  struct Asking {};
  struct Dialing {
    std::optional<Failure> last = {};  ///< what passes with time, and has not yet
  };
  /// Also while a known peer is looked for.
  struct Pairing {};
  struct Connecting {
    ConnectionId connection;
    bool wait_is_over = false;  ///< for a known peer: there is no other try
  };
  /// What was kept for the peer goes first.
  struct Queueing {
    ConnectionId connection;
  };
  struct Sending {
    ConnectionId connection;
    Standing standing;
    bool awaits_text = false;  ///< it was sent, and nothing was heard of it
    std::optional<UnderWay> file = {};
  };
  struct Closing {
    ConnectionId connection;
  };
  struct Over {};
  using Phase =
      std::variant<Asking, Dialing, Pairing, Connecting, Queueing, Sending, Closing, Over>;

  template <class P>
  bool is() const {
    return std::holds_alternative<P>(phase_);
  }
  bool is_current(ConnectionId connection) const;
  UnderWay* under_way(TransferId file);
  /// The connection broke, or the other program ended: what was under way can go on over another.
  static bool is_of_link(Fault fault);

  void handle(const engine::Online&);
  void handle(const engine::Offline&);
  void handle(const engine::PairRequested&);
  void handle(const engine::PairFailed&);
  void handle(const engine::Connecting&);
  void handle(const engine::WasHere&);
  void handle(const engine::RefusedByPeer&);
  void handle(const engine::NameTaken&);
  void handle(const engine::ClaimFailed&);
  void handle(const engine::Paced&);
  void handle(const engine::ClockWrong&);
  void handle(const engine::Establishing&);
  void handle(const engine::Unproven&);
  void handle(const engine::Connected&);
  void handle(const engine::LetterDelivered&);
  void handle(const engine::NothingWaits&);
  void handle(const engine::LettersStuck&);
  void handle(const engine::TextDelivered&);
  void handle(const engine::TextFailed&);
  void handle(const engine::FileOffered&);
  void handle(const engine::FileSent&);
  void handle(const engine::FileFailed&);
  void handle(const engine::Closed&);

  void ask_code(int tries_left);
  void look_for_known();
  void await_answer();
  void give_up_waiting();
  /// Nobody was let in.
  void end_away() { end_with(refused_.value_or(Fault::peer_away)); }
  void look_again(const engine::Closed& notice);
  void leave_the_rest();
  void file_is_over(TransferId transfer);
  void keep_file();
  void wait_for_kept();
  void begin();
  void begin_behind_kept();
  void await_confirmation();
  bool awaits_text_on(ConnectionId connection) const;
  void say_what_is_kept(const Sending& sending);
  bool is_ours(const engine::Connecting& notice) const;
  void dial();
  bool files_wait(const Sending& sending) const;
  void begin_with_claim(ConnectionId connection, Standing standing);
  bool may_move_to_claim() const;
  void move_to_claim(ConnectionId connection);
  /// The first on a connection says how many follow.
  enum class Place { first, later };
  void send_next_file(Place place);
  void await_acceptance(TransferId file);
  bool awaits_acceptance(TransferId file) const;
  void file_is_unanswered();
  void close_if_complete();
  void close(ConnectionId connection);
  void end_with(Failure failure);
  void finish(int exit_code);

  SendRequest request_;
  std::optional<PairingCode> code_;
  std::optional<Known> known_;
  std::chrono::seconds wait_;
  std::chrono::seconds answer_wait_;
  VerbContext context_;
  Presenter presenter_;
  Phase phase_ = Asking{};
  std::optional<Fault> refused_;    ///< who claimed to be the known peer, since it was there last
  std::set<ConnectionId> claimed_;  ///< where a known peer has not shown its key
};

}  // namespace culver::cli
