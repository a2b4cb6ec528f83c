#include "shell/client/disk.hpp"

#include <map>
#include <optional>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "shell/host/clock.hpp"
#include "shell/host/log.hpp"

namespace culver::client {

namespace asio = boost::asio;
using Event = engine::FromDisk::Event;

/// What the disk thread owns, and its answers to each request.
struct Disk::Files {
  std::string download_dir;
  Books books;
  std::optional<store::Folder> folder;  ///< opened when the first file comes
  std::map<TransferId, store::OutgoingFile> outgoing;
  std::map<TransferId, store::IncomingFile> incoming;

  Result<store::Folder*> downloads() {
    if (!folder) {
      TRY(folder, store::Folder::open(download_dir));
    }
    return &*folder;
  }

  std::optional<Event> on(TransferId id, const transfer::ReadBlock& request) {
    const auto file = outgoing.find(id);
    if (file == outgoing.end()) return std::nullopt;
    auto bytes = file->second.read(request.bytes);
    if (!bytes) return transfer::DiskFailed{bytes.error()};
    return transfer::BlockRead{std::move(*bytes)};
  }

  std::optional<Event> on(TransferId id, const transfer::CreateTarget& request) {
    auto parent = downloads();
    if (!parent) return transfer::DiskFailed{parent.error()};
    auto file = store::IncomingFile::create(**parent, request.name, request.reserve);
    if (!file) return transfer::DiskFailed{file.error()};
    incoming.insert_or_assign(id, std::move(*file));
    return transfer::TargetCreated{};
  }

  std::optional<Event> on(TransferId id, const transfer::WriteBlock& request) {
    const auto file = incoming.find(id);
    if (file == incoming.end()) return std::nullopt;
    if (auto written = file->second.write(request.bytes); !written)
      return transfer::DiskFailed{written.error()};
    return transfer::BlockWritten{request.bytes.size()};
  }

  std::optional<Event> on(TransferId id, const transfer::FinishTarget&) {
    auto file = incoming.extract(id);
    if (file.empty()) return std::nullopt;
    auto path = file.mapped().finish();
    if (!path) return transfer::DiskFailed{path.error()};
    return transfer::TargetFinished{std::move(*path)};
  }

  std::optional<Event> on(TransferId id, const transfer::DropSource&) {
    outgoing.erase(id);
    return std::nullopt;
  }

  std::optional<Event> on(TransferId id, const transfer::DropTarget&) {
    incoming.erase(id);
    return std::nullopt;
  }
};

Disk::Disk(asio::io_context& loop, std::string download_dir, Books books, Sink sink)
    : loop_(loop),
      files_(std::make_unique<Files>(
          Files{std::move(download_dir), std::move(books), std::nullopt, {}, {}})),
      sink_(std::make_shared<Sink>(std::move(sink))) {}

Disk::~Disk() {
  sink_.reset();
  thread_.stop();
  thread_.join();
}

void Disk::add(TransferId transfer, store::OutgoingFile file) {
  asio::post(thread_, [this, transfer, file = std::move(file)]() mutable {
    files_->outgoing.insert_or_assign(transfer, std::move(file));
  });
}

void Disk::perform(engine::ToDisk request) {
  // The loop must not run dry while an answer is due.
  asio::post(thread_, [this, request = std::move(request), sink = std::weak_ptr(sink_),
                       work = asio::make_work_guard(loop_)] {
    auto event =
        std::visit([&](const auto& r) { return files_->on(request.transfer, r); }, request.effect);
    if (!event) return;
    asio::post(loop_, [sink, id = request.transfer, event = std::move(*event)]() mutable {
      if (const auto alive = sink.lock()) (*alive)(engine::FromDisk{id, std::move(event)});
    });
  });
}

void Disk::remember(engine::Remember peer) {
  asio::post(thread_, [this, peer = std::move(peer), work = asio::make_work_guard(loop_)] {
    if (auto done = files_->books.peers.remember(peer.key, peer.name, host::utc_now()); !done)
      log::warn("peer not remembered", done.error());
  });
}

void Disk::remember(engine::RememberServer server) {
  asio::post(thread_, [this, server, work = asio::make_work_guard(loop_)] {
    auto& books = files_->books;
    if (auto done =
            books.servers.remember(books.server, server.identity, server.version, host::utc_now());
        !done)
      log::warn("server not remembered", done.error());
  });
}

}  // namespace culver::client
