// What depends on what the session is doing: pushing events, pages, changing the account.
#include "core/relay/device_session.hpp"

#include <chrono>

namespace culver::relay::device_session {
namespace {

void push(SessionData& data, const Delivery& delivery, Context& context, Effects& effects) {
  if (!data.position.push(delivery.cursor, delivery.device_seq)) return;
  ++context.counters.events_delivered;
  effects.push_back(SendToSocket{context.socket, std::string(delivery.frame)});
}

/// False if the request was refused.
bool ask_for_page(SessionData& data, const gateway::ReplayRequest& request, Context& context,
                  Effects& effects) {
  auto after = request.after.value_or(data.position.acknowledged());
  // A token of other times; the original begins where the acknowledgements have ended.
  if (data.version == 1 && !data.position.may_ask_after(after))
    after = data.position.acknowledged();
  if (!data.position.may_ask_after(after)) {
    refuse_page(data, Fault::bad_cursor, context, effects);
    return false;
  }
  if (context.questions.full(context.limits)) {
    refuse_page(data, Fault::directory_failed, context, effects);
    return false;
  }
  // Whoever asks for the next page has read the one before.
  if (!request.is_continuation)
    ++context.counters.replays;
  else if (const auto news = data.position.read_page(after))
    save(data, *news, context, effects);
  const FetchPage page{data.user,
                       data.device,
                       after,
                       data.position.skip_after(),
                       data.position.skip_to(),
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
Duration take_try(const LinkCode& code, const SessionData& data, Context& context) {
  const auto now = context.env.now;
  auto wait = context.codes.wait(code, now);
  // Six digits can be guessed, so an address has few tries of them. A whole code cannot: there
  // whoever guesses takes nothing from those who share his address.
  if (code.is_digits())
    wait = std::max(wait, context.addresses.link_try_wait(context.address, now));
  if (wait == Duration::zero()) wait = context.devices.take_link_try(data.user, now);
  if (wait == Duration::zero() && code.is_digits())
    context.addresses.take_link_try(context.address, now);
  return wait;
}

/// What the code opens, if the device may try, and the code is one.
tl::expected<LinkCodes::Offer, gateway::PairingFailed> spend(const std::string& text,
                                                             const SessionData& data,
                                                             Context& context, Effects& effects) {
  const auto refused = [](Fault fault, std::optional<std::uint64_t> retry_after_ms = {}) {
    return tl::unexpected(gateway::PairingFailed{fault, retry_after_ms});
  };
  const auto code = LinkCode::parse(text);
  if (!code) return refused(code.error());
  const auto wait = take_try(*code, data, context);
  if (wait > Duration::zero()) return refused(Fault::too_many_link_codes, in_milliseconds(wait));
  const auto [offer, burnt] = context.codes.take(*code, context.env.now);
  // Somebody guesses: whoever shows the code must hear of it.
  for (const auto& lost : burnt)
    if (const auto socket = context.devices.socket_of(lost.device))
      effects.push_back(
          SendToSocket{*socket, gateway::print(gateway::PairingFailed{Fault::link_code_burnt})});
  if (!offer) return refused(Fault::link_code_unknown);
  if (!context.devices.has_room(offer->user, data.device)) return refused(Fault::too_many_sessions);
  if (context.questions.full(context.limits)) return refused(Fault::directory_failed);
  return *offer;
}

void ask_store(const SessionData& data, const UserId& to,
               std::optional<LinkCodes::Request> let_in_by, Context& context, Effects& effects) {
  const LinkDevice question{data.device, to, context.limits.devices_per_user, context.env.wall};
  effects.push_back(context.questions.ask(
      question, ForConnection{context.socket, data.device, to, std::move(let_in_by)}));
}

/// False if there is nobody to ask.
bool ask_consent(const SessionData& data, const LinkCodes::Offer& offer, Context& context,
                 Effects& effects) {
  const auto asked = context.devices.socket_of(offer.device);
  if (!asked) return false;
  const auto time = in_milliseconds(context.limits.link_answer);
  const auto& request = context.codes.request(offer, *asked, context.socket);
  const gateway::PairingRequested question{request.id, data.device, data.key,
                                           data.name,  data.type,   time};
  effects.push_back(SendToSocket{*asked, gateway::print(question)});
  // The original has no such message.
  if (data.version > 1) answer(gateway::PairingPending{time}, context, effects);
  return true;
}

/// Says goodbye in one account and hello in the other.
void move(SessionData& data, const Admission& admission, Context& context, Effects& effects) {
  const auto& record = admission.device;
  const auto now = context.env.now;
  const auto wall = context.env.wall;
  announce(data, false, context, effects);
  context.codes.withdraw(data.device);
  turn_away_all(context);
  context.devices.move(data.user, record.user, {data.device, context.socket}, now);
  data.user = record.user;
  data.name = record.name;
  data.position = Position(admission.cursor, admission.head);
  answer(gateway::PairingCompleted{record.user}, context, effects);
  tell_others(data, gateway::print(gateway::DevicePaired{data.device, wall}), context, effects);
  announce(data, true, context, effects);
  ++context.counters.devices_linked;
}

}  // namespace

// ---- Live ---------------------------------------------------------------------------------------

OneOf<Live> Live::on(Delivery&& delivery, Context& context, Effects& effects) && {
  push(data, delivery, context, effects);
  return std::move(*this);
}

OneOf<Live, Fetching> Live::on(ReplayAsked&& asked, Context& context, Effects& effects) && {
  if (!ask_for_page(data, asked.message, context, effects)) return std::move(*this);
  return Fetching{std::move(data), asked.message};
}

OneOf<Live, AwaitingConsent, Linking> Live::on(CodeCame&& came, Context& context,
                                               Effects& effects) && {
  const auto offer = spend(came.message.code, data, context, effects);
  if (!offer) {
    fail_pairing(offer.error(), context, effects);
    return std::move(*this);
  }
  if (offer->user == data.user) {
    answer(gateway::PairingCompleted{offer->user}, context, effects);
    return std::move(*this);
  }
  if (offer->consent == LinkCodes::Consent::given) {
    ask_store(data, offer->user, std::nullopt, context, effects);
    return Linking{std::move(data)};
  }
  if (!ask_consent(data, *offer, context, effects)) {
    fail_pairing({Fault::link_code_unknown}, context, effects);
    return std::move(*this);
  }
  return AwaitingConsent{std::move(data), context.env.now + context.limits.link_answer};
}

// ---- Fetching -----------------------------------------------------------------------------------

OneOf<Live, Paused, Closed> Fetching::on(PageCame&& came, Context& context, Effects& effects) && {
  if (!came.page) {
    // What was stored meanwhile was not pushed: only a page brings the session back to life, and a
    // client of version 1 asks for one when it comes, and never again.
    if (data.version == 1) {
      close(data, Fault::directory_failed, context, effects);
      return Closed{};
    }
    refuse_page(data, Fault::directory_failed, context, effects);
    return Paused{std::move(data)};
  }
  auto& [events, cursor, has_more, lost] = *came.page;
  auto& counters = context.counters;
  ++counters.pages;
  counters.events_replayed += events.size();
  counters.gaps += lost ? 1 : 0;
  if (const auto news = data.position.turn_page(cursor, has_more, named(events)))
    save(data, *news, context, effects);
  answer(gateway::ReplayResponse{std::move(events), has_more, cursor, lost}, context, effects);
  if (has_more) return Paused{std::move(data)};
  return Live{std::move(data)};
}

/// A client of version 1 that repeats itself is answered by the page that is on its way.
OneOf<Fetching> Fetching::on(ReplayAsked&& again, Context& context, Effects& effects) && {
  if (data.version > 1 || again.message != asked)
    refuse_page(data, Fault::replay_running, context, effects);
  return std::move(*this);
}

OneOf<Fetching> Fetching::on(CodeCame&&, Context& context, Effects& effects) && {
  fail_pairing({Fault::replay_running}, context, effects);
  return std::move(*this);
}

// ---- Paused -------------------------------------------------------------------------------------

OneOf<Paused, Fetching> Paused::on(ReplayAsked&& asked, Context& context, Effects& effects) && {
  if (!ask_for_page(data, asked.message, context, effects)) return std::move(*this);
  return Fetching{std::move(data), asked.message};
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
    effects.push_back(SendToSocket{asked, gateway::print(news)});
    return Live{std::move(data)};
  }
  ask_store(data, to, by.request, context, effects);
  return Linking{std::move(data)};
}

OneOf<Live> AwaitingConsent::on(TurnedAway&&, Context& context, Effects& effects) && {
  fail_pairing({Fault::link_refused}, context, effects);
  return Live{std::move(data)};
}

OneOf<AwaitingConsent, Live, Closed> AwaitingConsent::on(Due&& due, Context& context,
                                                         Effects& effects) && {
  if (!outlives(data, std::move(due), context, effects)) return Closed{};
  if (context.env.now < deadline) return std::move(*this);
  stop_waiting(context, effects);
  fail_pairing({Fault::link_refused}, context, effects);
  return Live{std::move(data)};
}

OneOf<AwaitingConsent> AwaitingConsent::on(Delivery&& delivery, Context& context,
                                           Effects& effects) && {
  push(data, delivery, context, effects);
  return std::move(*this);
}

/// In which account it would be is not known.
OneOf<AwaitingConsent> AwaitingConsent::on(ReplayAsked&&, Context& context, Effects& effects) && {
  refuse_page(data, Fault::link_pending, context, effects);
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
    return Live{std::move(data)};
  }
  move(data, *answered.answer, context, effects);
  if (context.devices.has_room(data.user, data.device)) return Live{std::move(data)};
  close(data, Fault::too_many_sessions, context, effects);
  return Closed{};
}

OneOf<Linking> Linking::on(Delivery&& delivery, Context& context, Effects& effects) && {
  push(data, delivery, context, effects);
  return std::move(*this);
}

// ---- about a state ------------------------------------------------------------------------------

bool wants_input(const Machine::State& state) { return !std::holds_alternative<Linking>(state); }

const SessionData* data_of(const Machine::State& state) {
  return std::visit(
      [](const auto& s) -> const SessionData* {
        if constexpr (requires { s.data; })
          return &s.data;
        else
          return nullptr;
      },
      state);
}

std::optional<TimePoint> deadline_of(const Machine::State& state, const Limits& limits) {
  const auto* data = data_of(state);
  if (!data) return std::nullopt;
  const auto change = data->is_warned ? data->expires : data->expires - limits.expiry_warning;
  return fsm::earlier(std::min(data->next_ping, change), fsm::deadline_of(state));
}

}  // namespace culver::relay::device_session
