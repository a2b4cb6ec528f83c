#include "shell/net/ws_client.hpp"

#include <cstdio>
#include <fstream>
#include <functional>
#include <optional>

#include <gtest/gtest.h>
#include <unistd.h>

#include "shell/host/dial_text.hpp"
#include "tests/shell/net/ws_server_support.hpp"

namespace culver::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

class WsClientTest : public ::testing::Test {
 protected:
  static WsClientConfig config_for(std::uint16_t port, bool secure = false,
                                   std::string host = "127.0.0.1") {
    WsClientConfig config;
    config.url = {secure, std::move(host), port, "/ws"};
    return config;
  }
  void make(WsClientConfig config) {
    client.emplace(io, std::move(config), [this](WsEvent event) {
      EXPECT_FALSE(inside) << "called from inside a method";
      events.push_back(std::move(event));
      if (react) react();
    });
  }
  void connect(WsClientConfig config) {
    make(std::move(config));
    call([](WsClient& c) { c.dial(); });
    wait_for(1);
  }
  template <class F>
  void call(F method) {
    inside = true;
    method(*client);
    inside = false;
  }
  void send(std::string text) {
    call([&](WsClient& c) { c.send(std::move(text)); });
  }

  /// A generous bound: the events decide.
  void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) {
        ADD_FAILURE() << "waited in vain; " << events.size() << " events";
        return;
      }
      io.restart();
      io.run_one_for(1s);
    }
  }
  void wait_for(std::size_t count) {
    run_until([&] { return events.size() >= count; });
  }
  /// Until nothing is left to do, which shows that nothing leaks on in the background.
  void drain(TestServer& server) {
    server.stop();
    io.restart();
    io.run_for(20s);
    EXPECT_TRUE(io.stopped()) << "something still runs";
  }

  bool opened(std::size_t i) const {
    return i < events.size() && std::holds_alternative<WsOpened>(events[i]);
  }
  std::string text(std::size_t i) const { return std::get<WsFrame>(events.at(i)).text; }
  /// Why it was not reached.
  std::string_view why(std::size_t i) const {
    const auto* one = i < events.size() ? std::get_if<WsLost>(&events[i]) : nullptr;
    return one && one->fault.why ? name_of(one->fault.why->cause).text() : "not told";
  }
  std::string_view lost(std::size_t i) const {
    const auto* one = i < events.size() ? std::get_if<WsLost>(&events[i]) : nullptr;
    return one ? info(one->fault).name : "not lost";
  }

  boost::asio::io_context io;
  std::vector<WsEvent> events;
  std::function<void()> react;
  bool inside = false;
  Seen seen;
  std::optional<WsClient> client;
};

// ---- frames -------------------------------------------------------------------------------------

TEST_F(WsClientTest, OpensAndKeepsTheOrderOfFrames) {
  TestServer server(io, echo(seen));
  connect(config_for(server.port()));
  ASSERT_TRUE(opened(0));
  for (int i = 0; i < 50; ++i) send(std::to_string(i));
  wait_for(51);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(text(static_cast<std::size_t>(i) + 1), std::to_string(i));
  EXPECT_EQ(seen.target, "/ws");
  EXPECT_EQ(seen.host, "127.0.0.1:" + std::to_string(server.port()));
}

TEST_F(WsClientTest, TellsTheServersTime) {
  TestServer server(io, answer("HTTP/1.1 101 Switching Protocols\r\n"
                               "Upgrade: websocket\r\nConnection: upgrade\r\n"
                               "Sec-WebSocket-Accept: x\r\n"
                               "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"));
  connect(config_for(server.port()));
  EXPECT_EQ(why(0), "not_a_websocket") << "it has not proven to know the key";
  events.clear();
  TestServer silent(io, echo(seen));
  connect(config_for(silent.port()));
  ASSERT_TRUE(opened(0));
  EXPECT_FALSE(std::get<WsOpened>(events[0]).server_time) << "it sends none";
}

