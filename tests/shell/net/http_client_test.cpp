#include "shell/net/http_client.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "tests/shell/net/ws_server_support.hpp"

namespace culver::net {
namespace {

using namespace std::chrono_literals;
using namespace testing;

class HttpClientTest : public ::testing::Test {
 protected:
  HttpExchange request_to(std::uint16_t port, bool secure = false) {
    HttpExchange request;
    request.server = {secure, "127.0.0.1", port, "/"};
    request.method = "GET";
    request.target = "/api/devices";
    request.authorization = "Culver x";
    return request;
  }
  Result<HttpAnswer> ask(HttpExchange request) {
    std::optional<Result<HttpAnswer>> answer;
    exchange(io, std::move(request), [&](Result<HttpAnswer> came) {
      EXPECT_FALSE(answer) << "told twice";
      answer = std::move(came);
    });
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!answer && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(1s);
    }
    EXPECT_TRUE(answer) << "waited in vain";
    return answer.value_or(fail(Fault::internal));
  }
  void expect_fault(HttpExchange request, Fault fault) {
    const auto answer = ask(std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), fault) << info(answer.error()).name;
  }

  boost::asio::io_context io{1};
};

TEST_F(HttpClientTest, ReadsStatusAndBody) {
  TestServer server(io, answer("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n{}"));
  const auto came = ask(request_to(server.port()));
  ASSERT_TRUE(came);
  EXPECT_EQ(came->status, 401U);
  EXPECT_EQ(came->body, "{}");
}

TEST_F(HttpClientTest, TellsWhyThereIsNoAnswer) {
  expect_fault(request_to(refused_port(io)), Fault::server_unreachable);
  TestServer nonsense(io, answer("SSH-2.0\r\n\r\n"));
  expect_fault(request_to(nonsense.port()), Fault::server_refused);
  TestServer cut(io, answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"));
  expect_fault(request_to(cut.port()), Fault::server_refused);
}

TEST_F(HttpClientTest, TakesNoMoreThanItShould) {
  TestServer server(io, answer("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a"));
  auto request = request_to(server.port());
  request.largest_answer = 10;
  expect_fault(std::move(request), Fault::too_large);
}

TEST_F(HttpClientTest, WaitsNoLongerThanItShould) {
  Seen seen;
  TestServer server(io, never_answer(seen));
  auto request = request_to(server.port());
  request.time = 2s;  // in which a busy machine connects
  expect_fault(std::move(request), Fault::server_silent);
}

TEST_F(HttpClientTest, ANameThatIsNeverFoundEndsInTime) {
  StuckLookUp stuck;
  for (const bool secure : {false, true}) {
    auto request = request_to(1, secure);
    request.server.host = "server.test";
    request.time = 100ms;
    request.look_up = stuck.look_up();
    expect_fault(std::move(request), Fault::server_unreachable);
    io.restart();
    io.run_for(20s);
    EXPECT_TRUE(io.stopped()) << "the loop waits for the look-up";
  }
}

TEST_F(HttpClientTest, TrustsNoCertificateThatItDoesNotKnow) {
  Seen seen;
  const auto certificate = make_certificate("localhost");
  TestServer server(io, echo_tls(seen, server_context(certificate, seen)));
  expect_fault(request_to(server.port(), true), Fault::server_untrusted);
}

}  // namespace
}  // namespace culver::net
