// One HTTP/1.1 request to the server that WebSockets are spoken with, over TCP or TLS, and its
// answer. The connection serves no second one.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "core/base/dial_failure.hpp"
#include "core/base/env.hpp"
#include "core/base/result.hpp"
#include "core/wire/url.hpp"
#include "shell/host/name_lookup.hpp"

namespace culver::net {

struct HttpExchange {
  wire::WsUrl server;  ///< but for its target
  std::string method;
  std::string target;
  std::string authorization;               ///< the header of that name
  std::string body;                        ///< JSON, may be empty
  std::string extra_ca_file;               ///< as in WsClientConfig
  std::chrono::milliseconds time{15'000};  ///< for finding the server, and for all that follows
  std::size_t largest_answer = 2'097'152;
  host::LookUp look_up = host::system_look_up;
};
struct HttpAnswer {
  unsigned status;
  std::string body;
  std::string proof = {};  ///< the header wire::gateway::answer_header, empty if absent
};

/// A DialFailure, or too_large.
using HttpAnswered = tl::expected<HttpAnswer, Failure>;
/// `done` is called once, on the loop.
using HttpDone = std::function<void(HttpAnswered)>;
void exchange(boost::asio::io_context& io, HttpExchange request, HttpDone done);

}  // namespace culver::net
