#include "shell/p2p/path.hpp"

namespace culver::p2p {

void Batch::append(Datagram datagram) {
  bytes_.insert(bytes_.end(), datagram.begin(), datagram.end());
  ends_.push_back(bytes_.size());
}

void Batch::clear() {
  bytes_.clear();
  ends_.clear();
}

std::vector<Datagram> Batch::views() const {
  std::vector<Datagram> views;
  views.reserve(ends_.size());
  std::size_t begin = 0;
  for (auto end : ends_) {
    views.push_back(ByteView(bytes_).subspan(begin, end - begin));
    begin = end;
  }
  return views;
}

}  // namespace culver::p2p
