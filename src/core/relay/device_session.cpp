// What depends on what the session is doing: pushing events, pages, changing the account.
#include "core/relay/device_session.hpp"

#include <chrono>

namespace culver::relay::device_session {
namespace {

void push(Seat& seat, const Delivery& delivery, Context& context, Effects& effects) {
  if (!seat.position.push(delivery.cursor, delivery.device_seq)) return;
  ++context.counters.events_delivered;
  effects.push_back(Send{context.socket, std::string(delivery.frame)});
}

/// False if the request was refused.
bool ask_for_page(Seat& seat, const gateway::ReplayRequest& request, Context& context,
                  Effects& effects) {
  auto after = request.after.value_or(seat.position.acknowledged());
  // A token of other times; the original begins where the acknowledgements have ended.
  if (seat.version == 1 && !seat.position.may_ask_after(after))
    after = seat.position.acknowledged();
  if (!seat.position.may_ask_after(after)) {
    refuse_page(seat, Fault::bad_cursor, context, effects);
    return false;
  }
  if (context.questions.full(context.limits)) {
    refuse_page(seat, Fault::directory_failed, context, effects);
    return false;
  }
  // Whoever asks for the next page has read the one before.
  if (!request.is_continuation)
    ++context.counters.replays;
  else if (const auto news = seat.position.read_page(after))
    save(seat, *news, context, effects);
  const FetchPage page{seat.user,
                       seat.device,
                       after,
                       seat.position.skip_after(),
                       seat.position.skip_to(),
                       request.limit,
                       context.limits.page_bytes,
                       context.ran};
  effects.push_back(context.questions.ask(page, ForPage{context.socket}));
  return true;
}

std::vector<Position::Sent> named(const std::vector<gateway::StoredEvent>& events) {
  std::vector<Position::Sent> names;
  names.reserve(events.size());
  for (const auto& event : events) names.push_back({event.device_seq, event.cursor});
  return names;
}

/// How long the device must wait before it may try the code; zero: it may, and has been counted.
Duration take_try(const LinkCode& code, const Seat& seat, Context& context) {
  const auto now = context.env.now;
  auto wait = context.codes.wait(code, now);
  // Six digits can be guessed, so an address has few tries of them. A whole code cannot: there
  // whoever guesses takes nothing from those who share his address.
  if (code.is_digits())
    wait = std::max(wait, context.addresses.link_try_wait(context.address, now));
  if (wait == Duration::zero()) wait = context.devices.take_link_try(seat.user, now);
  if (wait == Duration::zero() && code.is_digits())
    context.addresses.take_link_try(context.address, now);
  return wait;
}

/// What the code opens, if the device may try, and the code is one.
tl::expected<LinkCodes::Offer, gateway::PairingFailed> spend(const std::string& text,
                                                             const Seat& seat, Context& context,
                                                             Effects& effects) {
  const auto refused = [](Fault fault, std::optional<std::uint64_t> retry_after_ms = {}) {
    return tl::unexpected(gateway::PairingFailed{fault, retry_after_ms});
  };
  const auto code = LinkCode::parse(text);
  if (!code) return refused(code.error());
  const auto wait = take_try(*code, seat, context);
  if (wait > Duration::zero()) return refused(Fault::too_many_link_codes, in_milliseconds(wait));
  const auto [offer, burnt] = context.codes.take(*code, context.env.now);
  // Somebody guesses: whoever shows the code must hear of it.
  for (const auto& lost : burnt)
    if (const auto socket = context.devices.socket_of(lost.device))
      effects.push_back(
          Send{*socket, gateway::print(gateway::PairingFailed{Fault::link_code_burnt})});
  if (!offer) return refused(Fault::link_code_unknown);
  if (!context.devices.has_room(offer->user, seat.device)) return refused(Fault::too_many_sessions);
  if (context.questions.full(context.limits)) return refused(Fault::directory_failed);
  return *offer;
}

void ask_store(const Seat& seat, const UserId& to, std::optional<LinkCodes::Request> let_in_by,
               Context& context, Effects& effects) {
  const LinkDevice question{seat.device, to, context.limits.devices_per_user, context.env.wall};
  effects.push_back(context.questions.ask(
      question, ForLink{context.socket, seat.device, to, std::move(let_in_by)}));
}

/// False if there is nobody to ask.
bool ask_consent(const Seat& seat, const LinkCodes::Offer& offer, Context& context,
                 Effects& effects) {
  const auto asked = context.devices.socket_of(offer.device);
  if (!asked) return false;
  const auto time = in_milliseconds(context.limits.link_answer);
  const auto& request = context.codes.request(offer, *asked, context.socket);
  const gateway::PairingRequested question{request.id, seat.device, seat.key,
                                           seat.name,  seat.type,   time};
  effects.push_back(Send{*asked, gateway::print(question)});
  // The original has no such message.
  if (seat.version > 1) answer(gateway::PairingPending{time}, context, effects);
  return true;
}

/// Says goodbye in one account and hello in the other.
void move(Seat& seat, const Admission& admission, Context& context, Effects& effects) {
  const auto& record = admission.device;
  const auto now = context.env.now;
  const auto wall = context.env.wall;
  announce(seat, false, context, effects);
  context.codes.withdraw(seat.device);
  turn_away_all(context);
  context.devices.move(seat.user, record.user, {seat.device, context.socket}, now);
  seat.user = record.user;
  seat.name = record.name;
  seat.position = Position(admission.cursor, admission.head);
  answer(gateway::PairingCompleted{record.user}, context, effects);
  tell_others(seat, gateway::print(gateway::DevicePaired{seat.device, wall}), context, effects);
  announce(seat, true, context, effects);
  ++context.counters.devices_linked;
}

}  // namespace

// ---- Live ---------------------------------------------------------------------------------------

OneOf<Live> Live::on(Delivery&& delivery, Context& context, Effects& effects) && {
  push(seat, delivery, context, effects);
  return std::move(*this);
}

OneOf<Live, Fetching> Live::on(ReplayAsked&& asked, Context& context, Effects& effects) && {
  if (!ask_for_page(seat, asked.message, context, effects)) return std::move(*this);
  return Fetching{std::move(seat), asked.message};
}

OneOf<Live, AwaitingConsent, Linking> Live::on(CodeCame&& came, Context& context,
                                               Effects& effects) && {
  const auto offer = spend(came.message.code, seat, context, effects);
  if (!offer) {
    fail_pairing(offer.error(), context, effects);
    return std::move(*this);
  }
  if (offer->user == seat.user) {
    answer(gateway::PairingCompleted{offer->user}, context, effects);
    return std::move(*this);
  }
  if (offer->consent == LinkCodes::Consent::given) {
    ask_store(seat, offer->user, std::nullopt, context, effects);
    return Linking{std::move(seat)};
  }
  if (!ask_consent(seat, *offer, context, effects)) {
    fail_pairing({Fault::link_code_unknown}, context, effects);
    return std::move(*this);
  }
  return AwaitingConsent{std::move(seat), context.env.now + context.limits.link_answer};
}

// ---- Fetching -----------------------------------------------------------------------------------

OneOf<Live, Paused, Closed> Fetching::on(PageCame&& came, Context& context, Effects& effects) && {
  if (!came.page) {
    // What was stored meanwhile was not pushed: only a page brings the session back to life, and a
    // client of version 1 asks for one when it comes, and never again.
    if (seat.version == 1) {
      close(seat, Fault::directory_failed, context, effects);
      return Closed{};
    }
    refuse_page(seat, Fault::directory_failed, context, effects);
    return Paused{std::move(seat)};
  }
  auto& [events, cursor, has_more, lost] = *came.page;
  auto& counters = context.counters;
  ++counters.pages;
  counters.events_replayed += events.size();
  counters.gaps += lost ? 1 : 0;
  if (const auto news = seat.position.turn_page(cursor, has_more, named(events)))
    save(seat, *news, context, effects);
  answer(gateway::ReplayResponse{std::move(events), has_more, cursor, lost}, context, effects);
  if (has_more) return Paused{std::move(seat)};
  return Live{std::move(seat)};
}

/// A client of version 1 that repeats itself is answered by the page that is on its way.
OneOf<Fetching> Fetching::on(ReplayAsked&& again, Context& context, Effects& effects) && {
  if (seat.version > 1 || again.message != asked)
    refuse_page(seat, Fault::replay_running, context, effects);
  return std::move(*this);
}

OneOf<Fetching> Fetching::on(CodeCame&&, Context& context, Effects& effects) && {
  fail_pairing({Fault::replay_running}, context, effects);
  return std::move(*this);
}

// ---- Paused -------------------------------------------------------------------------------------

OneOf<Paused, Fetching> Paused::on(ReplayAsked&& asked, Context& context, Effects& effects) && {
  if (!ask_for_page(seat, asked.message, context, effects)) return std::move(*this);
  return Fetching{std::move(seat), asked.message};
}

OneOf<Paused> Paused::on(CodeCame&&, Context& context, Effects& effects) && {
  fail_pairing({Fault::replay_running}, context, effects);
  return std::move(*this);
}

// ---- AwaitingConsent ----------------------------------------------------------------------------

OneOf<Live, Linking> AwaitingConsent::on(LetIn&& by, Context& context, Effects& effects) && {
  const auto& [id, to, asked, joining, address] = by.request;
  if (context.questions.full(context.limits)) {
    fail_pairing({Fault::directory_failed}, context, effects);
    const gateway::PairingWithdrawn news{id, Fault::directory_failed};
    effects.push_back(Send{asked, gateway::print(news)});
    return Live{std::move(seat)};
  }
  ask_store(seat, to, by.request, context, effects);
  return Linking{std::move(seat)};
}

OneOf<Live> AwaitingConsent::on(TurnedAway&&, Context& context, Effects& effects) && {
  fail_pairing({Fault::link_refused}, context, effects);
  return Live{std::move(seat)};
}

OneOf<AwaitingConsent, Live, Closed> AwaitingConsent::on(Due&& due, Context& context,
                                                         Effects& effects) && {
  if (!outlives(seat, std::move(due), context, effects)) return Closed{};
  if (context.env.now < deadline) return std::move(*this);
  stop_waiting(context, effects);
  fail_pairing({Fault::link_refused}, context, effects);
  return Live{std::move(seat)};
}

OneOf<AwaitingConsent> AwaitingConsent::on(Delivery&& delivery, Context& context,
                                           Effects& effects) && {
  push(seat, delivery, context, effects);
  return std::move(*this);
}

/// In which account it would be is not known.
OneOf<AwaitingConsent> AwaitingConsent::on(ReplayAsked&&, Context& context, Effects& effects) && {
  refuse_page(seat, Fault::link_pending, context, effects);
  return std::move(*this);
}

OneOf<AwaitingConsent> AwaitingConsent::on(CodeCame&&, Context& context, Effects& effects) && {
  fail_pairing({Fault::link_pending}, context, effects);
  return std::move(*this);
}

// ---- Linking ------------------------------------------------------------------------------------

OneOf<Live, Closed> Linking::on(LinkAnswered&& answered, Context& context, Effects& effects) && {
  if (!answered.answer) {
    const auto fault = answered.answer.error();
    fail_pairing({fault == Fault::store_failed ? Fault::directory_failed : fault}, context,
                 effects);
    return Live{std::move(seat)};
  }
  move(seat, *answered.answer, context, effects);
  if (context.devices.has_room(seat.user, seat.device)) return Live{std::move(seat)};
  close(seat, Fault::too_many_sessions, context, effects);
  return Closed{};
}

OneOf<Linking> Linking::on(Delivery&& delivery, Context& context, Effects& effects) && {
  push(seat, delivery, context, effects);
  return std::move(*this);
}

// ---- about a state ------------------------------------------------------------------------------

bool wants_input(const Machine::State& state) { return !std::holds_alternative<Linking>(state); }

const Seat* seat_of(const Machine::State& state) {
  return std::visit(
      [](const auto& s) -> const Seat* {
        if constexpr (requires { s.seat; })
          return &s.seat;
        else
          return nullptr;
      },
      state);
}

std::optional<TimePoint> deadline_of(const Machine::State& state, const Limits& limits) {
  const auto* seat = seat_of(state);
  if (!seat) return std::nullopt;
  const auto change = seat->is_warned ? seat->expires : seat->expires - limits.expiry_warning;
  return fsm::earlier(std::min(seat->next_ping, change), fsm::deadline_of(state));
}

}  // namespace culver::relay::device_session
