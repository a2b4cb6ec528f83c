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
  for (const std::string method : {"GET", "POST", "DELETE"}) {
    Given given(method + " /api/devices/1 HTTP/1.1\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(wish_of(given.reader.parser), Wish::question) << method;
    EXPECT_FALSE(given.reader.parser.is_done()) << "its body is still to come";
  }
  EXPECT_TRUE(Given("GET /api/devices HTTP/1.1\r\n\r\n").reader.parser.is_done());
}

TEST(HttpRequest, IsRefusedBeforeItsBodyIsRead) {
  EXPECT_EQ(status_of("POST /api/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 411u);
  EXPECT_EQ(status_of("POST /health HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), 404u);
  EXPECT_EQ(status_of("PUT /api/x HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), 404u);
  EXPECT_EQ(Given("POST /api/x HTTP/1.1\r\nContent-Length: 101\r\n\r\n").error,
            http::error::body_limit);
}

TEST(HttpRequest, SpeaksForWhoeverTheHopsName) {
  EXPECT_EQ(forwarded_for(Given(upgrade).reader.parser.get()), "1.1.1.1,2.2.2.2");
  EXPECT_EQ(forwarded_for(Given("GET / HTTP/1.1\r\n\r\n").reader.parser.get()), "");
}

TEST(HttpRequest, MayWaitForLeave) {
  EXPECT_TRUE(waits_for_leave(
      Given("POST /api/x HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n")
          .reader.parser.get()));
  EXPECT_FALSE(waits_for_leave(Given(upgrade).reader.parser.get()));
}

}  // namespace
}  // namespace culver::net_
