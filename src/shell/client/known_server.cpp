// The server book, by the server's address.
#include "shell/client/known_server.hpp"

#include <utility>

#include "shell/client/client.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/paths.hpp"

namespace culver::client {

handshake::client::Pin KnownServer::pin() const {
  if (!known) return {};
  return {known->identity, known->version};
}

Result<void> KnownServer::remember(const ServerProof& proof) {
  return book.remember(url(), proof.identity, proof.version, host::utc_now());
}

Result<void> KnownServer::trust(const ServerProof& proof) {
  const bool is_same = known && known->identity == proof.identity;
  if (is_same && known->version <= proof.version) return remember(proof);
  return book.replace(url(), proof.identity, proof.version, host::utc_now());
}

Result<void> KnownServer::belong(const std::optional<UserId>& account) {
  return book.belong(url(), account);
}

host::Outcome<KnownServer> look_up_server(const std::string& url,
                                          const std::filesystem::path& data_dir) {
  const auto parsed = parse_server(url);
  if (!parsed) return tl::unexpected(parsed.error());
  if (const auto made = host::make_private_dir(data_dir); !made)
    return tl::unexpected(made.error());
  auto book = store::sqlite::ServerBook::open(data_dir / host::server_book_file);
  if (!book) return tl::unexpected(book.error());
  auto known = book->find(parsed->origin());
  if (!known)
    return host::trouble(known.error(), std::string(host::fault_text(known.error()).sentence));
  net::WsClientConfig server;
  server.url = *parsed;
  return KnownServer{std::move(server), std::move(*book), std::move(*known)};
}

}  // namespace culver::client