TEST_F(WsClientTest, FindsTheServerByName) {
  TestServer server(io, echo(seen));
  connect(config_for(server.port(), false, "localhost"));
  EXPECT_TRUE(opened(0));
}

TEST_F(WsClientTest, BinaryFramesAreText) {
  TestServer server(io, say({"{\"type\":\"pong\"}"}, true));
  connect(config_for(server.port()));
  wait_for(2);
  EXPECT_EQ(text(1), "{\"type\":\"pong\"}");
}

TEST_F(WsClientTest, TheLargestFramePassesAndTheNextIsTooLarge) {
  TestServer server(io, say({std::string(1'000, 'a'), std::string(1'001, 'b')}));
  auto config = config_for(server.port());
  config.frame_in = 1'000;
  connect(config);
  wait_for(3);
  EXPECT_EQ(text(1).size(), 1'000U);
  EXPECT_EQ(lost(2), "too_large");
  drain(server);
  EXPECT_EQ(events.size(), 3U);
}

TEST_F(WsClientTest, SaysWhichFramesAreBinary) {
  TestServer server(io, echo(seen));
  connect(config_for(server.port()));
  send("text");
  call([](WsClient& c) { c.send("record", true); });
  send("text");
  wait_for(4);
  EXPECT_EQ(seen.binary, (std::vector<bool>{false, true, false}));
}

TEST_F(WsClientTest, TheDefaultLimitLeavesRoomForTheGateway) {
  const auto most = wire::limits::gateway_frame_in + wire::limits::signaling_frame_in;
  TestServer server(io, say({std::string(most, 'a'), std::string(most + 1, 'b')}));
  connect(config_for(server.port()));
  wait_for(3);
  EXPECT_EQ(text(1).size(), most);
  EXPECT_EQ(lost(2), "too_large");
}

TEST_F(WsClientTest, AFullQueueIsALoss) {
  TestServer server(io, open_and_never_reply());
  auto config = config_for(server.port());
  config.queue_bytes = 10'000;
  connect(config);
  send(std::string(10'000, 'a'));
  EXPECT_EQ(events.size(), 1U);
  send("b");
  send("c");
  wait_for(2);
  EXPECT_EQ(lost(1), "queue_full");
}

TEST_F(WsClientTest, SendWithoutAConnectionIsDropped) {
  TestServer server(io, echo(seen));
  make(config_for(server.port()));
  send("a");
  call([](WsClient& c) { c.dial(); });
  send("b");
  wait_for(1);
  send("c");
  wait_for(2);
  EXPECT_EQ(seen.frames, std::vector<std::string>{"c"});
}

// ---- failures to open ---------------------------------------------------------------------------

TEST_F(WsClientTest, ARefusedPortIsUnreachable) {
  connect(config_for(refused_port(io)));
  EXPECT_EQ(lost(0), "server_unreachable");
}

TEST_F(WsClientTest, ANameThatIsNoneIsUnreachable) {
  connect(config_for(1, false, "no..name"));
  EXPECT_EQ(lost(0), "server_unreachable");
}

TEST_F(WsClientTest, ANameThatIsNeverFoundIsUnreachableInTime) {
  StuckLookUp stuck;
  auto config = config_for(1, false, "server.test");
  config.dial_time = 100ms;
  config.look_up = stuck.look_up();
  connect(config);
  EXPECT_EQ(lost(0), "server_unreachable");
  io.restart();
  io.run_for(20s);
  EXPECT_TRUE(io.stopped()) << "the loop waits for the look-up";
  EXPECT_EQ(events.size(), 1U);
}

TEST_F(WsClientTest, MayBeDestroyedWhileANameIsLookedUp) {
  StuckLookUp stuck;
  auto config = config_for(1, false, "server.test");
  config.look_up = stuck.look_up();
  make(config);
  call([](WsClient& c) { c.dial(); });
  run_until([&] { return stuck.is_asked(); });
  client.reset();
  io.restart();
  io.run_for(20s);
  EXPECT_TRUE(io.stopped()) << "the loop waits for the look-up";
  EXPECT_TRUE(events.empty());
}

TEST_F(WsClientTest, AServerThatNeverAnswersIsSilent) {
  TestServer server(io, never_answer(seen));
  auto config = config_for(server.port());
  config.dial_time = 2s;  // in which a busy machine connects
  connect(config);
  EXPECT_EQ(lost(0), "server_silent");
  drain(server);
  EXPECT_TRUE(seen.ended) << "the socket was closed";
  EXPECT_EQ(events.size(), 1U);
}

TEST_F(WsClientTest, ATlsServerThatNeverAnswersIsSilent) {
  TestServer server(io, never_answer(seen));
  auto config = config_for(server.port(), true);
  config.dial_time = 2s;
  connect(config);
  EXPECT_EQ(lost(0), "server_silent");
}

TEST_F(WsClientTest, WhatIsNotAWebSocketServerRefuses) {
  for (const auto* bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "HTTP/1.1 404 Not Found\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0", ""}) {
    events.clear();
    TestServer server(io, answer(bytes));
    connect(config_for(server.port()));
    EXPECT_EQ(lost(0), "server_refused") << bytes;
  }
}

TEST_F(WsClientTest, WhatIsThereInsteadIsTold) {
  const auto told = [this](const char* bytes) {
    events.clear();
    TestServer server(io, answer(bytes));
    connect(config_for(server.port()));
    return std::string(why(0));
  };
  EXPECT_EQ(told("HTTP/1.1 404 Not Found\r\n\r\n"), "not_a_websocket");
  EXPECT_EQ(told("HTTP/1.1 101 Switching Protocols\r\n\r\n"), "not_a_websocket");
  EXPECT_EQ(told("SSH-2.0-OpenSSH_9.2\r\n"), "not_http");
  EXPECT_EQ(told("SSH-"), "not_http") << "cut off";
  EXPECT_EQ(told("\x15\x03\x01"), "tls_spoken");
  EXPECT_EQ(told(""), "hung_up");
  EXPECT_EQ(told("HTTP/1.1 200 OK\r\nCont"), "hung_up");
}

TEST_F(WsClientTest, ARedirectionIsTold) {
  TestServer server(io, answer("HTTP/1.1 301 Moved\r\nLocation: https://example.org/" +
                               std::string(500, 'a') + "\r\nContent-Length: 0\r\n\r\n"));
  connect(config_for(server.port()));
  ASSERT_EQ(why(0), "not_a_websocket");
  const auto& failure = *std::get<WsLost>(events[0]).fault.why;
  const auto& answer = std::get<dial::HttpStatus>(failure.cause);
  EXPECT_EQ(answer.status, 301u);
  EXPECT_TRUE(answer.location.starts_with("https://example.org/"));
  EXPECT_EQ(answer.location.size(), dial::HttpStatus::longest_location);
  EXPECT_EQ(host::where(failure), "127.0.0.1 port " + std::to_string(server.port()));
}

// ---- losses -------------------------------------------------------------------------------------

TEST_F(WsClientTest, AServerThatClosesIsLost) {
  TestServer server(io, close_at_once());
  connect(config_for(server.port()));
  wait_for(2);
  EXPECT_EQ(lost(1), "server_lost");
  drain(server);
}

TEST_F(WsClientTest, TheReasonOfACloseIsToldIfItHasAMeaning) {
  const std::pair<std::string, std::string> reasons[] = {
      {"Device has been revoked", "device_revoked"},
      {"Handshake timeout", "gateway_timeout"},
      {"Something else", "server_lost"}};
  for (const auto& [reason, fault] : reasons) {
    TestServer server(io, close_at_once(reason));
    events.clear();
    connect(config_for(server.port()));
    wait_for(2);
    EXPECT_EQ(lost(1), fault);
    drain(server);
  }
}

TEST_F(WsClientTest, ACloseThatSaysNotToComeBackIsNoLoss) {
  TestServer server(io, close_at_once("bye", 4001));
  connect(config_for(server.port()));
  wait_for(2);
  EXPECT_EQ(lost(1), "device_replaced");
  drain(server);
}

TEST_F(WsClientTest, AServerThatClosesButKeepsTheSocketIsLost) {
  TestServer server(io, close_and_keep_socket());
  auto config = config_for(server.port());
  config.close_time = 100ms;
  connect(config);
  wait_for(2);
  EXPECT_EQ(lost(1), "server_lost");
  drain(server);
}

TEST_F(WsClientTest, AServerThatDropsIsLost) {
  TestServer server(io, drop_after_upgrade());
  connect(config_for(server.port()));
  wait_for(2);
  EXPECT_EQ(lost(1), "server_lost");
}

TEST_F(WsClientTest, AfterALossItDialsAgainFromInsideTheSink) {
  TestServer server(io, close_at_once());
  react = [&] {
    if (std::holds_alternative<WsLost>(events.back()) && events.size() < 6) client->dial();
  };
  connect(config_for(server.port()));
  wait_for(6);
  EXPECT_TRUE(opened(4));
  EXPECT_EQ(lost(5), "server_lost");
}

// ---- going --------------------------------------------------------------------------------------

TEST_F(WsClientTest, HangUpSendsWhatIsQueuedAndClosesWith1000) {
  TestServer server(io, echo(seen));
  connect(config_for(server.port()));
  send("a");
  send("b");
  call([](WsClient& c) { c.hang_up(); });
  drain(server);
  EXPECT_EQ(seen.frames, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(seen.close_code, 1000);
  EXPECT_EQ(events.size(), 1U) << "nothing follows a hang-up";
}

TEST_F(WsClientTest, HangUpWaitsOnlySoLongForTheAnswer) {
  TestServer server(io, open_and_never_reply());
  auto config = config_for(server.port());
  config.close_time = 100ms;
  connect(config);
  call([](WsClient& c) { c.hang_up(); });
  drain(server);
  EXPECT_EQ(events.size(), 1U);
}

TEST_F(WsClientTest, HangUpWhileDialingIsSilent) {
  TestServer server(io, never_answer(seen));
  make(config_for(server.port()));
  call([](WsClient& c) {
    c.dial();
    c.hang_up();
    c.hang_up();
  });
  drain(server);
  EXPECT_TRUE(events.empty());
}

TEST_F(WsClientTest, DialAnewDropsTheOldConnection) {
  TestServer server(io, echo(seen));
  connect(config_for(server.port()));
  call([](WsClient& c) { c.dial(); });
  wait_for(2);
  EXPECT_TRUE(opened(1));
  EXPECT_EQ(events.size(), 2U);
}

TEST_F(WsClientTest, NoCallComesAfterDestruction) {
  TestServer server(io, echo(seen));
  connect(config_for(server.port()));
  send("a");
  client.reset();
  drain(server);
  EXPECT_EQ(events.size(), 1U);
}

TEST_F(WsClientTest, ItMayBeDestroyedWhileDialing) {
  TestServer server(io, never_answer(seen));
  make(config_for(server.port()));
  call([](WsClient& c) { c.dial(); });
  client.reset();
  drain(server);
  EXPECT_TRUE(events.empty());
}

TEST_F(WsClientTest, ItMayBeDestroyedFromInsideTheSink) {
  TestServer server(io, say({"a", "b"}));
  react = [&] {
    if (events.size() == 2) client.reset();
  };
  connect(config_for(server.port()));
  wait_for(2);
  drain(server);
  EXPECT_EQ(events.size(), 2U);
}

TEST_F(WsClientTest, ItMayOutliveTheRunOfTheLoop) {
  TestServer server(io, echo(seen));
  connect(config_for(server.port()));
  send("never sent: the loop does not run any more");
}

// ---- TLS ----------------------------------------------------------------------------------------

class WsClientTlsTest : public WsClientTest {
 protected:
  void SetUp() override {
    char name[] = "/tmp/culver-ca-XXXXXX";
    const int file = mkstemp(name);
    ASSERT_GE(file, 0);
    close(file);
    ca_file = name;
    std::ofstream(ca_file) << certificate.certificate_pem;
  }
  void TearDown() override { std::remove(ca_file.c_str()); }

  WsClientConfig trusting(std::string host) {
    auto config = config_for(server.port(), true, std::move(host));
    config.extra_ca_file = ca_file;
    return config;
  }

  Certificate certificate = make_certificate("localhost");
  TestServer server{io, echo_tls(seen, server_context(certificate, seen))};
  std::string ca_file;
};

TEST_F(WsClientTlsTest, OpensAndNamesTheHost) {
  connect(trusting("localhost"));
  ASSERT_TRUE(opened(0)) << lost(0);
  send("a");
  wait_for(2);
  EXPECT_EQ(text(1), "a");
  EXPECT_EQ(seen.server_name, "localhost");
  call([](WsClient& c) { c.hang_up(); });
  drain(server);
  EXPECT_EQ(seen.close_code, 1000);
}

TEST_F(WsClientTlsTest, AnAddressIsCheckedToo) {
  connect(trusting("127.0.0.1"));
  EXPECT_TRUE(opened(0)) << lost(0);
  EXPECT_EQ(seen.server_name, "") << "SNI is for names";
}

TEST_F(WsClientTlsTest, AnUnknownIssuerIsNotTrusted) {
  connect(config_for(server.port(), true, "localhost"));
  EXPECT_EQ(lost(0), "server_untrusted");
}

TEST_F(WsClientTlsTest, ACertificateForAnotherNameOrAddressIsNotTrusted) {
  certificate = make_certificate("example.org", "192.0.2.1");
  std::ofstream(ca_file) << certificate.certificate_pem;
  TestServer other(io, echo_tls(seen, server_context(certificate, seen)));
  for (const auto* host : {"localhost", "127.0.0.1"}) {
    events.clear();
    auto config = trusting(host);
    config.url.port = other.port();
    connect(config);
    EXPECT_EQ(lost(0), "server_untrusted") << host;
    EXPECT_EQ(why(0), "certificate_of_other_name") << host;
  }
}

TEST_F(WsClientTlsTest, AMissingCaFileTrustsNobody) {
  auto config = trusting("localhost");
  config.extra_ca_file += ".none";
  connect(config);
  EXPECT_EQ(lost(0), "server_untrusted");
  EXPECT_EQ(why(0), "certificates_unreadable");
}

TEST_F(WsClientTlsTest, TlsOlderThan12IsRefused) {
  auto context = server_context(certificate, seen);
  SSL_CTX_set_max_proto_version(context->native_handle(), TLS1_1_VERSION);
  SSL_CTX_set_security_level(context->native_handle(), 0);
  TestServer old(io, echo_tls(seen, context));
  auto config = trusting("localhost");
  config.url.port = old.port();
  connect(config);
  EXPECT_EQ(lost(0), "server_refused");
  EXPECT_EQ(why(0), "tls_failed");
}

TEST_F(WsClientTlsTest, APlainServerRefusesTls) {
  TestServer plain(io, answer("HTTP/1.1 400 Bad Request\r\n\r\n"));
  connect(config_for(plain.port(), true));
  EXPECT_EQ(lost(0), "server_refused");
  EXPECT_EQ(why(0), "not_tls");
}

TEST(WsClientConfig, PlainTextToAnotherMachineIsExposed) {
  const auto exposed_by = [](const char* url) {
    WsClientConfig config;
    config.url = wire::WsUrl::parse(url).value();
    return exposed(config);
  };
  EXPECT_TRUE(exposed_by("ws://example.org"));
  EXPECT_FALSE(exposed_by("wss://example.org"));
  EXPECT_FALSE(exposed_by("ws://localhost:9000"));
}

}  // namespace
}  // namespace culver::net
