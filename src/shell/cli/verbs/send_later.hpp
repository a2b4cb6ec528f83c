// culver send --later: puts a text into the outbox, and waits a while for the peer to come and take
// it. Once it is in the outbox nothing is a failure any more.
#pragma once

#include <chrono>
#include <optional>
#include <set>

#include "shell/cli/output/presenter.hpp"
#include "shell/cli/verbs/addressee.hpp"
#include "shell/cli/with_peers.hpp"

namespace culver::cli {

class SendLater final : public PeerVerb {
 public:
  /// Without a wait nobody is dialled.
  SendLater(Plaintext text, Addressee peer, std::chrono::seconds wait, VerbContext context)
      : text_(std::move(text)),
        peer_(std::move(peer)),
        wait_(wait),
        context_(std::move(context)),
        presenter_(context_.reporter, context_.contacts) {}

  void start() override;
  void on(const engine::Notice& notice) override;
  void stop(Fault signal) override;

 private:
  enum class Phase { storing, waiting, closing, over };

  void handle(const engine::TextQueued&);
  void handle(const engine::TextNotQueued&);
  void handle(const engine::Online&);
  void handle(const engine::Offline&);
  void handle(const engine::PairRequested&);
  void handle(const engine::RefusedByPeer&);
  void handle(const engine::ClaimFailed&);
  void handle(const engine::Unproven&);
  void handle(const engine::Connected&);
  void handle(const engine::LetterReceived&);
  void handle(const engine::LetterDelivered&);
  void handle(const engine::NothingWaits&);
  void handle(const engine::LettersStuck&);
  void handle(const engine::FileOffered&);
  void handle(const engine::Closed&);

  void look_after(std::chrono::seconds left);
  void leave_it_there();
  void say_what_becomes_of_it();
  void say_why(const Failure& failure, bool is_to_act);
  void finish(int exit_code);

  Plaintext text_;
  Addressee peer_;
  std::chrono::seconds wait_;
  VerbContext context_;
  Presenter presenter_;
  Phase phase_ = Phase::storing;
  std::optional<LetterId> letter_;
  std::optional<ConnectionId> link_;  ///< that is connected
  std::set<Fault> told_;              ///< why connections ended: each once
  bool is_delivered_ = false;
};

}  // namespace culver::cli
