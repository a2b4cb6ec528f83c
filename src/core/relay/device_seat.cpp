// Messages that are served alike in every state, the heartbeat, and how a session ends.
#include "core/relay/device_seat.hpp"

#include <algorithm>
#include <chrono>

namespace culver::relay::device_session {
namespace {

using std::chrono::milliseconds;

/// An event that expired this long ago may come from a device whose clock is slow.
constexpr WallTime clock_skew = WallTime{5} * 60 * 1000;

std::uint64_t in_milliseconds(Duration duration) {
  return static_cast<std::uint64_t>(std::chrono::ceil<milliseconds>(duration).count());
}

void save(const Seat& seat, std::uint64_t cursor, Context& context, Effects& effects) {
  effects.push_back(context.questions.tell(SaveCursor{seat.device, cursor, context.env.wall}));
}

struct Denial {
  Fault fault;
  std::optional<Duration> retry_after;
};

/// Whether the event is this device's own and not too late.
std::optional<Fault> flaw_of(const gateway::NewEvent& event, const Seat& seat, WallTime now) {
  if (event.user.value_or(seat.user) != seat.user) return Fault::event_of_another_user;
  if (event.device != seat.device) return Fault::event_of_another_device;
  if (event.expires_at && *event.expires_at < now - clock_skew) return Fault::event_expired;
  return std::nullopt;
}

std::optional<Denial> deny(const gateway::NewEvent& event, const Seat& seat, Context& context) {
  const auto& limits = context.limits;
  if (const auto flaw = flaw_of(event, seat, context.env.wall)) return Denial{*flaw, std::nullopt};
  const bool fits =
      seat.unanswered == 0 ||
      seat.unanswered_bytes + event.encrypted_payload.size() <= limits.unanswered_bytes;
  if (seat.unanswered >= limits.unanswered_events || !fits)
    return Denial{Fault::too_many_unanswered, limits.store_retry};
  if (context.questions.full(limits)) return Denial{Fault::directory_failed, limits.store_retry};
  const auto wait = context.devices.take_event(seat.user, context.env.now);
  if (wait > Duration::zero()) return Denial{Fault::too_many_events, wait};
  return std::nullopt;
}

void depart(const Seat& seat, bool replaced, Context& context, Effects& effects) {
  const bool left = context.devices.leave(seat.user, seat.device, context.socket, context.env.now);
  if (!left) return;
  context.codes.withdraw(seat.device);  // nobody shows them any more
  if (!replaced) announce(seat, false, context, effects);
}

}  // namespace

// ---- what a device says -------------------------------------------------------------------------

void serve(Seat& seat, EventCame&& came, Context& context, Effects& effects) {
  const auto& event = came.message;
  if (const auto denial = deny(event, seat, context)) {
    std::optional<std::uint64_t> retry;
    if (denial->retry_after) retry = in_milliseconds(*denial->retry_after);
    return refuse({denial->fault, retry, event.id, event.device_seq}, context, effects);
  }
  const auto& limits = context.limits;
  const auto wall = context.env.wall;
  const auto bytes = event.encrypted_payload.size();
  ++seat.unanswered;
  seat.unanswered_bytes += bytes;
  AppendEvent question{seat.user,
                       seat.device,
                       event.id,
                       event.device_seq,
                       event.stream,
                       gateway::body_of(event, seat.user, wall),
                       event.payload_size,
                       event.expires_at,
                       wall,
                       limits.stored_events_per_user,
                       limits.stored_bytes_per_user};
  effects.push_back(context.questions.ask(
      std::move(question),
      ForEvent{context.socket, seat.user, seat.device, event.id, event.device_seq, bytes}));
}

void serve(Seat& seat, AckCame&& came, Context& context, Effects& effects) {
  const auto& [cursor, device_seq] = came.message;
  if (!cursor) {
    if (const auto news = seat.position.acknowledge_event(*device_seq))
      save(seat, *news, context, effects);
    return;
  }
  const auto news = seat.position.acknowledge(*cursor);
  if (!news) return refuse({news.error(), {}, {}, {}}, context, effects);
  if (*news) save(seat, **news, context, effects);
}

void serve(Seat&, PingCame&&, Context& context, Effects& effects) {
  answer(gateway::Pong{context.env.wall}, context, effects);
}

void serve(Seat& seat, ScratchpadCame&& came, Context& context, Effects& effects) {
  tell_others(seat, gateway::print_scratchpad(came.message.payload), context, effects);
}

void serve(Seat& seat, CodeAsked&&, Context& context, Effects& effects) {
  const LinkCodes::Offer offer{seat.user, seat.device};
  const auto code = context.codes.offer(offer, context.env.now, context.env.rng);
  if (!code) {
    context.counters.messages_refused.add(code.error());
    return answer(gateway::PairingFailed{code.error()}, context, effects);
  }
  const auto life = in_milliseconds(context.limits.link_code_life);
  answer(gateway::PairingInitiated{*code, life}, context, effects);
}

void serve(Seat&, BadFrame&& frame, Context& context, Effects& effects) {
  const auto& [fault, event, device_seq] = frame.refusal;
  std::optional<std::uint64_t> retry;
  if (frame.retry_after > Duration::zero()) retry = in_milliseconds(frame.retry_after);
  refuse({fault, retry, event, device_seq}, context, effects);
}

// ---- what became of it --------------------------------------------------------------------------

void serve(Seat& seat, EventStored&& stored, Context& context, Effects& effects) {
  --seat.unanswered;
  seat.unanswered_bytes -= stored.bytes;
  answer(gateway::Ack{stored.device_seq, stored.event}, context, effects);
}

bool outlives(Seat& seat, EventRefused&& refused, Context& context, Effects& effects) {
  --seat.unanswered;
  seat.unanswered_bytes -= refused.bytes;
  auto [fault, retry_at] = refused.why;
  if (fault == Fault::device_revoked) {
    end(seat, Revoked{}, context, effects);
    return false;
  }
  std::optional<std::uint64_t> retry;
  if (retry_at)
    retry = static_cast<std::uint64_t>(std::max<WallTime>(*retry_at - context.env.wall, 0));
  if (fault == Fault::store_failed) {
    fault = Fault::directory_failed;
    retry = in_milliseconds(context.limits.store_retry);
  }
  refuse({fault, retry, refused.event, refused.device_seq}, context, effects);
  return true;
}

void serve(Seat& seat, Renamed&& renamed, Context&, Effects&) {
  seat.name = std::move(renamed.device_name);
}

// ---- time ---------------------------------------------------------------------------------------

void serve(Seat& seat, Heard&&, Context& context, Effects&) { seat.last_heard = context.env.now; }

bool outlives(Seat& seat, Due&&, Context& context, Effects& effects) {
  const auto now = context.env.now;
  const auto& limits = context.limits;
  if (now >= seat.expires) {
    close(seat, Fault::session_expired, context, effects);
    return false;
  }
  if (now - seat.last_heard >= 2 * limits.ping_interval) {
    close(seat, Fault::heartbeat_timeout, context, effects);
    return false;
  }
  if (!seat.is_warned && now >= seat.expires - limits.expiry_warning) {
    seat.is_warned = true;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(seat.expires - now);
    answer(gateway::SessionExpiringSoon{static_cast<std::uint64_t>(left.count()), seat.expires_at},
           context, effects);
  }
  if (now >= seat.next_ping) {
    effects.push_back(Ping{context.socket});
    seat.next_ping = now + limits.ping_interval;
  }
  return true;
}

// ---- the end ------------------------------------------------------------------------------------

void end(Seat& seat, Replaced&&, Context& context, Effects& effects) {
  depart(seat, true, context, effects);
  ++context.counters.sessions_replaced;
  effects.push_back(
      Close{context.socket, close_code(Fault::device_replaced), Fault::device_replaced});
}

void end(Seat& seat, Revoked&&, Context& context, Effects& effects) {
  answer(gateway::DeviceRevoked{context.env.wall}, context, effects);
  close(seat, Fault::device_revoked, context, effects);
}

void end(Seat& seat, Gone&&, Context& context, Effects& effects) {
  depart(seat, false, context, effects);
}

void close(const Seat& seat, Fault fault, Context& context, Effects& effects) {
  depart(seat, false, context, effects);
  effects.push_back(Close{context.socket, close_code(fault), fault});
}

// ---- to others ----------------------------------------------------------------------------------

void sit_down(const Seat& seat, bool replaces, Context& context, Effects& effects) {
  context.devices.enter(seat.user, {seat.device, context.socket});
  if (!replaces) announce(seat, true, context, effects);
}

void refuse(const gateway::Error& error, Context& context, Effects& effects) {
  context.counters.messages_refused.add(error.fault);
  answer(error, context, effects);
}

void refuse_for_now(Fault fault, Context& context, Effects& effects) {
  refuse({fault, in_milliseconds(context.limits.store_retry), {}, {}}, context, effects);
}

void tell_others(const Seat& seat, const std::string& frame, Context& context, Effects& effects) {
  for (const auto& [device, socket] : context.devices.sessions_of(seat.user))
    if (device != seat.device) effects.push_back(Send{socket, frame});
}

void announce(const Seat& seat, bool is_online, Context& context, Effects& effects) {
  const auto& sessions = context.devices.sessions_of(seat.user);
  const bool is_alone = std::all_of(sessions.begin(), sessions.end(), [&](const auto& session) {
    return session.device == seat.device;
  });
  if (is_alone) return;
  const gateway::DeviceStatusChanged news{seat.user, seat.device, seat.name,
                                          seat.type, is_online,   context.env.wall};
  tell_others(seat, gateway::print(news), context, effects);
}

}  // namespace culver::relay::device_session
