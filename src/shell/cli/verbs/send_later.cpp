#include "shell/cli/verbs/send_later.hpp"

#include <algorithm>

#include "core/base/fsm.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {

void SendLater::start() { context_.command(engine::QueueText{peer_.key, text_}); }

void SendLater::on(const engine::Notice& notice) {
  if (phase_ == Phase::over) return;
  std::visit(
      [this](const auto& n) {
        if constexpr (requires { handle(n); }) handle(n);
      },
      notice);
}

void SendLater::handle(const engine::TextQueued& notice) {
  if (phase_ != Phase::storing) return;
  letter_ = notice.letter;
  phase_ = Phase::waiting;
  if (wait_.count() == 0) return leave_it_there();
  look_after(wait_);
  context_.command(engine::GoOnline{});
}

/// A culver receive on the same data folder may be the one that meets the peer.
void SendLater::look_after(std::chrono::seconds left) {
  const auto step = std::min<std::chrono::seconds>(left, std::chrono::seconds(1));
  context_.after(step, [this, left = left - step] {
    if (phase_ != Phase::waiting) return;
    if (!link_ && !context_.still_waits(*letter_)) return leave_it_there();
    if (left.count() == 0) return leave_it_there();
    look_after(left);
  });
}

void SendLater::handle(const engine::TextNotQueued& notice) {
  const auto trouble = context_.trouble_of_books(notice.fault);
  report::Failed failed{trouble.fault, {}};
  if (!trouble.sentence.empty()) failed.sentence = trouble.sentence;
  presenter_.fail(std::move(failed));
  finish(presenter_.exit_code());
}

void SendLater::handle(const engine::Online&) {
  if (phase_ != Phase::waiting) return;
  context_.reporter.report(report::Waiting{context_.contacts.known(peer_.name, peer_.key),
                                           static_cast<std::uint64_t>(wait_.count())});
  context_.command(engine::LookFor{peer_.key});
}

/// What is gone for good cannot be waited for.
void SendLater::handle(const engine::Offline& notice) {
  if (phase_ != Phase::waiting || link_) return;
  if (!notice.retrying || told_.insert(notice.fault.fault).second)
    say_why(notice.fault, !notice.retrying);
  if (!notice.retrying) leave_it_there();
}

/// The text waits; somebody may have to act.
void SendLater::handle(const engine::RefusedByPeer& notice) {
  if (notice.key == peer_.key && told_.insert(Fault::pair_refused).second)
    say_why(Fault::pair_refused, true);
}

void SendLater::handle(const engine::ClaimFailed& notice) {
  if (notice.key == peer_.key) presenter_.on(notice);
}

void SendLater::handle(const engine::PairRequested& notice) {
  // We are about to leave, and another process of ours may let it in.
  if (notice.key == peer_.key) return;
  context_.command(engine::AnswerPair{notice.from, false});
}

/// What is kept goes to nobody who only claims to be the peer.
void SendLater::handle(const engine::Unproven& notice) { presenter_.on(notice); }

void SendLater::handle(const engine::Connected& notice) {
  presenter_.on(notice);
  if (notice.key == peer_.key) link_ = notice.connection;
}

void SendLater::handle(const engine::LetterReceived& notice) {
  presenter_.on(notice, context_.wall());
  context_.when_taken([this, held = notice.held] { context_.command(engine::Displayed{held}); });
}

void SendLater::handle(const engine::LetterDelivered& notice) {
  presenter_.on(notice);
  is_delivered_ |= notice.letter == letter_;
}

/// Also if another process has delivered it.
void SendLater::handle(const engine::NothingWaits& notice) {
  if (phase_ != Phase::waiting || notice.connection != link_) return;
  is_delivered_ = true;
  phase_ = Phase::closing;
  context_.command(engine::CloseConnection{notice.connection});
}

void SendLater::handle(const engine::LettersStuck& notice) { presenter_.on(notice); }

/// A sender takes nothing, and says so to both.
void SendLater::handle(const engine::FileOffered& notice) {
  presenter_.refuse(notice);
  context_.command(engine::AnswerFile{notice.transfer, false});
}

/// A peer that leaves before it has everything is looked for again.
void SendLater::handle(const engine::Closed& notice) {
  if (is_ours(notice.fault) && told_.insert(*notice.fault).second)
    presenter_.fail(*notice.fault, presenter_.whom(notice));
  if (notice.connection != link_) return;
  presenter_.on(notice, true);
  link_.reset();
  if (phase_ == Phase::waiting && !is_delivered_ && notice.fault &&
      told_.insert(*notice.fault).second)
    say_why(*notice.fault, true);
  if (phase_ == Phase::closing || is_delivered_) finish(presenter_.exit_code());
}

/// It is no failure of this verb, which keeps the text; but there may be something to do.
void SendLater::say_why(const Failure& failure, bool is_to_act) {
  auto why = printable(host::happened(failure));
  if (const auto advice = host::fault_text(failure.fault).advice; is_to_act && !advice.empty())
    why += " " + std::string(advice);
  report::Failed failed{failure, {}};
  failed.sentence = std::move(why);
  context_.reporter.report(failed);
}

void SendLater::leave_it_there() {
  say_what_becomes_of_it();
  finish(presenter_.exit_code());
}

void SendLater::say_what_becomes_of_it() {
  if (!letter_)
    return context_.reporter.remark(
        "Whether the text is kept is not known: see culver outbox before sending it again.");
  if (is_delivered_) return;
  const auto to = context_.contacts.known(peer_.name, peer_.key);
  const auto id = static_cast<std::uint64_t>(letter_->value);
  if (context_.still_waits(*letter_))
    context_.reporter.report(report::LetterKept{to, id});
  else
    context_.reporter.report(report::LetterDelivered{to, id, false});
}

void SendLater::stop(Fault signal) {
  // What was to be told on standard output did not get there.
  if (is_of_output(signal) && letter_ && !is_delivered_ && context_.still_waits(*letter_))
    context_.reporter.remark("The text is kept all the same: culver outbox shows it.");
  if (phase_ == Phase::over) return;
  context_.console.close();  // what is said next begins on a line of its own
  if (!is_of_output(signal)) presenter_.fail(signal);
  say_what_becomes_of_it();
  finish(host::fault_text(signal).exit_code);
}

void SendLater::finish(int exit_code) {
  phase_ = Phase::over;
  context_.console.close();
  context_.done(exit_code);
}

}  // namespace culver::cli
