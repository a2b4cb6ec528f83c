// Judging a request by its header.
#include "shell/net/http_request.hpp"

#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

namespace culver::net_ {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

/// Whether a body is worth reading.
bool is_question(const HttpHeader& header) {
  return header.target().starts_with("/api/") &&
         (header.method() == http::verb::get || header.method() == http::verb::post ||
          header.method() == http::verb::delete_);
}

}  // namespace

HttpReader::HttpReader(std::uint32_t longest_header, std::size_t longest_body)
    : buffer(longest_header + longest_body) {
  parser.header_limit(longest_header);
  parser.body_limit(longest_body);
}

tl::expected<Wish, http::status> wish_of(const HttpParser& parser) {
  const auto& header = parser.get();
  if (beast::websocket::is_upgrade(header)) return Wish::upgrade;
  if (parser.chunked()) return tl::unexpected(http::status::length_required);
  if (is_question(header)) return Wish::question;
  if (header.method() == http::verb::get) return Wish::page;
  return tl::unexpected(http::status::not_found);
}

bool waits_for_leave(const HttpHeader& header) {
  return beast::iequals(header[http::field::expect], "100-continue");
}

std::string forwarded_for(const HttpHeader& header) {
  std::string hops;
  const auto fields = header.equal_range("X-Forwarded-For");
  for (auto field = fields.first; field != fields.second; ++field) {
    if (!hops.empty()) hops += ',';
    hops.append(field->value().data(), field->value().size());
  }
  return hops;
}

}  // namespace culver::net_
