// The sending side's steps.
#include "shell/cli/verbs/send.hpp"

#include <algorithm>
#include <utility>

#include "core/base/fsm.hpp"
#include "core/base/wall_clock.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/report_text.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {

using fsm::overload;

bool Send::is_of_link(Fault fault) {
  switch (fault) {
    case Fault::peer_gone:
    case Fault::replaced:
    case Fault::ice_failed:
    case Fault::ice_timeout:
    case Fault::dtls_failed:
    case Fault::sctp_failed:
      return true;
    default:
      return false;
  }
}

bool Send::is_current(ConnectionId connection) const {
  return std::visit(
      [&](const auto& phase) {
        if constexpr (requires { phase.connection; })
          return phase.connection == connection;
        else
          return false;
      },
      phase_);
}

Send::UnderWay* Send::under_way(TransferId file) {
  auto* sending = std::get_if<Sending>(&phase_);
  return sending && sending->file && sending->file->id == file ? &*sending->file : nullptr;
}

void Send::start() {
  if (code_ || known_) return dial();
  ask_code(max_tries);
}

void Send::ask_code(int tries_left) {
  context_.console.ask("Pairing code: ", [this, tries_left](std::optional<std::string> line) {
    if (!is<Asking>()) return;
    if (!line) return end_with(Fault::no_code_given);
    const auto code = PairingCode::parse_typed(*line);
    if (!code && tries_left <= 1) return end_with(code.error());
    if (!code) {
      context_.reporter.remark(host::fault_text(code.error()).sentence);
      return ask_code(tries_left - 1);
    }
    code_ = *code;
    dial();
  });
}

void Send::dial() {
  phase_ = Dialing{};
  context_.after(std::max(wait_, least_patience_with_server), [this] {
    if (auto* dialing = std::get_if<Dialing>(&phase_))
      end_with(dialing->last.value_or(Fault::server_silent));
  });
  context_.command(engine::GoOnline{});
}

void Send::on(const engine::Notice& notice) {
  if (is<Over>()) return;
  std::visit(overload{[this](const engine::TextReceived& n) { presenter_.on(n); },
                      [this](const engine::FileChecking& n) {
                        if (auto* file = under_way(n.transfer)) file->answer = Answer::accepted;
                        presenter_.on(n);
                      },
                      [this](const engine::FileStarted& n) {
                        if (auto* file = under_way(n.transfer)) file->answer = Answer::started;
                        presenter_.on(n);
                      },
                      [this](const engine::FileProgress& n) { presenter_.on(n, context_.now()); },
                      [this](const engine::FileReceived& n) { presenter_.on(n); },
                      [this](const engine::LetterReceived& n) {
                        presenter_.on(n, context_.wall());
                        context_.when_taken(
                            [this, held = n.held] { context_.command(engine::Displayed{held}); });
                      },
                      [](const engine::GoodbyeReceived&) {},  // ours follows when we are done
                      [](const engine::TextQueued&) {}, [](const engine::TextNotQueued&) {},
                      [](const engine::PairWithdrawn&) {}, [](const engine::PeerBookChanged&) {},
                      [this](const auto& n) { handle(n); }},
             notice);
}

void Send::handle(const engine::Online&) {
  if (!is<Dialing>()) return;
  phase_ = Pairing{};
  if (known_) return look_for_known();
  context_.reporter.remark("Waiting for the other side to accept, " +
                           std::to_string(wait_.count()) + " s at most...");
  context_.command(engine::Pair{*code_});
  await_answer();
}

/// Not every server tells when the other side has left.
void Send::await_answer() {
  const auto rest = std::max(wait_ - quiet_patience, std::chrono::seconds(0));
  const auto end = [this] {
    if (is<Pairing>()) end_with(Fault::pair_expired);
  };
  if (rest.count() == 0) return context_.after(wait_, end);
  context_.after(quiet_patience, [this, rest, end] {
    if (!is<Pairing>()) return;
    context_.reporter.remark(
        "No answer yet: the other side has to accept, and may be gone. Waiting for " +
        std::to_string(rest.count()) + " s more.");
    context_.after(rest, end);
  });
}

void Send::handle(const engine::ClockWrong& notice) {
  context_.reporter.remark(clock_sentence(notice.ahead));
}

void Send::handle(const engine::Establishing& notice) {
  if (is_current(notice.connection)) context_.reporter.phase(phase_sentence(notice));
}

void Send::handle(const engine::Paced& notice) {
  if (is<Pairing>()) context_.reporter.remark(pace_sentence(notice.wait));
}

void Send::look_for_known() {
  const auto& peer = known_->peer;
  context_.reporter.report(report::Waiting{context_.contacts.known(peer.name, peer.key),
                                           static_cast<std::uint64_t>(wait_.count())});
  context_.command(engine::LookFor{peer.key});
  context_.after(wait_, [this] { give_up_waiting(); });
}

