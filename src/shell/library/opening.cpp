#include "shell/library/opening.hpp"

#include <exception>
#include <new>
#include <utility>

#include "core/engine/names.hpp"
#include "core/format/kept_letter.hpp"
#include "core/wire/ice_url.hpp"
#include "shell/host/descriptors.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/log.hpp"
#include "shell/library/convert.hpp"
#include "shell/library/quiet_log.hpp"
#include "shell/p2p/path.hpp"

namespace culver::library {

namespace {

engine::Trust trust_of(v1::Trust trust) {
  switch (trust) {
    case v1::Trust::always:
      return engine::Trust::always;
    case v1::Trust::never:
      return engine::Trust::never;
    case v1::Trust::on_first_use:
      break;
  }
  return engine::Trust::on_first_use;
}

v1::Result<p2p::IceServer> ice_server_of(const v1::IceServer& server) {
  using Kind = wire::IceUrl::Kind;
  using Transport = p2p::IceServer::Transport;
  const auto url = wire::IceUrl::parse(server.url);
  if (!url || (url->kind != Kind::stun && server.user.empty()))
    return error_of(Fault::bad_config, server.url);
  p2p::IceServer made{
      url->kind == Kind::stun ? p2p::IceServer::Kind::stun : p2p::IceServer::Kind::turn,
      url->host,
      url->port,
      server.user,
      server.password,
      Transport::udp};
  if (url->kind == Kind::turn_tcp) made.transport = Transport::tcp;
  if (url->kind == Kind::turn_tls) made.transport = Transport::tls;
  return made;
}

v1::Result<client::Config> config_of(const v1::Config& given) {
  client::Config config;
  if (const auto url = client::parse_server(given.server); !url) {
    auto error = error_of(url.error());
    error.about = given.server;
    return error;
  }
  config.server_url = given.server;
  config.download_dir = given.download_dir;
  config.trust = trust_of(given.trust);
  if (!given.name.empty()) {
    config.display_name = engine::clean_name(given.name);
    if (!config.display_name || config.display_name->expose() != given.name ||
        engine::reads_like(given.name))
      return error_of(Fault::bad_config, "name");
  }
  if (given.ice_servers.size() > p2p::ice_server_limit)
    return error_of(Fault::bad_config, "ice_servers");
  for (const auto& server : given.ice_servers) {
    auto made = ice_server_of(server);
    if (!made) return made.error();
    config.ice_servers.push_back(std::move(*made));
  }
  return config;
}

v1::Result<host::Vault> open_vault(const v1::Config& config) {
  if (config.data_dir.empty()) return error_of(Fault::bad_config, "data_dir");
  if (!config.create_if_missing && !host::has_identity(config.data_dir))
    return error_of(Fault::no_identity, config.data_dir.string());
  auto vault =
      host::Vault::open(config.data_dir, config.key_file, [&]() -> host::Outcome<SecretBytes> {
        if (!config.passphrase)
          return host::trouble(Fault::passphrase_needed,
                               "The data folder is locked, and no passphrase was given.");
        const auto bytes = as_bytes(*config.passphrase);
        return SecretBytes(ByteVector(bytes.begin(), bytes.end()));
      });
  if (!vault) {
    auto error = error_of(vault.error());
    error.about = config.data_dir.string();
    return error;
  }
  return std::move(*vault);
}

/// Of what the libraries below have thrown.
v1::Error thrown_error() {
  return error_of(host::few_descriptors() ? Fault::out_of_descriptors : Fault::internal);
}

v1::Result<Opened> open_all(const v1::Config& given) {
  auto config = config_of(given);
  if (!config) return config.error();
  const auto vault = open_vault(given);
  if (!vault) return vault.error();
  const auto identity = host::open_identity(*vault);
  if (!identity) return error_of(identity.error());
  Opened opened;
  opened.sole = std::make_unique<host::SoleReceiver>(given.data_dir);
  if (!opened.sole->try_become())
    return error_of(Fault::data_folder_in_use, given.data_dir.string());
  auto books = Books::open(given.data_dir, format::kept_letter::key_of(identity->secret));
  if (!books) return error_of(books.error());
  opened.books = std::make_shared<Books>(std::move(*books));
  opened.events =
      EventQueue::make([books = opened.books](HeldId held) { return books->held_text(held); });
  if (!opened.events) return error_of(Fault::out_of_descriptors);
  opened.thread = EngineThread::get();
  opened.session = std::make_shared<Session>(*opened.thread, opened.events, given);
  // The client, and the threads that it starts, begin on the engine's thread.
  const auto answer = std::make_shared<Answer<void>>();
  opened.thread->post([&, session = opened.session, answer] {
    try {
      const auto done = session->open(*vault, std::move(*config));
      answer->set(done ? v1::Result<void>() : error_of(done.error()));
    } catch (const std::exception&) {  // somebody waits for the answer
      answer->set(thrown_error());
    }
  });
  // What it takes lies on this stack, so there is no end to the waiting.
  for (;;)
    if (const auto done = answer->wait(std::chrono::hours(1))) {
      if (!*done) return done->error();
      return opened;
    }
}

}  // namespace

v1::Result<Opened> open(const v1::Config& given) {
  be_quiet_at_first();
  try {
    return open_all(given);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    return thrown_error();
  }
}

}  // namespace culver::library
