// The receiving side's decisions.
#include "shell/cli/verbs/receive.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/fsm.hpp"
#include "core/base/unicode.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/report_text.hpp"
#include "shell/host/fault_text.hpp"

namespace culver::cli {

using fsm::overload;

namespace {

/// Whoever accepts continues an earlier attempt.
std::string already_here(const engine::FileOffered& notice) {
  if (notice.have == 0) return {};
  return ", of which " + size_text(notice.have) + " are here already and would be continued";
}

/// The name of a file among others: one that reads like several, or like none, is set off.
std::string listed(std::string_view name) {
  std::string text;
  const bool is_seen = !unicode::label(name, {}).empty();
  while (!is_seen && !name.empty()) {
    const auto point = unicode::first(name);
    text += cli::written_out(name.substr(0, point.size));
    name.remove_prefix(point.size);
  }
  if (is_seen) text = printable(name);
  return is_seen && text.find_first_of(",\"") == std::string::npos ? text : '"' + text + '"';
}

/// What the sender calls the files behind the first one.
std::string further_names(const engine::Batch& batch) {
  std::string text;
  for (std::size_t i = 1; i < batch.names.size() && i < batch.files; ++i)
    text += (i == 1 ? ", then " : ", ") + listed(batch.names[i].expose());
  return text.empty() || batch.names.size() >= batch.files ? text : text + ", ...";
}

}  // namespace

void Receive::start() {
  leads_ = choices_.leads();
  if (leads_)
    context_.command(engine::ShowHeld{});
  else
    context_.reporter.remark(
        "Another culver receive runs on this data folder: known peers go to that one, until it "
        "ends. Here comes only who types this code.");
  if (leads_) context_.command(engine::LookForKnown{});
  context_.command(engine::GoOnline{});
}

void Receive::tick() {
  if (finished_ || leads_ || !choices_.leads()) return;
  leads_ = true;
  context_.reporter.remark("The other culver receive has ended: known peers come here now.");
  context_.command(engine::ShowHeld{});
  context_.command(engine::LookForKnown{});
}

void Receive::on(const engine::Notice& notice) {
  if (finished_) return follow_files(notice);
  std::visit(overload{[this](const engine::TextReceived& n) { presenter_.on(n); },
                      [this](const engine::FileChecking& n) { presenter_.on(n); },
                      [this](const engine::FileStarted& n) { presenter_.on(n); },
                      [this](const engine::FileProgress& n) { presenter_.on(n, context_.now()); },
                      [this](const engine::FileSent& n) { presenter_.on(n); },
                      [this](const engine::LetterReceived& n) { handle(n); },
                      [this](const engine::LetterDelivered& n) { presenter_.on(n); },
                      [this](const engine::LettersStuck& n) { presenter_.on(n); },
                      [](const engine::NothingWaits&) {}, [](const engine::TextQueued&) {},
                      [](const engine::TextNotQueued&) {}, [](const engine::TextDelivered&) {},
                      [this](const engine::GoodbyeReceived& n) {
                        context_.command(engine::CloseConnection{n.connection});
                      },
                      [](const engine::TextFailed&) {}, [](const engine::WasHere&) {},
                      [this](const auto& n) { handle(n); }},
             notice);
}

void Receive::handle(const engine::Online& notice) {
  was_online_ = true;
  told_offline_ = false;
  context_.reporter.report(report::Code{notice.code});
}

/// A server that was never reached is most likely a wrong address; one that was comes back, and one
/// that is busy will not be.
void Receive::handle(const engine::Offline& notice) {
  if (notice.retrying && (was_online_ || told_offline_ || passes_with_time(notice.fault))) {
    if (!told_offline_)
      context_.reporter.remark(was_online_ ? "The server is gone; trying to reach it again."
                                           : passing_sentence(notice.fault));
    told_offline_ = true;
    return;
  }
  presenter_.fail(notice.fault);
  if (presenter_.has_peers()) {
    server_gone_ = notice.fault;
    context_.reporter.remark(
        "The open connections go on, and nobody else can come: culver receive ends with the last "
        "of them, and has then to be started again.");
  } else
    finish(host::fault_text(notice.fault).exit_code);
}

void Receive::handle(const engine::PairRequested& notice) {
  const report::Peer peer{notice.proposed_name, notice.key};
  // Of the same code, and perhaps somebody else by now: what is answered is the new one.
  if (const auto before = requests_.extract(notice.from); before && before.mapped().ticket)
    context_.console.withdraw(*before.mapped().ticket);
  auto& request = requests_[notice.from] = {peer, std::nullopt};
  if (notice.is_accepted) {
    context_.reporter.report(report::PairRequest{peer, notice.namesake});
    return chosen(notice.from);
  }
  const auto answer = [this, from = notice.from](bool accepted) { answer_pair(from, accepted); };
  request.ticket =
      notice.namesake ? ask_for_another(context_, peer, KeyIs::named, *notice.namesake, answer)
      : notice.was_forgotten
          ? ask_for_forgotten(peer, answer)
          : context_.console.confirm(
                context_.contacts.in_full(peer) + " asks to pair. Accept? [y/N] ", answer);
  context_.reporter.report(report::PairRequest{peer, notice.namesake, request.ticket});
}

/// It may have found us by what was left on the server when it was known, without any code.
Console::Ticket Receive::ask_for_forgotten(const report::Peer& peer,
                                           std::function<void(bool)> answer) {
  const auto who = context_.contacts.in_full(peer);
  return context_.console.confirm(
      who + " asks to pair, and was forgotten while this culver receive runs. Accept? [y/N] ",
      std::move(answer),
      who +
          " was forgotten while this culver receive runs: --yes does not let it in again, and "
          "nobody is there to ask. It is refused.");
}

bool Receive::tell_unanswered(Console::Ticket question, std::string_view why) {
  const bool is_of_pairing = std::ranges::any_of(
      requests_, [&](const auto& entry) { return entry.second.ticket == question; });
  if (!is_of_pairing) return false;
  report::Failed failed{Fault::cancelled, {}};
  failed.sentence = why;
  failed.question = question;
  context_.reporter.report(failed);
  return true;
}

void Receive::answer_pair(const PairingCode& from, bool accepted) {
  if (finished_) return;
  if (const auto asked = requests_.find(from); asked != requests_.end()) {
    asked->second.ticket.reset();
    if (!accepted) requests_.erase(asked);
  }
  context_.command(engine::AnswerPair{from, accepted});
  if (accepted) chosen(from);
}

/// The engine refuses the others.
void Receive::chosen(const PairingCode& from) {
  if (!choices_.once) return;
  the_one_ = from;
  std::erase_if(requests_, [this](const auto& entry) {
    const auto& request = entry.second;
    if (!request.ticket) return false;
    withdraw(*request.ticket, context_.contacts.in_full(request.peer) +
                                  " is refused: with --once nobody else is let in.");
    return true;
  });
}

void Receive::withdraw(Console::Ticket ticket, const std::string& why) {
  context_.console.withdraw(ticket);
  context_.reporter.remark(why);
}

void Receive::handle(const engine::PairWithdrawn& notice) {
  const auto asked = requests_.extract(notice.from);
  if (!asked || !asked.mapped().ticket) return;
  const auto why = notice.is_place_taken
                       ? " is refused: with --once nobody else is let in."
                       : " does not wait for an answer any more: the request was withdrawn, has "
                         "expired, or the server is gone.";
  withdraw(*asked.mapped().ticket, context_.contacts.in_full(asked.mapped().peer) + why);
}

void Receive::handle(const engine::PairFailed& notice) {
  const auto asked = requests_.extract(notice.peer);
  if (asked && asked.mapped().ticket) context_.console.withdraw(*asked.mapped().ticket);
  // A known peer tries again and again.
  const bool is_told = notice.fault == Fault::name_of_another && notice.about &&
                       !turned_away_.insert(notice.about->key).second;
  if (!is_told)
    presenter_.fail_claim(notice.fault, notice.about,
                          asked ? std::optional(asked.mapped().peer) : std::nullopt);
  if (is_the_one(notice.peer)) finish(presenter_.exit_code());
}

void Receive::handle(const engine::Connecting& notice) {
  if (is_the_one(notice.peer)) connection_of_the_one_ = notice.connection;
  if (const auto request = requests_.extract(notice.peer))
    presenter_.expect(notice.connection, request.mapped().peer);
  if (notice.sought)
    presenter_.expect(notice.connection, context_.contacts.known(std::nullopt, *notice.sought));
  if (notice.sought) found_.insert_or_assign(notice.connection, notice.peer);
  context_.reporter.remark("Connecting...");
}

/// It does not decide how this ends: the peer itself may have come as well.
void Receive::handle(const engine::ClaimFailed& notice) { presenter_.on(notice); }

void Receive::handle(const engine::Paced& notice) {
  context_.reporter.remark(pace_sentence(notice.wait));
}

void Receive::handle(const engine::ClockWrong& notice) {
  context_.reporter.remark(clock_sentence(notice.ahead));
}

void Receive::handle(const engine::Establishing& notice) {
  context_.reporter.phase(phase_sentence(notice));
}

/// It called itself otherwise when it asked.
void Receive::handle(const engine::NameTaken& notice) {
  const auto answer = [this, connection = notice.connection](bool accepted) {
    asked_names_.erase(connection);
    if (!finished_) context_.command(engine::AnswerName{connection, accepted});
  };
  const report::Peer peer{notice.name, notice.key};
  const auto ticket = ask_for_another(context_, peer, KeyIs::proven, notice.namesake, answer);
  asked_names_.insert_or_assign(notice.connection, ticket);
  context_.reporter.report(report::NameQuestion{peer, notice.namesake, ticket});
}

/// What it sends is shown when it has shown its key.
void Receive::handle(const engine::Unproven& notice) { presenter_.on(notice); }

void Receive::handle(const engine::Connected& notice) {
  if (const auto found = found_.find(notice.connection); found != found_.end()) {
    const auto code = found->second;
    found_.erase(found);
    if (choices_.once) {  // the engine lets no other in
      chosen(code);
      connection_of_the_one_ = notice.connection;
    }
  }
  presenter_.on(notice);
}

void Receive::handle(const engine::FileOffered& notice) {
  presenter_.on(notice);
  if (choices_.yes) return context_.command(engine::AnswerFile{notice.transfer, true});
  // Another announcement is another question.
  if (notice.batch) said_.erase(notice.connection);
  if (!is_answered(notice)) ask_about(notice);
}

bool Receive::is_answered(const engine::FileOffered& notice) {
  const auto found = said_.find(notice.connection);
  if (found == said_.end()) return false;
  auto& [accepted, left] = found->second;
  if (left.files == 0 || notice.size > left.bytes) return false;
  --left.files;
  left.bytes -= notice.size;
  context_.command(engine::AnswerFile{notice.transfer, accepted});
  return true;
}

void Receive::answer_file(const engine::FileOffered& notice, bool accepted) {
  asked_files_.erase(notice.transfer);
  if (finished_) return;
  // Of what was announced before, nothing is left that this answer was not about.
  said_.erase(notice.connection);
  if (const auto& batch = notice.batch; batch && batch->files > 0 && batch->bytes >= notice.size)
    said_.insert_or_assign(notice.connection,
                           Said{accepted, {batch->files - 1, batch->bytes - notice.size}});
  context_.command(engine::AnswerFile{notice.transfer, accepted});
}

void Receive::ask_about(const engine::FileOffered& notice) {
  const auto* from = presenter_.peer(notice.connection);
  const auto who = from ? context_.contacts.handle(*from) : "The peer";
  const auto file =
      listed(notice.name.expose()) + " (" + size_text(notice.size) + ")" + already_here(notice);
  const auto batch = notice.batch.value_or(engine::Batch{1, notice.size});
  const auto what = batch.files > 1
                        ? std::to_string(batch.files) + " files, " + size_text(batch.bytes) +
                              " in all, the first " + file + further_names(batch)
                        : file;
  const auto ticket =
      context_.console.confirm(who + " wants to send " + what + ". Accept? [y/N] ",
                               [this, notice](bool accepted) { answer_file(notice, accepted); });
  asked_files_.insert_or_assign(notice.transfer, Asked{notice.connection, ticket});
  if (from)
    context_.reporter.report(report::FileQuestion{
        {*from, notice.name, notice.size, std::nullopt, false}, batch.files, batch.bytes, ticket});
}

void Receive::handle(const engine::LetterReceived& notice) {
  presenter_.on(notice, context_.wall());
  context_.when_taken([this, held = notice.held] { context_.command(engine::Displayed{held}); });
}

void Receive::withdraw_file(TransferId transfer) {
  const auto asked = asked_files_.find(transfer);
  if (asked == asked_files_.end()) return;
  context_.console.withdraw(asked->second.ticket);
  asked_files_.erase(asked);
}

void Receive::handle(const engine::FileReceived& notice) {
  presenter_.on(notice);
  conclude_left();
}

void Receive::handle(const engine::FileFailed& notice) {
  withdraw_file(notice.transfer);
  const auto kept = presenter_.kept_of(notice);
  presenter_.on(notice);
  if (kept) say_what_is_kept(*kept);
  conclude_left();
}

void Receive::handle(const engine::Closed& notice) {
  const auto other = presenter_.at(notice.connection);
  const auto gone = (other ? context_.contacts.handle(*other) : "The other side") +
                    " is gone: nothing of it is asked about any more.";
  if (const auto asked = asked_names_.extract(notice.connection)) withdraw(asked.mapped(), gone);
  if (notice.fault == Fault::pair_refused && the_one_ && !notice.was_connected) {
    found_.erase(notice.connection);
    return context_.reporter.remark((other ? context_.contacts.in_full(*other) : "Somebody") +
                                    " is refused: with --once nobody else is let in.");
  }
  if (found_.erase(notice.connection) > 0) {
    if (notice.about && turned_away_.insert(notice.about->key).second)
      presenter_.fail_about(*notice.fault, notice.about, {});
    else if (is_ours(notice.fault))
      tell_of_us(*notice.fault, presenter_.whom(notice));
    return;
  }
  std::erase_if(asked_files_, [&](const auto& asked) {
    if (asked.second.connection != notice.connection) return false;
    withdraw(asked.second.ticket, gone);
    return true;
  });
  said_.erase(notice.connection);
  if (!presenter_.has_transfers(notice.connection)) return conclude(notice);
  left_.insert_or_assign(notice.connection, notice);
}

void Receive::tell_of_us(Fault fault, std::optional<report::Peer> whom) {
  const auto key = whom ? std::optional(whom->key) : std::nullopt;
  if (told_of_us_.emplace(key, fault).second) presenter_.fail(fault, std::move(whom));
}

/// A peer that waits for no answer may leave before the disk has its last file.
void Receive::conclude_left() {
  std::vector<engine::Closed> settled;
  std::erase_if(left_, [&](const auto& left) {
    if (presenter_.has_transfers(left.first)) return false;
    settled.push_back(left.second);
    return true;
  });
  for (const auto& notice : settled) conclude(notice);
}

void Receive::conclude(const engine::Closed& notice) {
  presenter_.on(notice, false);
  if (notice.connection == connection_of_the_one_) return finish(presenter_.exit_code());
  if (server_gone_ && !presenter_.has_peers()) finish(host::fault_text(*server_gone_).exit_code);
}

}  // namespace culver::cli