/// A connection that is being established is let come to its end, but not for long: the other side
/// may be gone.
void Send::give_up_waiting() {
  if (is<Pairing>()) return end_away();
  if (const auto* sending = std::get_if<Sending>(&phase_); sending && files_wait(*sending))
    return end_with(Fault::peer_unproven);
  auto* connecting = std::get_if<Connecting>(&phase_);
  if (!connecting) return;
  connecting->wait_is_over = true;
  context_.after(connecting_patience, [this] {
    if (is<Connecting>() || is<Pairing>()) end_away();
  });
}

/// A server keeps such a note for 48 hours: of any other time, a clock is wrong, and it is not
/// told.
void Send::handle(const engine::WasHere& notice) {
  if (!is<Pairing>()) return;
  constexpr auto kept = std::chrono::hours(48) + WallClock::tolerance;
  const std::chrono::milliseconds ago(context_.wall() - notice.at);
  auto said =
      context_.contacts.handle({known_->peer.name, known_->peer.key}) + " is not online now";
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(ago);
  if (ago > -WallClock::tolerance && ago < kept)
    said += ", and was there " + duration_text(std::max(seconds, std::chrono::seconds(0))) + " ago";
  context_.reporter.remark(said + ".");
}

/// It will not let us in for being asked again.
void Send::handle(const engine::RefusedByPeer& notice) {
  if (known_ && notice.key == known_->peer.key && is<Pairing>()) end_with(Fault::pair_refused);
}

/// It is said when it happens; the peer itself may come yet.
void Send::handle(const engine::ClaimFailed& notice) {
  if (!known_ || notice.key != known_->peer.key) return;
  refused_ = notice.fault;
  context_.reporter.remark(context_.contacts.handle({known_->peer.name, known_->peer.key}) + ": " +
                           std::string(host::fault_text(notice.fault).sentence));
}

/// Without a match there is nothing to wait for; afterwards the connection stands on its own. A
/// known peer may still come when the server is there again.
void Send::handle(const engine::Offline& notice) {
  if (known_ && is<Pairing>() && notice.retrying)
    return context_.reporter.remark("The server is gone; trying to reach it again.");
  if (is<Dialing>() && notice.retrying && passes_with_time(notice.fault)) {
    std::get<Dialing>(phase_).last = notice.fault;
    return context_.reporter.remark(passing_sentence(notice.fault));
  }
  if (is<Dialing>() || is<Pairing>()) end_with(notice.fault);
}

/// Nobody has a reason to ask a sender, except the very peer that it asks itself.
void Send::handle(const engine::PairRequested& notice) {
  const auto answer = [this, from = notice.from](bool accepted) {
    if (!is<Over>()) context_.command(engine::AnswerPair{from, accepted});
  };
  // We are about to leave: another process of ours may let it in, so that it is not refused.
  if (known_ && notice.key == known_->peer.key) return;
  if (notice.from != code_ || !notice.namesake) return answer(notice.from == code_);
  const report::Peer peer{notice.proposed_name, notice.key};
  const auto ticket = ask_for_another(context_, peer, KeyIs::named, *notice.namesake, answer);
  context_.reporter.report(report::NameQuestion{peer, *notice.namesake, ticket});
}

void Send::handle(const engine::PairFailed& notice) {
  if (notice.peer != code_) return;
  presenter_.fail_claim(notice.fault, notice.about, {});
  finish(presenter_.exit_code());
}

bool Send::is_ours(const engine::Connecting& notice) const {
  if (!is<Pairing>() && !is<Connecting>()) return false;
  return known_ ? notice.sought == known_->peer.key : notice.peer == code_;
}

void Send::handle(const engine::Connecting& notice) {
  if (!is_ours(notice)) return;
  const auto* before = std::get_if<Connecting>(&phase_);
  phase_ = Connecting{notice.connection, before && before->wait_is_over};
  if (known_)
    presenter_.expect(notice.connection,
                      context_.contacts.known(known_->peer.name, known_->peer.key));
  context_.reporter.remark("Connecting...");
}

void Send::handle(const engine::NameTaken& notice) {
  const auto answer = [this, connection = notice.connection](bool accepted) {
    if (!is<Over>()) context_.command(engine::AnswerName{connection, accepted});
  };
  if (!is_current(notice.connection)) return answer(false);
  const report::Peer peer{notice.name, notice.key};
  const auto ticket = ask_for_another(context_, peer, KeyIs::proven, notice.namesake, answer);
  context_.reporter.report(report::NameQuestion{peer, notice.namesake, ticket});
}

/// What is sent now is sealed for the key that it claims; whether it has it may never show.
void Send::handle(const engine::Unproven& notice) {
  const bool is_ours = is_current(notice.connection);
  const bool is_known = known_ && notice.is_sought && notice.key == known_->peer.key;
  if (!is_ours && !is_known) return;
  presenter_.on(notice);
  const bool is_new =
      !is_known || claimed_.insert(notice.connection).second;  // else: with its name
  if (is_ours && is<Connecting>())
    begin_with_claim(notice.connection,
                     is_known ? Standing::claimed_and_sought : Standing::claimed);
  else if (!is_ours && is_new && may_move_to_claim())
    move_to_claim(notice.connection);
}

void Send::begin_with_claim(ConnectionId connection, Standing standing) {
  phase_ = Sending{connection, standing};
  if (files_wait(std::get<Sending>(phase_)))
    context_.reporter.remark("The files wait until it has shown its key: for its first text.");
  begin();
}

