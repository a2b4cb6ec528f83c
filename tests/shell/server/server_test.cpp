// The server over real sockets.
#include "shell/server/server.hpp"

#include <fstream>

#include <boost/asio/buffer.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/shell/server/client_support.hpp"

namespace culver::server {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string ping = R"({"type":"ping"})";
const std::string pong = R"({"type":"pong"})";

std::string sdp_offer(std::string_view target, std::size_t size) {
  return R"({"type":"offer","target":")" + std::string(target) + R"(","payload":")" +
         std::string(size, 'x') + R"("})";
}

void pair(Client& ana, Client& bob) {
  ana.enroll("AAAAAA", ana_key);
  bob.enroll("BBBBBB", bob_key);
  EXPECT_THAT(ana.receive(), HasSubstr("registered"));
  EXPECT_THAT(bob.receive(), HasSubstr("registered"));
  ana.send(R"({"type":"pair_request","targetCode":"BBBBBB"})");
  EXPECT_THAT(bob.receive(), HasSubstr("pair_incoming"));
  bob.send(R"({"type":"pair_response","targetCode":"AAAAAA","accepted":true})");
  EXPECT_THAT(ana.receive(), HasSubstr("\"isInitiator\":true"));
  EXPECT_THAT(bob.receive(), HasSubstr("\"isInitiator\":false"));
}

