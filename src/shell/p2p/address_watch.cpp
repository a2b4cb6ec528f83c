#include "shell/p2p/address_watch.hpp"

#include <array>
#include <cerrno>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "shell/host/file_descriptor.hpp"

namespace culver::p2p {
namespace {

host::FileDescriptor open_socket() {
  host::FileDescriptor made(
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl name{};
  name.nl_family = AF_NETLINK;
  name.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (!made || ::bind(made.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) != 0) return {};
  return made;
}

}  // namespace

AddressWatch::AddressWatch(boost::asio::io_context& io)
    : alive_(std::make_shared<AddressWatch*>(this)) {
  if (auto socket = open_socket()) {
    descriptor_.emplace(io, socket.get());
    socket.release();
    wait();
  }
}

AddressWatch::~AddressWatch() { *alive_ = nullptr; }

AddressWatch::Id AddressWatch::add(Sink sink) {
  sinks_.emplace(++last_, std::move(sink));
  return last_;
}

void AddressWatch::wait() {
  descriptor_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [alive = alive_](const boost::system::error_code& error) {
                            if (error || *alive == nullptr) return;
                            const bool changed = (*alive)->drain();
                            (*alive)->wait();
                            if (changed) (*alive)->tell();
                          });
}

// What the messages say does not matter, nor whether some were lost (ENOBUFS): all is asked anew.
bool AddressWatch::drain() {
  std::array<std::byte, 8192> room;
  bool changed = false;
  for (;;) {
    const auto got = ::recv(descriptor_->native_handle(), room.data(), room.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno != ENOBUFS) return changed;
    changed = true;
  }
}

void AddressWatch::tell() {
  const auto watched = alive_;
  for (Id id = 0; *watched != nullptr;) {
    const auto next = sinks_.upper_bound(id);
    if (next == sinks_.end()) return;
    id = next->first;
    const Sink sink = next->second;  // it may remove itself
    sink();
  }
}

}  // namespace culver::p2p
