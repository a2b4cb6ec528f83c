// The gateway over real sockets: devices that shake hands, the store behind them, HTTP beside them.
#include <atomic>
#include <memory>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/wire/limits.hpp"
#include "shell/host/clock.hpp"
#include "shell/host/entropy.hpp"
#include "shell/host/log.hpp"
#include "tests/shell/server/client_support.hpp"
#include "tests/support/handshake.hpp"

namespace culver::server {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
namespace client = handshake::client;

/// A device behind its handshake; what it says and hears is sealed if that was agreed.
class Device {
 public:
  Device(std::uint16_t port, std::uint8_t account, std::uint8_t device, unsigned version = 2)
      : account_(test::client_account(account)), socket_(port) {
    account_.device.data[15] = static_cast<std::byte>(device);
    Env env{host::now(), random_.rng(), host::wall_now()};
    const client::Pin pin;
    client::Context context{env, account_, pin, version};
    auto begun = client::begin(env.now, context);
    auto state = std::move(begun.state);
    socket_.send(begun.frame);
    while (!std::holds_alternative<client::Established>(state)) {
      client::Effects effects;
      auto frame = socket_.receive();
      if (frame.empty()) throw std::runtime_error("closed: " + socket_.close_reason());
      auto event = client::read(state, std::move(frame));
      state = fsm::step<client::Machine>(std::move(state), std::move(event), context, effects);
      for (const auto& effect : effects) {
        const auto& send = std::get<client::SendFrame>(effect);
        socket_.send(send.frame, send.binary);
      }
      if (const auto* rejected = std::get_if<client::Rejected>(&state))
        throw std::runtime_error(std::string(info(rejected->fault).name));
    }
    auto& done = std::get<client::Established>(state);
    identity = done.proof.identity();
    records_ = std::move(done.records);
  }
  void send(std::string_view text) {
    if (records_)
      socket_.send(records_->out.seal(text), true);
    else
      socket_.send(text);
  }
  /// The next frame that has this in it; presence and the like are passed over.
  std::string await(std::string_view part) {
    while (true) {
      auto frame = socket_.receive();
      if (frame.empty()) return frame;
      if (records_) frame = records_->in.open(frame).value();
      if (frame.find(part) != std::string::npos) return frame;
    }
  }
  wire::gateway::NewEvent event(std::uint64_t seq) const {
    wire::gateway::NewEvent made{};
    made.id.data[5] = static_cast<std::byte>(seq);
    made.id.data[6] = std::byte{0x70};
    made.id.data[8] = std::byte{0x80};
    made.device = account_.device;
    made.device_seq = seq;
    made.stream = "notes";
    made.type = "note";
    made.encrypted_payload = "aGVsbG8=";
    return made;
  }

  crypto::VerifyKey identity;

 private:
  test::SeededRng random_{std::random_device{}()};
  client::Account account_;
  Client socket_;
  std::optional<handshake::RecordLayer> records_;
};

class Gateway : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Versions, Gateway, testing::Values(1, 2));

TEST_P(Gateway, StoresAnEventAndGivesItToTheOtherDevices) {
  RunningServer server;
  Device sender(server.port(), 1, 1, GetParam()), listener(server.port(), 1, 2, GetParam());
  Device stranger(server.port(), 2, 1, GetParam());
  sender.send(print(sender.event(1)));
  EXPECT_THAT(sender.await("\"ack\""), HasSubstr("\"device_seq\":1"));
  EXPECT_THAT(listener.await("\"event\""), HasSubstr("aGVsbG8="));
  Device late(server.port(), 1, 3, GetParam());
  late.send(print(wire::gateway::ReplayRequest{10, 0, false}));
  EXPECT_THAT(late.await("replay_response"), HasSubstr("aGVsbG8="));
  stranger.send(print(wire::gateway::ReplayRequest{10, 0, false}));
  EXPECT_THAT(stranger.await("replay_response"), Not(HasSubstr("aGVsbG8=")));
}

TEST_P(Gateway, AnswersManyFramesThatComeAtOnceInOrder) {
  RunningServer server;
  Device sender(server.port(), 1, 1, GetParam());
  constexpr std::uint64_t events = 100;
  for (std::uint64_t seq = 1; seq <= events; ++seq) sender.send(print(sender.event(seq)));
  for (std::uint64_t seq = 1; seq <= events; ++seq)
    EXPECT_THAT(sender.await("\"ack\""), HasSubstr("\"device_seq\":" + std::to_string(seq) + ","));
}

