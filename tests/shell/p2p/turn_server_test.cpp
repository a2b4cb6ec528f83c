// The TURN machine and the streams below it against a server that others wrote.
#include <deque>
#include <functional>
#include <map>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "core/ice/turn.hpp"
#include "shell/host/entropy.hpp"
#include "shell/p2p/turn_stream.hpp"
#include "tests/shell/p2p/coturn_support.hpp"

namespace culver::p2p::test {
namespace {

namespace asio = boost::asio;
namespace turn = ice::turn;
namespace stun = wire::stun;
using asio::ip::udp;
using namespace std::chrono_literals;

enum class Over { udp, tcp, tls };

udp::endpoint loopback(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

/// A UDP socket that keeps what comes.
class Datagrams {
 public:
  explicit Datagrams(asio::io_context& io) : socket_(io, loopback(0)) { receive(); }

  Endpoint address() const {
    return *Endpoint::parse("127.0.0.1", socket_.local_endpoint().port());
  }
  void send(ByteView bytes, std::uint16_t port) {
    socket_.send_to(asio::buffer(bytes.data(), bytes.size()), loopback(port));
  }
  struct Datagram {
    ByteVector bytes;
    std::uint16_t from;
  };
  std::deque<Datagram> received;
  std::function<void()> on_received = [] {};

 private:
  void receive() {
    socket_.async_receive_from(
        asio::buffer(buffer_), from_, [this](boost::system::error_code error, std::size_t size) {
          if (error) return;
          const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(size);
          received.push_back({{buffer_.begin(), end}, from_.port()});
          on_received();
          receive();
        });
  }
  udp::socket socket_;
  ByteVector buffer_ = ByteVector(65536);
  udp::endpoint from_;
};

class TurnServerTest : public ::testing::TestWithParam<Over> {
 protected:
  void SetUp() override {
    if (!coturn_is_installed()) GTEST_SKIP() << "turnserver (Debian package coturn) is missing";
    server.emplace();
    open();
  }

  // ---- below the machine ----
  void open() {
    if (GetParam() == Over::udp) {
      socket.emplace(io);
      socket->on_received = [this] {
        hear(socket->received.front().bytes);
        socket->received.pop_front();
      };
      return;
    }
    TurnStreamConfig config;
    config.tls = GetParam() == Over::tls;
    config.host = config.tls ? "localhost" : "127.0.0.1";
    config.port = config.tls ? server->tls_port() : server->port();
    if (config.tls) config.extra_ca_file = server->ca_file();
    stream.emplace(io, config,
                   TurnStreamSink{[this](const TurnStreamEvent& event) { events.push_back(event); },
                                  [this](ByteView bytes) { hear(bytes); }});
    ASSERT_TRUE(until([this] { return !events.empty(); }));
    ASSERT_TRUE(std::holds_alternative<TurnStreamOpened>(events[0]));
    EXPECT_EQ(std::get<TurnStreamOpened>(events[0]).server,
              Endpoint::parse("127.0.0.1", config.port));
  }
  void send(ByteView head, ByteView tail = {}) {
    if (stream) {
      EXPECT_TRUE(stream->send(head, tail));
      return;
    }
    ByteVector whole(head.begin(), head.end());
    whole.insert(whole.end(), tail.begin(), tail.end());
    socket->send(whole, server->port());
  }

  // ---- the machine ----
  void start(std::string_view password = coturn_password) {
    turn::Effects effects;
    auto env = now();
    client = turn::Client::start({std::string(coturn_user), SecretBytes(as_bytes(password)),
                                  stream.has_value(), Endpoint::Family::v4},
                                 env, effects);
    perform(effects);
  }
  void say(turn::Event event) {
    turn::Effects effects;
    auto env = now();
    client->on(std::move(event), env, effects);
    perform(effects);
  }
  void hear(ByteView bytes) {
    if (stun::kind_of(bytes) == stun::Kind::channel_data) {
      const auto data = stun::parse_channel_data(bytes);
      ASSERT_TRUE(data);
      ASSERT_TRUE(client->peer_of_channel(data->channel));
      from_channel.emplace_back(data->payload.begin(), data->payload.end());
      return;
    }
    auto received = stun::parse(bytes);
    ASSERT_TRUE(received);
    last_heard = received->message;
    if (received->message.kind == stun::Class::success) ++granted[received->message.method];
    say(turn::FromServer{std::move(*received)});
  }
  void perform(const turn::Effects& effects) {
    for (const auto& effect : effects)
      if (const auto* out = std::get_if<turn::ToServer>(&effect))
        send(out->bytes);
      else
        told.push_back(effect);
  }
  Env now() { return {std::chrono::steady_clock::now() + skipped, rng}; }

  template <class E>
  std::optional<E> heard() const {
    for (const auto& effect : told)
      if (const auto* one = std::get_if<E>(&effect)) return *one;
    return std::nullopt;
  }
  /// A generous bound: the events decide.
  bool until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      io.restart();
      io.run_one_for(50ms);
      if (client && client->deadline() && now().now >= *client->deadline()) say(turn::Tick{});
    }
    return true;
  }
  template <class E>
  bool until_heard() {
    return until([this] { return heard<E>() || heard<turn::Lost>(); }) && heard<E>();
  }
  void allocate() {
    start();
    ASSERT_TRUE(until_heard<turn::Ready>());
    relayed = heard<turn::Ready>()->relayed;
  }
  void permit(const Endpoint& whom) {
    say(turn::Permit{whom});
    ASSERT_TRUE(until_heard<turn::Permitted>());
  }

