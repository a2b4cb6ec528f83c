// The words of dial_text.hpp.
#include "shell/host/dial_text.hpp"

#include <system_error>

#include "core/base/fsm.hpp"

namespace culver::host {
namespace {

using namespace dial;
using fsm::overload;
using Why = Untrusted::Why;

constexpr std::string_view check_address =
    "Check address and port (--server), and whether the server runs.";

std::string_view of_certificate(Why why) {
  switch (why) {
    case Why::self_signed:
      return "Its certificate is self-signed.";
    case Why::unknown_issuer:
      return "Its certificate comes from an authority that this machine does not know.";
    case Why::expired:
      return "Its certificate has expired, or the clock of this machine is wrong.";
    case Why::not_yet_valid:
      return "Its certificate is not valid yet, or the clock of this machine is wrong.";
    case Why::other_name:
      return "Its certificate is for another name than the one that was dialled.";
    case Why::no_store:
      return "The certificates that this machine trusts cannot be read.";
    case Why::other:
      break;
  }
  return "Its certificate could not be verified.";
}

std::string of_status(const HttpStatus& answer) {
  const auto status = "HTTP " + std::to_string(answer.status);
  if (!answer.location.empty())
    return "It answers with " + status + " and redirects to " + answer.location + ".";
  return "It opens no WebSocket: it answers with " + status + ".";
}

}  // namespace

std::string where(const DialFailure& failure) {
  auto text = failure.host + " port " + std::to_string(failure.port);
  constexpr std::size_t shown = 2;
  std::string addresses;
  for (std::size_t i = 0; i < failure.tried.size() && i < shown; ++i) {
    const auto address = failure.tried[i].address_text();
    if (address != failure.host) addresses += (addresses.empty() ? "" : ", ") + address;
  }
  if (addresses.empty()) return text;
  if (failure.tried.size() > shown)
    addresses += " and " + std::to_string(failure.tried.size() - shown) + " more";
  return text + " (" + addresses + ")";
}

std::string sentence(const Cause& cause) {
  return std::visit(
      overload{
          [](const NoSuchName&) { return std::string("There is no host of that name."); },
          [](const NameUnanswered&) {
            return std::string("The name could not be looked up: no name server answers.");
          },
          [](const Refused&) {
            return std::string("The connection was refused: nothing listens on that port.");
          },
          [](const NoRoute&) { return std::string("No network of this machine leads there."); },
          [](const Silent& c) {
            if (c.step == Step::connecting) return std::string("Nothing answers there.");
            return std::string("Somebody takes the connection there, but does not answer ") +
                   (c.step == Step::securing ? "the TLS handshake." : "the request.");
          },
          [](const HungUp& c) {
            if (c.step == Step::securing)
              return std::string("It closed the connection during the TLS handshake.");
            return std::string(c.step == Step::talking
                                   ? "It closed the connection."
                                   : "It closed the connection without an answer.");
          },
          [](const NoDescriptors&) {
            return std::string("This machine lets culver open no more files and connections.");
          },
          [](const System& c) {
            return "The connection failed: " + std::generic_category().message(c.error) + ".";
          },
          [](const NotTls& c) {
            if (c.spoken == Protocol::tls)
              return std::string("The TLS handshake failed: it has to speak TLS 1.2 or newer.");
            return std::string(c.spoken == Protocol::ssh
                                   ? "An SSH server is there, which speaks no TLS."
                                   : "It does not speak TLS.");
          },
          [](const NotHttp& c) {
            if (c.spoken == Protocol::ssh)
              return std::string("An SSH server is there, and no server for Culver.");
            return std::string(c.spoken == Protocol::tls ? "It speaks TLS, and was not asked to."
                                                         : "It does not speak HTTP.");
          },
          [](const HttpStatus& c) { return of_status(c); },
          [](const Untrusted& c) { return std::string(of_certificate(c.why)); }},
      cause);
}

std::string_view advice(const Cause& cause) {
  constexpr std::string_view other_scheme =
      "Check the port; without TLS the address begins with ws:// instead of wss://.";
  constexpr std::string_view other_port =
      "Check the port; with TLS the address begins with wss:// instead of ws://.";
  return std::visit(
      overload{
          [](const NoSuchName&) {
            return std::string_view("Check the spelling of the address (--server).");
          },
          [](const NameUnanswered&) {
            return std::string_view("Check the network of this machine.");
          },
          [](const NoRoute&) { return std::string_view("Check the network of this machine."); },
          [&](const Silent& c) {
            if (c.step == Step::connecting)
              return std::string_view(
                  "Check address and port (--server), and whether a firewall is in between.");
            return c.step == Step::securing ? other_scheme : other_port;
          },
          [&](const HungUp& c) {
            if (c.step == Step::talking) return std::string_view("Try again.");
            return c.step == Step::securing ? other_scheme : other_port;
          },
          [](const NoDescriptors&) {
            return std::string_view("Raise the limit: ulimit -n, or LimitNOFILE= of the service.");
          },
          [&](const NotTls& c) {
            return c.spoken == Protocol::tls ? std::string_view("Ask who runs the server.")
                                             : other_scheme;
          },
          [&](const NotHttp& c) {
            if (c.spoken == Protocol::tls)
              return std::string_view("Use wss:// instead of ws:// (--server).");
            return check_address;
          },
          [](const HttpStatus& c) {
            if (!c.location.empty())
              return std::string_view(
                  "Use that address, with wss:// for https:// and ws:// for http:// (--server).");
            if (c.status == 429) return std::string_view("Wait a minute and try again.");
            if (passes_with_time(dial::Cause(c)))
              return std::string_view("The server behind it may be down: try again later.");
            return std::string_view("Check the address and its path (--server).");
          },
          [](const Untrusted& c) {
            if (c.why == Why::expired || c.why == Why::not_yet_valid)
              return std::string_view("Check the clock, and ask who runs the server.");
            if (c.why == Why::other_name)
              return std::string_view("Check the name in the address (--server).");
            if (c.why == Why::no_store)
              return std::string_view("Install the certificates of the system (ca-certificates).");
            return std::string_view(
                "Ask who runs the server; the authority that signed the certificate has to be "
                "among those that this machine trusts.");
          },
          [](const auto&) { return check_address; }},
      cause);
}

}  // namespace culver::host