// The hub may be left half-moved, so that nobody is served by it any more.
TEST(GatewayServer, EndsInOrderForAFaultOfItsOwnAndKeepsWhatIsStored) {
  const TemporaryFolder folder;
  const auto in_folder = [&] {
    Config config;
    config.data_dir = folder.path / "data";
    return config;
  };
  std::vector<std::string> lines;
  log::redirect([&](std::string line) { lines.push_back(std::move(line)); });
  {
    std::atomic<bool> fails = false;
    const Rng failing(
        [](void* context, std::span<std::byte> out) {
          if (*static_cast<std::atomic<bool>*>(context)) throw std::runtime_error("on purpose");
          host::system_rng().fill(out);
        },
        &fails);
    RunningServer server(in_folder(), failing);
    Device sender(server.port(), 1, 1);
    Client bystander(server.port());
    sender.send(print(sender.event(1)));
    EXPECT_THAT(sender.await("\"ack\""), HasSubstr("\"device_seq\":1"));
    fails = true;
    EXPECT_THROW(Device(server.port(), 1, 2), std::runtime_error) << "its step fails";
    EXPECT_EQ(bystander.receive(), "");
    server.join();
    EXPECT_EQ(server.end(), Server::End::broken);
    EXPECT_ANY_THROW(Client{server.port()}) << "nobody listens";
  }
  log::redirect({});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("the server ends for a fault of its own: on purpose"));
  RunningServer again(in_folder());
  Device late(again.port(), 1, 3);
  late.send(print(wire::gateway::ReplayRequest{10, 0, false}));
  EXPECT_THAT(late.await("replay_response"), HasSubstr("aGVsbG8="));
}

TEST(GatewayServer, IsKnownByItsKeyWhateverTheDevice) {
  RunningServer server;
  const Device one(server.port(), 1, 1), other(server.port(), 2, 1, 1);
  EXPECT_EQ(one.identity, other.identity);
}

TEST(GatewayServer, RefusesOpenSignalingIfItIsTold) {
  Config config;
  config.require_handshake = true;
  RunningServer server(std::move(config));
  Client client(server.port());
  client.send(R"({"type":"ping"})");
  client.await_end();
  EXPECT_EQ(client.close_code(), 1008);
  EXPECT_EQ(client.close_reason(), info(Fault::handshake_required).wire);
}

