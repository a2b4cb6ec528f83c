// What send has to say once there is a connection: the text, and one file after the other.
#include <algorithm>
#include <utility>

#include "shell/cli/output/printable.hpp"
#include "shell/cli/verbs/send.hpp"

namespace culver::cli {

namespace {

/// There is one, and it stays itself over all connections.
constexpr TextId the_text{1};

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

void Send::begin() {
  auto& sending = std::get<Sending>(phase_);
  if (request_.text) {
    sending.awaits_text = true;
    context_.command(engine::SendText{sending.connection, the_text, *request_.text});
  }
  send_next_file(Place::first);
}

/// Nothing else is waited for. Whoever has shown its key and never says that it has the text may be
/// broken, or mean us ill.
void Send::await_confirmation() {
  context_.after(quiet_patience_with_text, [this,
                                            connection = std::get<Sending>(phase_).connection] {
    if (!awaits_text_on(connection)) return;
    const auto* to = presenter_.peer(connection);
    context_.reporter.remark("Waiting for confirmation: " +
                             (to ? context_.contacts.handle(*to) : std::string("the other side")) +
                             " has not said yet that it has the text.");
    context_.after(patience_with_text - quiet_patience_with_text, [this, connection] {
      if (awaits_text_on(connection))
        handle(engine::TextFailed{connection, the_text, Fault::not_confirmed});
    });
  });
}

bool Send::awaits_text_on(ConnectionId connection) const {
  const auto* sending = std::get_if<Sending>(&phase_);
  return sending && sending->connection == connection && sending->awaits_text;
}

bool Send::files_wait(const Sending& sending) const {
  return sending.standing == Standing::claimed_and_sought && !request_.files.empty();
}

void Send::send_next_file(Place place) {
  auto* sending = std::get_if<Sending>(&phase_);
  if (!sending || files_wait(*sending)) return;
  while (!request_.files.empty()) {
    const auto files = static_cast<std::uint32_t>(request_.files.size());
    const auto path = std::move(request_.files.front());
    request_.files.pop_front();
    const auto file = context_.open_file(path);
    if (!file) {
      presenter_.fail(file.error(), Plaintext(path.string()));
      continue;
    }
    sending->file = UnderWay{file->id, path, file->size};
    presenter_.note_source(file->id, path);
    engine::SendFile command{sending->connection, file->id, file->name, file->size,
                             file->attributes};
    if (place == Place::first && files > 1)
      command.batch = engine::Batch{files, request_.bytes, first_names(file->name, request_.files)};
    context_.command(std::move(command));
    return await_acceptance(file->id);
  }
  close_if_complete();
}

bool Send::awaits_acceptance(TransferId file) const {
  const auto* sending = std::get_if<Sending>(&phase_);
  return sending && sending->file && sending->file->id == file &&
         sending->file->answer == Answer::none;
}

/// A person may be asked there, and may have left.
void Send::await_acceptance(TransferId file) {
  context_.after(patience_with_answer, [this, file] {
    if (!awaits_acceptance(file)) return;
    context_.reporter.remark("Waiting for the other side to accept...");
    context_.after(std::max<Duration>(answer_wait_ - patience_with_answer, Duration::zero()),
                   [this, file] {
                     if (awaits_acceptance(file)) file_is_unanswered();
                   });
  });
}

/// Nobody will answer for the other files either. The connection is closed and the file not
/// cancelled: what there is of an earlier try is kept there.
void Send::file_is_unanswered() {
  const auto& sending = std::get<Sending>(phase_);
  const auto connection = sending.connection;
  presenter_.fail(report::Failed{Fault::file_unanswered, Plaintext(sending.file->path.string()),
                                 presenter_.at(connection)});
  close(connection);
}

void Send::handle(const engine::TextDelivered& notice) {
  auto* sending = std::get_if<Sending>(&phase_);
  if (!sending || !is_current(notice.connection) || !sending->awaits_text) return;
  presenter_.on(notice);
  if (sending->standing != Standing::proven)
    context_.reporter.remark("Text sent, not confirmed: the other side has not shown its key.");
  sending->awaits_text = false;
  request_.text.reset();
  close_if_complete();
}

void Send::handle(const engine::TextFailed& notice) {
  auto* sending = std::get_if<Sending>(&phase_);
  if (!sending || !is_current(notice.connection)) return;
  presenter_.fail(notice.fault, presenter_.at(notice.connection));
  sending->awaits_text = false;
  request_.text.reset();
  close_if_complete();
}

/// A sender takes nothing, and says so to both.
void Send::handle(const engine::FileOffered& notice) {
  presenter_.refuse(notice);
  const auto* sending = std::get_if<Sending>(&phase_);
  if (!request_.files.empty() || (sending && sending->file))
    context_.reporter.remark(
        "The other side is sending too, and two who send refuse each other's files. Let one of you "
        "run: culver receive");
  context_.command(engine::AnswerFile{notice.transfer, false});
}

void Send::handle(const engine::FileSent& notice) {
  presenter_.on(notice);
  const auto* sending = std::get_if<Sending>(&phase_);
  if (!notice.confirmed && request_.require_confirmation)
    presenter_.fail(Fault::not_confirmed,
                    sending ? presenter_.at(sending->connection) : std::nullopt);
  file_is_over(notice.transfer);
}

void Send::handle(const engine::FileFailed& notice) {
  const auto* sending = std::get_if<Sending>(&phase_);
  if (!sending || !sending->file || notice.transfer != sending->file->id) return;  // refused by us
  // The other side has not thrown it away: another process of ours has taken the connection.
  if (is_of_link(notice.fault) || notice.fault == Fault::peer_replaced) say_what_is_kept(*sending);
  if (known_ && is_of_link(notice.fault)) return keep_file();  // more of it is heard at once
  presenter_.on(notice);
  if (notice.fault == Fault::peer_cancelled) return leave_the_rest();
  file_is_over(notice.transfer);
}

/// The person there has thrown it away and ends: the other files are not taken either.
void Send::leave_the_rest() {
  const auto connection = std::get<Sending>(phase_).connection;
  if (!request_.files.empty())
    context_.reporter.remark("Nothing more is sent: the other side has ended it.");
  close(connection);
}

/// Whoever throws it away says so, and then the connection is not what failed.
void Send::say_what_is_kept(const Sending& sending) {
  const auto* peer = presenter_.peer(sending.connection);
  if (sending.file->answer == Answer::started && peer && context_.contacts.is_culver(peer->key))
    context_.reporter.remark("What has arrived of " +
                             printable(sending.file->path.filename().string()) +
                             " is kept there: sent again, it goes on from there.");
}

void Send::file_is_over(TransferId transfer) {
  auto* sending = std::get_if<Sending>(&phase_);
  if (!sending || !sending->file || transfer != sending->file->id) return;
  request_.bytes -= std::min(request_.bytes, sending->file->size);
  sending->file.reset();
  send_next_file(Place::later);
}

void Send::keep_file() {
  auto* sending = std::get_if<Sending>(&phase_);
  if (!sending || !sending->file) return;
  request_.files.push_front(std::move(sending->file->path));
  sending->file.reset();
}

void Send::close_if_complete() {
  const auto* sending = std::get_if<Sending>(&phase_);
  if (!sending || sending->file || files_wait(*sending)) return;
  if (sending->awaits_text)
    return sending->standing == Standing::proven ? await_confirmation() : void();
  const auto connection = sending->connection;
  close(connection);
}

void Send::close(ConnectionId connection) {
  phase_ = Closing{connection};
  if (known_) context_.command(engine::StopLooking{known_->peer.key});
  context_.command(engine::CloseConnection{connection});
}

}  // namespace culver::cli
