#include "shell/p2p/path.hpp"

namespace culver::p2p {

void Batch::append(Datagram datagram) {
  bytes_.insert(bytes_.end(), datagram.begin(), datagram.end());
  ends_.push_back(bytes_.size());
}

void Batch::append(ByteView head, ByteView rest) {
  bytes_.insert(bytes_.end(), head.begin(), head.end());
  append(rest);
}

void Batch::clear() {
  bytes_.clear();
  ends_.clear();
}

std::span<const Datagram> Batch::views() {
  views_.clear();
  std::size_t begin = 0;
  for (auto end : ends_) {
    views_.push_back(ByteView(bytes_).subspan(begin, end - begin));
    begin = end;
  }
  return views_;
}

}  // namespace culver::p2p
