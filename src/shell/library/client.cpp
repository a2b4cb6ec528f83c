// The interface itself: what is checked on the caller's thread, and how it waits for the engine's.
#include "culver/client.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "core/engine/names.hpp"
#include "core/wire/ice_url.hpp"
#include "culver/version.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/log.hpp"
#include "shell/host/sole_receiver.hpp"
#include "shell/library/books.hpp"
#include "shell/library/convert.hpp"
#include "shell/library/opening.hpp"
#include "shell/library/session.hpp"

namespace culver::v1 {

namespace detail {

using library::Answer;
using library::Session;

/// Who does not hear from the engine's thread within this time hears that something is wrong.
constexpr auto patience = std::chrono::seconds(60);
constexpr auto longest_wait = std::chrono::milliseconds(std::chrono::hours(1));

class Impl {
 public:
  library::Opened opened;
  std::mutex sending;  ///< of texts: the engine tells what became of one text, and not of which
  std::atomic<bool> is_closed = false;

  /// Lets `ask` run on the engine's thread, and waits for its answer. Nothing: the time is over.
  template <class T, class Ask>
  std::optional<Result<T>> ask_for(std::chrono::milliseconds bound, Ask ask) {
    if (is_closed) return library::closed_error();
    const auto answer = std::make_shared<Answer<T>>();
    opened.thread->post([session = opened.session, weak = std::weak_ptr(answer), ask] {
      const auto asker = weak.lock();
      if (!asker) return;
      if (!session->is_open()) return asker->set(library::closed_error());
      ask(*session, asker);
    });
    return answer->wait(std::clamp<std::chrono::milliseconds>(bound, {}, longest_wait));
  }
  template <class T, class Ask>
  Result<T> ask(Ask ask) {
    return ask_for<T>(patience, std::move(ask)).value_or(library::error_of(Fault::internal));
  }
  /// With the key of a peer that may be spoken to.
  template <class T, class Then>
  Result<T> with_peer(const PeerName& name, Then then) {
    const auto found = opened.books->find(name);
    if (!found) return found.error();
    if (found->is_blocked) return library::error_of(Fault::peer_blocked, name.text());
    return then(*found);
  }
  void close(std::chrono::milliseconds grace);
};

void Impl::close(std::chrono::milliseconds grace) {
  if (is_closed.exchange(true)) return;
  grace = std::clamp<std::chrono::milliseconds>(grace, {}, longest_wait);
  const auto answer = std::make_shared<Answer<void>>();
  opened.thread->post([session = opened.session, grace, answer] {
    session->close(grace, [answer] { answer->set({}); });
  });
  (void)answer->wait(grace + std::chrono::milliseconds(250));
  opened.events->close();
}

}  // namespace detail

using detail::Session;
using library::error_of;

// ---- the client itself --------------------------------------------------------------------------

Result<Client> Client::open(Config config) {
  auto opened = library::open(config);
  if (!opened) return opened.error();
  auto impl = std::make_unique<detail::Impl>();
  impl->opened = std::move(*opened);
  return Client(std::move(impl));
}

Client::Client(std::unique_ptr<detail::Impl> impl) noexcept : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&& other) noexcept {
  if (this != &other) {
    if (impl_) impl_->close(std::chrono::milliseconds(1'500));
    impl_ = std::move(other.impl_);
  }
  return *this;
}
Client::~Client() {
  if (impl_) impl_->close(std::chrono::milliseconds(1'500));
}

void Client::close(Milliseconds grace) {
  if (impl_) impl_->close(grace);
}

std::optional<Event> Client::next() {
  if (!impl_) return std::nullopt;
  return impl_->opened.events->next(std::nullopt);
}
std::optional<Event> Client::next(Milliseconds timeout) {
  if (!impl_) return std::nullopt;
  return impl_->opened.events->next(timeout);
}
int Client::fd() const noexcept { return impl_ ? impl_->opened.events->fd() : -1; }
void Client::wake() noexcept {
  if (impl_) impl_->opened.events->wake();
}
bool Client::is_open() const noexcept {
  return impl_ && !impl_->is_closed && !impl_->opened.events->is_ended();
}
void Client::ack(const Event& event) {
  if (!impl_) return;
  auto held = impl_->opened.events->ack(event.seq);
  if (held.empty()) return;
  impl_->opened.thread->post(
      [session = impl_->opened.session, held = std::move(held)] { session->displayed(held); });
}

/// A client that was moved has nothing to ask.
#define CULVER_NEEDS_CLIENT \
  if (!impl_) return library::closed_error()

// ---- the server ---------------------------------------------------------------------------------

Result<Status> Client::go_online(Milliseconds wait) {
  CULVER_NEEDS_CLIENT;
  auto answer = impl_->ask_for<Status>(
      wait, [](Session& session, const auto& asker) { session.go_online(asker); });
  return std::move(answer).value_or(error_of(Fault::server_silent));
}
Result<void> Client::go_offline() {
  CULVER_NEEDS_CLIENT;
  return impl_->ask<void>([](Session& session, const auto& asker) { session.go_offline(asker); });
}
Result<Status> Client::get_status() {
  CULVER_NEEDS_CLIENT;
  return impl_->ask<Status>([](Session& session, const auto& asker) { session.get_status(asker); });
}
Result<std::string> Client::get_code() {
  const auto status = get_status();
  if (!status) return status.error();
  if (!status->is_online) return error_of(Fault::not_connected, status->server);
  return status->code;
}
Result<Identity> Client::get_identity() {
  CULVER_NEEDS_CLIENT;
  return impl_->ask<Identity>(
      [](Session& session, const auto& asker) { session.get_identity(asker); });
}

// ---- pairing ------------------------------------------------------------------------------------

Result<StartedPairing> Client::start_pairing(std::string_view code) {
  CULVER_NEEDS_CLIENT;
  const auto parsed = PairingCode::parse_typed(code);
  if (!parsed) return error_of(parsed.error());
  return impl_->ask<StartedPairing>([code = *parsed](Session& session, const auto& asker) {
    session.start_pairing(code, asker);
  });
}
Result<Peer> Client::finish_pairing(std::string_view pairing, Milliseconds wait) {
  CULVER_NEEDS_CLIENT;
  auto answer =
      impl_->ask_for<Peer>(wait, [id = std::string(pairing)](Session& session, const auto& asker) {
        session.finish_pairing(id, asker);
      });
  return std::move(answer).value_or(error_of(Fault::pair_expired));
}
Result<void> Client::answer_pairing(std::string_view pairing, PairingAnswer answer) {
  CULVER_NEEDS_CLIENT;
  return impl_->ask<void>([id = std::string(pairing), answer](Session& session, const auto& asker) {
    session.answer_pairing(id, answer, asker);
  });
}

Result<std::vector<PairRequested>> Client::list_pairings() {
  CULVER_NEEDS_CLIENT;
  return impl_->ask<std::vector<PairRequested>>(
      [](Session& session, const auto& asker) { session.list_pairings(asker); });
}

// ---- peers --------------------------------------------------------------------------------------

Result<std::vector<KnownPeer>> Client::list_peers() {
  CULVER_NEEDS_CLIENT;
  const auto connected = impl_->ask<std::vector<std::string>>(
      [](Session& session, const auto& asker) { session.list_connected(asker); });
  if (!connected) return connected.error();
  auto peers = impl_->opened.books->list();
  if (!peers) return peers;
  for (auto& peer : *peers)
    peer.is_connected = std::ranges::find(*connected, peer.peer.fingerprint) != connected->end();
  return peers;
}
Result<KnownPeer> Client::get_peer(const PeerName& peer) {
  const auto peers = list_peers();
  if (!peers) return peers.error();
  const auto found = impl_->opened.books->find(peer);
  if (!found) return found.error();
  const auto row = std::ranges::find_if(*peers, [&](const KnownPeer& one) {
    return one.peer.fingerprint == found->row.peer.fingerprint;
  });
  return row == peers->end() ? found->row : *row;
}
Result<void> Client::rename_peer(const PeerName& peer, std::string_view alias) {
  CULVER_NEEDS_CLIENT;
  return impl_->opened.books->rename(peer, alias);
}
Result<void> Client::forget_peer(const PeerName& peer) {
  CULVER_NEEDS_CLIENT;
  return impl_->opened.books->forget(peer);
}
Result<void> Client::block_peer(const PeerName& peer) {
  CULVER_NEEDS_CLIENT;
  return impl_->opened.books->set_blocked(peer, true);
}
Result<void> Client::unblock_peer(const PeerName& peer) {
  CULVER_NEEDS_CLIENT;
  return impl_->opened.books->set_blocked(peer, false);
}
Result<Connection> Client::connect_peer(const PeerName& peer, Milliseconds wait) {
  CULVER_NEEDS_CLIENT;
  return impl_->with_peer<Connection>(peer, [&](const library::Found& found) -> Result<Connection> {
    auto answer =
        impl_->ask_for<Connection>(wait, [key = found.key](Session& session, const auto& asker) {
          session.connect_peer(key, asker);
        });
    return std::move(answer).value_or(error_of(Fault::peer_away, found.row.peer.name));
  });
}

// ---- texts --------------------------------------------------------------------------------------

Result<SentText> Client::send_text(const PeerName& peer, std::string_view text) {
  CULVER_NEEDS_CLIENT;
  return impl_->with_peer<SentText>(peer, [&](const library::Found& found) {
    const std::lock_guard lock(impl_->sending);
    return impl_->ask<SentText>(
        [key = found.key, text = std::string(text)](Session& session, const auto& asker) {
          session.send_text(key, text, asker);
        });
  });
}
Result<std::vector<QueuedText>> Client::list_outbox(OutboxText text) {
  CULVER_NEEDS_CLIENT;
  return impl_->opened.books->outbox(text);
}
Result<void> Client::drop_outbox(std::string_view message) {
  CULVER_NEEDS_CLIENT;
  return impl_->opened.books->drop(message);
}
Result<std::size_t> Client::drop_outbox_of(const PeerName& peer) {
  CULVER_NEEDS_CLIENT;
  return impl_->opened.books->drop_all_of(peer);
}

// ---- files --------------------------------------------------------------------------------------

Result<std::vector<SentFile>> Client::send_files(const PeerName& peer,
                                                 const std::vector<std::filesystem::path>& files) {
  CULVER_NEEDS_CLIENT;
  constexpr std::size_t at_once = 1'000;
  if (files.empty() || files.size() > at_once) return error_of(Fault::usage, "files");
  return impl_->with_peer<std::vector<SentFile>>(peer, [&](const library::Found& found) {
    return impl_->ask<std::vector<SentFile>>(
        [key = found.key, files](Session& session, const auto& asker) {
          session.send_files(key, files, asker);
        });
  });
}
Result<std::vector<Transfer>> Client::list_transfers() {
  CULVER_NEEDS_CLIENT;
  return impl_->ask<std::vector<Transfer>>(
      [](Session& session, const auto& asker) { session.list_transfers(asker); });
}
Result<void> Client::accept_transfer(std::string_view transfer) {
  CULVER_NEEDS_CLIENT;
  return impl_->ask<void>([id = std::string(transfer)](Session& session, const auto& asker) {
    session.answer_transfer(id, true, asker);
  });
}
Result<void> Client::refuse_transfer(std::string_view transfer) {
  CULVER_NEEDS_CLIENT;
  return impl_->ask<void>([id = std::string(transfer)](Session& session, const auto& asker) {
    session.answer_transfer(id, false, asker);
  });
}
Result<void> Client::cancel_transfer(std::string_view transfer) {
  CULVER_NEEDS_CLIENT;
  return impl_->ask<void>([id = std::string(transfer)](Session& session, const auto& asker) {
    session.cancel_transfer(id, asker);
  });
}

#undef CULVER_NEEDS_CLIENT

}  // namespace culver::v1
