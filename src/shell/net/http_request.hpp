// The one HTTP request of a connection: what its header asks for, and whom it speaks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <tl/expected.hpp>

namespace culver::net_ {

using HttpParser = boost::beast::http::request_parser<boost::beast::http::string_body>;
using HttpHeader = boost::beast::http::request<boost::beast::http::string_body>;

/// What it takes to read the request.
struct HttpReader {
  HttpReader(std::uint32_t longest_header, std::size_t longest_body);
  boost::beast::flat_buffer buffer;
  HttpParser parser;
};

enum class Wish : std::uint8_t {
  upgrade,   ///< to WebSocket, on any path
  page,      ///< a GET; whether there is such a page is not known here
  question,  ///< below /api/, with a body perhaps
};
/// Once the header has been read; otherwise the status that refuses it.
tl::expected<Wish, boost::beast::http::status> wish_of(const HttpParser& parser);

/// The client waits for leave to send the body.
bool waits_for_leave(const HttpHeader& header);
/// All hops of X-Forwarded-For, see client_address.hpp.
std::string forwarded_for(const HttpHeader& header);

}  // namespace culver::net_
