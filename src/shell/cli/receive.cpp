// The receiving side's decisions.
#include "shell/cli/receive.hpp"

#include <vector>

#include "core/base/fsm.hpp"
#include "shell/cli/printable.hpp"
#include "shell/cli/report_text.hpp"

namespace culver::cli {

using fsm::overload;

namespace {

/// Whoever accepts continues an earlier attempt.
std::string already_here(const engine::FileOffered& notice) {
  if (notice.have == 0) return {};
  return ", of which " + size_text(notice.have) + " are here already and would be continued";
}

}  // namespace

void Receive::start() {
  stage_.command(engine::ShowHeld{});
  look_for_known();
  stage_.command(engine::GoOnline{});
}

void Receive::look_for_known() {
  for (const auto& key : choices_.known) stage_.command(engine::Meet{key});
}

void Receive::on(const engine::Notice& notice) {
  if (finished_) return;
  std::visit(overload{[this](const engine::TextReceived& n) { ledger_.on(n); },
                      [this](const engine::FileChecking& n) { ledger_.on(n); },
                      [this](const engine::FileStarted& n) { ledger_.on(n); },
                      [this](const engine::FileProgress& n) { ledger_.on(n, stage_.now()); },
                      [this](const engine::FileSent& n) { ledger_.on(n); },
                      [this](const engine::LetterReceived& n) { handle(n); },
                      [this](const engine::LetterDelivered& n) { ledger_.on(n); },
                      [this](const engine::LettersStuck& n) { ledger_.on(n); },
                      [](const engine::NothingWaits&) {}, [](const engine::Posted&) {},
                      [](const engine::PostFailed&) {}, [](const engine::TextsDelivered&) {},
                      [](const engine::TextFailed&) {}, [](const engine::WasHere&) {},
                      [this](const auto& n) { handle(n); }},
             notice);
}

void Receive::handle(const engine::Online& notice) {
  was_online_ = true;
  told_offline_ = false;
  stage_.reporter.report(wire::report::Code{notice.code});
}

/// A server that was never reached is most likely a wrong address; one that was comes back, and one
/// that is busy will not be.
void Receive::handle(const engine::Offline& notice) {
  if (notice.retrying && (was_online_ || told_offline_ || passes_with_time(notice.fault))) {
    if (!told_offline_)
      stage_.reporter.remark(was_online_ ? "The server is gone; trying to reach it again."
                                         : passing_sentence(notice.fault));
    told_offline_ = true;
    return;
  }
  ledger_.fail(notice.fault);
  if (ledger_.has_peers())
    server_gone_ = notice.fault;
  else
    finish(info(notice.fault).exit_code);
}

void Receive::handle(const engine::PairRequested& notice) {
  if (the_one_ || (choices_.yes && notice.namesake))
    return stage_.command(engine::AnswerPair{notice.from, false});
  const wire::report::Peer peer{notice.proposed_name, notice.key};
  stage_.reporter.report(wire::report::PairRequest{peer, notice.namesake});
  if (choices_.yes) return answer_pair(notice.from, true);
  const auto answer = [this, from = notice.from](bool accepted) { answer_pair(from, accepted); };
  if (notice.namesake)
    return void(asked_pairs_.insert_or_assign(
        notice.from, ask_for_another(stage_.console, printable(wire::report::display_name(peer)),
                                     notice.key, *notice.namesake, answer)));
  asked_pairs_.insert_or_assign(notice.from, stage_.console.confirm("Accept? [y/N] ", answer));
}

void Receive::answer_pair(const PairingCode& from, bool accepted) {
  asked_pairs_.erase(from);
  if (finished_) return;
  stage_.command(engine::AnswerPair{from, accepted});
  if (!accepted || !choices_.once) return;
  the_one_ = from;
  refuse_others();
}

void Receive::refuse_others() {
  for (const auto& key : choices_.known) stage_.command(engine::Unmeet{key});
  for (const auto& [code, ticket] : std::exchange(asked_pairs_, {})) {
    stage_.console.withdraw(ticket);
    stage_.command(engine::AnswerPair{code, false});
  }
}

void Receive::handle(const engine::PairWithdrawn& notice) {
  const auto asked = asked_pairs_.find(notice.from);
  if (asked == asked_pairs_.end()) return;
  stage_.console.withdraw(asked->second);
  asked_pairs_.erase(asked);
  stage_.reporter.remark("The other side has withdrawn its request.");
}

void Receive::handle(const engine::PairFailed& notice) {
  if (const auto asked = asked_pairs_.find(notice.peer); asked != asked_pairs_.end()) {
    stage_.console.withdraw(asked->second);
    asked_pairs_.erase(asked);
  }
  ledger_.fail(notice.fault, notice.about);
  if (is_the_one(notice.peer)) finish(ledger_.exit_code());
}

void Receive::handle(const engine::Connecting& notice) {
  if (is_the_one(notice.peer)) link_of_the_one_ = notice.link;
  if (notice.met) meet(notice);
  stage_.reporter.remark("Connecting...");
}

void Receive::meet(const engine::Connecting& notice) {
  if (choices_.once && the_one_ && the_one_ != notice.peer)
    return stage_.command(engine::CloseLink{notice.link});
  met_.insert(notice.link);
  if (!choices_.once) return;
  the_one_ = notice.peer;
  link_of_the_one_ = notice.link;
  refuse_others();
}

void Receive::handle(const engine::Paced& notice) {
  stage_.reporter.remark(pace_sentence(notice.wait));
}

void Receive::handle(const engine::ClockWrong& notice) {
  stage_.reporter.remark(clock_sentence(notice.ahead));
}

void Receive::handle(const engine::Establishing& notice) {
  stage_.reporter.phase(phase_sentence(notice));
}

/// It called itself otherwise when it asked.
void Receive::handle(const engine::NameTaken& notice) {
  const auto answer = [this, link = notice.link](bool accepted) {
    asked_names_.erase(link);
    if (!finished_) stage_.command(engine::AnswerName{link, accepted});
  };
  if (choices_.yes) return answer(false);
  asked_names_.insert_or_assign(
      notice.link, ask_for_another(stage_.console, printable(notice.name.expose()), notice.key,
                                   notice.namesake, answer));
}

/// Another process has paired with it, or wants no more of it.
void Receive::handle(const engine::Acquainted& notice) {
  std::erase(choices_.known, notice.key);
  if (!notice.is_welcome) return;
  choices_.known.push_back(notice.key);
  if (!the_one_) stage_.command(engine::Meet{notice.key});
}

/// What it sends is shown when it has shown its key.
void Receive::handle(const engine::Unproven& notice) { ledger_.on(notice); }

/// Whoever was let in once is known from now on.
void Receive::handle(const engine::Connected& notice) {
  met_.erase(notice.link);
  ledger_.on(notice);
  if (!choices_.once) stage_.command(engine::Meet{notice.key});
}

void Receive::not_met(LinkId link) {
  if (link != link_of_the_one_) return;
  the_one_.reset();
  link_of_the_one_.reset();
  look_for_known();
}

void Receive::handle(const engine::FileOffered& notice) {
  ledger_.on(notice);
  const auto id = notice.transfer;
  if (choices_.yes) return stage_.command(engine::AnswerFile{id, true});
  const auto* from = ledger_.peer(notice.link);
  const auto name = from ? printable(wire::report::display_name(*from)) : "The peer";
  const auto answer = [this, id](bool accepted) {
    asked_files_.erase(id);
    if (!finished_) stage_.command(engine::AnswerFile{id, accepted});
  };
  const auto ticket = stage_.console.confirm(
      name + " wants to send " + printable(notice.name.expose()) + " (" + size_text(notice.size) +
          ")" + already_here(notice) + ". Accept? [y/N] ",
      answer);
  asked_files_.insert_or_assign(id, std::pair(notice.link, ticket));
}

void Receive::handle(const engine::LetterReceived& notice) {
  ledger_.on(notice);
  stage_.command(engine::Shown{notice.held});
}

void Receive::withdraw_file(TransferId transfer) {
  const auto asked = asked_files_.find(transfer);
  if (asked == asked_files_.end()) return;
  stage_.console.withdraw(asked->second.second);
  asked_files_.erase(asked);
}

void Receive::handle(const engine::FileReceived& notice) {
  ledger_.on(notice);
  conclude_left();
}

void Receive::handle(const engine::FileFailed& notice) {
  withdraw_file(notice.transfer);
  ledger_.on(notice);
  conclude_left();
}

void Receive::handle(const engine::Closed& notice) {
  if (const auto asked = asked_names_.extract(notice.link)) stage_.console.withdraw(asked.mapped());
  if (met_.erase(notice.link) > 0 && !notice.was_connected) return not_met(notice.link);
  std::erase_if(asked_files_, [&](const auto& asked) {
    if (asked.second.first != notice.link) return false;
    stage_.console.withdraw(asked.second.second);
    return true;
  });
  if (!ledger_.has_transfers(notice.link)) return conclude(notice);
  left_.insert_or_assign(notice.link, notice);
}

/// A peer that waits for no answer may leave before the disk has its last file.
void Receive::conclude_left() {
  std::vector<engine::Closed> settled;
  std::erase_if(left_, [&](const auto& left) {
    if (ledger_.has_transfers(left.first)) return false;
    settled.push_back(left.second);
    return true;
  });
  for (const auto& notice : settled) conclude(notice);
}

void Receive::conclude(const engine::Closed& notice) {
  ledger_.on(notice, false);
  if (notice.link == link_of_the_one_) return finish(ledger_.exit_code());
  if (server_gone_ && !ledger_.has_peers()) finish(info(*server_gone_).exit_code);
}

void Receive::stop(Fault signal) {
  if (finished_) return;
  ledger_.fail(signal);
  finish(info(signal).exit_code);
}

void Receive::finish(int exit_code) {
  finished_ = true;
  stage_.console.close();
  stage_.done(exit_code);
}

}  // namespace culver::cli
