#include "shell/client/client.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "core/engine/names.hpp"
#include "shell/client/sign_in.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/log.hpp"
#include "shell/host/paths.hpp"

namespace culver::client {

namespace asio = boost::asio;

namespace {

host::Outcome<Books> open_books(const std::filesystem::path& data_dir, const wire::WsUrl& server,
                                const crypto::PrivateKey& identity) {
  auto peers = store::sqlite::PeerBook::open(data_dir / host::peer_book_file);
  if (!peers) return tl::unexpected(peers.error());
  auto servers = store::sqlite::ServerBook::open(data_dir / host::server_book_file);
  if (!servers) return tl::unexpected(servers.error());
  auto letters = store::sqlite::Outbox::open(data_dir, format::kept_letter::key_of(identity));
  if (!letters) return tl::unexpected(letters.error());
  auto frames = store::sqlite::SeenFrames::open(data_dir / host::seen_frames_file);
  if (!frames) return tl::unexpected(frames.error());
  return Books{std::move(*peers), std::move(*servers), std::move(*letters), std::move(*frames),
               server.origin()};
}

Result<engine::server_channel::Pin> pin_of(Books& books) {
  TRY(const auto known, books.servers.find(books.server));
  if (!known) return engine::server_channel::Pin{};
  return engine::server_channel::Pin{known->identity, known->version};
}

}  // namespace

host::Outcome<wire::WsUrl> parse_server(const std::string& url) {
  auto parsed = wire::WsUrl::parse(url);
  if (!parsed)
    return host::trouble(parsed.error(),
                         "The server's address must look like ws://HOST:PORT or wss://HOST, with "
                         "a port from 1 to 65535.");
  return std::move(*parsed);
}

host::Outcome<std::unique_ptr<Client>> Client::open(asio::io_context& loop,
                                                    const host::Vault& vault, Config config,
                                                    OnNotice on_notice) {
  const auto url = parse_server(config.server_url);
  if (!url) return tl::unexpected(url.error());
  auto identity = host::open_identity(vault);
  if (!identity) return tl::unexpected(identity.error());
  auto account = host::open_account(vault);
  if (!account) return tl::unexpected(account.error());
  auto books = open_books(vault.folder(), *url, identity->secret);
  if (!books) return tl::unexpected(books.error());
  auto pin = pin_of(*books);
  if (!pin) return host::trouble(pin.error(), std::string(host::fault_text(pin.error()).sentence));
  const auto peers = books->peers.all();
  if (!peers)
    return host::trouble(peers.error(), std::string(host::fault_text(peers.error()).sentence));
  auto slot = config.goes_online ? host::DeviceSlot::take(vault.folder(), account->device)
                                 : host::DeviceSlot::none(account->device);
  if (!slot) return tl::unexpected(slot.error());

  auto username = config.display_name;
  if (username && config.is_hosts_name)
    username = engine::default_name(username->expose(), identity->shared);

  net::WsClientConfig server;
  server.url = *url;
  const bool is_exposed = net::exposed(server);
  engine::Config engine{
      .identity = std::move(*identity),
      .account = sign_in_as(std::move(*account), slot->device(), config.display_name),
      .server = *pin,
      .username = std::move(username),
      .known = store::as_known(*peers),
      .trust = config.trust,
      .only_one = config.only_one,
      .pair_requests = config.pair_requests};
  p2p::StackConfig transports;
  transports.ice_servers = std::move(config.ice_servers);
  transports.on_relay_trouble = std::move(config.on_relay_trouble);
  auto client = std::unique_ptr<Client>(
      new Client(loop, std::move(*slot), std::move(engine), std::move(server),
                 std::move(transports), config.download_dir.string(), std::move(*books),
                 vault.folder() / host::peer_book_file, std::move(on_notice)));
  client->exposed_ = is_exposed;
  return client;
}

Client::Client(asio::io_context& loop, host::DeviceSlot slot, engine::Config engine,
               net::WsClientConfig server, p2p::StackConfig transports, std::string download_dir,
               Books books, const std::filesystem::path& book, OnNotice on_notice)
    : loop_(loop),
      on_notice_(std::move(on_notice)),
      seat_(std::move(slot)),
      book_(engine.known),
      engine_(std::move(engine)),
      server_(loop, std::move(server),
              [this](net::WsEvent event) {
                std::visit(
                    fsm::overload{
                        [this](net::WsOpened&& e) {
                          if (e.server) transports_.set_server(*e.server);
                          opened(e.server_time);
                        },
                        [this](net::WsFrame&& e) { feed(engine::ServerFrame{std::move(e.text)}); },
                        [this](net::WsLost&& e) { feed(engine::ServerLost{std::move(e.fault)}); },
                    },
                    std::move(event));
              }),
      transports_(loop, std::move(transports),
                  [this](ConnectionId connection, connection::TransportEvent event) {
                    feed(engine::FromTransport{connection, std::move(event)});
                  }),
      addresses_(loop),
      disk_(loop, std::move(download_dir), std::move(books),
            [this](engine::Event event) { feed(std::move(event)); }),
      book_watch_(loop, book,
                  [this] {
                    read_book();
                    feed(engine::OutboxChanged{});
                  }),
      deadline_(loop),
      patience_(loop),
      alive_(std::make_shared<Client*>(this)) {
  addresses_.add([this] { feed(engine::NetworkChanged{}); });
}

Client::~Client() = default;

Result<Client::OpenedFile> Client::open_file(const std::filesystem::path& path) {
  TRY(store::OutgoingFile file, store::OutgoingFile::open(path.string()));
  OpenedFile opened{TransferId{next_file_++}, file.name(), file.size(), file.attributes()};
  disk_.add(opened.id, std::move(file));
  return opened;
}

void Client::close_file(TransferId file) {
  disk_.perform(engine::ToDisk{file, transfer::DropSource{}});
}

// ---- the loop -----------------------------------------------------------------------------------

void Client::command(engine::Command command) {
  events_.emplace_back(std::move(command));
  asio::post(loop_, [alive = std::weak_ptr(alive_)] {
    if (const auto self = alive.lock()) (*self)->pump();
  });
}

void Client::opened(std::optional<WallTime> server_time) {
  const auto now = host::uptime();
  if (server_time) clock_.heard(*server_time, now);
  const auto ahead = clock_.ahead(now, host::wall_now());
  if (ahead && !std::exchange(told_clock_, true)) on_notice_(engine::ClockWrong{*ahead});
  feed(engine::ServerOpened{});
}

void Client::feed(engine::Event event) {
  if (clock_.has_stepped(host::uptime(), host::wall_now()) && !clock_.is_servers())
    events_.emplace_back(engine::ClockStepped{});
  events_.push_back(std::move(event));
  pump();
}

/// Runs to completion. A notice may lead to a command, which waits its turn at the end.
void Client::pump() {
  if (pumping_) return;
  pumping_ = true;
  auto rng = host::system_rng();
  while (!events_.empty()) {
    auto event = std::move(events_.front());
    events_.pop_front();
    const auto due = engine_.deadline().value_or(TimePoint::max());
    Env env{lived_.now(due), rng, wall()};
    engine::Effects effects;
    engine_.step(std::move(event), env, effects);
    for (auto& effect : effects) perform(std::move(effect));
  }
  pumping_ = false;
  arm();
  finish_if_left(false);
}

void Client::perform(engine::Effect effect) {
  std::visit(fsm::overload{
                 [this](engine::DialServer&&) { server_.dial(); },
                 [this](engine::SendToServer&& e) { server_.send(std::move(e.frame), e.binary); },
                 [this](engine::HangUpServer&&) { server_.hang_up(); },
                 [this](engine::ToTransport&& e) {
                   transports_.perform(e.connection, std::move(e.effect));
                 },
                 [this](engine::ToDisk&& e) { disk_.perform(std::move(e)); },
                 [this](engine::Remember&& e) { disk_.remember(std::move(e)); },
                 [this](engine::KeepOffered&& e) { disk_.keep_offered(e); },
                 [this](engine::RememberServer&& e) { disk_.remember(e); },
                 [this](engine::StoreLetter&& e) { disk_.store(std::move(e)); },
                 [this](engine::LoadLetters&& e) { disk_.load(e); },
                 [this](engine::RemoveLetters&& e) { disk_.remove(std::move(e)); },
                 [this](engine::KeepLetter&& e) { disk_.keep(std::move(e)); },
                 [this](engine::LoadHeld&&) { disk_.load_held(); },
                 [this](engine::MarkDisplayed&& e) { disk_.mark_shown(e); },
                 [this](engine::LoadFrames&& e) { disk_.load(e); },
                 [this](engine::KeepFrame&& e) { disk_.keep(e); },
                 [this](engine::LendIceServers&& e) { transports_.lend(e.servers); },
                 [this](engine::Tell&& e) { on_notice_(std::move(e.notice)); },
                 [](engine::Dropped&& e) {
                   if (e.connection)
                     log::info("frame dropped", e.fault, name_of(e.kind), *e.connection);
                   else
                     log::info("frame dropped", e.fault, name_of(e.kind));
                 },
             },
             std::move(effect));
}

void Client::arm() {
  const auto next = engine_.deadline();
  if (next == armed_) return;
  armed_ = next;
  if (!next) {
    deadline_.cancel();
    return;
  }
  deadline_.expires_at(lived_.steady(*next));
  deadline_.async_wait([alive = std::weak_ptr(alive_)](boost::system::error_code error) {
    const auto self = alive.lock();
    if (error || !self) return;
    (*self)->armed_.reset();
    (*self)->feed(engine::Tick{});
  });
}

/// A peer may have been blocked, renamed or forgotten by another process.
void Client::read_book() {
  if (std::exchange(reading_book_, true)) {
    book_is_old_ = true;
    return;
  }
  disk_.list_peers([this](Result<std::vector<store::KnownPeer>> peers) {
    reading_book_ = false;
    if (std::exchange(book_is_old_, false)) read_book();
    if (!peers) return log::warn("peer book not read", peers.error());
    auto now = store::as_known(*peers);
    auto changes = book_changes(book_, now);
    book_ = std::move(now);
    for (auto& change : changes) feed(std::move(change));
  });
}

// ---- the end ------------------------------------------------------------------------------------

void Client::shut_down(std::function<void()> done, std::chrono::steady_clock::duration patience) {
  left_ = std::move(done);
  patience_.expires_after(patience);
  patience_.async_wait([alive = std::weak_ptr(alive_)](boost::system::error_code error) {
    const auto self = alive.lock();
    if (!error && self) (*self)->finish_if_left(true);
  });
  command(engine::Leave{});
}

void Client::finish_if_left(bool patience_is_over) {
  if (!left_) return;
  if (!patience_is_over && engine_.census() != engine::Census{}) return;
  patience_.cancel();
  asio::post(loop_, std::exchange(left_, nullptr));
}

}  // namespace culver::client
