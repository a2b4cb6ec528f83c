// The server's counters in the text format of Prometheus. Every label is a fault's name or a
// version: a closed set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/relay/counters.hpp"
#include "shell/net/ws_shared.hpp"

namespace culver::server {

struct Figures {
  const relay::Counters& relay;
  const net_::WsCounters& sockets;
  std::size_t connections;
  std::uint64_t store_batches;
  std::uint64_t store_questions;
  std::size_t store_unanswered;
  bool store_failing;
  std::uint64_t stored_bytes;
};

inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

std::string print_metrics(const Figures& figures);

}  // namespace culver::server
