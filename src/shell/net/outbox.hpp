// What waits to be written on one connection, as the pieces that the kernel will be given. Small
// messages grow together.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/container/static_vector.hpp>

namespace culver::net_ {

class Outbox {
 public:
  static constexpr std::size_t piece_size = 16'384;  ///< up to which messages share a piece
  static constexpr std::size_t most_pieces = 64;     ///< in one write
  using Buffers = boost::container::static_vector<boost::asio::const_buffer, most_pieces>;

  void append(std::string_view bytes) {
    bytes_ += bytes.size();
    if (!pieces_.empty() && pieces_.back().size() + bytes.size() <= piece_size)
      pieces_.back() += bytes;
    else
      pieces_.emplace_back(bytes);
  }

  std::size_t bytes() const { return bytes_; }
  bool empty() const { return bytes_ == 0; }

  Buffers front() const {
    Buffers buffers;
    for (std::size_t i = first_; i < pieces_.size() && buffers.size() < most_pieces; ++i)
      buffers.push_back(boost::asio::buffer(pieces_[i]));
    if (!buffers.empty()) buffers.front() += written_;
    return buffers;
  }
  /// `size` bytes of the front are written. When all are, nothing is held any more.
  void consume(std::size_t size) {
    bytes_ -= size;
    if (bytes_ == 0) return clear();
    written_ += size;
    while (written_ >= pieces_[first_].size()) {
      written_ -= pieces_[first_].size();
      std::string().swap(pieces_[first_++]);  // an assignment would keep the memory
    }
    if (first_ >= most_pieces) {
      pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

 private:
  void clear() {
    std::vector<std::string>().swap(pieces_);
    first_ = written_ = 0;
  }

  std::vector<std::string> pieces_;
  std::size_t first_ = 0;    ///< the pieces before it are written
  std::size_t written_ = 0;  ///< of the first piece
  std::size_t bytes_ = 0;
};

}  // namespace culver::net_
