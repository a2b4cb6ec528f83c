#include "shell/net/http_request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace culver::net_ {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view upgrade =
    "GET /x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n\r\n";

/// A reader that has been given this header.
struct Given {
  explicit Given(std::string_view bytes) { reader.parser.put(boost::asio::buffer(bytes), error); }
  HttpReader reader{1'024, 100};
  boost::system::error_code error;
};

/// The status that refuses it; 0 if nothing does.
unsigned status_of(std::string_view bytes) {
  Given given(bytes);
  EXPECT_FALSE(given.error) << given.error.message();
  const auto wish = wish_of(given.reader.parser);
  return wish ? 0 : static_cast<unsigned>(wish.error());
}

TEST(HttpRequest, IsKnownByItsHeader) {
  EXPECT_EQ(wish_of(Given(upgrade).reader.parser), Wish::upgrade);
  EXPECT_EQ(wish_of(Given("GET /health HTTP/1.1\r\n\r\n").reader.parser), Wish::page);
  EXPECT_EQ(wish_of(Given("HEAD /health?x HTTP/1.1\r\n\r\n").reader.parser), Wish::page);
  for (const std::string method : {"GET", "POST", "DELETE", "PUT", "OPTIONS", "BREW"}) {
    Given given(method + " /api/devices/1 HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(wish_of(given.reader.parser), Wish::question) << method;
    EXPECT_FALSE(given.reader.parser.is_done()) << "its body is still to come";
  }
  EXPECT_TRUE(Given("GET /api/devices HTTP/1.1\r\n\r\n").reader.parser.is_done());
}

TEST(HttpRequest, IsRefusedBeforeItsBodyIsRead) {
  EXPECT_EQ(status_of("POST /api/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 411u);
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"})
    EXPECT_EQ(status_of(method + " /health HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), 405u) << method;
  EXPECT_EQ(status_of("HEAD /api/x HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), 405u);
  EXPECT_EQ(status_of("PUT /api/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 411u);
  EXPECT_EQ(Given("POST /api/x HTTP/1.1\r\nContent-Length: 101\r\n\r\n").error,
            http::error::body_limit);
}

std::vector<std::string> hops(const std::string& fields) {
  return hops_of(Given("GET / HTTP/1.1\r\n" + fields + "\r\n").reader.parser.get());
}

TEST(HttpRequest, SpeaksForWhoeverTheHopsName) {
  using Hops = std::vector<std::string>;
  EXPECT_EQ(hops_of(Given(upgrade).reader.parser.get()), (Hops{"1.1.1.1", "2.2.2.2"}));
  EXPECT_EQ(hops(""), Hops{});
  EXPECT_EQ(hops("X-Forwarded-For: 1.1.1.1, \r\n"), Hops{"1.1.1.1"});
  EXPECT_EQ(hops("X-Forwarded-For: ,, 1.1.1.1 ,2.2.2.2:5\r\n"), (Hops{"1.1.1.1", "2.2.2.2:5"}));
  EXPECT_EQ(hops("Forwarded: for=1.1.1.1;proto=https, For=\"[2001:db8::1]:4711\"\r\n"
                 "Forwarded: by=a;for=_x, proto=http\r\n"),
            (Hops{"1.1.1.1", "\"[2001:db8::1]:4711\"", "_x", "unknown"}));
  EXPECT_EQ(hops("Forwarded: for=\"a,b;c\"\r\n"), Hops{"\"a,b;c\""});
  EXPECT_EQ(hops("X-Real-IP: 1.1.1.1\r\n"), Hops{"1.1.1.1"});
  EXPECT_EQ(hops("X-Real-IP: 3.3.3.3\r\nForwarded: for=2.2.2.2\r\nX-Forwarded-For: 1.1.1.1\r\n"),
            Hops{"1.1.1.1"});
}

TEST(HttpRequest, IsForAPathWhateverStandsAroundIt) {
  for (const auto* target : {"/health", "/health?", "/health?x=1&y", "/health#z", "http://h/health",
                             "HTTPS://h:1/health?x"})
    EXPECT_EQ(path_of(target), "/health") << target;
  EXPECT_EQ(path_of("http://h"), "/");
  EXPECT_EQ(path_of("*"), "*");
  EXPECT_EQ(allowed_methods("/health?x"), "GET, HEAD");
  EXPECT_EQ(allowed_methods("/api/devices"), "GET, POST, DELETE");
}

TEST(HttpRequest, MayWaitForLeave) {
  EXPECT_TRUE(waits_for_leave(
      Given("POST /api/x HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n")
          .reader.parser.get()));
  EXPECT_FALSE(waits_for_leave(Given(upgrade).reader.parser.get()));
}

TEST(HttpRequest, OfABrowserThatAsksForLeave) {
  const std::string asks = "OPTIONS /api/x HTTP/1.1\r\nOrigin: https://a.org\r\n";
  EXPECT_EQ(wish_of(Given(asks + "Access-Control-Request-Method: POST\r\n\r\n").reader.parser),
            Wish::leave);
  EXPECT_EQ(wish_of(Given(asks + "\r\n").reader.parser), Wish::question) << "of nobody";
  EXPECT_EQ(origin_of(Given(asks + "\r\n").reader.parser.get()), "https://a.org");
  EXPECT_EQ(origin_of(Given("GET / HTTP/1.1\r\n\r\n").reader.parser.get()), "");
  EXPECT_EQ(origin_of(Given(asks + "Origin: https://b.org\r\n\r\n").reader.parser.get()),
            "several");
}

}  // namespace
}  // namespace culver::net_
