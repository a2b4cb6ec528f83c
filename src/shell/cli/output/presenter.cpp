// The bookkeeping behind the reports.
#include "shell/cli/output/presenter.hpp"

#include <algorithm>

#include "core/base/ids.hpp"
#include "shell/cli/output/printable.hpp"
#include "shell/cli/output/report_text.hpp"
#include "shell/host/clock.hpp"

namespace culver::cli {
namespace {

constexpr auto progress_interval = std::chrono::milliseconds(100);
constexpr WallTime of_now = 60'000;

}  // namespace

report::Tried tried_of(const engine::Tried& tried) {
  return {tried.ours.direct, tried.ours.relayed, tried.theirs.direct, tried.theirs.relayed};
}

const report::Peer* Presenter::peer(ConnectionId connection) const {
  const auto found = peers_.find(connection);
  return found == peers_.end() ? nullptr : &found->second;
}

std::optional<report::Peer> Presenter::at(ConnectionId connection) const {
  for (const auto* peers : {&peers_, &expected_})
    if (const auto found = peers->find(connection); found != peers->end()) return found->second;
  return std::nullopt;
}

bool Presenter::has_transfers(ConnectionId connection) const {
  return std::any_of(transfers_.begin(), transfers_.end(),
                     [&](const auto& entry) { return entry.second.connection == connection; });
}

std::vector<Presenter::Coming> Presenter::coming() const {
  std::vector<Coming> files;
  for (const auto& [id, moving] : transfers_)
    if (moving.started && !moving.file.outgoing)
      files.push_back({id, moving.file, moving.bytes == moving.file.size});
  return files;
}

void Presenter::note(const engine::FileProgress& notice) {
  if (auto* moving = transfer(notice.transfer)) moving->bytes = notice.bytes;
}

Presenter::Transfer* Presenter::transfer(TransferId id) {
  const auto found = transfers_.find(id);
  return found == transfers_.end() ? nullptr : &found->second;
}

std::optional<Plaintext> Presenter::kept_of(const engine::FileFailed& notice) const {
  const auto found = transfers_.find(notice.transfer);
  const bool is_of_connection =
      notice.fault == Fault::peer_gone || notice.fault == Fault::peer_not_known;
  if (!is_of_connection || found == transfers_.end()) return std::nullopt;
  const auto& moving = found->second;
  const bool is_resumable = moving.is_resumable || contacts_.is_culver(moving.file.peer.key);
  if (!moving.started || moving.file.outgoing || !is_resumable) return std::nullopt;
  return moving.file.name;
}

void Presenter::fail(report::Failed failed) {
  if (!first_failure_) first_failure_ = failed.fault.fault;
  reporter_.report(failed);
}

void Presenter::fail_about(Fault fault, const std::optional<engine::Whom>& about,
                           std::optional<report::Peer> otherwise) {
  report::Failed failed{fault, {}, about ? whom(about) : std::move(otherwise)};
  if (about && about->calls_itself)
    failed.sentence = "It calls itself " + Contacts::shown(about->calls_itself) +
                      " now, like another peer that you know, and was not let in. "
                      "Ask it for another name. Or give it a name of your own: culver rename " +
                      word_of(*failed.peer, contacts_) + " OTHER.";
  fail(std::move(failed));
}

void Presenter::fail_claim(Fault fault, const std::optional<engine::Whom>& about,
                           std::optional<report::Peer> otherwise) {
  if (!about || !about->calls_itself) return fail_about(fault, about, std::move(otherwise));
  report::Failed failed{fault, {}};
  failed.sentence = "Somebody who names the key of " + contacts_.in_full(*whom(about)) +
                    ", and has not shown it, calls itself " + Contacts::shown(about->calls_itself) +
                    ", like another peer that you know, and was not let in.";
  fail(std::move(failed));
}

void Presenter::note_source(TransferId id, const std::filesystem::path& path) {
  sources_.insert_or_assign(id, Plaintext(path.string()));
}

void Presenter::expect(ConnectionId connection, const report::Peer& peer) {
  expected_.insert_or_assign(connection, peer);
}

void Presenter::on(const engine::Unproven& notice) {
  const report::Peer peer{notice.name, notice.key};
  if (!peers_.insert_or_assign(notice.connection, peer).second) return;
  reporter_.report(report::Unproven{peer, notice.path == connection::PathKind::relayed});
}

void Presenter::on(const engine::ClaimFailed& notice) {
  reporter_.report(report::Failed{notice.fault, {}, contacts_.known(notice.name, notice.key)});
}

void Presenter::on(const engine::Connected& notice) {
  const report::Peer peer{notice.name, notice.key, notice.is_verified};
  peers_.insert_or_assign(notice.connection, peer);
  const auto setup = std::chrono::duration_cast<std::chrono::milliseconds>(notice.setup);
  reporter_.report(report::Connected{peer, notice.path == connection::PathKind::relayed,
                                     static_cast<std::uint64_t>(setup.count()), notice.instead_of,
                                     notice.is_culver, notice.called_before});
}

void Presenter::on(const engine::TextReceived& notice) {
  if (const auto* from = peer(notice.connection))
    reporter_.report(report::Text{*from, notice.text});
}

void Presenter::on(const engine::LetterReceived& notice, WallTime now) {
  report::OfLetter letter{
      print_hex(notice.letter.series.view()) + "-" + std::to_string(notice.letter.number),
      notice.written, std::abs(notice.written - now) < of_now};
  reporter_.report(
      report::Text{contacts_.known(notice.name, notice.key), notice.text, std::move(letter)});
}

void Presenter::on(const engine::TextDelivered& notice) {
  if (const auto* to = peer(notice.connection))
    reporter_.report(report::TextSent{*to, notice.confirmed});
}

void Presenter::on(const engine::LetterDelivered& notice) {
  auto to = contacts_.known(std::nullopt, notice.key);
  for (const auto& [connection, connected] : peers_)
    if (connected.key == notice.key) to = connected;
  reporter_.report(report::LetterDelivered{to, static_cast<std::uint64_t>(notice.letter.value),
                                           notice.confirmed});
}

void Presenter::on(const engine::LettersStuck& notice) {
  fail(notice.fault,
       notice.key ? std::optional(contacts_.known(std::nullopt, *notice.key)) : std::nullopt);
}

void Presenter::on(const engine::FileOffered& notice) {
  if (const auto* from = peer(notice.connection))
    transfers_.insert_or_assign(
        notice.transfer,
        Transfer{notice.connection, {*from, notice.name, notice.size, std::nullopt, false}, {}});
}

void Presenter::refuse(const engine::FileOffered& notice) {
  if (const auto* from = peer(notice.connection))
    reporter_.report(report::FileRefused{{*from, notice.name, notice.size, std::nullopt, false}});
}

template <class Notice>
std::optional<report::File> Presenter::file_of(const Notice& notice) const {
  const auto* other = peer(notice.connection);
  if (!other) return std::nullopt;
  std::optional<Plaintext> path;
  if (const auto source = sources_.find(notice.transfer); source != sources_.end())
    path = source->second;
  return report::File{*other, notice.name, notice.size, std::move(path), notice.outgoing};
}

void Presenter::on(const engine::FileChecking& notice) {
  if (const auto file = file_of(notice))
    reporter_.report(report::FileChecking{*file, notice.have, notice.bytes});
}

void Presenter::on(const engine::FileStarted& notice) {
  const auto file = file_of(notice);
  if (!file) return;
  transfers_.insert_or_assign(
      notice.transfer,
      Transfer{notice.connection, *file, {}, true, 0, contacts_.is_culver(file->peer.key)});
  reporter_.report(report::FileStarted{*file, notice.from});
}

void Presenter::on(const engine::FileProgress& notice, TimePoint now) {
  auto* moving = transfer(notice.transfer);
  if (!moving) return;
  moving->bytes = notice.bytes;
  const bool complete = notice.bytes == moving->file.size;
  if (!complete && moving->reported && now - *moving->reported < progress_interval) return;
  moving->reported = now;
  reporter_.report(report::FileProgress{moving->file, notice.bytes});
}

void Presenter::on(const engine::FileReceived& notice) {
  auto* ended = transfer(notice.transfer);
  if (!ended) return;
  ended->file.path = notice.path;
  reporter_.report(report::FileReceived{ended->file, notice.sha256});
  transfers_.erase(notice.transfer);
}

void Presenter::on(const engine::FileSent& notice) {
  if (const auto* ended = transfer(notice.transfer))
    reporter_.report(report::FileSent{ended->file, notice.sha256, notice.confirmed});
  transfers_.erase(notice.transfer);
  sources_.erase(notice.transfer);
}

void Presenter::on(const engine::FileFailed& notice) {
  const auto* ended = transfer(notice.transfer);
  const auto source = sources_.find(notice.transfer);
  std::optional<Plaintext> about;
  if (ended)
    about = ended->file.name;
  else if (source != sources_.end())
    about = source->second;
  else if (notice.of)
    about = notice.of->name;
  report::Failed failed{notice.fault, std::move(about)};
  if (ended)
    failed.peer = ended->file.peer;
  else if (notice.of)
    failed.peer = at(notice.of->connection);
  failed.room = notice.room;
  // It was known when it sent the file.
  if (notice.fault == Fault::peer_not_known)
    failed.sentence = "The peer was forgotten here (culver forget), so its connection was ended.";
  fail(std::move(failed));
  transfers_.erase(notice.transfer);
  sources_.erase(notice.transfer);
}

std::optional<report::Peer> Presenter::whom(const std::optional<engine::Whom>& about) const {
  if (!about) return std::nullopt;
  return contacts_.known(about->name, about->key);
}

std::optional<report::Peer> Presenter::whom(const engine::Closed& notice) const {
  if (auto refused = whom(notice.about)) return refused;
  return at(notice.connection);
}

void Presenter::on(const engine::Closed& notice, bool expected) {
  if (notice.fault && !expected) {
    report::Failed failed{*notice.fault, {}, whom(notice)};
    if (notice.tried) failed.tried = tried_of(*notice.tried);
    fail(std::move(failed));
  }
  expected_.erase(notice.connection);
  if (const auto* gone = peer(notice.connection)) reporter_.report(report::Closed{*gone});
  peers_.erase(notice.connection);
  std::erase_if(transfers_,
                [&](const auto& entry) { return entry.second.connection == notice.connection; });
}

}  // namespace culver::cli
