// inotify(7) on the folder of the book: SQLite makes and deletes the file that is written.
#include "shell/client/book_watch.hpp"

#include <cstring>
#include <map>
#include <tuple>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <sys/inotify.h>

#include "shell/host/file_descriptor.hpp"
#include "shell/host/log.hpp"

namespace culver::client {
namespace {

auto content(const engine::Known& peer) {
  return std::tuple(peer.name, peer.alias, peer.is_blocked, peer.is_culver, peer.is_verified,
                    peer.earlier);
}

}  // namespace

std::vector<engine::Command> book_changes(const std::vector<engine::Known>& before,
                                          const std::vector<engine::Known>& now) {
  std::map<PublicKey, const engine::Known*> left;
  for (const auto& peer : before) left.emplace(peer.key, &peer);
  std::vector<engine::Command> changes;
  for (const auto& peer : now) {
    const auto old = left.extract(peer.key);
    if (old.empty() || content(*old.mapped()) != content(peer))
      changes.emplace_back(engine::Know{peer});
  }
  for (const auto& [key, peer] : left) changes.emplace_back(engine::Forget{key});
  return changes;
}

BookWatch::BookWatch(boost::asio::io_context& loop, const std::filesystem::path& book,
                     std::function<void()> on_write)
    : events_(loop),
      name_(book.filename().string()),
      on_write_(std::move(on_write)),
      alive_(std::make_shared<BookWatch*>(this)) {
  host::FileDescriptor events(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  // A writer makes its change visible a moment after its last write to the log, so that a reading
  // may come too early. When it closes the file the change is there.
  constexpr std::uint32_t writes = IN_MODIFY | IN_MOVED_TO | IN_CLOSE_WRITE;
  if (!events || inotify_add_watch(events.get(), book.parent_path().c_str(), writes) < 0) {
    log::warn("the peer book is not watched");
    return;
  }
  events_.assign(events.release());
  read();
}

void BookWatch::read() {
  const auto on_events = [alive = std::weak_ptr(alive_)](boost::system::error_code error,
                                                         std::size_t size) {
    const auto self = alive.lock();
    if (error || !self) return;
    const bool is_written = (*self)->is_about_book(size);
    (*self)->read();
    if (is_written) (*self)->on_write_();
  };
  events_.async_read_some(boost::asio::buffer(buffer_), on_events);
}

bool BookWatch::is_about_book(std::size_t size) const {
  for (std::size_t at = 0; at + sizeof(inotify_event) <= size;) {
    inotify_event event;
    std::memcpy(&event, buffer_.data() + at, sizeof event);
    const std::string_view name(buffer_.data() + at + sizeof event);  // padded with zeros
    if ((event.mask & IN_Q_OVERFLOW) != 0 || (event.len > 0 && name.starts_with(name_)))
      return true;
    at += sizeof event + event.len;
  }
  return false;
}

}  // namespace culver::client