/// What is proven is not left for a claim, unless it is lost.
bool Send::may_move_to_claim() const {
  const auto* sending = std::get_if<Sending>(&phase_);
  return is<Pairing>() || is<Connecting>() ||
         (sending && sending->standing == Standing::claimed_and_sought);
}

/// It is back, and the old connection may be dead: that is seen later. Whichever shows the key
/// first gets the rest, as the old one is left standing.
void Send::move_to_claim(ConnectionId connection) {
  context_.after(wait_, [this] { give_up_waiting(); });
  begin_with_claim(connection, Standing::claimed_and_sought);
}

void Send::handle(const engine::Connected& notice) {
  // The connection that takes the place of another is told after the end of that one.
  const bool may_be_back = is<Queueing>() || is<Sending>() || is<Pairing>();
  const bool is_ours = is_current(notice.connection);
  const bool is_back = known_ && notice.key == known_->peer.key && may_be_back && !is_ours;
  if (!is_ours && !is_back) return;
  presenter_.on(notice);
  refused_.reset();
  claimed_.erase(notice.connection);
  if (is<Closing>()) return;
  if (auto* sending = std::get_if<Sending>(&phase_); sending && is_ours) {  // claimed until now
    const bool waited = files_wait(*sending);
    sending->standing = Standing::proven;
    return waited && !sending->file ? send_next_file(Place::first) : void();
  }
  if (is_back) keep_file();
  phase_ = Queueing{notice.connection};
  wait_for_kept();
}

/// Whoever has written later is read later. That nothing is kept is told as well.
void Send::wait_for_kept() {
  context_.after(patience_with_kept, [this, connection = std::get<Queueing>(phase_).connection] {
    if (is<Queueing>() && is_current(connection)) begin_behind_kept();
  });
}

void Send::handle(const engine::LetterDelivered& notice) {
  presenter_.on(notice);
  if (is<Queueing>()) wait_for_kept();
}

void Send::handle(const engine::NothingWaits& notice) {
  if (is_current(notice.connection)) begin_behind_kept();
}

void Send::handle(const engine::LettersStuck& notice) {
  presenter_.on(notice);
  begin_behind_kept();
}

void Send::begin_behind_kept() {
  const auto* queueing = std::get_if<Queueing>(&phase_);
  if (!queueing) return;
  phase_ = Sending{queueing->connection, Standing::proven};
  begin();
}

void Send::handle(const engine::Closed& notice) {
  claimed_.erase(notice.connection);
  if (!is_current(notice.connection)) return;
  if (const auto* connecting = std::get_if<Connecting>(&phase_);
      known_ && connecting && !cli::is_ours(notice.fault) && notice.fault != Fault::pair_refused) {
    const bool is_over = connecting->wait_is_over;
    phase_ = Pairing{};  // it is still looked for
    return is_over ? end_away() : void();
  }
  if (known_ && !is<Closing>() && is_of_link(notice.fault.value_or(Fault::peer_gone)))
    return look_again(notice);
  const bool expected = is<Closing>();  // how the other side leaves then is its affair
  const auto whom = presenter_.whom(notice);
  presenter_.on(notice, expected);
  if (!expected && !notice.fault) presenter_.fail(Fault::peer_gone, whom);
  finish(presenter_.exit_code());
}

/// Whoever comes back within the time that is given for it gets the rest.
void Send::look_again(const engine::Closed& notice) {
  keep_file();
  presenter_.on(notice, true);
  const auto& peer = known_->peer;
  context_.reporter.remark(
      "The connection with " + context_.contacts.handle({peer.name, peer.key}) + " is lost: " +
      std::string(host::fault_text(notice.fault.value_or(Fault::peer_gone)).sentence));
  if (!claimed_.empty()) return move_to_claim(*claimed_.rbegin());
  phase_ = Pairing{};
  look_for_known();
}

void Send::stop(Fault signal) {
  if (is<Over>()) return;
  context_.console.close();  // what is said next begins on a line of its own
  if (!is_of_output(signal)) presenter_.fail(signal);
  if (signal == Fault::output_unwritable && !is<Sending>() && !is<Closing>())
    context_.reporter.remark("Nothing was sent.");
  if (const auto* sending = std::get_if<Sending>(&phase_); sending && sending->file)
    say_what_is_kept(*sending);
  finish(host::fault_text(signal).exit_code);
}

void Send::end_with(Failure failure) {
  report::Failed failed{std::move(failure), {}};
  const bool is_of_peer =
      failed.fault.fault == Fault::peer_away || failed.fault.fault == refused_ ||
      failed.fault.fault == Fault::peer_unproven || failed.fault.fault == Fault::pair_refused;
  if (known_ && is_of_peer)
    failed.peer = context_.contacts.known(known_->peer.name, known_->peer.key);
  presenter_.fail(std::move(failed));
  finish(presenter_.exit_code());
}

void Send::finish(int exit_code) {
  phase_ = Over{};
  context_.console.close();
  context_.done(exit_code);
}

}  // namespace culver::cli
