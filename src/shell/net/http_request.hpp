// The one HTTP request of a connection: an upgrade to WebSocket, or a question with its answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace culver::net_ {

/// To be answered by print_upgrade().
struct UpgradeRequest {
  std::string key;            ///< Sec-WebSocket-Key, 16 bytes in base64
  std::string forwarded_for;  ///< all hops, see client_address.hpp
};
struct PlainRequest {
  std::string method;
  std::string target;
  std::string authorization;  ///< empty if absent
  std::string body;
  std::string forwarded_for;
};
/// To be answered with this status.
struct RefusedRequest {
  unsigned status;
};
/// Not HTTP: nothing can be answered.
struct Unreadable {};
/// The client waits for this before it sends the body; then the request goes on.
struct ContinueExpected {};
using HttpIncoming =
    std::variant<UpgradeRequest, PlainRequest, RefusedRequest, Unreadable, ContinueExpected>;

class HttpReader {
 public:
  HttpReader(std::uint32_t longest_header, std::size_t longest_body);

  /// What `input` completes; what it has used is taken off the front. nullopt: more is needed. The
  /// body is read for targets below /api/ only. Not to be called again after an end.
  std::optional<HttpIncoming> next(std::string_view& input);

 private:
  /// Feeds the parser, keeps what it could not use yet.
  boost::system::error_code parse(std::string_view& input);
  HttpIncoming upgrade() const;
  std::string forwarded_for() const;

  boost::beast::http::request_parser<boost::beast::http::string_body> parser_;
  std::string pending_;  ///< of a header that comes in pieces
  bool told_continue_ = false;
};

/// 101, without a body.
std::string print_upgrade(const UpgradeRequest& request);
/// A whole answer, after which the connection ends.
std::string print_answer(unsigned status, std::string_view content_type, std::string_view body);

}  // namespace culver::net_
