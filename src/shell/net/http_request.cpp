// Judging a request by its header.
#include "shell/net/http_request.hpp"

#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "shell/net/field_value.hpp"

namespace culver::net_ {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

bool is_below_api(std::string_view target) { return path_of(target).starts_with("/api/"); }

/// Whether a body is worth reading. Of a method that there is not, so that the refusal can be
/// signed for this request; but nothing is signed that has no body itself.
bool is_question(const HttpHeader& header) {
  return is_below_api(header.target()) && header.method() != http::verb::head;
}

/// The parts between separators that stand in no quotes.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '"') quoted = !quoted;
    if (i < text.size() && (quoted || text[i] != separator)) continue;
    if (const auto part = without_blanks(text.substr(begin, i - begin)); !part.empty())
      parts.push_back(part);
    begin = i + 1;
  }
  return parts;
}

std::string all_lines(const HttpHeader& header, beast::string_view name) {
  std::string lines;
  const auto fields = header.equal_range(name);
  for (auto field = fields.first; field != fields.second; ++field) {
    if (!lines.empty()) lines += ',';
    lines.append(field->value().data(), field->value().size());
  }
  return lines;
}

/// What follows "for=" in an element of Forwarded; nobody if it says nothing of whom it is for.
std::string_view for_whom(std::string_view element) {
  for (const auto pair : split(element, ';'))
    if (pair.size() > 4 && beast::iequals(pair.substr(0, 4), "for=")) return pair.substr(4);
  return "unknown";
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
  if (header.method() == http::verb::options && header.count(http::field::origin) > 0 &&
      header.count(http::field::access_control_request_method) > 0)
    return Wish::leave;
  if (parser.chunked()) return tl::unexpected(http::status::length_required);
  if (is_question(header)) return Wish::question;
  const bool reads = header.method() == http::verb::get || header.method() == http::verb::head;
  if (reads && !is_below_api(header.target())) return Wish::page;
  return tl::unexpected(http::status::method_not_allowed);
}

bool waits_for_leave(const HttpHeader& header) {
  return beast::iequals(header[http::field::expect], "100-continue");
}

std::string_view origin_of(const HttpHeader& header) {
  const auto said = header.count(http::field::origin);
  if (said > 1) return "several";
  const auto origin = header[http::field::origin];
  return {origin.data(), origin.size()};
}

std::string_view path_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (beast::iequals(target.substr(0, scheme.size()), scheme)) {
      const auto slash = target.find('/', scheme.size());
      target = slash == std::string_view::npos ? "/" : target.substr(slash);
    }
  return target.substr(0, target.find_first_of("?#"));
}

std::string_view allowed_methods(std::string_view target) {
  return is_below_api(target) ? "GET, POST, DELETE" : "GET, HEAD";
}

std::vector<std::string> hops_of(const HttpHeader& header) {
  std::vector<std::string> hops;
  const auto said = all_lines(header, "X-Forwarded-For");
  for (const auto hop : split(said, ',')) hops.emplace_back(hop);
  if (!hops.empty()) return hops;
  const auto forwarded = all_lines(header, "Forwarded");
  for (const auto element : split(forwarded, ',')) hops.emplace_back(for_whom(element));
  if (!hops.empty()) return hops;
  const auto real = all_lines(header, "X-Real-IP");
  for (const auto hop : split(real, ',')) hops.emplace_back(hop);
  return hops;
}

}  // namespace culver::net_
