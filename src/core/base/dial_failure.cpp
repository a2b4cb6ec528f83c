// What follows from each cause: its name, its fault, and whether it passes.
#include "core/base/dial_failure.hpp"

#include "core/base/fsm.hpp"

namespace culver {
namespace {

using namespace dial;
using fsm::overload;
using Why = Untrusted::Why;

/// What stands in front of a server says so while the server is away or busy.
bool is_passing(unsigned status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

LogName name_of(const Cause& cause) {
  return std::visit(
      overload{[](const NoSuchName&) { return LogName("no_such_name"); },
               [](const NameUnanswered&) { return LogName("name_unanswered"); },
               [](const Refused&) { return LogName("connection_refused"); },
               [](const NoRoute&) { return LogName("no_route"); },
               [](const Silent& c) {
                 if (c.step == Step::connecting) return LogName("timed_out");
                 return c.step == Step::securing ? LogName("tls_timed_out")
                                                 : LogName("request_timed_out");
               },
               [](const HungUp& c) {
                 return c.step == Step::securing ? LogName("tls_hung_up") : LogName("hung_up");
               },
               [](const NoDescriptors&) { return LogName("no_descriptors"); },
               [](const System&) { return LogName("system_error"); },
               [](const NotTls& c) {
                 return c.spoken == Protocol::tls ? LogName("tls_failed") : LogName("not_tls");
               },
               [](const NotHttp& c) {
                 return c.spoken == Protocol::tls ? LogName("tls_spoken") : LogName("not_http");
               },
               [](const HttpStatus&) { return LogName("not_a_websocket"); },
               [](const Untrusted& c) {
                 switch (c.why) {
                   case Why::self_signed:
                     return LogName("certificate_self_signed");
                   case Why::unknown_issuer:
                     return LogName("certificate_of_unknown_issuer");
                   case Why::expired:
                     return LogName("certificate_expired");
                   case Why::not_yet_valid:
                     return LogName("certificate_not_yet_valid");
                   case Why::other_name:
                     return LogName("certificate_of_other_name");
                   case Why::no_store:
                     return LogName("certificates_unreadable");
                   case Why::other:
                     break;
                 }
                 return LogName("certificate_not_valid");
               }},
      cause);
}

Fault fault_of(const Cause& cause) {
  return std::visit(overload{[](const NoDescriptors&) { return Fault::out_of_descriptors; },
                             [](const Silent& c) {
                               return c.step == Step::connecting ? Fault::server_unreachable
                                                                 : Fault::server_silent;
                             },
                             [](const HungUp& c) {
                               return c.step == Step::talking ? Fault::server_lost
                                                              : Fault::server_refused;
                             },
                             [](const NotTls&) { return Fault::server_refused; },
                             [](const NotHttp&) { return Fault::server_refused; },
                             [](const HttpStatus&) { return Fault::server_refused; },
                             [](const Untrusted&) { return Fault::server_untrusted; },
                             [](const auto&) { return Fault::server_unreachable; }},
                    cause);
}

bool passes_with_time(const Cause& cause) {
  const auto* answer = std::get_if<HttpStatus>(&cause);
  return answer && is_passing(answer->status);
}

bool passes_with_time(const Failure& failure) {
  if (failure.why && passes_with_time(failure.why->cause)) return true;
  switch (failure.fault) {
    case Fault::rate_limited:
    case Fault::too_many_connections:
    case Fault::too_many_handshakes:
    case Fault::too_many_sessions:
    case Fault::directory_failed:
    case Fault::shutting_down:
    case Fault::gateway_timeout:
      return true;
    default:
      return false;
  }
}

}  // namespace culver
