#include "shell/net/http_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace culver::net_ {
namespace {

using testing::HasSubstr;

constexpr std::string_view upgrade =
    "GET /x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n\r\n";

/// What comes of a whole request, given `piece` at a time; `rest` is what it left over.
std::optional<HttpIncoming> read(std::string_view bytes, std::size_t piece = std::string_view::npos,
                                 std::string* rest = nullptr) {
  HttpReader reader(1'024, 100);
  while (!bytes.empty()) {
    auto input = bytes.substr(0, piece);
    bytes.remove_prefix(input.size());
    auto incoming = reader.next(input);
    if (incoming && !std::holds_alternative<ContinueExpected>(*incoming)) {
      if (rest) *rest = std::string(input) + std::string(bytes);
      return incoming;
    }
  }
  return std::nullopt;
}

unsigned status_of(std::string_view bytes) {
  const auto incoming = read(bytes);
  const auto* refused = incoming ? std::get_if<RefusedRequest>(&*incoming) : nullptr;
  return refused ? refused->status : 0;
}

std::string with(std::string_view from, std::string_view to) {
  std::string text(upgrade);
  return text.replace(text.find(from), from.size(), to);
}

TEST(HttpRequest, IsAnUpgradeHoweverItArrives) {
  for (const std::size_t piece : {1, 7, 100, 1'000}) {
    std::string rest;
    const auto bytes = std::string(upgrade) + "\x81\x80";
    const auto incoming = read(bytes, piece, &rest);
    ASSERT_TRUE(incoming) << piece;
    const auto& request = std::get<UpgradeRequest>(*incoming);
    EXPECT_EQ(request.forwarded_for, "1.1.1.1,2.2.2.2");
    EXPECT_EQ(rest, "\x81\x80") << "what follows belongs to WebSocket";
    // The example of RFC 6455 section 1.3.
    EXPECT_THAT(print_upgrade(request),
                HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  }
}

TEST(HttpRequest, ThatCannotBeUpgradedIsToldWhy) {
  EXPECT_EQ(status_of(with("Version: 13", "Version: 8")), 426u);
  EXPECT_EQ(status_of(with("dGhlIHNhbXBsZSBub25jZQ==", "dGhl")), 400u);
  EXPECT_EQ(status_of(with("dGhlIHNhbXBsZSBub25jZQ==", "!!!")), 400u);
  EXPECT_THAT(print_answer(426, "text/plain", ""), HasSubstr("Sec-WebSocket-Version: 13\r\n"));
}

TEST(HttpRequest, BringsItsBody) {
  for (const std::size_t piece : {1, 3, 1'000}) {
    const auto incoming = read(
        "DELETE /api/devices/1 HTTP/1.1\r\nAuthorization: who\r\nContent-Length: 5\r\n\r\nhello",
        piece);
    ASSERT_TRUE(incoming) << piece;
    const auto& request = std::get<PlainRequest>(*incoming);
    EXPECT_EQ(request.method, "DELETE");
    EXPECT_EQ(request.target, "/api/devices/1");
    EXPECT_EQ(request.authorization, "who");
    EXPECT_EQ(request.body, "hello");
  }
  const auto page = read("GET /health HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(page);
  EXPECT_EQ(std::get<PlainRequest>(*page).target, "/health");
}

TEST(HttpRequest, IsAskedForItsBodyOnce) {
  HttpReader reader(1'024, 100);
  std::string_view head =
      "POST /api/x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  const auto asked = reader.next(head);
  ASSERT_TRUE(asked);
  EXPECT_TRUE(std::holds_alternative<ContinueExpected>(*asked));
  std::string_view first = "ab", second = "cd";
  EXPECT_FALSE(reader.next(first));
  const auto whole = reader.next(second);
  ASSERT_TRUE(whole);
  EXPECT_EQ(std::get<PlainRequest>(*whole).body, "abcd");
}

TEST(HttpRequest, IsRefusedBeforeItsBodyIsRead) {
  EXPECT_EQ(status_of("POST /api/x HTTP/1.1\r\nContent-Length: 101\r\n\r\n"), 413u);
  EXPECT_EQ(status_of("POST /api/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"), 411u);
  EXPECT_EQ(status_of("POST /health HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), 404u);
  EXPECT_EQ(status_of("PUT /api/x HTTP/1.1\r\nContent-Length: 5\r\n\r\n"), 404u);
}

TEST(HttpRequest, IsCutIfItIsNone) {
  for (const auto& bytes : {std::string("\x16\x03\x01 not HTTP\r\n\r\n"),
                            "GET / HTTP/1.1\r\nX: " + std::string(2'000, 'x'),
                            std::string("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n")}) {
    const auto incoming = read(bytes);
    ASSERT_TRUE(incoming) << bytes;
    EXPECT_TRUE(std::holds_alternative<Unreadable>(*incoming)) << bytes;
  }
}

}  // namespace
}  // namespace culver::net_
