// The signaling of a bench: tagged strings over one end of a socketpair.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace culver::p2p::bench {

/// Told when the other end is gone: a bench is over then.
class Signals {
 public:
  using Sink = std::function<void(char tag, const std::string& text)>;

  Signals(boost::asio::io_context& io, int descriptor)
      : socket_(io, boost::asio::local::stream_protocol(), descriptor) {
    read();
  }
  void say(char tag, const std::string& text = {}) {
    const auto size = static_cast<std::uint32_t>(text.size());
    std::string frame(1, tag);
    frame.append(reinterpret_cast<const char*>(&size), sizeof size);
    boost::system::error_code gone;
    boost::asio::write(socket_, boost::asio::buffer(frame + text), gone);
  }

  Sink sink;

 private:
  void read() {
    boost::asio::async_read(socket_, boost::asio::buffer(head_), [this](auto error, std::size_t) {
      if (error) return sink('X', {});
      std::uint32_t size = 0;
      std::copy_n(head_.begin() + 1, sizeof size, reinterpret_cast<char*>(&size));
      text_.resize(size);
      boost::asio::async_read(socket_, boost::asio::buffer(text_),
                              [this](auto failed, std::size_t) {
                                if (failed) return sink('X', {});
                                sink(head_[0], text_);
                                read();
                              });
    });
  }

  boost::asio::local::stream_protocol::socket socket_;
  std::array<char, 5> head_{};
  std::string text_;
};

}  // namespace culver::p2p::bench
