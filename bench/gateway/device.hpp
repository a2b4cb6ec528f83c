// A device that costs the machine as little as possible, so that it is the server that is measured:
// one connection, the client's side of the handshake, frames in and out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "core/handshake/client.hpp"

namespace culver::bench {

namespace client = handshake::client;
using boost::asio::ip::tcp;

/// An account of its own, made from the number, with one device.
client::Account make_account(std::uint64_t number, std::uint64_t device = 0);

/// Pending operations keep it alive. Whatever should not happen ends the program with a sentence.
class Device : public std::enable_shared_from_this<Device> {
 public:
  using Opened = std::function<void(Device&)>;
  using Heard = std::function<void(Device&, std::string_view frame)>;

  Device(boost::asio::io_context& io, const client::Account& account, unsigned version);

  /// From TCP to the server's first frame, behind the upgrade.
  void open(const tcp::endpoint& server, Opened greeted);
  /// On a connection that is open: from client_hello to session_established.
  void shake(Opened established);
  /// Both.
  void connect(const tcp::endpoint& server, Opened established);
  void on_frame(Heard heard) { heard_ = std::move(heard); }
  void send(std::string_view text);
  void close();

 private:
  void upgrade();
  void await_readable();
  void read();
  void take(std::string frame);
  void take_handshake(std::string frame);
  void write(std::string_view payload, bool binary);

  boost::asio::basic_stream_socket<tcp, boost::asio::io_context::executor_type> socket_;
  const client::Account& account_;
  const unsigned version_;
  Opened greeted_;
  Opened established_;
  Heard heard_;
  std::string input_;
  bool upgraded_ = false;
  std::optional<client::Machine::State> shaking_;
  std::optional<handshake::RecordLayer> records_;
};

}  // namespace culver::bench
