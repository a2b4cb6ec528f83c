// A real WebSocket server for tests: it accepts on a port that the kernel chose, and lets a script
// play the other side. On the test's own io_context and thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "tests/shell/host/certificate.hpp"
#include "tests/shell/host/stuck_look_up.hpp"

namespace culver::net::testing {

/// What the server saw, kept by the test.
struct Seen {
  std::vector<std::string> frames;
  std::vector<bool> binary;  ///< which of them were
  std::string host;          ///< of the upgrade request
  std::string target;        ///< likewise
  std::string server_name;   ///< SNI
  int close_code = 0;
  bool ended = false;
};

using Socket = boost::asio::ip::tcp::socket;
using Script = std::function<boost::asio::awaitable<void>(std::shared_ptr<Socket>)>;

class TestServer {
 public:
  TestServer(boost::asio::io_context& io, Script script);
  ~TestServer();
  std::uint16_t port() const;
  /// Accepts no more; what was accepted goes on.
  void stop();

 private:
  struct Listener;
  std::shared_ptr<Listener> listener_;
};

/// A port on which nobody listens.
std::uint16_t refused_port(boost::asio::io_context& io);

// Scripts. `seen` must outlive the io_context's run.
Script echo(Seen& seen);
Script echo_tls(Seen& seen, std::shared_ptr<boost::asio::ssl::context> context);
/// Accepts the upgrade, sends these frames, and reads on.
Script say(std::vector<std::string> frames, bool binary = false);
/// Accepts the upgrade, sends the first frames, and after each frame of the client what it is told;
/// until the client ends, or `answer` says nothing any more: then it drops the connection.
using Answer = std::function<std::optional<std::vector<std::string>>(const std::string& frame)>;
Script converse(Seen& seen, std::vector<std::string> first, Answer answer);
/// A closing handshake.
Script close_at_once(std::string reason = "", std::uint16_t code = 1001);
Script close_and_keep_socket();    ///< a close frame, and then nothing
Script drop_after_upgrade();       ///< no goodbye
Script never_answer(Seen& seen);   ///< reads the upgrade until the client goes
Script answer(std::string bytes);  ///< to the upgrade, and closes
Script open_and_never_reply();

std::shared_ptr<boost::asio::ssl::context> server_context(const Certificate& certificate,
                                                          Seen& seen);

}  // namespace culver::net::testing