TEST(GatewayServer, CountsWhatHappens) {
  RunningServer server;
  Device sender(server.port(), 1, 1);
  sender.send(print(sender.event(1)));
  sender.await("\"ack\"");
  sender.send(print(sender.event(1)));
  sender.await("\"ack\"");
  const auto metrics = talk(server.metrics_port(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(metrics, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(metrics, HasSubstr("Content-Type: text/plain; version=0.0.4"));
  for (const auto* line :
       {"culver_sessions 1\n", "culver_events_stored_total 1\n",
        "culver_events_duplicate_total 1\n",
        "culver_handshakes_ended_total{outcome=\"established_v2\"} 1\n", "culver_connections 2\n"})
    EXPECT_THAT(metrics, HasSubstr(line));
}

TEST(GatewayServer, AnswersRequestsAndReadsNoLargeBodies) {
  RunningServer server;
  const auto unsigned_one = talk(server.port(), "GET /api/devices HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(unsigned_one, StartsWith("HTTP/1.1 4"));
  EXPECT_THAT(unsigned_one, HasSubstr("Content-Type: application/json"));
  EXPECT_THAT(
      talk(server.port(), "POST /api/devices HTTP/1.1\r\nHost: x\r\nContent-Length: 16385\r\n\r\n"),
      StartsWith("HTTP/1.1 413"));
}

TEST(GatewayServer, GivesLeaveToSendABody) {
  RunningServer server;
  const auto answer = talk(server.port(),
                           "POST /api/devices HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                           "Content-Length: 2\r\n\r\n{}");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 4"));
}

TEST(GatewayServer, SaysWhyItDoesNotUpgrade) {
  RunningServer server;
  const std::string start =
      "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const auto outdated = talk(server.port(), start + key + "Sec-WebSocket-Version: 8\r\n\r\n");
  EXPECT_THAT(outdated, StartsWith("HTTP/1.1 426"));
  EXPECT_THAT(outdated, HasSubstr("Sec-WebSocket-Version: 13\r\n"));
  EXPECT_THAT(talk(server.port(), start + "Sec-WebSocket-Version: 13\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
}

// ---- frames as no library would send them -------------------------------------------------------

constexpr std::string_view upgrade =
    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

constexpr int text = 0x81, binary = 0x82, closing = 0x88, pinging = 0x89;

/// Whole, and masked by zero.
std::string frame(int first, std::string_view payload) {
  std::string made(1, static_cast<char>(first));
  const bool is_long = payload.size() >= 126;
  made += static_cast<char>(0x80 | (is_long ? 126 : payload.size()));
  if (is_long) made += static_cast<char>(payload.size() >> 8);
  if (is_long) made += static_cast<char>(payload.size() & 0xff);
  return made.append(4, '\0').append(payload);
}

TEST(Frames, ThatComeWithTheUpgradeAreAnsweredInOrder) {
  RunningServer server;
  std::string bytes(upgrade), expected;
  for (int i = 0; i < 20; ++i) {
    bytes += frame(text, R"({"type":"ping"})") + frame(pinging, std::to_string(i));
    expected += "\x81\x0f{\"type\":\"pong\"}\x8a" + std::string(1, i < 10 ? '\x01' : '\x02') +
                std::to_string(i);
  }
  bytes += frame(closing, "\x03\xe8");
  const auto answer = talk(server.port(), bytes);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101"));
  EXPECT_THAT(answer, testing::EndsWith(expected + "\x88\x02\x03\xe8"));
}

TEST(Frames, ThatBreakTheProtocolEndTheConnectionWithACode) {
  RunningServer server;
  const std::string start(upgrade);
  EXPECT_THAT(talk(server.port(), start + "\x81\x02hi"), testing::EndsWith("\x88\x02\x03\xea"));
  EXPECT_THAT(talk(server.port(), start + frame(text, "\xff")),
              testing::EndsWith("\x88\x02\x03\xef"));
  EXPECT_THAT(talk(server.port(), start + frame(closing, {})),
              testing::EndsWith("\x88\x02\x03\xe8"));
}

/// A frame that is announced, and as much of it as the test sends.
std::string announced(std::uint64_t size, std::size_t sent) {
  std::string made = "\x82\xff";
  for (int shift = 56; shift >= 0; shift -= 8) made += static_cast<char>(size >> shift & 0xff);
  return made.append(4, '\0').append(std::string(sent, 'x'));
}

TEST(Frames, OfStrangersAreCutAtWhatAHandshakeNeeds) {
  Config config;
  config.require_handshake = true;
  RunningServer server(std::move(config));
  constexpr auto longest = wire::limits::handshake_frame_in;
  const std::string too_large = "\x88\x13\x03\xf1Message too large", start(upgrade);
  EXPECT_THAT(talk(server.port(), start + announced(1'500'000, longest + 1)),
              testing::EndsWith(too_large));
  EXPECT_THAT(talk(server.port(), start + frame(binary, std::string(longest + 1, 'x'))),
              testing::EndsWith(too_large));
  EXPECT_THAT(talk(server.port(), start + frame(binary, std::string(longest, 'x'))),
              testing::EndsWith("\x88\x14\x03\xf0Handshake required"));
}

TEST(Frames, OfOpenSignalingAreCutAtWhatItNeeds) {
  RunningServer server;
  constexpr auto longest = wire::limits::signaling_frame_in;
  EXPECT_THAT(talk(server.port(), std::string(upgrade) + announced(1'500'000, longest + 1)),
              HasSubstr("Message too large"));
}

TEST_P(Gateway, TakesLongFramesOfADeviceThatIsKnown) {
  RunningServer server;
  Device phone(server.port(), 1, 1, GetParam());
  auto event = phone.event(1);
  event.encrypted_payload = std::string(1'300'000, 'A');
  phone.send(print(event));
  EXPECT_THAT(phone.await("ack"), HasSubstr("ack"));
}

/// By whoever makes them too many in all, and by whoever does of his address.
class UnfinishedFrames : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(OfOneAddress, UnfinishedFrames, testing::Bool());

TEST_P(UnfinishedFrames, AreNotHeldWithoutBound) {
  Config config;
  auto& sockets = config.sockets;
  (GetParam() ? sockets.unfinished_bytes_per_address : sockets.total_unfinished_bytes) = 1'000;
  sockets.close_bound = std::chrono::milliseconds(100);
  RunningServer server(std::move(config));
  Client other(server.port());
  const auto whole = frame(binary, std::string(5'000, 'x'));
  EXPECT_THAT(talk(server.port(), std::string(upgrade) + whole.substr(0, 2'000)),
              testing::EndsWith("\x88\x2d\x03\xf0Service unavailable, please try again later"));
  EXPECT_THAT(talk(server.metrics_port(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(HasSubstr("culver_unfinished_bytes 0\n"),
                    HasSubstr("culver_unfinished_refused_total 1\n")));
  other.send(R"({"type":"ping"})");
  EXPECT_EQ(other.receive(), R"({"type":"pong"})");
}

}  // namespace
}  // namespace culver::server
