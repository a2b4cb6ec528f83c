#include "shell/p2p/turn_stream.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "core/wire/stun.hpp"
#include "tests/shell/host/certificate.hpp"
#include "tests/shell/host/stuck_look_up.hpp"
#include "tests/shell/host/temporary_folder.hpp"

namespace culver::p2p {
namespace {

namespace asio = boost::asio;
namespace stun = wire::stun;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

ByteVector stun_message(std::uint8_t number, std::size_t data = 0) {
  stun::Message message{};
  message.kind = stun::Class::indication;
  message.method = stun::Method::data;
  message.id.data[0] = std::byte{number};
  if (data > 0) message.data.emplace(data);
  return print(message, nullptr);
}
ByteVector channel_data(std::size_t size, bool padded = true) {
  const auto header = stun::print_channel_header(0x4000, static_cast<std::uint16_t>(size));
  ByteVector bytes(header.begin(), header.end());
  bytes.resize(4 + size, std::byte{'x'});
  if (padded) bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}
ByteVector joined(const std::vector<ByteVector>& parts) {
  ByteVector all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// The other side of one connection: reads everything, unless told not to, and says what the test
/// says.
class Server {
 public:
  explicit Server(asio::io_context& io, bool reads = true)
      : acceptor_(io, {asio::ip::address_v4::loopback(), 0}), socket_(io) {
    acceptor_.async_accept(socket_, [this, reads](error_code error) {
      if (error) return;
      accepted = true;
      if (reads) read();
    });
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void say(const ByteVector& bytes) { asio::write(socket_, asio::buffer(bytes)); }
  /// In the background: more than the kernel may hold.
  void say_in_pieces(const ByteVector& bytes, std::size_t size) {
    socket_.set_option(tcp::no_delay(true));
    said_ = bytes;
    go_on(0, size);
  }
  void hang_up() { socket_.close(); }
  bool accepted = false, ended = false;
  ByteVector heard;

 private:
  void go_on(std::size_t at, std::size_t size) {
    if (at >= said_.size()) return;
    asio::async_write(socket_, asio::buffer(asio::buffer(said_) + at, size),
                      [this, at, size](error_code error, std::size_t) {
                        if (!error) go_on(at + size, size);
                      });
  }
  void read() {
    socket_.async_read_some(asio::buffer(buffer_), [this](error_code error, std::size_t size) {
      heard.insert(heard.end(), buffer_.begin(),
                   buffer_.begin() + static_cast<std::ptrdiff_t>(size));
      if (error)
        ended = true;
      else
        read();
    });
  }
  tcp::acceptor acceptor_;
  tcp::socket socket_;
  ByteVector said_, buffer_ = ByteVector(65536);
};

/// Shakes hands with one client, and says one message.
class TlsServer {
 public:
  TlsServer(asio::io_context& io, const Certificate& certificate)
      : acceptor_(io, {asio::ip::address_v4::loopback(), 0}) {
    context_.use_certificate_chain(asio::buffer(certificate.certificate_pem));
    context_.use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem);
    stream_.emplace(io, context_);
    acceptor_.async_accept(stream_->next_layer(), [this](error_code error) {
      if (!error) shake_hands();
    });
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void shake_hands() {
    stream_->async_handshake(asio::ssl::stream_base::server, [this](error_code error) {
      if (error) return;
      asio::async_write(*stream_, asio::buffer(greeting_), [](error_code, std::size_t) {});
    });
  }
  asio::ssl::context context_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_;
  std::optional<asio::ssl::stream<tcp::socket>> stream_;
  ByteVector greeting_ = stun_message(1);
};

class TurnStreamTest : public ::testing::Test {
 protected:
  void dial(std::uint16_t port, std::function<void(TurnStreamConfig&)> change = {}) {
    TurnStreamConfig config{.host = "127.0.0.1", .port = port, .tls = false, .extra_ca_file = {}};
    if (change) change(config);
    inside = true;
    stream = std::make_unique<TurnStream>(io, config,
                                          TurnStreamSink{[this](TurnStreamEvent event) {
                                                           EXPECT_FALSE(inside);
                                                           events.push_back(event);
                                                           if (react) react();
                                                         },
                                                         [this](ByteView bytes) {
                                                           EXPECT_FALSE(inside);
                                                           messages.emplace_back(bytes.begin(),
                                                                                 bytes.end());
                                                           if (react) react();
                                                         }});
    inside = false;
  }
  void open(Server& server, std::function<void(TurnStreamConfig&)> change = {}) {
    dial(server.port(), std::move(change));
    until([&] { return server.accepted && opened(); });
  }
  bool send(ByteView head, ByteView tail = {}) {
    inside = true;
    const bool taken = stream->send(head, tail);
    inside = false;
    return taken;
  }
  /// A generous bound: the events decide.
  void until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "waited in vain";
      io.restart();
      io.run_one_for(1s);
    }
  }
  /// Until nothing is left to do: without the server's side, nothing may run on.
  void drain() {
    io.restart();
    io.run_for(20s);
    EXPECT_TRUE(io.stopped()) << "something still runs";
  }
  bool opened() const {
    return !events.empty() && std::holds_alternative<TurnStreamOpened>(events[0]);
  }
  std::string_view lost() const {
    const auto* last = events.empty() ? nullptr : std::get_if<TurnStreamLost>(&events.back());
    return last ? info(last->fault).name : "not lost";
  }
  void until_lost() {
    until([this] { return lost() != "not lost"; });
  }

  asio::io_context io;
  std::vector<TurnStreamEvent> events;
  std::vector<ByteVector> messages;
  std::function<void()> react;
  bool inside = false;
  std::unique_ptr<TurnStream> stream;
};

// ---- messages -----------------------------------------------------------------------------------

TEST_F(TurnStreamTest, CutsTheStreamIntoMessages) {
  const std::vector<ByteVector> said{stun_message(1),       channel_data(1), channel_data(4),
                                     stun_message(2, 3),    channel_data(0), channel_data(65535),
                                     stun_message(3, 64000)};
  for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{1000}, std::size_t{7}}) {
    Server server(io);
    events.clear();
    messages.clear();
    open(server);
    EXPECT_EQ(std::get<TurnStreamOpened>(events.at(0)).server,
              Endpoint::parse("127.0.0.1", server.port()));
    server.say_in_pieces(joined(said), piece);
    until([&] { return messages.size() == said.size(); });
    EXPECT_EQ(messages, said) << piece;
    stream.reset();
  }
}