TEST(Server, TheLifeOfAPairing) {
  RunningServer server;
  Client ana(server.port()), bob(server.port());
  EXPECT_THAT(ana.greeting, StartsWith(R"({"type":"server_info","serverId":"ed25519:)"));
  EXPECT_THAT(ana.greeting, HasSubstr("ws://127.0.0.1:" + std::to_string(server.port())));
  pair(ana, bob);
  ana.send(sdp_offer("BBBBBB", 10));
  EXPECT_EQ(bob.receive(), R"({"type":"offer","from":"AAAAAA","payload":"xxxxxxxxxx"})");
  bob.send(R"({"type":"ice_candidate","target":"AAAAAA","payload":{"candidate":""}})");
  EXPECT_EQ(ana.receive(),
            R"({"type":"ice_candidate","from":"BBBBBB","payload":{"candidate":""}})");
  bob.close();
  EXPECT_EQ(ana.receive(), R"({"type":"peer_left","pairingCode":"BBBBBB"})");
}

TEST(Server, AMatchSurvivesALostConnection) {
  RunningServer server;
  Client ana(server.port()), bob(server.port());
  pair(ana, bob);
  bob.drop();
  Client again(server.port());
  again.enroll("BBBBBB", bob_key);
  EXPECT_THAT(again.receive(), HasSubstr("registered"));
  EXPECT_THAT(again.receive(), HasSubstr("pair_matched")) << "he may not have heard of it";
  ana.send(sdp_offer("BBBBBB", 1));
  EXPECT_THAT(again.receive(), HasSubstr("\"from\":\"AAAAAA\""));
}

TEST(Server, AnyPathBinaryFramesAndTheLargestFrame) {
  RunningServer server;
  Client client(server.port(), "/any/path?x=1");
  client.send(ping, true);
  EXPECT_EQ(client.receive(), pong);
  const std::string head = R"({"type":"ping","p":")", tail = R"("})";
  client.send(head + std::string(262'144 - head.size() - tail.size(), 'a') + tail);
  EXPECT_EQ(client.receive(), pong);
}

TEST(Server, OversizeGetsAReasonAndThen1009_Z192j) {
  for (const std::size_t size : {std::size_t{262'145}, std::size_t{3'000'000}}) {
    RunningServer server;
    Client client(server.port());
    client.send(std::string(size, 'x'));
    EXPECT_EQ(client.receive(), R"({"type":"error","message":"Message too large"})");
    client.await_end();
    EXPECT_EQ(client.close_code(), 1009);
  }
}

TEST(Server, GarbageChangesNothing) {
  RunningServer server;
  Client client(server.port());
  for (const std::string garbage : {"", "{", "\x01\x02", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "null",
                                    R"({"type":"\ud800"})", R"({"type":"nope"})"}) {
    client.send(garbage, true);
    EXPECT_THAT(client.receive(), HasSubstr(R"("type":"error")")) << garbage;
  }
  client.send("\xff\xfe", true);  // binary, so it is ours to judge and not WebSocket's
  EXPECT_THAT(client.receive(), HasSubstr(R"("type":"error")"));
  client.send(ping);
  EXPECT_EQ(client.receive(), pong);
}

TEST(Server, TheSilentAreDropped_Z192b) {
  Config config;
  config.limits.ping_interval = 100ms;
  RunningServer server(std::move(config));
  Client silent(server.port()), lively(server.port());
  silent.enroll("AAAAAA", ana_key);
  lively.enroll("BBBBBB", bob_key);
  // While nobody reads from `silent`, nobody answers its pings either.
  lively.receive();
  const auto end = std::chrono::steady_clock::now() + 20s;
  for (std::string answer; std::chrono::steady_clock::now() < end;) {
    lively.send(R"({"type":"pair_request","targetCode":"AAAAAA"})");
    answer = lively.receive();
    if (answer.find("pair_error") != std::string::npos || answer.find("Rate") != std::string::npos)
      break;
    if (answer.find("pair_timeout") != std::string::npos) break;
  }
  silent.await_end();
  EXPECT_EQ(silent.close_reason(), "Heartbeat timeout");
  EXPECT_GT(lively.pings(), 0u);
}

TEST(Server, AnUnregisteredSocketIsClosed_Z192l) {
  Config config;
  config.limits.handshake = 50ms;
  RunningServer server(std::move(config));
  Client client(server.port());
  client.await_end();
  EXPECT_EQ(client.close_code(), 1008);
  EXPECT_EQ(client.close_reason(), "Not registered in time");
}

TEST(Server, AnUpgradeThatTakesTooLongIsCut) {
  Config config;
  config.limits.upgrade = 50ms;
  RunningServer server(std::move(config));
  EXPECT_EQ(talk(server.port(), "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "), "");
}

TEST(Server, AHeaderThatIsTooLongIsCut) {
  RunningServer server;
  EXPECT_EQ(talk(server.port(), "GET / HTTP/1.1\r\nX-Long: " + std::string(20'000, 'x')), "");
}

TEST(Server, ASlowReaderIsClosedAndItsPeerGoesOn_Z191_31) {
  Config config;
  config.limits.messages_per_socket = {100'000, 60s};
  config.limits.messages_per_address = {100'000, 60s};
  config.limits.reconnect_grace = 10ms;
  RunningServer server(std::move(config));
  Client ana(server.port()), bob(server.port());
  pair(ana, bob);
  // Bob does not read: the kernel's buffers fill, then the server's queue, then he is cut off.
  const auto frame = sdp_offer("BBBBBB", 200'000);
  for (int i = 0; i < 120; ++i) ana.send(frame);
  EXPECT_EQ(ana.receive().substr(0, 60).find("offer"), std::string::npos);
  ana.send(ping);
  for (auto heard = ana.receive(); heard != pong; heard = ana.receive()) ASSERT_NE(heard, "");
  ana.close();
  server.begin_drain();
  server.join();
  EXPECT_EQ(server.sockets().counters().slow_readers, 1u);
  EXPECT_EQ(server.sockets().counters().queued_bytes, 0u);
}

TEST(Server, TheDrainClosesEverybodyWith1001AndEnds) {
  RunningServer server;
  Client registered(server.port()), waiting(server.port());
  registered.enroll("AAAAAA", ana_key);
  registered.receive();
  server.begin_drain();
  registered.await_end();
  waiting.await_end();
  for (const auto* client : {&registered, &waiting}) {
    EXPECT_EQ(client->close_code(), 1001);
    EXPECT_EQ(client->close_reason(), "Server shutting down");
  }
  server.join();
  EXPECT_EQ(server.sockets().connections(), 0u);
}

TEST(Server, TheDrainEndsAlsoWithClientsThatDoNotAnswer) {
  Config config;
  config.sockets.close_bound = 100ms;
  RunningServer server(std::move(config));
  Client deaf(server.port());
  server.begin_drain();
  server.join();
  EXPECT_EQ(server.sockets().connections(), 0u);
}

TEST(Server, SaysThatItIsHealthyAndNothingElse) {
  RunningServer server;
  const auto health = talk(server.port(), "GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(health, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(health, HasSubstr("Content-Type: application/json"));
  EXPECT_TRUE(health.ends_with("\r\n\r\n{\"status\":\"healthy\"}")) << health;
  for (const std::string path : {"/", "/metrics", "/stats", "/admin"})
    EXPECT_THAT(talk(server.port(), "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"),
                StartsWith("HTTP/1.1 404"));
  EXPECT_EQ(talk(server.port(), "\x16\x03\x01 this is not HTTP\r\n\r\n"), "");
}

TEST(Server, AnswersAQuestionForTheHeadOnlyWithIt) {
  RunningServer server;
  const auto get = talk(server.port(), "GET /health?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = talk(server.port(), "HEAD /health?x=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(head, get.substr(0, get.find("\r\n\r\n") + 4));
  EXPECT_THAT(head, HasSubstr("Content-Length: 20\r\n"));
  const auto none = talk(server.port(), "HEAD /none HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(none, StartsWith("HTTP/1.1 404"));
  EXPECT_TRUE(none.ends_with("\r\n\r\n")) << none;
  for (const std::string method : {"POST", "DELETE", "BREW"}) {
    const auto refused = talk(server.port(), method + " /health HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 405"));
    EXPECT_THAT(refused, HasSubstr("Allow: GET, HEAD\r\n"));
  }
  for (const std::string method : {"PUT", "HEAD", "BREW"}) {
    const auto refused = talk(server.port(), method + " /api/devices HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 405"));
    EXPECT_THAT(refused, HasSubstr("Allow: GET, POST, DELETE\r\n"));
  }
}

TEST(Server, TalksToPagesOfTheOriginsThatAreNamed) {
  Config config;
  config.sockets.origins = wire::AllowedOrigins::parse({"https://a.org"}).value();
  RunningServer server(std::move(config));
  const auto from = [&](const std::string& line, const std::string& origin) {
    return talk(server.port(), line + " HTTP/1.1\r\nHost: x\r\n" + origin + "\r\n");
  };
  const std::string ours = "Origin: https://A.org:443\r\n", others = "Origin: https://b.org\r\n";
  const std::string asks = "Access-Control-Request-Method: DELETE\r\n";
  EXPECT_THAT(from("GET /health", ours),
              AllOf(StartsWith("HTTP/1.1 200"),
                    HasSubstr("Access-Control-Allow-Origin: https://A.org:443\r\n"),
                    HasSubstr("Vary: Origin\r\n")));
  for (const auto& none : {others, std::string()})
    EXPECT_THAT(from("GET /health", none),
                AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Vary: Origin\r\n"),
                      Not(HasSubstr("Access-Control"))));
  // An answer that the hub gives.
  EXPECT_THAT(from("GET /api/devices", ours),
              AllOf(StartsWith("HTTP/1.1 401"), HasSubstr("Access-Control-Allow-Origin: https")));
  EXPECT_THAT(from("OPTIONS /api/devices", ours + asks),
              AllOf(StartsWith("HTTP/1.1 204"),
                    HasSubstr("Access-Control-Allow-Methods: GET, POST, DELETE\r\n"),
                    HasSubstr("Access-Control-Allow-Headers: Authorization, Content-Type\r\n"),
                    Not(HasSubstr("Content-Length"))));
  EXPECT_THAT(from("OPTIONS /api/devices", others + asks), StartsWith("HTTP/1.1 403"));
  const std::string upgrade =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  EXPECT_THAT(from("GET /", others + upgrade),
              AllOf(StartsWith("HTTP/1.1 403"), HasSubstr("Pages of this origin")));
  Client program(server.port());
  EXPECT_NE(program.greeting, "") << "a program says no origin";
}

TEST(Server, WithoutOriginsLetsNoPageReadItsAnswers) {
  RunningServer server;
  const auto answer =
      talk(server.port(), "GET /health HTTP/1.1\r\nHost: x\r\nOrigin: https://a.org\r\n\r\n");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200"), Not(HasSubstr("Access-Control"))));
}

TEST(Server, ShowsItsCountersToOperatorsOnly) {
  RunningServer server;
  const std::string rest = " HTTP/1.1\r\nHost: x\r\n\r\n";
  EXPECT_THAT(talk(server.port(), "GET /metrics" + rest), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(talk(server.metrics_port(), "GET /metrics?x" + rest),
              HasSubstr("culver_connections"));
  EXPECT_THAT(talk(server.metrics_port(), "HEAD /metrics" + rest), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(talk(server.metrics_port(), "GET /health" + rest), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(talk(server.metrics_port(), "GET /api/devices" + rest), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(talk(server.metrics_port(),
                   "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                   "\r\n"),
              StartsWith("HTTP/1.1 404"));
}

/// Everybody sent what was asked of them in time; it lay unread.
TEST(Server, DismissesNobodyForAPauseOfItsOwn) {
  Config config;
  config.limits.ping_interval = 3s;
  config.limits.registration = 3s;
  RunningServer server(std::move(config));
  Client ana(server.port()), late(server.port());
  ana.enroll("AAAAAA", ana_key);
  EXPECT_THAT(ana.receive(), HasSubstr("registered"));
  server.suspend(9s);
  late.enroll("BBBBBB", bob_key);
  EXPECT_THAT(late.receive(), HasSubstr("registered"));
  ana.send(ping);
  EXPECT_EQ(ana.receive(), pong) << ana.close_reason();
}

TEST(Server, CountsClientsOfWhomAProxySaysNothingOneByOne) {
  Config config;
  config.limits.connections_per_address = 1;
  config.limits.refusals_per_address = 1;
  config.sockets.trusted_proxies = {net_::Network::parse("127.0.0.0/8").value()};
  RunningServer server(std::move(config));
  for (const auto* hop : {"unknown", "unknown", "", "nonsense:x"}) {
    Client client(server.port(), "/", hop);
    EXPECT_NE(client.greeting, "") << hop;
    // It may also ask for something: what is counted by the address is counted for it alone.
    client.enroll("AAAAAA", ana_key);
    EXPECT_THAT(client.receive(), HasSubstr("registered")) << hop;
  }
}

TEST(Server, CountsClientsBehindATrustedProxyOneByOne_Z192k) {
  Config config;
  config.limits.connections_per_address = 1;
  config.limits.refusals_per_address = 1;
  config.sockets.trusted_proxies = {net_::Network::parse("127.0.0.1").value()};
  RunningServer server(std::move(config));
  Client ana(server.port(), "/", "203.0.113.1"), bob(server.port(), "/", "203.0.113.2");
  EXPECT_NE(ana.greeting, "");
  EXPECT_NE(bob.greeting, "");
  Client again(server.port(), "/", "203.0.113.9, 203.0.113.1");
  EXPECT_EQ(again.greeting, "");
  EXPECT_EQ(again.close_code(), 1013);
}

TEST(Server, WithoutATrustedProxyTheHeaderIsHearsay) {
  Config config;
  config.limits.connections_per_address = 1;
  RunningServer server(std::move(config));
  Client ana(server.port(), "/", "203.0.113.1"), bob(server.port(), "/", "203.0.113.2");
  EXPECT_EQ(bob.close_code(), 1013);
}

TEST(Server, SurvivesRapidConnectsAndDisconnects) {
  Config config;
  config.limits.registers_per_address = {10'000, 60s};
  RunningServer server(std::move(config));
  for (int i = 0; i < 200; ++i) {
    Client client(server.port());
    client.enroll("AAAAAA", ana_key);
    if (i % 3 == 0) client.receive();
    if (i % 2 == 0) client.drop();
  }
  Client last(server.port());
  last.enroll("AAAAAA", ana_key);
  EXPECT_THAT(last.receive(), HasSubstr("registered"));
}

TEST(Server, KeepsItsIdentityInAPrivateFile) {
  const TemporaryFolder folder;
  std::string identities[2];
  for (auto& identity : identities) {
    Config config;
    config.sockets.listen.port(0);
    config.data_dir = folder.path / "new" / "data";
    Server server(std::move(config));
    const auto started = server.start();
    ASSERT_TRUE(started);
    identity = started->identity;
  }
  EXPECT_EQ(identities[0].size(), 64u);
  EXPECT_EQ(identities[0], identities[1]);
  struct stat status {};
  ASSERT_EQ(::stat((folder.path / "new" / "data").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat((folder.path / "new" / "data" / "server-key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(Server, SaysWhyItCannotStart) {
  const TemporaryFolder folder;
  RunningServer first;
  Config config;
  config.sockets.listen.port(first.port());
  config.data_dir = folder.path;
  Server second(config);
  const auto url = second.start();
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().exit_code, 3);
  EXPECT_THAT(url.error().sentence, HasSubstr("another program uses that port"));

  std::ofstream(folder.path / "server-key") << "something else\n";
  Server third(config);
  EXPECT_EQ(third.start().error().exit_code, 2);
}

}  // namespace
}  // namespace culver::server
