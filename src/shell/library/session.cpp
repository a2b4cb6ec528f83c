// What is asked of the client, and its end. What it tells is in session_notices.cpp.
#include "shell/library/session.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "shell/library/convert.hpp"

namespace culver::library {

namespace {

/// Ids are numbers that the interface hands out as text.
template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

template <class T>
void wait_in(std::vector<std::weak_ptr<Answer<T>>>& askers, std::weak_ptr<Answer<T>> asker) {
  std::erase_if(askers, [](const auto& waits) { return waits.expired(); });
  askers.push_back(std::move(asker));
}

}  // namespace

host::Outcome<void> Session::open(const host::Vault& vault, client::Config config) {
  auto opened = client::Client::open(thread_.loop(), vault, std::move(config),
                                     [weak = weak_from_this()](const engine::Notice& notice) {
                                       if (const auto self = weak.lock(); self && self->is_open())
                                         self->on(notice);
                                     });
  if (!opened) return tl::unexpected(opened.error());
  client_ = std::move(*opened);
  failed_ = thread_.when_failed([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->is_open()) return;
    self->tell(v1::SubscriptionEnded{error_of(Fault::internal)});
    self->end();
  });
  for (const auto& peer : client_->book()) known_.insert(peer.key);
  command(engine::ShowHeld{});
  return {};
}

void Session::close(std::chrono::milliseconds patience, std::function<void()> done) {
  if (!is_open()) return done();
  client_->shut_down(
      [self = shared_from_this(), done = std::move(done)] {
        self->end();
        done();
      },
      patience);
}

void Session::end() {
  events_->end();
  answer_all_with_end();
  failed_.reset();
  client_.reset();
}

void Session::answer_all_with_end() {
  answer_all<v1::Status>(going_online_, closed_error());
  for (auto& [key, askers] : connecting_) answer_all<v1::Connection>(askers, closed_error());
  for (auto& [id, pairing] : pairings_) answer_all<v1::Peer>(pairing.askers, closed_error());
  if (const auto sending = std::exchange(sending_, nullptr)) sending->set(closed_error());
}

// ---- the server ---------------------------------------------------------------------------------

v1::Status Session::status() const {
  const auto connected = std::ranges::count_if(
      connections_, [](const auto& entry) { return entry.second.connected.has_value(); });
  return {!code_.empty(), code_, server_, static_cast<std::uint32_t>(connected),
          static_cast<std::uint32_t>(transfers_.size())};
}

void Session::go_online(const Asker<v1::Status>& asker) {
  if (!code_.empty()) return asker->set(status());
  wait_in<v1::Status>(going_online_, asker);
  if (std::exchange(is_wanted_online_, true)) return;
  command(engine::GoOnline{});
  command(engine::LookForKnown{});
}

void Session::go_offline(const Asker<void>& asker) {
  is_wanted_online_ = false;
  command(engine::GoOffline{});
  code_.clear();
  answer_all<v1::Status>(going_online_, error_of(Fault::not_connected, server_));
  asker->set({});
}

void Session::get_status(const Asker<v1::Status>& asker) { asker->set(status()); }

void Session::get_identity(const Asker<v1::Identity>& asker) {
  asker->set(v1::Identity{crypto::fingerprint_digits(client_->public_key())});
}

// ---- pairing ------------------------------------------------------------------------------------

std::string Session::add(Pairing pairing) {
  const auto id = next_pairing_++;
  pairings_.emplace(id, std::move(pairing));
  return std::to_string(id);
}

void Session::start_pairing(const PairingCode& code, const Asker<v1::StartedPairing>& asker) {
  if (code_.empty()) return asker->set(error_of(Fault::not_connected, server_));
  auto pairing = add({Pairing::Kind::ours, code, std::nullopt});
  command(engine::Pair{code});
  asker->set(v1::StartedPairing{std::move(pairing)});
}

void Session::finish_pairing(const std::string& pairing, const Asker<v1::Peer>& asker) {
  const auto id = number_of<std::uint64_t>(pairing);
  const auto at = id ? pairings_.find(*id) : pairings_.end();
  if (at == pairings_.end()) return asker->set(error_of(Fault::pair_unknown, pairing));
  if (at->second.outcome) {
    asker->set(std::move(*at->second.outcome));
    pairings_.erase(at);
    return;
  }
  wait_in<v1::Peer>(at->second.askers, asker);
}

