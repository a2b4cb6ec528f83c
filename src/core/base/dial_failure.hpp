// Why a server could not be dialled, as far as this machine can know it: whom was dialled, at which
// addresses, and what happened. It knows no socket; whoever dials fills it in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "core/base/endpoint.hpp"
#include "core/base/fault.hpp"
#include "core/base/result.hpp"
#include "core/base/text.hpp"

namespace culver {
namespace dial {

/// How far it had come. Talking: it was open.
enum class Step : std::uint8_t { connecting, securing, upgrading, talking };
/// What an unexpected server was recognized by.
enum class Protocol : std::uint8_t { unknown, ssh, tls, http };

struct NoSuchName {};
/// No name server has answered.
struct NameUnanswered {};
struct Refused {};
struct NoRoute {};
struct Silent {
  Step step;
};
struct HungUp {
  Step step;
};
/// We may open no more files.
struct NoDescriptors {};
/// What else the system says, an errno.
struct System {
  int error;
};
struct NotTls {
  Protocol spoken;
};
struct NotHttp {
  Protocol spoken;
};
/// It speaks HTTP and opens no WebSocket.
struct HttpStatus {
  static constexpr std::size_t longest_location = 200;
  unsigned status;
  std::string location;  ///< where it redirects to: foreign text, cut; empty if nowhere
};
struct Untrusted {
  enum class Why : std::uint8_t {
    self_signed,
    unknown_issuer,
    expired,
    not_yet_valid,
    other_name,
    no_store,
    other,
  } why;
};

using Cause = std::variant<NoSuchName, NameUnanswered, Refused, NoRoute, Silent, HungUp,
                           NoDescriptors, System, NotTls, NotHttp, HttpStatus, Untrusted>;

}  // namespace dial

struct DialFailure {
  static constexpr std::size_t most_tried = 16;

  std::string host;  ///< as it was named
  std::uint16_t port = 0;
  dial::Cause cause;
  std::vector<Endpoint> tried = {};  ///< at most most_tried
};

/// Stable, snake_case: for logs and JSON.
LogName name_of(const dial::Cause& cause);
Fault fault_of(const dial::Cause& cause);
/// Whether it is a matter of time: the server is there, and has too much to do or starts anew.
bool passes_with_time(const dial::Cause& cause);
/// A fault, and why the server could not be dialled if that is what it came of.
struct Failure {
  Failure(Fault of) : fault(of) {}
  Failure(DialFailure dial) : fault(fault_of(dial.cause)), why(std::move(dial)) {}
  /// Whoever has no use for the reasons goes on with the fault alone.
  operator Fault() const { return fault; }

  Fault fault;
  std::optional<DialFailure> why;
};

inline tl::unexpected<Failure> fail(Failure failure) {
  return tl::unexpected<Failure>(std::move(failure));
}

/// Whether it is the server that cannot now, and can later: whoever serves tries again.
bool passes_with_time(const Failure& failure);

}  // namespace culver
