// Which counter has which name. The names are part of the interface: docs/protocol/server.md.
#include "shell/server/metrics.hpp"

#include <utility>
#include <vector>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace culver::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// The families in the order in which they were added.
class Sheet {
 public:
  template <class Number>
  void gauge(const char* name, const char* help, Number value) {
    ClientMetric metric;
    metric.gauge.value = static_cast<double>(value);
    add(name, help, MetricType::Gauge, {std::move(metric)});
  }
  void counter(const char* name, const char* help, std::uint64_t value) {
    add(name, help, MetricType::Counter, {count(value)});
  }
  /// One series per fault that has occurred.
  void faults(const char* name, const char* help, const relay::FaultCounts& counts,
              std::vector<ClientMetric> others = {}) {
    for (std::size_t i = 0; i < fault_count; ++i) {
      const auto fault = static_cast<Fault>(i);
      if (counts.of(fault) == 0) continue;
      others.push_back(count(counts.of(fault), "outcome", info(fault).name));
    }
    add(name, help, MetricType::Counter, std::move(others));
  }
  static ClientMetric count(std::uint64_t value) {
    ClientMetric metric;
    metric.counter.value = static_cast<double>(value);
    return metric;
  }
  static ClientMetric count(std::uint64_t value, const char* label, std::string_view is) {
    auto metric = count(value);
    metric.label.push_back({label, std::string(is)});
    return metric;
  }
  std::string print() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  void add(const char* name, const char* help, MetricType type, std::vector<ClientMetric> metrics) {
    families_.push_back({name, help, type, std::move(metrics)});
  }
  std::vector<MetricFamily> families_;
};

void add_sockets(Sheet& sheet, const Figures& figures) {
  const auto& sockets = figures.sockets;
  sheet.gauge("culver_connections", "Open connections", figures.connections);
  sheet.gauge("culver_queued_bytes", "Bytes that wait to be written", sockets.queued_bytes);
  sheet.gauge("culver_unfinished_bytes", "Bytes of messages that are not complete",
              sockets.unfinished_bytes);
  sheet.counter("culver_unfinished_refused_total",
                "Connections closed since too many bytes of such messages were held",
                sockets.unfinished_refused);
  sheet.counter("culver_slow_readers_total", "Connections cut off for not reading",
                sockets.slow_readers);
  sheet.counter("culver_messages_in_total", "WebSocket messages received", sockets.messages_in);
  sheet.counter("culver_messages_out_total", "WebSocket messages sent", sockets.messages_out);
  sheet.counter("culver_writes_total", "Writes that carried them out", sockets.writes);
}

void add_gateway(Sheet& sheet, const relay::Counters& relay) {
  sheet.gauge("culver_sessions", "Authenticated connections", relay.sessions);
  sheet.gauge("culver_handshakes_under_way", "Handshakes that have begun and not ended",
              relay.handshakes_under_way);
  sheet.counter("culver_handshakes_total", "Handshakes that began", relay.handshakes);
  std::vector<ClientMetric> established;
  for (std::size_t i = 0; i < relay.established.size(); ++i)
    established.push_back(
        Sheet::count(relay.established[i], "outcome", "established_v" + std::to_string(i + 1)));
  sheet.faults("culver_handshakes_ended_total", "Handshakes by how they ended",
               relay.handshakes_refused, std::move(established));
  sheet.faults("culver_closed_total", "Connections that the server ended, by why", relay.closed);
  sheet.counter("culver_sessions_replaced_total", "By a newer connection of the same device",
                relay.sessions_replaced);
  sheet.counter("culver_devices_linked_total", "Devices that joined another account",
                relay.devices_linked);
  sheet.counter("culver_devices_revoked_total", "Devices revoked", relay.devices_revoked);
}

void add_events(Sheet& sheet, const relay::Counters& relay) {
  sheet.counter("culver_events_stored_total", "Events stored", relay.events_stored);
  sheet.counter("culver_events_duplicate_total", "Events that were there already",
                relay.events_duplicate);
  sheet.counter("culver_events_delivered_total", "Live, to one device each",
                relay.events_delivered);
  sheet.counter("culver_events_replayed_total", "In answer to a replay request",
                relay.events_replayed);
  sheet.counter("culver_replays_total", "Replays begun", relay.replays);
  sheet.counter("culver_replay_gaps_total", "Replays that told of lost events", relay.gaps);
  sheet.faults("culver_messages_refused_total", "Messages answered by an error",
               relay.messages_refused);
  sheet.counter("culver_frames_waited_total", "Frames held back while the store was asked",
                relay.frames_waited);
  sheet.counter("culver_frames_ignored_total", "Frames after the end of their connection",
                relay.frames_ignored);
  sheet.counter("culver_requests_total", "Signed HTTP requests served", relay.requests);
  sheet.faults("culver_requests_refused_total", "HTTP requests refused", relay.requests_refused);
}

void add_rendezvous(Sheet& sheet, const relay::Counters& relay) {
  sheet.gauge("culver_dead_drops", "Dead drops that wait", relay.dead_drops);
  sheet.gauge("culver_dead_drop_bytes", "Their bytes", relay.dead_drop_bytes);
  sheet.gauge("culver_rendezvous_tokens", "Tokens of those who are there", relay.rendezvous_tokens);
  sheet.counter("culver_rendezvous_total", "Registrations answered", relay.rendezvous);
  sheet.counter("culver_live_matches_total", "Peers named in the answers", relay.live_matches);
  sheet.counter("culver_dead_drops_given_total", "Dead drops in the answers",
                relay.dead_drops_given);
}

void add_store(Sheet& sheet, const Figures& figures) {
  sheet.counter("culver_store_batches_total", "Transactions of the store", figures.store_batches);
  sheet.counter("culver_store_questions_total", "Questions in them", figures.store_questions);
  sheet.gauge("culver_stored_bytes", "What stored events take on the disk, about",
              figures.stored_bytes);
  sheet.gauge("culver_store_unanswered", "Questions that wait", figures.store_unanswered);
  sheet.gauge("culver_store_failing", "1 from a failure to the next success",
              figures.store_failing ? 1 : 0);
}

}  // namespace

std::string print_metrics(const Figures& figures) {
  Sheet sheet;
  add_sockets(sheet, figures);
  add_gateway(sheet, figures.relay);
  add_events(sheet, figures.relay);
  add_rendezvous(sheet, figures.relay);
  add_store(sheet, figures);
  return sheet.print();
}

}  // namespace culver::server
