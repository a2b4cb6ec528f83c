// Reading the files, and the exchange of two folders.
#include "shell/client/backup.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/crypto/keys.hpp"
#include "shell/host/account.hpp"
#include "shell/host/fault_text.hpp"
#include "shell/host/identity.hpp"
#include "shell/host/no_room.hpp"
#include "shell/host/paths.hpp"
#include "shell/store/sqlite/peer_book.hpp"
#include "shell/store/sqlite/server_book.hpp"
#include "shell/store/sqlite/why_unusable.hpp"

namespace culver::client {
namespace {

namespace fs = std::filesystem;
namespace backup = format::backup;
using host::Outcome;

tl::unexpected<host::Trouble> failed(const fs::path& folder) {
  const auto fault = host::fault_of_writing(errno, Fault::store_failed);
  return host::trouble(fault, "The data folder " + folder.string() + " cannot be written: " +
                                  std::strerror(errno) + ". Nothing was changed.");
}

tl::unexpected<host::Trouble> as_trouble(Fault fault) {
  return host::trouble(fault, std::string(host::fault_text(fault).sentence));
}

backup::Peer row_of(const store::KnownPeer& peer) {
  return {peer.key,         peer.name,       peer.alias,     peer.first_seen, peer.last_seen,
          peer.is_verified, peer.is_blocked, peer.is_culver, peer.offered,    peer.earlier};
}

store::KnownPeer row_of(const backup::Peer& peer) {
  return {peer.key,         peer.name,       peer.alias,     peer.first_seen, peer.last_seen,
          peer.is_verified, peer.is_blocked, peer.is_culver, peer.offered,    peer.earlier};
}

/// The new folder until it is in its place; removed with all that is in it otherwise.
class Staging {
 public:
  explicit Staging(const fs::path& beside) : path_(beside.string() + ".XXXXXX") {
    if (!mkdtemp(path_.data())) path_.clear();  // mode 0700
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  explicit operator bool() const { return !path_.empty(); }
  fs::path path() const { return path_; }
  void release() { path_.clear(); }

 private:
  std::string path_;
};

Outcome<void> fill(const fs::path& folder, const backup::Content& content,
                   const MakeVault& make_vault) {
  const auto vault = make_vault(folder);
  if (!vault) return tl::unexpected(vault.error());
  if (auto put = host::put_identity(*vault, content.identity); !put) return put;
  const host::AccountSecrets account{crypto::SigningSeed(content.account_seed.expose()),
                                     content.device};
  if (auto put = host::put_account(*vault, account); !put) return put;
  auto peers = store::sqlite::PeerBook::open(folder / host::peer_book_file);
  if (!peers) return tl::unexpected(peers.error());
  auto servers = store::sqlite::ServerBook::open(folder / host::server_book_file);
  if (!servers) return tl::unexpected(servers.error());
  std::vector<store::KnownPeer> peer_rows;
  for (const auto& peer : content.peers) peer_rows.push_back(row_of(peer));
  std::vector<store::ServerRow> server_rows;
  for (const auto& row : content.servers)
    server_rows.push_back(
        {row.url, {row.identity, row.version, row.first_seen, row.last_seen, row.account}});
  if (auto put = peers->put(peer_rows); !put)
    return store::sqlite::unusable("The peer book", folder / host::peer_book_file);
  if (auto put = servers->put(server_rows); !put)
    return store::sqlite::unusable("The server book", folder / host::server_book_file);
  return {};
}

/// All of the new folder is on the disk before it has its name, and the name before we say so.
bool make_durable(const fs::path& folder) {
  const host::FileDescriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return descriptor && syncfs(descriptor.get()) == 0;
}

/// Whether something was there. A folder that is empty or not there is like none.
Outcome<bool> put_in_place(Staging& staging, const fs::path& data_dir) {
  if (::rename(staging.path().c_str(), data_dir.c_str()) == 0) {
    staging.release();
    return false;
  }
  if (errno != ENOTEMPTY && errno != EEXIST) return failed(data_dir);
  if (renameat2(AT_FDCWD, staging.path().c_str(), AT_FDCWD, data_dir.c_str(), RENAME_EXCHANGE) != 0)
    return failed(data_dir);
  return true;
}

}  // namespace

Outcome<backup::Content> collect(const host::Vault& vault) {
  const auto& data_dir = vault.folder();
  auto identity = host::open_identity(vault);
  if (!identity) return tl::unexpected(identity.error());
  auto account = host::open_account_secrets(vault);
  if (!account) return tl::unexpected(account.error());
  auto peers = store::sqlite::PeerBook::open(data_dir / host::peer_book_file);
  if (!peers) return tl::unexpected(peers.error());
  auto servers = store::sqlite::ServerBook::open(data_dir / host::server_book_file);
  if (!servers) return tl::unexpected(servers.error());
  const auto peer_rows = peers->all();
  const auto server_rows = servers->all();
  if (!peer_rows || !server_rows) return as_trouble(Fault::store_failed);
  backup::Content content{
      std::move(identity->secret), std::move(account->seed), account->device, {}, {}};
  for (const auto& peer : *peer_rows) content.peers.push_back(row_of(peer));
  for (const auto& [url, server] : *server_rows)
    content.servers.push_back({url, server.identity, server.version, server.first_seen,
                               server.last_seen, server.account});
  return content;
}

Outcome<std::optional<fs::path>> install(const backup::Content& content, const fs::path& folder,
                                         Replace replace, const MakeVault& make_vault) {
  std::error_code error;
  auto data_dir = fs::weakly_canonical(folder, error);  // a connection stays a connection
  if (!data_dir.has_filename()) data_dir = data_dir.parent_path();
  const bool is_taken = host::has_identity(data_dir) || fs::exists(data_dir / "account", error);
  if (is_taken && replace == Replace::no)
    return host::trouble(Fault::usage, "There is an identity in " + data_dir.string() +
                                           " already. --replace puts this one in its place.");
  // It would write on into the folder that is put aside.
  if (is_taken && host::DeviceSlot::is_any_taken(data_dir))
    return host::trouble(Fault::data_folder_in_use,
                         "Another culver is running on the data folder " + data_dir.string() +
                             ". End it and try again.");
  fs::create_directories(data_dir.parent_path(), error);
  Staging staging(data_dir);
  if (!staging) return failed(data_dir);
  if (auto filled = fill(staging.path(), content, make_vault); !filled)
    return tl::unexpected(filled.error());
  if (!make_durable(staging.path())) return failed(data_dir);
  const auto old = staging.path();
  const auto exchanged = put_in_place(staging, data_dir);
  if (!exchanged) return tl::unexpected(exchanged.error());
  staging.release();
  make_durable(data_dir.parent_path());
  return *exchanged ? std::optional(old) : std::nullopt;
}

}  // namespace culver::client
