// Messages that are served alike in every state, the heartbeat, and how a session ends.
#include "core/relay/session_data.hpp"

#include <algorithm>
#include <chrono>

namespace culver::relay::device_session {
namespace {

using std::chrono::milliseconds;

/// An event lives this much longer than it says: the clock of its device may be slow.
constexpr WallTime clock_skew = WallTime{5} * 60 * 1000;

/// The first moment at which it is over.
WallTime end_of(WallTime ttl) { return ttl + clock_skew + 1; }

struct Denial {
  Fault fault;
  std::optional<Duration> retry_after;
};

/// Nobody tells a client of version 1 to which account its device was linked.
bool is_of_account(const gateway::NewEvent& event, const SessionData& data) {
  return !event.user || *event.user == data.user || (data.version == 1 && *event.user == data.key);
}

/// Whether the event is this device's own and not too late.
std::optional<Fault> flaw_of(const gateway::NewEvent& event, const SessionData& data,
                             WallTime now) {
  if (!is_of_account(event, data)) return Fault::event_of_another_user;
  if (event.device != data.device) return Fault::event_of_another_device;
  if (event.expires_at && end_of(*event.expires_at) <= now) return Fault::event_expired;
  return std::nullopt;
}

bool has_room(const gateway::NewEvent& event, const SessionData& data, const Limits& limits) {
  const bool fits =
      data.unanswered == 0 ||
      data.unanswered_bytes + event.encrypted_payload.size() <= limits.unanswered_bytes;
  return fits && data.unanswered < limits.unanswered_events;
}

std::optional<Denial> deny(const gateway::NewEvent& event, const SessionData& data,
                           Context& context) {
  const auto& limits = context.limits;
  if (const auto flaw = flaw_of(event, data, context.env.wall)) return Denial{*flaw, std::nullopt};
  if (!has_room(event, data, limits)) return Denial{Fault::too_many_unanswered, limits.store_retry};
  if (context.questions.full(limits)) return Denial{Fault::directory_failed, limits.store_retry};
  const auto wait = context.devices.take_event(data.user, context.env.now);
  if (wait > Duration::zero()) return Denial{Fault::too_many_events, wait};
  return std::nullopt;
}

/// Refused now, taken later. What a client of version 1 says next would be acknowledged, and it
/// would believe that to hold for this as well: it has to come back and begin where we have ended.
bool put_off(const SessionData& data, const gateway::Error& error, Context& context,
             Effects& effects) {
  if (data.version > 1) {
    refuse(data, error, context, effects);
    return true;
  }
  context.counters.messages_refused.add(error.fault);
  close(data, error.fault, context, effects);
  return false;
}

/// Clients of version 1 send what they have received as if it were their own. Nothing is said of
/// one that the account holds; where it cannot be asked for now, it is let pass.
void look_up(SessionData& data, const gateway::NewEvent& event, Context& context,
             Effects& effects) {
  if (!has_room(event, data, context.limits) || context.questions.full(context.limits)) return;
  const auto bytes = event.encrypted_payload.size();
  ++data.unanswered;
  data.unanswered_bytes += bytes;
  FindEvent question{data.user, event.device, event.id, event.device_seq,
                     gateway::beginning_of_body(event, event.user.value_or(data.user))};
  effects.push_back(context.questions.ask(
      std::move(question), ForEcho{context.socket, event.id, event.device_seq, bytes}));
}

/// What a client of version 1 can do something about: it is not who it takes itself for.
bool is_for_original(Fault fault) {
  return fault == Fault::event_of_another_user || fault == Fault::event_of_another_device;
}

void depart(const SessionData& data, bool replaced, Context& context, Effects& effects) {
  turn_away_all(context);
  stop_waiting(context, effects);
  const bool left = context.devices.leave(data.user, data.device, context.socket, context.env.now);
  if (!left) return;
  context.codes.withdraw(data.device);  // nobody shows them any more
  if (!replaced) announce(data, false, context, effects);
}

}  // namespace

std::uint64_t in_milliseconds(Duration duration) {
  return static_cast<std::uint64_t>(std::chrono::ceil<milliseconds>(duration).count());
}

void save(const SessionData& data, std::uint64_t cursor, Context& context, Effects& effects) {
  effects.push_back(context.questions.tell(SaveCursor{data.device, cursor, context.env.wall}));
}

// ---- what a device says -------------------------------------------------------------------------

bool outlives(SessionData& data, EventCame&& came, Context& context, Effects& effects) {
  const auto& event = came.message;
  if (const auto denial = deny(event, data, context)) {
    gateway::Error error{denial->fault, std::nullopt, event.id, event.device_seq};
    if (denial->retry_after) {
      error.retry_after_ms = in_milliseconds(*denial->retry_after);
      return put_off(data, error, context, effects);
    }
    if (data.version == 1 && denial->fault == Fault::event_of_another_device)
      look_up(data, event, context, effects);
    else
      refuse(data, error, context, effects);
    return true;
  }
  const auto& limits = context.limits;
  const auto wall = context.env.wall;
  const auto bytes = event.encrypted_payload.size();
  ++data.unanswered;
  data.unanswered_bytes += bytes;
  std::optional<RunTime> expires_at;
  if (event.expires_at) expires_at = context.ran + (end_of(*event.expires_at) - wall);
  AppendEvent question{data.user,
                       data.device,
                       event.id,
                       event.device_seq,
                       event.stream,
                       gateway::body_of(event, data.user, wall),
                       event.payload_size,
                       expires_at,
                       context.ran,
                       limits.stored_events_per_user,
                       limits.stored_bytes_per_user,
                       limits.stored_bytes};
  effects.push_back(context.questions.ask(
      std::move(question),
      ForEvent{context.socket, data.user, data.device, event.id, event.device_seq, bytes}));
  return true;
}

void serve(SessionData& data, AckCame&& came, Context& context, Effects& effects) {
  const auto& [cursor, device_seq] = came.message;
  if (!cursor) {
    if (const auto news = data.position.acknowledge_event(*device_seq))
      save(data, *news, context, effects);
    return;
  }
  const auto news = data.position.acknowledge(*cursor);
  if (!news) return refuse(data, {news.error(), {}, {}, {}}, context, effects);
  if (*news) save(data, **news, context, effects);
}

void serve(SessionData&, PingCame&&, Context& context, Effects& effects) {
  answer(gateway::Pong{context.env.wall}, context, effects);
}

void serve(SessionData& data, ScratchpadCame&& came, Context& context, Effects& effects) {
  tell_others(data, gateway::print_scratchpad(came.message.payload), context, effects);
}

void serve(SessionData& data, CodeAsked&& asked, Context& context, Effects& effects) {
  using Consent = LinkCodes::Consent;
  // The clients of version 1 could not answer.
  const auto consent = asked.message.asks && data.version > 1 ? Consent::asked : Consent::given;
  const LinkCodes::Offer offer{data.user, data.device, consent, context.address};
  // The clients of version 1 have a field for six digits.
  const auto form = data.version == 1 ? LinkCodes::Form::digits : LinkCodes::Form::whole;
  const auto code = context.codes.offer(offer, form, context.env.now, context.env.rng);
  if (!code) {
    gateway::PairingFailed failed{code.error(), std::nullopt};
    const auto wait = context.codes.wait_for_room(offer, context.env.now);
    if (wait > Duration::zero()) failed.retry_after_ms = in_milliseconds(wait);
    return fail_pairing(failed, context, effects);
  }
  const auto life = in_milliseconds(context.limits.link_code_life);
  const bool asks = consent == Consent::asked;
  answer(gateway::PairingInitiated{std::string(code->text()), life, asks}, context, effects);
}

/// Whoever waited may have gone while the answer was on its way, which was told then; and what is
/// said twice is no news of what came of it.
void serve(SessionData&, AnswerCame&& came, Context& context, Effects&) {
  const auto& [id, accepted] = came.message;
  const auto request = context.codes.answered(id, context.socket);
  if (request && accepted)
    context.verdicts.push_back({request->joining, LetIn{*request}});
  else if (request)
    context.verdicts.push_back({request->joining, TurnedAway{}});
}

bool outlives(SessionData& data, BadFrame&& frame, Context& context, Effects& effects) {
  const auto& [fault, event, device_seq] = frame.refusal;
  gateway::Error error{fault, std::nullopt, event, device_seq};
  if (frame.retry_after > Duration::zero()) {
    error.retry_after_ms = in_milliseconds(frame.retry_after);
    return put_off(data, error, context, effects);
  }
  if (fault == Fault::bad_link_code)
    fail_pairing({fault}, context, effects);
  else
    refuse(data, error, context, effects);
  return true;
}

// ---- what became of it --------------------------------------------------------------------------

void serve(SessionData& data, EventStored&& stored, Context& context, Effects& effects) {
  --data.unanswered;
  data.unanswered_bytes -= stored.bytes;
  answer(gateway::Ack{stored.device_seq, stored.event}, context, effects);
}

void serve(SessionData& data, EchoAnswered&& echo, Context& context, Effects& effects) {
  --data.unanswered;
  data.unanswered_bytes -= echo.bytes;
  if (!echo.answer || echo.answer->is_held) return;
  refuse(data, {Fault::event_of_another_device, {}, echo.event, echo.device_seq}, context, effects);
}

bool outlives(SessionData& data, EventRefused&& refused, Context& context, Effects& effects) {
  --data.unanswered;
  data.unanswered_bytes -= refused.bytes;
  const auto [fault, retry_at] = refused.why;
  if (fault == Fault::device_revoked) {
    end(data, Revoked{}, context, effects);
    return false;
  }
  std::optional<std::uint64_t> retry;
  if (retry_at) retry = static_cast<std::uint64_t>(std::max<RunTime>(*retry_at - context.ran, 0));
  if (fault == Fault::store_failed) {
    retry = in_milliseconds(context.limits.store_retry);
    return put_off(data, {Fault::directory_failed, retry, refused.event, refused.device_seq},
                   context, effects);
  }
  refuse(data, {fault, retry, refused.event, refused.device_seq}, context, effects);
  return true;
}

void serve(SessionData& data, Renamed&& renamed, Context&, Effects&) {
  data.name = std::move(renamed.device_name);
}

// ---- time ---------------------------------------------------------------------------------------

void serve(SessionData& data, Heard&&, Context&, Effects&) { data.unanswered_ping.reset(); }

bool outlives(SessionData& data, Due&&, Context& context, Effects& effects) {
  const auto now = context.env.now;
  const auto& limits = context.limits;
  if (now >= data.expires) {
    close(data, Fault::session_expired, context, effects);
    return false;
  }
  if (data.unanswered_ping && now - *data.unanswered_ping >= limits.ping_interval) {
    close(data, Fault::heartbeat_timeout, context, effects);
    return false;
  }
  if (!data.is_warned && now >= data.expires - limits.expiry_warning) {
    data.is_warned = true;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(data.expires - now);
    answer(gateway::SessionExpiringSoon{static_cast<std::uint64_t>(left.count()), data.expires_at},
           context, effects);
  }
  if (now >= data.next_ping) {
    effects.push_back(Ping{context.socket});
    if (!data.unanswered_ping) data.unanswered_ping = now;
    data.next_ping = now + limits.ping_interval;
  }
  return true;
}

// ---- the end ------------------------------------------------------------------------------------

void end(SessionData& data, Replaced&&, Context& context, Effects& effects) {
  depart(data, true, context, effects);
  ++context.counters.sessions_replaced;
  effects.push_back(
      Close{context.socket, close_code(Fault::device_replaced), Fault::device_replaced});
}

void end(SessionData& data, Revoked&&, Context& context, Effects& effects) {
  answer(gateway::DeviceRevoked{context.env.wall}, context, effects);
  close(data, Fault::device_revoked, context, effects);
}

void end(SessionData& data, Gone&&, Context& context, Effects& effects) {
  depart(data, false, context, effects);
}

void close(const SessionData& data, Fault fault, Context& context, Effects& effects) {
  depart(data, false, context, effects);
  effects.push_back(Close{context.socket, close_code(fault), fault});
}

void turn_away_all(Context& context) {
  for (const auto& request : context.codes.abandon(context.socket))
    context.verdicts.push_back({request.joining, TurnedAway{}});
}

void stop_waiting(Context& context, Effects& effects) {
  if (const auto request = context.codes.leave(context.socket))
    effects.push_back(SendToSocket{request->asked, gateway::print(gateway::PairingWithdrawn{
                                                       request->id, Fault::link_withdrawn})});
}

// ---- to others ----------------------------------------------------------------------------------

void enter(const SessionData& data, bool replaces, Context& context, Effects& effects) {
  context.devices.enter(data.user, {data.device, context.socket});
  if (!replaces) announce(data, true, context, effects);
}

void refuse(const SessionData& data, const gateway::Error& error, Context& context,
            Effects& effects) {
  context.counters.messages_refused.add(error.fault);
  if (data.version > 1 || is_for_original(error.fault)) answer(error, context, effects);
}

void refuse_page(const SessionData& data, Fault fault, Context& context, Effects& effects) {
  context.counters.messages_refused.add(fault);
  if (data.version == 1) return answer(gateway::ReplayFailed{fault}, context, effects);
  gateway::Error error{fault, {}, {}, {}};
  if (fault == Fault::directory_failed)
    error.retry_after_ms = in_milliseconds(context.limits.store_retry);
  answer(error, context, effects);
}

void fail_pairing(const gateway::PairingFailed& failed, Context& context, Effects& effects) {
  context.counters.messages_refused.add(failed.fault);
  answer(failed, context, effects);
}

void tell_others(const SessionData& data, const std::string& frame, Context& context,
                 Effects& effects) {
  for (const auto& [device, socket] : context.devices.sessions_of(data.user))
    if (device != data.device) effects.push_back(SendToSocket{socket, frame});
}

void announce(const SessionData& data, bool is_online, Context& context, Effects& effects) {
  const auto& sessions = context.devices.sessions_of(data.user);
  const bool is_alone = std::all_of(sessions.begin(), sessions.end(), [&](const auto& session) {
    return session.device == data.device;
  });
  if (is_alone) return;
  const gateway::DeviceStatusChanged news{data.user, data.device, data.name,
                                          data.type, is_online,   context.env.wall};
  tell_others(data, gateway::print(news), context, effects);
}

}  // namespace culver::relay::device_session
