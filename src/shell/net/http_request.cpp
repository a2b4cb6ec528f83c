// Reading with Beast's parser; answering with a few lines of text.
#include "shell/net/http_request.hpp"

#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <openssl/sha.h>

#include "core/wire/base64.hpp"

namespace culver::net_ {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::string_view handshake_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t key_bytes = 16;

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }

/// Whether a body is worth reading.
bool is_ours(const http::request<http::string_body>& request) {
  return request.target().starts_with("/api/") &&
         (request.method() == http::verb::get || request.method() == http::verb::post ||
          request.method() == http::verb::delete_);
}

}  // namespace

HttpReader::HttpReader(std::uint32_t longest_header, std::size_t longest_body) {
  parser_.header_limit(longest_header);
  parser_.body_limit(longest_body);
  parser_.eager(true);
}

std::optional<HttpIncoming> HttpReader::next(std::string_view& input) {
  const auto error = parse(input);
  if (error == http::error::body_limit) return RefusedRequest{413};
  if (error && error != http::error::need_more) return Unreadable{};
  if (!parser_.is_header_done()) return std::nullopt;
  const auto& request = parser_.get();
  if (beast::websocket::is_upgrade(request)) return upgrade();
  if (parser_.chunked()) return RefusedRequest{411};
  const bool is_page = request.method() == http::verb::get;
  if (!is_ours(request) && !is_page) return RefusedRequest{404};
  if (!is_ours(request) || parser_.is_done())
    return PlainRequest{text_of(request.method_string()), text_of(request.target()),
                        text_of(request[http::field::authorization]), request.body(),
                        forwarded_for()};
  const bool waits = beast::iequals(request[http::field::expect], "100-continue");
  if (waits && !std::exchange(told_continue_, true)) return ContinueExpected{};
  return std::nullopt;
}

/// The parser wants a header in one piece. What is left over is always the end of the newest input:
/// everything before it was not enough.
boost::system::error_code HttpReader::parse(std::string_view& input) {
  const bool in_pieces = !pending_.empty();
  if (in_pieces) pending_.append(input);
  std::string_view rest = in_pieces ? std::string_view(pending_) : input;
  boost::system::error_code error;
  while (!rest.empty() && !parser_.is_done()) {
    rest.remove_prefix(parser_.put(asio::buffer(rest), error));
    const bool is_upgrade = parser_.is_header_done() && beast::websocket::is_upgrade(parser_.get());
    if (error || is_upgrade) break;
  }
  const bool is_over = parser_.is_header_done();
  auto kept = is_over ? std::string() : std::string(rest);
  input = is_over ? input.substr(input.size() - rest.size()) : std::string_view{};
  pending_ = std::move(kept);
  return error;
}

HttpIncoming HttpReader::upgrade() const {
  const auto& request = parser_.get();
  if (request[http::field::sec_websocket_version] != "13") return RefusedRequest{426};
  auto key = text_of(request[http::field::sec_websocket_key]);
  const auto decoded = wire::base64::decode(key);
  if (!decoded || decoded->size() != key_bytes) return RefusedRequest{400};
  return UpgradeRequest{std::move(key), forwarded_for()};
}

std::string HttpReader::forwarded_for() const {
  std::string hops;
  const auto fields = parser_.get().equal_range("X-Forwarded-For");
  for (auto field = fields.first; field != fields.second; ++field) {
    if (!hops.empty()) hops += ',';
    hops += text_of(field->value());
  }
  return hops;
}

std::string print_upgrade(const UpgradeRequest& request) {
  const auto text = request.key + std::string(handshake_guid);
  std::array<std::byte, SHA_DIGEST_LENGTH> digest{};
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         wire::base64::encode(digest) + "\r\n\r\n";
}

std::string print_answer(unsigned status, std::string_view content_type, std::string_view body) {
  const auto reason = http::obsolete_reason(http::int_to_status(status));
  std::string text = "HTTP/1.1 " + std::to_string(status) + " " + text_of(reason);
  text.append("\r\nContent-Type: ").append(content_type);
  text.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  if (status == 426) text.append("\r\nSec-WebSocket-Version: 13");
  return text.append("\r\nConnection: close\r\n\r\n").append(body);
}

}  // namespace culver::net_