TEST_F(TurnStreamTest, CutsAStreamThatComesByteByByte) {
  const std::vector<ByteVector> said{stun_message(1), channel_data(1), stun_message(2, 3)};
  Server server(io);
  open(server);
  server.say_in_pieces(joined(said), 1);
  until([&] { return messages.size() == said.size(); });
  EXPECT_EQ(messages, said);
}

TEST_F(TurnStreamTest, SendsInOrderAndPadsChannelData) {
  Server server(io);
  open(server);
  ByteVector expected;
  for (std::size_t i = 1; i <= 200; ++i) {
    EXPECT_TRUE(send(stun_message(static_cast<std::uint8_t>(i))));
    const auto data = channel_data(i, false);
    EXPECT_TRUE(send(ByteView(data).first(4), ByteView(data).subspan(4)));
    const auto both = joined({stun_message(static_cast<std::uint8_t>(i)), channel_data(i)});
    expected.insert(expected.end(), both.begin(), both.end());
  }
  until([&] { return server.heard.size() >= expected.size(); });
  // The padding may be anything; ours is zeros and so is what channel_data() appends.
  EXPECT_EQ(server.heard, expected);
}

TEST_F(TurnStreamTest, DropsWhatTheQueueDoesNotTakeAndLivesOn) {
  Server server(io, false);
  open(server, [](TurnStreamConfig& config) { config.queue_bytes = 100'000; });
  const auto message = channel_data(9'996);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(send(message));
  EXPECT_FALSE(send(message));
  EXPECT_EQ(events.size(), 1u);
  EXPECT_FALSE(send(channel_data(0)));
  // Once the kernel has taken some there is room again.
  until([&] { return send(message); });
}

TEST_F(TurnStreamTest, SendsNothingBeforeItIsOpen) {
  Server server(io);
  dial(server.port());
  EXPECT_FALSE(send(stun_message(1)));
  until([&] { return opened(); });
  EXPECT_TRUE(send(stun_message(2)));
  until([&] { return !server.heard.empty(); });
  EXPECT_EQ(server.heard, stun_message(2));
}

// ---- ends ---------------------------------------------------------------------------------------

TEST_F(TurnStreamTest, WhatIsNoMessageIsTheEnd) {
  Server server(io);
  open(server);
  server.say(
      joined({stun_message(1), {std::byte{0x80}, std::byte{0}, std::byte{0}, std::byte{0}}}));
  until_lost();
  EXPECT_EQ(lost(), "malformed");
  EXPECT_EQ(messages.size(), 1u);
  until([&] { return server.ended; });
  EXPECT_EQ(events.size(), 2u);
  EXPECT_FALSE(send(stun_message(2)));
}

TEST_F(TurnStreamTest, AServerThatHangsUpIsLostOnce) {
  Server server(io);
  open(server);
  server.say(stun_message(1));
  server.hang_up();
  until_lost();
  EXPECT_EQ(lost(), "server_lost");
  EXPECT_EQ(messages.size(), 1u);
  EXPECT_FALSE(send(stun_message(2)));
  drain();
  EXPECT_EQ(events.size(), 2u);
}

TEST_F(TurnStreamTest, NobodyThereIsSilence) {
  std::uint16_t port = 0;
  {
    const tcp::acceptor gone(io, {asio::ip::address_v4::loopback(), 0});
    port = gone.local_endpoint().port();
  }
  dial(port);
  until_lost();
  EXPECT_EQ(lost(), "relay_silent");
  EXPECT_EQ(events.size(), 1u);
}

TEST_F(TurnStreamTest, ANameThatIsNoneIsSilence) {
  dial(1, [](TurnStreamConfig& config) { config.host = "no..name"; });
  until_lost();
  EXPECT_EQ(lost(), "relay_silent");
}

TEST_F(TurnStreamTest, FindsTheServerByName) {
  Server server(io);
  dial(server.port(), [](TurnStreamConfig& config) { config.host = "localhost"; });
  until([&] { return opened(); });
}

TEST_F(TurnStreamTest, DialingIsBounded) {
  Server server(io);
  dial(server.port(), [](TurnStreamConfig& config) {
    config.tls = true;
    config.dial_time = 50ms;
  });
  until_lost();
  EXPECT_EQ(lost(), "relay_silent");
  until([&] { return server.ended; });
  EXPECT_EQ(events.size(), 1u);
}

TEST_F(TurnStreamTest, ANameThatIsNeverFoundIsSilenceInTime) {
  StuckLookUp stuck;
  dial(1, [&](TurnStreamConfig& config) {
    config.host = "server.test";
    config.look_up = stuck.look_up();
    config.dial_time = 50ms;
  });
  until_lost();
  EXPECT_EQ(lost(), "relay_silent");
  drain();
  EXPECT_EQ(events.size(), 1u);
}

TEST_F(TurnStreamTest, IsDroppedWhileANameIsLookedUp) {
  StuckLookUp stuck;
  dial(1, [&](TurnStreamConfig& config) {
    config.host = "server.test";
    config.look_up = stuck.look_up();
  });
  io.poll();
  stuck.wait_for(1);
  stream.reset();
  io.restart();
  io.poll();
  EXPECT_TRUE(io.stopped()) << "the loop waits for the look-up";
  EXPECT_TRUE(events.empty());
}

TEST_F(TurnStreamTest, IsDroppedWithoutAWord) {
  Server server(io);
  open(server);
  send(stun_message(1));
  stream.reset();
  until([&] { return server.ended; });
  EXPECT_EQ(events.size(), 1u);
}

TEST_F(TurnStreamTest, IsDroppedWhileItDials) {
  Server server(io);
  dial(server.port());
  stream.reset();
  io.poll();
  EXPECT_TRUE(events.empty());
}

TEST_F(TurnStreamTest, MayBeDestroyedFromItsSink) {
  for (const bool at_message : {false, true}) {
    Server server(io);
    events.clear();
    messages.clear();
    react = {};
    if (at_message) open(server);
    react = [this] { stream.reset(); };
    if (!at_message) dial(server.port());
    until([&] { return server.accepted; });
    if (at_message) server.say(joined({stun_message(1), stun_message(2)}));
    until([&] { return server.ended; });
    EXPECT_EQ(events.size(), 1u);
    EXPECT_EQ(messages.size(), at_message ? 1u : 0u);
    EXPECT_FALSE(stream);
  }
}

TEST_F(TurnStreamTest, MayBeDestroyedWhenItIsLost) {
  Server server(io);
  open(server);
  react = [this] { stream.reset(); };
  server.hang_up();
  until([&] { return !stream; });
  EXPECT_EQ(lost(), "server_lost");
}

// ---- TLS ----------------------------------------------------------------------------------------

class TurnStreamTlsTest : public TurnStreamTest {
 protected:
  void dial_tls(std::uint16_t port, const std::string& host, bool trusted) {
    write_file(folder / "ca.pem", certificate.certificate_pem);
    dial(port, [&](TurnStreamConfig& config) {
      config.tls = true;
      config.host = host;
      if (trusted) config.extra_ca_file = (folder / "ca.pem").string();
    });
  }
  TemporaryFolder folder;
  Certificate certificate = make_certificate("localhost");
};

TEST_F(TurnStreamTlsTest, TalksToAServerThatItTrusts) {
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    TlsServer server(io, certificate);
    messages.clear();
    dial_tls(server.port(), host, true);
    until([&] { return !messages.empty(); });
    EXPECT_EQ(messages[0], stun_message(1));
    stream.reset();
  }
}

TEST_F(TurnStreamTlsTest, RefusesAServerThatItDoesNotTrust) {
  TlsServer server(io, certificate);
  dial_tls(server.port(), "localhost", false);
  until_lost();
  EXPECT_EQ(lost(), "server_untrusted");
  EXPECT_EQ(events.size(), 1u);
}

TEST_F(TurnStreamTlsTest, RefusesACertificateForAnotherName) {
  certificate = make_certificate("example.org", "192.0.2.1");
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    TlsServer server(io, certificate);
    events.clear();
    dial_tls(server.port(), host, true);
    until_lost();
    EXPECT_EQ(lost(), "server_untrusted");
    stream.reset();
  }
}

TEST_F(TurnStreamTlsTest, RefusesAServerWithoutTls) {
  Server server(io);
  dial_tls(server.port(), "127.0.0.1", true);
  until([&] { return server.accepted; });
  server.say(stun_message(1));
  until_lost();
  EXPECT_EQ(lost(), "relay_refused");
}

TEST_F(TurnStreamTlsTest, RefusesWhenTheExtraAuthorityCannotBeRead) {
  TlsServer server(io, certificate);
  dial(server.port(), [](TurnStreamConfig& config) {
    config.tls = true;
    config.extra_ca_file = "/nowhere/ca.pem";
  });
  until_lost();
  EXPECT_EQ(lost(), "server_untrusted");
}

}  // namespace
}  // namespace culver::p2p