  asio::io_context io;
  Rng rng = host::system_rng();
  std::optional<Coturn> server;
  std::optional<Datagrams> socket;
  std::optional<TurnStream> stream;
  std::vector<TurnStreamEvent> events;
  std::optional<turn::Client> client;
  Datagrams peer{io};
  turn::Effects told;
  Endpoint relayed;
  Duration skipped{};
  std::optional<stun::Message> last_heard;
  std::map<stun::Method, int> granted;
  std::vector<ByteVector> from_channel;
};

std::string name_of(const ::testing::TestParamInfo<Over>& info) {
  return info.param == Over::udp ? "Udp" : info.param == Over::tcp ? "Tcp" : "Tls";
}
INSTANTIATE_TEST_SUITE_P(Over, TurnServerTest, ::testing::Values(Over::udp, Over::tcp, Over::tls),
                         name_of);

TEST_P(TurnServerTest, CarriesDatagramsBothWays) {
  allocate();
  EXPECT_EQ(relayed.address_text(), "127.0.0.1");
  EXPECT_EQ(heard<turn::Ready>()->mapped.address_text(), "127.0.0.1");
  if (socket) {
    EXPECT_EQ(heard<turn::Ready>()->mapped, socket->address());
  }
  permit(peer.address());

  send(turn::wrap(peer.address(), as_bytes("out"), rng));
  ASSERT_TRUE(until([this] { return !peer.received.empty(); }));
  EXPECT_EQ(as_text(peer.received[0].bytes), "out");
  EXPECT_EQ(peer.received[0].from, relayed.port());

  peer.send(as_bytes("in"), relayed.port());
  ASSERT_TRUE(until_heard<turn::FromPeer>());
  EXPECT_EQ(as_text(heard<turn::FromPeer>()->bytes), "in");
  EXPECT_EQ(heard<turn::FromPeer>()->peer, peer.address());
}

TEST_P(TurnServerTest, CarriesDatagramsOfEveryLengthOverAChannel) {
  allocate();
  say(turn::Bind{peer.address()});
  ASSERT_TRUE(until_heard<turn::Bound>());
  const auto channel = heard<turn::Bound>()->channel;
  for (std::size_t size = 1; size <= 9; ++size) {
    const ByteVector payload(size, static_cast<std::byte>(size));
    send(stun::print_channel_header(channel, static_cast<std::uint16_t>(size)), payload);
    ASSERT_TRUE(until([&] { return peer.received.size() == size; }));
    EXPECT_EQ(peer.received.back().bytes, payload);
    peer.send(payload, relayed.port());
    ASSERT_TRUE(until([&] { return from_channel.size() == size; }));
    EXPECT_EQ(from_channel.back(), payload);
  }
}

// The machine's clock is moved on; the server's is not, and renews all the same.
TEST_P(TurnServerTest, RenewsEverything) {
  allocate();
  say(turn::Bind{peer.address()});
  ASSERT_TRUE(until_heard<turn::Bound>());
  for (int minutes = 0; minutes < 30; ++minutes) {
    skipped += 1min;
    say(turn::Tick{});
    // Until nothing is asked any more: the next deadline is in another minute.
    ASSERT_TRUE(until([this] { return client->ended() || *client->deadline() > now().now + 20s; }));
  }
  EXPECT_EQ(client->state(), "Allocated");
  EXPECT_FALSE(heard<turn::Refused>());
  EXPECT_EQ(granted[stun::Method::refresh], 3);
  EXPECT_EQ(granted[stun::Method::create_permission], 8);
  EXPECT_EQ(granted[stun::Method::channel_bind], 4);
  send(turn::wrap(peer.address(), as_bytes("still there"), rng));
  EXPECT_TRUE(until([this] { return !peer.received.empty(); }));
}

TEST_P(TurnServerTest, IsToldOfPeersThatMayNotBeReached) {
  allocate();
  say(turn::Permit{*Endpoint::parse(coturn_denied, 9)});
  ASSERT_TRUE(until_heard<turn::Refused>());
  permit(peer.address());
}

TEST_P(TurnServerTest, GivesTheAllocationBack) {
  allocate();
  last_heard.reset();
  say(turn::Close{});
  EXPECT_TRUE(client->ended());
  ASSERT_TRUE(until([this] { return last_heard.has_value(); }));
  EXPECT_EQ(last_heard->method, stun::Method::refresh);
  EXPECT_EQ(last_heard->kind, stun::Class::success);
  EXPECT_EQ(last_heard->lifetime, 0u);
}

TEST_P(TurnServerTest, RefusesTheWrongPassword) {
  start("another secret");
  ASSERT_TRUE(until_heard<turn::Lost>());
  EXPECT_EQ(heard<turn::Lost>()->fault, Fault::relay_refused);
}

}  // namespace
}  // namespace culver::p2p::test
