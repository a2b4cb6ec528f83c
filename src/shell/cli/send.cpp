// The sending side's steps.
#include "shell/cli/send.hpp"

#include <algorithm>
#include <utility>

#include "core/base/fsm.hpp"
#include "shell/cli/printable.hpp"
#include "shell/cli/report_text.hpp"

namespace culver::cli {

using fsm::overload;

namespace {

/// There is one, and it stays itself over all links.
constexpr TextId the_text{1};

/// The connection broke, or the other program ended: what was under way can go on over another.
bool is_of_link(Fault fault) {
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

/// Of the file that is sent now and of the next ones: whoever is asked sees what it is about.
std::vector<Plaintext> first_names(const Plaintext& first,
                                   const std::deque<std::filesystem::path>& next) {
  constexpr std::size_t told = 5;
  std::vector<Plaintext> names{first};
  for (std::size_t i = 0; i < next.size() && names.size() < told; ++i)
    names.emplace_back(next[i].filename().string());
  return names;
}

}  // namespace

void Send::start() {
  if (code_ || known_) return dial();
  ask_code(max_tries);
}

void Send::ask_code(int tries_left) {
  stage_.console.ask("Pairing code: ", [this, tries_left](std::optional<std::string> line) {
    if (phase_ != Phase::asking) return;
    if (!line) return end_with(Fault::no_code_given);
    const auto code = PairingCode::parse_typed(*line);
    if (!code && tries_left <= 1) return end_with(code.error());
    if (!code) {
      stage_.reporter.remark(info(code.error()).sentence);
      return ask_code(tries_left - 1);
    }
    code_ = *code;
    dial();
  });
}

void Send::dial() {
  phase_ = Phase::dialing;
  stage_.command(engine::GoOnline{});
}

void Send::on(const engine::Notice& notice) {
  if (phase_ == Phase::over) return;
  std::visit(overload{[this](const engine::TextReceived& n) { ledger_.on(n); },
                      [this](const engine::FileChecking& n) { ledger_.on(n); },
                      [this](const engine::FileStarted& n) {
                        if (file_under_way_ && file_under_way_->id == n.transfer)
                          file_under_way_->started = true;
                        ledger_.on(n);
                      },
                      [this](const engine::FileProgress& n) { ledger_.on(n, stage_.now()); },
                      [this](const engine::FileReceived& n) { ledger_.on(n); },
                      [this](const engine::LetterReceived& n) {
                        ledger_.on(n, stage_.wall());
                        stage_.command(engine::Shown{n.held});
                      },
                      [](const engine::GoodbyeReceived&) {},  // ours follows when we are done
                      [](const engine::Posted&) {}, [](const engine::PostFailed&) {},
                      [](const engine::PairWithdrawn&) {}, [](const engine::Acquainted&) {},
                      [this](const auto& n) { handle(n); }},
             notice);
}

void Send::handle(const engine::Online&) {
  if (phase_ != Phase::dialing) return;
  phase_ = Phase::pairing;
  if (known_) return look_for_known();
  stage_.reporter.remark("Waiting for the other side to accept, " + std::to_string(wait_.count()) +
                         " s at most...");
  stage_.command(engine::Pair{*code_});
  await_answer();
}

/// Not every server tells when the other side has left.
void Send::await_answer() {
  const auto rest = std::max(wait_ - quiet_patience, std::chrono::seconds(0));
  const auto end = [this] {
    if (phase_ == Phase::pairing) end_with(Fault::pair_expired);
  };
  if (rest.count() == 0) return stage_.after(wait_, end);
  stage_.after(quiet_patience, [this, rest, end] {
    if (phase_ != Phase::pairing) return;
    stage_.reporter.remark(
        "No answer yet: the other side has to accept, and may be gone. Waiting for " +
        std::to_string(rest.count()) + " s more.");
    stage_.after(rest, end);
  });
}

void Send::handle(const engine::ClockWrong& notice) {
  stage_.reporter.remark(clock_sentence(notice.ahead));
}

void Send::handle(const engine::Establishing& notice) {
  if (notice.link == link_) stage_.reporter.phase(phase_sentence(notice));
}

void Send::handle(const engine::Paced& notice) {
  if (phase_ == Phase::pairing) stage_.reporter.remark(pace_sentence(notice.wait));
}

void Send::look_for_known() {
  const auto& [peer, wait] = *known_;
  stage_.reporter.report(
      wire::report::Waiting{{peer.name, peer.key}, static_cast<std::uint64_t>(wait.count())});
  stage_.command(engine::Meet{peer.key});
  stage_.after(wait, [this] { give_up_waiting(); });
}

/// A connection that is being established is let come to its end, but not for long: the other side
/// may be gone.
void Send::give_up_waiting() {
  wait_is_over_ = true;
  if (phase_ == Phase::pairing) return end_with(Fault::peer_away);
  if (files_wait_) return end_with(Fault::peer_unproven);
  if (phase_ != Phase::connecting) return;
  stage_.after(connecting_patience, [this] {
    if (phase_ == Phase::connecting || phase_ == Phase::pairing) end_with(Fault::peer_away);
  });
}

void Send::handle(const engine::WasHere& notice) {
  if (phase_ != Phase::pairing) return;
  const auto ago = std::chrono::milliseconds(std::max<WallTime>(stage_.wall() - notice.at, 0));
  stage_.reporter.remark(printable(known_->peer.name.expose()) + " is not online now, and was " +
                         duration_text(std::chrono::duration_cast<std::chrono::seconds>(ago)) +
                         " ago.");
}

/// Without a match there is nothing to wait for; afterwards the link stands on its own. A known
/// peer may still come when the server is there again.
void Send::handle(const engine::Offline& notice) {
  if (known_ && phase_ == Phase::pairing && notice.retrying)
    return stage_.reporter.remark("The server is gone; trying to reach it again.");
  if (phase_ == Phase::dialing && notice.retrying && passes_with_time(notice.fault)) {
    stage_.reporter.remark(passing_sentence(notice.fault));
    return stage_.after(wait_, [this, fault = notice.fault] {
      if (phase_ == Phase::dialing) end_with(fault);
    });
  }
  if (phase_ == Phase::dialing || phase_ == Phase::pairing) end_with(notice.fault);
}

/// Nobody has a reason to ask a sender, except the very peer that it asks itself.
void Send::handle(const engine::PairRequested& notice) {
  const auto answer = [this, from = notice.from](bool accepted) {
    if (phase_ != Phase::over) stage_.command(engine::AnswerPair{from, accepted});
  };
  if (notice.from != code_ || !notice.namesake) return answer(notice.from == code_);
  const wire::report::Peer peer{notice.proposed_name, notice.key};
  const auto ticket = ask_for_another(stage_.console, printable(wire::report::display_name(peer)),
                                      notice.key, *notice.namesake, answer);
  stage_.reporter.report(wire::report::NameQuestion{peer, *notice.namesake, ticket});
}

void Send::handle(const engine::PairFailed& notice) {
  if (notice.peer != code_) return;
  ledger_.fail(notice.fault, notice.about);
  finish(ledger_.exit_code());
}

bool Send::is_ours(const engine::Connecting& notice) const {
  if (phase_ != Phase::pairing && phase_ != Phase::connecting) return false;
  return known_ ? notice.met == known_->peer.key : notice.peer == code_;
}

void Send::handle(const engine::Connecting& notice) {
  if (!is_ours(notice)) return;
  link_ = notice.link;
  phase_ = Phase::connecting;
  stage_.reporter.remark("Connecting...");
}

void Send::handle(const engine::NameTaken& notice) {
  const auto answer = [this, link = notice.link](bool accepted) {
    if (phase_ != Phase::over) stage_.command(engine::AnswerName{link, accepted});
  };
  if (notice.link != link_) return answer(false);
  const auto ticket = ask_for_another(stage_.console, printable(notice.name.expose()), notice.key,
                                      notice.namesake, answer);
  stage_.reporter.report(
      wire::report::NameQuestion{{notice.name, notice.key}, notice.namesake, ticket});
}

/// What is sent now is sealed for the key that it claims; whether it has it may never show.
void Send::handle(const engine::Unproven& notice) {
  if (notice.link != link_) return;
  ledger_.on(notice);
  if (phase_ == Phase::sending) return;  // told again, with its name
  files_wait_ = notice.is_met && !parcel_.files.empty();
  phase_ = Phase::sending;
  begun_ = batch_is_told_ = is_proven_ = false;
  begin();
  if (files_wait_)
    stage_.reporter.remark("The files wait until it has shown its key: for its first text.");
}

void Send::handle(const engine::Connected& notice) {
  // The link that takes the place of another is told after the end of that one.
  const bool may_be_back = phase_ == Phase::sending || phase_ == Phase::pairing;
  const bool is_back =
      known_ && notice.key == known_->peer.key && may_be_back && notice.link != link_;
  if (notice.link != link_ && !is_back) return;
  ledger_.on(notice);
  is_proven_ = true;
  if (phase_ == Phase::sending && !is_back) {  // it was claimed until now
    if (std::exchange(files_wait_, false) && !file_under_way_) send_next_file();
    return;
  }
  if (is_back) keep_file();
  link_ = notice.link;
  begun_ = batch_is_told_ = files_wait_ = false;
  phase_ = Phase::sending;
  wait_for_kept();
}

/// Whoever has written later is read later. That nothing is kept is told as well.
void Send::wait_for_kept() {
  stage_.after(patience_with_kept, [this, link = link_] {
    if (phase_ == Phase::sending && link_ == link) begin();
  });
}

void Send::handle(const engine::LetterDelivered& notice) {
  ledger_.on(notice);
  if (phase_ == Phase::sending && !begun_) wait_for_kept();
}

void Send::handle(const engine::NothingWaits& notice) {
  if (notice.link == link_ && phase_ == Phase::sending) begin();
}

void Send::handle(const engine::LettersStuck& notice) {
  ledger_.on(notice);
  if (phase_ == Phase::sending) begin();
}

void Send::begin() {
  if (std::exchange(begun_, true)) return;
  if (parcel_.text) {
    text_under_way_ = true;
    stage_.command(engine::SendText{*link_, the_text, *parcel_.text});
    if (is_proven_) await_confirmation();
  }
  send_next_file();
}

/// Whoever has shown its key and never says that it has the text may be broken, or mean us ill.
void Send::await_confirmation() {
  stage_.after(patience_with_text, [this, link = link_] {
    if (link_ == link && text_under_way_)
      handle(engine::TextFailed{*link, the_text, Fault::not_confirmed});
  });
}

void Send::send_next_file() {
  if (files_wait_) return;
  while (!parcel_.files.empty()) {
    const auto files = static_cast<std::uint32_t>(parcel_.files.size());
    const auto path = std::move(parcel_.files.front());
    parcel_.files.pop_front();
    const auto file = stage_.open_file(path);
    if (!file) {
      ledger_.fail(file.error(), Plaintext(path.string()));
      continue;
    }
    file_under_way_ = UnderWay{file->id, path, file->size};
    ledger_.note_source(file->id, path);
    engine::SendFile command{*link_, file->id, file->name, file->size, file->attributes};
    if (!std::exchange(batch_is_told_, true) && files > 1)
      command.batch = engine::Batch{files, parcel_.bytes, first_names(file->name, parcel_.files)};
    stage_.command(std::move(command));
    return stage_.after(patience_with_answer, [this, id = file->id] {
      if (file_under_way_ && file_under_way_->id == id && !file_under_way_->started)
        stage_.reporter.remark("Waiting for the other side to accept...");
    });
  }
  close_if_complete();
}

void Send::handle(const engine::TextDelivered& notice) {
  if (notice.link != link_ || phase_ != Phase::sending || !text_under_way_) return;
  ledger_.on(notice);
  if (!is_proven_)
    stage_.reporter.remark("Text sent, not confirmed: the other side has not shown its key.");
  text_under_way_ = false;
  parcel_.text.reset();
  close_if_complete();
}

void Send::handle(const engine::TextFailed& notice) {
  if (notice.link != link_ || phase_ != Phase::sending) return;
  ledger_.fail(notice.fault);
  text_under_way_ = false;
  parcel_.text.reset();
  close_if_complete();
}

/// A sender takes nothing, and says so to both.
void Send::handle(const engine::FileOffered& notice) {
  ledger_.refuse(notice);
  if (!parcel_.files.empty() || file_under_way_)
    stage_.reporter.remark(
        "The other side is sending too, and two who send refuse each other's files. Let one of you "
        "run: culver receive");
  stage_.command(engine::AnswerFile{notice.transfer, false});
}

void Send::handle(const engine::FileSent& notice) {
  ledger_.on(notice);
  if (!notice.confirmed && parcel_.require_confirmation) ledger_.fail(Fault::not_confirmed);
  file_is_over(notice.transfer);
}

void Send::handle(const engine::FileFailed& notice) {
  if (!file_under_way_ || notice.transfer != file_under_way_->id) return;  // one that we refused
  if (known_ && is_of_link(notice.fault)) return keep_file();  // more of it is heard at once
  ledger_.on(notice);
  file_is_over(notice.transfer);
}

void Send::file_is_over(TransferId transfer) {
  if (!file_under_way_ || transfer != file_under_way_->id) return;
  parcel_.bytes -= std::min(parcel_.bytes, file_under_way_->size);
  file_under_way_.reset();
  send_next_file();
}

void Send::keep_file() {
  if (!file_under_way_) return;
  parcel_.files.push_front(std::move(file_under_way_->path));
  file_under_way_.reset();
}

void Send::close_if_complete() {
  const bool is_busy = text_under_way_ || file_under_way_ || files_wait_;
  if (phase_ != Phase::sending || !begun_ || is_busy) return;
  phase_ = Phase::closing;
  if (known_) stage_.command(engine::Unmeet{known_->peer.key});
  stage_.command(engine::CloseLink{*link_});
}

void Send::handle(const engine::Closed& notice) {
  if (notice.link != link_) return;
  if (known_ && phase_ == Phase::connecting) {  // it is still looked for
    link_.reset();
    phase_ = Phase::pairing;
    return wait_is_over_ ? end_with(Fault::peer_away) : void();
  }
  if (known_ && phase_ == Phase::sending && is_of_link(notice.fault.value_or(Fault::peer_gone)))
    return look_again(notice);
  const bool expected = phase_ == Phase::closing;  // how the other side leaves then is its affair
  ledger_.on(notice, expected);
  if (!expected && !notice.fault) ledger_.fail(Fault::peer_gone);
  finish(ledger_.exit_code());
}

/// Whoever comes back within the time that is given for it gets the rest.
void Send::look_again(const engine::Closed& notice) {
  keep_file();
  text_under_way_ = false;
  ledger_.on(notice, true);
  const auto& [peer, wait] = *known_;
  stage_.reporter.remark("The connection with " + printable(peer.name.expose()) + " is lost: " +
                         std::string(info(notice.fault.value_or(Fault::peer_gone)).sentence));
  link_.reset();
  phase_ = Phase::pairing;
  wait_is_over_ = is_proven_ = files_wait_ = false;
  look_for_known();
}

void Send::stop(Fault signal) {
  if (phase_ == Phase::over) return;
  stage_.console.close();  // what is said next begins on a line of its own
  if (!is_of_output(signal)) ledger_.fail(signal);
  finish(info(signal).exit_code);
}

void Send::end_with(Failure failure) {
  ledger_.fail(std::move(failure));
  finish(ledger_.exit_code());
}

void Send::finish(int exit_code) {
  phase_ = Phase::over;
  stage_.console.close();
  stage_.done(exit_code);
}

}  // namespace culver::cli
