// The one HTTP request of a connection: what its header asks for, and whom it speaks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
  page,      ///< a GET or a HEAD; whether there is such a page is not known here
  question,  ///< below /api/, of any method but HEAD, with a body perhaps
  leave,     ///< OPTIONS of a browser, before a request for a page of another origin
};
/// Once the header has been read; otherwise the status that refuses it.
tl::expected<Wish, boost::beast::http::status> wish_of(const HttpParser& parser);

/// The client waits for leave to send the body.
bool waits_for_leave(const HttpHeader& header);
/// Where the page that asks comes from; empty for a program. Two such headers are no origin.
std::string_view origin_of(const HttpHeader& header);
/// Without the query, and without scheme and host where a client writes them to a proxy.
std::string_view path_of(std::string_view target);
/// For the header of that name, with a 405.
std::string_view allowed_methods(std::string_view target);

/// Whom the request came from, the last of them the latest, as client_address.hpp reads them: what
/// X-Forwarded-For says in all its lines, else Forwarded (RFC 7239), else X-Real-IP. Elements that
/// are empty are none.
std::vector<std::string> hops_of(const HttpHeader& header);

}  // namespace culver::net_
