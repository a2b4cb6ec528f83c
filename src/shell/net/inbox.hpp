// What has come of the message that is being read on one connection. Between two messages it holds
// a little room for the next, which is enough for most of them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>

namespace culver::net_ {

class Inbox {
 public:
  static constexpr std::size_t first_room = 512;
  static constexpr std::size_t next_room = 4'096;  ///< at most, or as much as has come already

  explicit Inbox(std::size_t longest_message) : longest_(longest_message) {}
  /// Holds for the message that is being read, too.
  void limit(std::size_t longest_message) { longest_ = longest_message; }

  /// Where the next bytes go, of which so many are announced. What is announced costs memory only
  /// as it comes.
  boost::asio::mutable_buffer room(std::size_t announced) {
    if (size_ == 0) return scrap();
    const auto step = std::clamp<std::size_t>(announced, 1, std::max(size_, next_room));
    bytes_.resize(size_ + step);
    return boost::asio::buffer(bytes_.data() + size_, step);
  }
  /// So many bytes have come there. True once, when by them a message becomes longer than allowed:
  /// the rest of it is thrown away.
  bool commit(std::size_t size) {
    if (too_long_) return false;
    if (size_ == 0) bytes_.assign(first_.data(), size);
    size_ += size;
    if (size_ <= longest_) return false;
    drop();
    return true;
  }
  /// Nothing more of the message that is being read is kept, nor what has come of it.
  void drop() {
    std::string().swap(bytes_);
    size_ = 0;
    too_long_ = true;
  }
  /// The whole message; nullopt if it is thrown away.
  std::optional<std::string> take() {
    if (std::exchange(too_long_, false)) return std::nullopt;
    bytes_.resize(std::exchange(size_, 0));
    return std::exchange(bytes_, {});
  }
  /// Room for bytes that nobody wants.
  boost::asio::mutable_buffer scrap() { return boost::asio::buffer(first_); }

  /// Bytes of a message that is not complete. The room behind them is at most as large again.
  std::size_t held() const { return size_; }

 private:
  std::size_t longest_;
  std::size_t size_ = 0;
  std::string bytes_;  ///< and the room behind them
  bool too_long_ = false;
  std::array<char, first_room> first_;
};

}  // namespace culver::net_
