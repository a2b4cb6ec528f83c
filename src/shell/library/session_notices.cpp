// What the engine tells, in the words of the interface.
#include <algorithm>
#include <utility>

#include "core/base/fsm.hpp"
#include "core/base/ids.hpp"
#include "core/engine/transfers.hpp"
#include "shell/host/clock.hpp"
#include "shell/library/convert.hpp"
#include "shell/library/session.hpp"

namespace culver::library {

namespace {

constexpr auto progress_interval = std::chrono::milliseconds(250);

std::string id_of(TransferId id) { return std::to_string(id.value); }

}  // namespace

void Session::tell(v1::EventData data) { events_->push(std::move(data), host::wall_now()); }

void Session::on(const engine::Notice& notice) {
  std::visit(fsm::overload{[](const engine::WasHere&) {}, [](const engine::Paced&) {},
                           [](const engine::ClockWrong&) {}, [](const engine::Establishing&) {},
                           [](const engine::NothingWaits&) {}, [](const engine::TextDelivered&) {},
                           [](const engine::TextFailed&) {},  // of SendText, which is not used
                           [this](const auto& n) { handle(n); }},
             notice);
}

v1::Peer Session::peer(const PublicKey& key, const std::optional<Plaintext>& name) const {
  return peer_of(client_->book(), key, name);
}

v1::Peer Session::peer(ConnectionId connection) const {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return {};
  return at->second.connected ? at->second.connected->peer : peer(at->second.key);
}

// ---- the server ---------------------------------------------------------------------------------

void Session::handle(const engine::Online& notice) {
  code_ = notice.code.text();
  tell(v1::Online{code_, server_});
  answer_all<v1::Status>(going_online_, status());
}

void Session::handle(const engine::Offline& notice) {
  code_.clear();
  is_wanted_online_ = is_wanted_online_ && notice.retrying;
  const auto error = error_of(notice.fault);
  tell(v1::Offline{error, notice.retrying});
  answer_all<v1::Status>(going_online_, error);
}

// ---- pairing ------------------------------------------------------------------------------------

Session::Pairings::iterator Session::pairing_of(const PairingCode& code) {
  return std::ranges::find_if(pairings_, [&](const auto& entry) {
    return entry.second.code == code && !entry.second.outcome;
  });
}

/// Of ours it is kept until somebody asks how it ended.
void Session::conclude(Pairings::iterator at, v1::Result<v1::Peer> outcome) {
  if (!outcome) tell(v1::PairEnded{std::to_string(at->first), outcome.error()});
  auto& pairing = at->second;
  const bool is_awaited =
      std::ranges::any_of(pairing.askers, [](const auto& asker) { return !asker.expired(); });
  answer_all<v1::Peer>(pairing.askers, outcome);
  if (pairing.kind != Pairing::Kind::ours || is_awaited) return void(pairings_.erase(at));
  pairing.outcome = std::move(outcome);
  forget_outcomes();
}

void Session::forget_outcomes() {
  const auto has_outcome = [](const auto& entry) { return entry.second.outcome.has_value(); };
  if (static_cast<std::size_t>(std::ranges::count_if(pairings_, has_outcome)) > outcomes_at_most)
    pairings_.erase(std::ranges::find_if(pairings_, has_outcome));
}

/// Of the same code, and perhaps somebody else by now: what is answered is the new one.
void Session::handle(const engine::PairRequested& notice) {
  if (const auto before = pairing_of(notice.from); before != pairings_.end())
    conclude(before, error_of(Fault::pair_expired));
  Pairing pairing{Pairing::Kind::asked, notice.from, std::nullopt};
  ask(std::move(pairing), notice.proposed_name, notice.key, notice.namesake);
}

void Session::ask(Pairing pairing, const std::optional<Plaintext>& name, const PublicKey& key,
                  const std::optional<PublicKey>& namesake) {
  v1::PairRequested request{add(std::move(pairing)), name ? name->expose() : std::string(),
                            crypto::fingerprint_digits(key), std::nullopt};
  if (namesake) request.namesake = peer(*namesake);
  pairings_.rbegin()->second.request = request;  // the newest has the greatest number
  tell(std::move(request));
}

void Session::handle(const engine::PairWithdrawn& notice) {
  if (const auto at = pairing_of(notice.from); at != pairings_.end())
    conclude(at, error_of(Fault::pair_expired));
}

void Session::handle(const engine::PairFailed& notice) {
  const auto at = pairing_of(notice.peer);
  if (at == pairings_.end()) return;
  auto error = error_of(notice.fault);
  if (notice.about) error.about = peer(notice.about->key, notice.about->name).name;
  conclude(at, std::move(error));
}

void Session::handle(const engine::Connecting& notice) {
  was_anybody_here_ = true;
  connections_.insert_or_assign(notice.connection,
                                Connection{notice.peer, notice.sought.value_or(PublicKey{}), {}});
}

/// It called itself otherwise when it asked.
void Session::handle(const engine::NameTaken& notice) {
  Pairing pairing{Pairing::Kind::name_conflict, std::nullopt, notice.connection};
  ask(std::move(pairing), notice.name, notice.key, notice.namesake);
}

// ---- peers --------------------------------------------------------------------------------------

void Session::handle(const engine::PeerBookChanged& notice) {
  // Whoever is forgotten, and pairs again, is told as paired again.
  if (notice.is_welcome)
    known_.insert(notice.key);
  else
    known_.erase(notice.key);
  tell(v1::PeerChanged{crypto::fingerprint_digits(notice.key), notice.is_welcome});
}

/// It will not let us in for being asked again.
void Session::handle(const engine::RefusedByPeer& notice) {
  if (const auto waiting = connecting_.extract(notice.key))
    answer_all<v1::Connection>(waiting.mapped(),
                               error_of(Fault::pair_refused, peer(notice.key).name));
}

/// Whoever waits for the peer hears of it, and may go on waiting by asking again.
void Session::handle(const engine::ClaimFailed& notice) {
  if (const auto waiting = connecting_.extract(notice.key))
    answer_all<v1::Connection>(waiting.mapped(), error_of(notice.fault, peer(notice.key).name));
}

void Session::handle(const engine::Unproven& notice) {
  connections_[notice.connection].key = notice.key;
}

void Session::handle(const engine::Connected& notice) {
  auto& connection = connections_[notice.connection];
  connection.key = notice.key;
  const auto who = peer(notice.key, notice.name);
  connection.connected = v1::Connection{who, path_of(notice.path), milliseconds_of(notice.setup)};
  if (known_.insert(notice.key).second) tell(v1::PeerPaired{who});
  tell(v1::PeerConnected{who, connection.connected->path, connection.connected->setup_ms});
  if (connection.code)
    if (const auto at = pairing_of(*connection.code); at != pairings_.end()) conclude(at, who);
  if (const auto waiting = connecting_.extract(notice.key))
    answer_all<v1::Connection>(waiting.mapped(), *connection.connected);
}

void Session::handle(const engine::GoodbyeReceived& notice) {
  command(engine::CloseConnection{notice.connection});
}

void Session::handle(const engine::Closed& notice) {
  for (auto at = pairings_.begin(); at != pairings_.end();) {
    const auto here = at++;
    if (here->second.kind == Pairing::Kind::name_conflict &&
        here->second.connection == notice.connection)
      conclude(here, error_of(notice.fault.value_or(Fault::pair_expired)));
  }
  const auto connection = connections_.extract(notice.connection);
  if (!connection) return;
  std::optional<v1::Error> error;
  if (notice.fault) error = error_of(*notice.fault);
  if (error && notice.about) error->about = peer(notice.about->key, notice.about->name).name;
  if (const auto& connected = connection.mapped().connected)
    return tell(v1::PeerDisconnected{connected->peer, error});
  if (!connection.mapped().code) return;
  if (const auto at = pairing_of(*connection.mapped().code); at != pairings_.end())
    conclude(at, error.value_or(error_of(Fault::peer_gone)));
}

// ---- texts --------------------------------------------------------------------------------------

/// Of a client that numbers none: nothing of it is on the disk.
void Session::handle(const engine::TextReceived& notice) {
  tell(v1::TextReceived{peer(notice.connection), {}, notice.text.expose(), 0});
}

void Session::handle(const engine::TextQueued& notice) {
  if (const auto asker = std::exchange(sending_, nullptr))
    asker->set(v1::SentText{std::to_string(notice.letter.value)});
}

void Session::handle(const engine::TextNotQueued& notice) {
  if (const auto asker = std::exchange(sending_, nullptr))
    asker->set(error_of(notice.fault, peer(notice.key).name));
}

void Session::handle(const engine::LetterDelivered& notice) {
  tell(v1::TextDelivered{peer(notice.key), std::to_string(notice.letter.value), notice.confirmed});
}

void Session::handle(const engine::LettersStuck& notice) {
  std::optional<v1::Peer> whom;
  if (notice.key) whom = peer(*notice.key);
  tell(v1::TextFailed{std::move(whom), {}, error_of(notice.fault)});
}

void Session::handle(const engine::LetterReceived& notice) {
  v1::TextReceived text{
      peer(notice.key, notice.name),
      print_hex(notice.letter.series.view()) + "-" + std::to_string(notice.letter.number),
      notice.text.expose(), notice.written};
  events_->push_held(std::move(text), notice.held, !was_anybody_here_, host::wall_now());
}

// ---- files --------------------------------------------------------------------------------------

Session::Transfer& Session::transfer_of(ConnectionId connection, TransferId id,
                                        const Plaintext& name, std::uint64_t size,
                                        bool is_outgoing) {
  return transfers_
      .try_emplace(id, Transfer{connection, peer(connection), name.expose(), size, is_outgoing})
      .first->second;
}

void Session::tell_phase(TransferId id, Transfer& transfer, v1::TransferPhase phase) {
  transfer.is_offered = false;
  if (std::exchange(transfer.phase, phase) == phase) return;
  tell(v1::TransferState{transfer.peer, id_of(id), transfer.name, transfer.is_outgoing, phase});
}

void Session::handle(const engine::FileOffered& notice) {
  auto& transfer = transfer_of(notice.connection, notice.transfer, notice.name, notice.size, false);
  transfer.is_offered = true;
  tell(v1::FileOffered{id_of(notice.transfer), transfer.peer, transfer.name, transfer.size,
                       notice.have, notice.batch ? notice.batch->files : 1});
}

void Session::handle(const engine::FileChecking& notice) {
  auto& transfer =
      transfer_of(notice.connection, notice.transfer, notice.name, notice.size, notice.outgoing);
  tell_phase(notice.transfer, transfer, v1::TransferPhase::checking);
}

void Session::handle(const engine::FileStarted& notice) {
  auto& transfer =
      transfer_of(notice.connection, notice.transfer, notice.name, notice.size, notice.outgoing);
  transfer.bytes = notice.from;
  tell_phase(notice.transfer, transfer, v1::TransferPhase::running);
}

void Session::handle(const engine::FileProgress& notice) {
  const auto at = transfers_.find(notice.transfer);
  if (at == transfers_.end()) return;
  at->second.bytes = notice.bytes;
  const auto now = host::now();
  if (now - at->second.told < progress_interval) return;
  at->second.told = now;
  tell(v1::TransferProgress{id_of(notice.transfer), notice.bytes, at->second.size});
}

void Session::handle(const engine::FileReceived& notice) {
  const auto transfer = transfers_.extract(notice.transfer);
  if (!transfer) return;
  auto& file = transfer.mapped();
  tell(v1::FileReceived{file.peer, id_of(notice.transfer), file.name, notice.path.expose(),
                        file.size, print_hex(notice.sha256.view())});
}

void Session::handle(const engine::FileSent& notice) {
  const auto transfer = transfers_.extract(notice.transfer);
  if (!transfer) return;
  auto& file = transfer.mapped();
  tell(v1::FileSent{file.peer, id_of(notice.transfer), file.name, file.size,
                    print_hex(notice.sha256.view()), notice.confirmed});
}

void Session::handle(const engine::FileFailed& notice) {
  if (notice.of)
    transfer_of(notice.of->connection, notice.transfer, notice.of->name, 0,
                notice.transfer.value < engine::Transfers::first_incoming);
  const auto transfer = transfers_.extract(notice.transfer);
  if (!transfer) return;
  auto& file = transfer.mapped();
  tell(v1::TransferFailed{file.peer, id_of(notice.transfer), file.name, file.is_outgoing,
                          error_of(notice.fault)});
}

}  // namespace culver::library
