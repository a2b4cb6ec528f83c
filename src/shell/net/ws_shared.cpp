// Flushing once a turn, and cutting off whoever does not finish closing.
#include "shell/net/ws_shared.hpp"

#include <boost/asio/post.hpp>

#include "shell/net/ws_connection.hpp"

namespace culver::net_ {

void FlushList::add(std::shared_ptr<WsConnection> connection) {
  waiting_.push_back(std::move(connection));
  if (waiting_.size() > 1) return;
  asio::post(io_, [this] {
    for (const auto& ready : std::exchange(waiting_, {})) ready->flush();
  });
}

void CloseBounds::add(std::weak_ptr<WsConnection> connection) {
  closing_.emplace_back(Clock::now() + bound_, std::move(connection));
  if (closing_.size() == 1) wait();
}

void CloseBounds::forget_ended() {
  const auto has_ended = [](const std::weak_ptr<WsConnection>& connection) {
    const auto open = connection.lock();
    return !open || open->has_ended();
  };
  if (closing_.empty()) return;
  while (!closing_.empty() && has_ended(closing_.front().second)) closing_.pop_front();
  if (closing_.empty()) timer_.cancel();
}

void CloseBounds::wait() {
  timer_.expires_at(closing_.front().first);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) enforce();
  });
}

void CloseBounds::enforce() {
  const auto now = Clock::now();
  while (!closing_.empty() && closing_.front().first <= now) {
    if (const auto late = closing_.front().second.lock()) late->abort();
    closing_.pop_front();
  }
  if (!closing_.empty()) wait();
}

}  // namespace culver::net_
