// What a TURN server grants for a time, asked for in good time again: the request that waits for
// its answer, and the lease that it is about. RFC 8656 sections 7.1, 9.1 and 12.1.
#pragma once

#include <optional>
#include <string>

#include "core/base/env.hpp"
#include "core/base/fsm.hpp"
#include "core/base/result.hpp"
#include "core/ice/turn_events.hpp"

namespace culver::ice::turn {

using namespace std::chrono_literals;

/// Over UDP a request goes out at 0, 0.5, 1.5, 3.5 and 7.5 s (RFC 8489 section 6.2.1, with fewer
/// repetitions, so that gathering ends); over a stream once.
inline constexpr Duration first_wait = 500ms;
inline constexpr unsigned most_sends = 5;
/// The whole of an allocation, and any later request, is given up after this.
inline constexpr Duration patience = 10s;
/// A request is repeated with a new nonce so many times; a server that finds each one stale is
/// broken.
inline constexpr unsigned most_renewals = 3;

/// A request on its way.
class Request {
 public:
  Request(wire::stun::TransactionId id, ByteVector bytes, bool stream, TimePoint now,
          TimePoint give_up);

  const wire::stun::TransactionId& id() const { return id_; }
  /// Of the next transmission, or of giving up.
  TimePoint next() const { return next_; }
  bool given_up(TimePoint now) const { return now >= give_up_; }
  /// To be sent now, if it is time for it. Once, however late: what was missed is not made up for.
  const ByteVector* due(TimePoint now);

 private:
  void wait(TimePoint now);
  wire::stun::TransactionId id_;
  ByteVector bytes_;
  TimePoint next_, give_up_;
  Duration wait_ = first_wait;
  unsigned left_;
};

/// How we show who we are, with what the server told us to show it with.
struct Login {
  std::string user;
  std::string realm, nonce;
  wire::stun::Key key;

  /// From a 401 or 438; Fault::relay_refused if it lacks realm or nonce.
  static Result<Login> from(const Params& params, const wire::stun::Message& refusal);
  ByteVector sign(wire::stun::Message message) const;
};

/// Something that the server grants for a time. Idle, asked for, or held; held and asked for again.
class Lease {
 public:
  /// Idle -> to be asked for at once.
  void want(TimePoint now) { due_ = now; }
  /// It is on its way.
  void ask(Request request);
  void granted(TimePoint renew, TimePoint expires);
  /// The server found our nonce old: to be asked for again at once. False: that was often enough.
  bool found_stale(TimePoint now);
  /// No answer came. To be asked for again at once if it is held still; else false.
  bool unanswered(TimePoint now);
  /// -> idle
  void drop() { *this = {}; }

  Request* request() { return request_ ? &*request_ : nullptr; }
  const Request* request() const { return request_ ? &*request_ : nullptr; }
  bool held() const { return expires_.has_value(); }
  bool idle() const { return !due_ && !request_ && !expires_; }
  bool is_due(TimePoint now) const { return !request_ && due_ && now >= *due_; }
  bool expired(TimePoint now) const { return expires_ && now >= *expires_; }
  /// Of what happens next. `may_ask`: false while nothing more may be asked for at once.
  std::optional<TimePoint> next(bool may_ask) const;

 private:
  std::optional<Request> request_;
  std::optional<TimePoint> due_, expires_;
  unsigned renewals_ = 0;
};

}  // namespace culver::ice::turn
