#include "shell/cli/send_later.hpp"

#include <algorithm>

#include "core/base/fsm.hpp"
#include "shell/cli/printable.hpp"

namespace culver::cli {

void SendLater::start() { stage_.command(engine::Post{peer_.key, text_}); }

void SendLater::on(const engine::Notice& notice) {
  if (phase_ == Phase::over) return;
  std::visit(
      [this](const auto& n) {
        if constexpr (requires { handle(n); }) handle(n);
      },
      notice);
}

void SendLater::handle(const engine::Posted& notice) {
  if (phase_ != Phase::storing) return;
  letter_ = notice.letter;
  phase_ = Phase::waiting;
  if (wait_.count() == 0) return leave_it_there();
  look_after(wait_);
  stage_.command(engine::GoOnline{});
}

/// A culver receive on the same data folder may be the one that meets the peer.
void SendLater::look_after(std::chrono::seconds left) {
  const auto step = std::min<std::chrono::seconds>(left, std::chrono::seconds(1));
  stage_.after(step, [this, left = left - step] {
    if (phase_ != Phase::waiting) return;
    if (!link_ && !stage_.still_waits(*letter_)) return leave_it_there();
    if (left.count() == 0) return leave_it_there();
    look_after(left);
  });
}

void SendLater::handle(const engine::PostFailed& notice) {
  ledger_.fail(notice.fault);
  finish(ledger_.exit_code());
}

void SendLater::handle(const engine::Online&) {
  if (phase_ != Phase::waiting) return;
  stage_.reporter.report(wire::report::Waiting{stage_.contacts.known(peer_.name, peer_.key),
                                               static_cast<std::uint64_t>(wait_.count())});
  stage_.command(engine::LookFor{peer_.key});
}

/// What is gone for good cannot be waited for.
void SendLater::handle(const engine::Offline& notice) {
  if (phase_ != Phase::waiting || link_) return;
  say_why(notice.fault, !notice.retrying);
  if (!notice.retrying) leave_it_there();
}

/// The text waits; somebody may have to act.
void SendLater::handle(const engine::TurnedAway& notice) {
  if (notice.key == peer_.key && told_.insert(Fault::pair_refused).second)
    say_why(Fault::pair_refused, true);
}

void SendLater::handle(const engine::PairRequested& notice) {
  // We are about to leave, and another process of ours may let it in.
  if (notice.key == peer_.key) return;
  stage_.command(engine::AnswerPair{notice.from, false});
}

/// What is kept goes to nobody who only claims to be the peer.
void SendLater::handle(const engine::Unproven& notice) { ledger_.on(notice); }

void SendLater::handle(const engine::Connected& notice) {
  ledger_.on(notice);
  if (notice.key == peer_.key) link_ = notice.link;
}

void SendLater::handle(const engine::LetterReceived& notice) {
  ledger_.on(notice, stage_.wall());
  stage_.when_taken([this, held = notice.held] { stage_.command(engine::Shown{held}); });
}

void SendLater::handle(const engine::LetterDelivered& notice) {
  ledger_.on(notice);
  is_delivered_ |= notice.letter == letter_;
}

/// Also if another process has delivered it.
void SendLater::handle(const engine::NothingWaits& notice) {
  if (phase_ != Phase::waiting || notice.link != link_) return;
  is_delivered_ = true;
  phase_ = Phase::closing;
  stage_.command(engine::CloseLink{notice.link});
}

void SendLater::handle(const engine::LettersStuck& notice) { ledger_.on(notice); }

/// A sender takes nothing, and says so to both.
void SendLater::handle(const engine::FileOffered& notice) {
  ledger_.refuse(notice);
  stage_.command(engine::AnswerFile{notice.transfer, false});
}

/// A peer that leaves before it has everything is looked for again.
void SendLater::handle(const engine::Closed& notice) {
  if (is_ours(notice.fault) && told_.insert(*notice.fault).second)
    ledger_.fail(*notice.fault, ledger_.whom(notice));
  if (notice.link != link_) return;
  ledger_.on(notice, true);
  link_.reset();
  if (phase_ == Phase::waiting && !is_delivered_ && notice.fault &&
      told_.insert(*notice.fault).second)
    say_why(*notice.fault, true);
  if (phase_ == Phase::closing || is_delivered_) finish(ledger_.exit_code());
}

/// It is no failure of this verb, which keeps the text; but there may be something to do.
void SendLater::say_why(const Failure& failure, bool is_to_act) {
  auto why = printable(wire::report::happened(failure));
  if (const auto advice = info(failure.fault).advice; is_to_act && !advice.empty())
    why += " " + std::string(advice);
  stage_.reporter.remark(why);
}

void SendLater::leave_it_there() {
  say_what_becomes_of_it();
  finish(ledger_.exit_code());
}

void SendLater::say_what_becomes_of_it() {
  if (!letter_)
    return stage_.reporter.remark(
        "Whether the text is kept is not known: see culver outbox before sending it again.");
  if (is_delivered_) return;
  const auto to = stage_.contacts.known(peer_.name, peer_.key);
  const auto id = static_cast<std::uint64_t>(letter_->value);
  if (stage_.still_waits(*letter_))
    stage_.reporter.report(wire::report::LetterKept{to, id});
  else
    stage_.reporter.report(wire::report::LetterDelivered{to, id, false});
}

void SendLater::stop(Fault signal) {
  // What was to be told on standard output did not get there.
  if (is_of_output(signal) && letter_ && !is_delivered_ && stage_.still_waits(*letter_))
    stage_.reporter.remark("The text is kept all the same: culver outbox shows it.");
  if (phase_ == Phase::over) return;
  stage_.console.close();  // what is said next begins on a line of its own
  if (!is_of_output(signal)) ledger_.fail(signal);
  say_what_becomes_of_it();
  finish(info(signal).exit_code);
}

void SendLater::finish(int exit_code) {
  phase_ = Phase::over;
  stage_.console.close();
  stage_.done(exit_code);
}

}  // namespace culver::cli
