#include "tests/shell/p2p/inbox_support.hpp"

#include <boost/asio/post.hpp>

namespace culver::p2p::test {
namespace {

// What does not fit is lost, as in a full socket buffer: SCTP repeats it.
constexpr std::size_t max_datagram_bytes = std::size_t{4} << 20;
// Candidates and state changes; a machine has far fewer addresses than this.
constexpr std::size_t max_events = 1'024;

}  // namespace

Inbox::Inbox(boost::asio::io_context& io, PathSink sink)
    : io_(io), sink_(std::move(sink)), work_(io.get_executor()) {}

std::shared_ptr<Inbox> Inbox::make(boost::asio::io_context& io, PathSink sink) {
  return std::shared_ptr<Inbox>(new Inbox(io, std::move(sink)));
}

void Inbox::put(const std::shared_ptr<Inbox>& inbox, PathEvent event) {
  const std::lock_guard lock(inbox->mutex_);
  if (inbox->closed_ || inbox->events_.size() >= max_events) return;
  inbox->events_.push_back(std::move(event));
  wake(inbox);
}

void Inbox::put(const std::shared_ptr<Inbox>& inbox, Datagram datagram) {
  const std::lock_guard lock(inbox->mutex_);
  if (inbox->closed_ || inbox->datagrams_.bytes() + datagram.size() > max_datagram_bytes) return;
  inbox->datagrams_.append(datagram);
  wake(inbox);
}

void Inbox::wake(const std::shared_ptr<Inbox>& inbox) {
  if (inbox->woken_) return;
  inbox->woken_ = true;
  boost::asio::post(inbox->io_, [inbox] { inbox->pick_up(); });
}

void Inbox::pick_up() {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    woken_ = false;
    picked_events_.swap(events_);
    std::swap(picked_datagrams_, datagrams_);
  }
  for (auto& event : picked_events_) sink_.on_event(std::move(event));
  if (!picked_datagrams_.empty()) sink_.on_batch(picked_datagrams_.views());
  picked_events_.clear();
  picked_datagrams_.clear();
}

void Inbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  work_.reset();
}

}  // namespace culver::p2p::test