void Session::answer_pairing(const std::string& pairing, v1::PairingAnswer answer,
                             const Asker<void>& asker) {
  using Kind = Pairing::Kind;
  const auto id = number_of<std::uint64_t>(pairing);
  const auto at = id ? pairings_.find(*id) : pairings_.end();
  if (at == pairings_.end() || !at->second.request)
    return asker->set(error_of(Fault::pair_unknown, pairing));
  auto& asked = at->second;
  const bool is_accepted = answer != v1::PairingAnswer::refuse;
  if (answer == v1::PairingAnswer::accept && asked.request->namesake)
    return asker->set(error_of(Fault::name_taken, pairing));
  if (asked.kind == Kind::name_conflict)
    command(engine::AnswerName{*asked.connection, is_accepted});
  else
    command(engine::AnswerPair{*asked.code, is_accepted});
  asked.request.reset();
  if (is_accepted && asked.kind == Kind::asked)
    asked.kind = Kind::accepted;
  else
    pairings_.erase(at);
  asker->set({});
}

void Session::list_pairings(const Asker<std::vector<v1::PairRequested>>& asker) {
  std::vector<v1::PairRequested> requests;
  for (const auto& [id, pairing] : pairings_)
    if (pairing.request) requests.push_back(*pairing.request);
  asker->set(std::move(requests));
}

// ---- peers --------------------------------------------------------------------------------------

void Session::list_connected(const Asker<std::vector<std::string>>& asker) {
  std::vector<std::string> connected;
  for (const auto& [id, connection] : connections_)
    if (connection.connected) connected.push_back(connection.connected->peer.fingerprint);
  asker->set(std::move(connected));
}

void Session::connect_peer(const PublicKey& key, const Asker<v1::Connection>& asker) {
  for (const auto& [id, connection] : connections_)
    if (connection.connected && connection.key == key) return asker->set(*connection.connected);
  wait_in<v1::Connection>(connecting_[key], asker);
  command(engine::LookFor{key});
}

// ---- texts and files ----------------------------------------------------------------------------

void Session::send_text(const PublicKey& key, std::string text, const Asker<v1::SentText>& asker) {
  sending_ = asker;
  command(engine::QueueText{key, Plaintext(std::move(text))});
}

void Session::send_files(const PublicKey& key, const std::vector<std::filesystem::path>& files,
                         const Asker<std::vector<v1::SentFile>>& asker) {
  const auto to = std::ranges::find_if(connections_, [&](const auto& entry) {
    return entry.second.connected && entry.second.key == key;
  });
  if (to == connections_.end()) return asker->set(error_of(Fault::not_connected, peer(key).name));
  std::vector<client::Client::OpenedFile> opened;
  engine::Batch batch{static_cast<std::uint32_t>(files.size()), 0};
  // As many names as a person reads before saying yes.
  constexpr std::size_t told = 5;
  for (const auto& path : files) {
    auto file = client_->open_file(path);
    if (!file) {
      for (const auto& other : opened) client_->close_file(other.id);
      return asker->set(error_of(file.error(), path.string()));
    }
    batch.bytes += file->size;
    if (batch.names.size() < told) batch.names.push_back(file->name);
    opened.push_back(std::move(*file));
  }
  std::vector<v1::SentFile> sent;
  for (auto& file : opened) {
    const auto id = file.id;
    transfers_.emplace(
        id, Transfer{to->first, to->second.connected->peer, file.name.expose(), file.size, true});
    std::optional<engine::Batch> begins;
    if (sent.empty() && opened.size() > 1) begins = batch;
    command(engine::SendFile{to->first, id, std::move(file.name), file.size, file.attributes,
                             std::move(begins)});
    sent.push_back({std::to_string(id.value), files[sent.size()]});
  }
  asker->set(std::move(sent));
}

void Session::list_transfers(const Asker<std::vector<v1::Transfer>>& asker) {
  std::vector<v1::Transfer> transfers;
  for (const auto& [id, file] : transfers_)
    transfers.push_back({std::to_string(id.value), file.peer, file.name, file.bytes, file.size,
                         file.is_outgoing, file.is_offered});
  asker->set(std::move(transfers));
}

void Session::answer_transfer(const std::string& transfer, bool is_accepted,
                              const Asker<void>& asker) {
  const auto id = number_of<std::uint32_t>(transfer);
  const auto at = id ? transfers_.find(TransferId{*id}) : transfers_.end();
  if (at == transfers_.end() || !at->second.is_offered)
    return asker->set(transfer_unknown(transfer));
  if (is_accepted && !has_folder_) return asker->set(error_of(Fault::folder_missing));
  at->second.is_offered = false;
  command(engine::AnswerFile{at->first, is_accepted});
  asker->set({});
}

void Session::cancel_transfer(const std::string& transfer, const Asker<void>& asker) {
  const auto id = number_of<std::uint32_t>(transfer);
  if (!id || !transfers_.contains(TransferId{*id})) return asker->set(transfer_unknown(transfer));
  command(engine::CancelFile{TransferId{*id}});
  asker->set({});
}

void Session::displayed(const std::vector<HeldId>& held) {
  if (!is_open()) return;
  for (const auto id : held) command(engine::Displayed{id});
}

}  // namespace culver::library
