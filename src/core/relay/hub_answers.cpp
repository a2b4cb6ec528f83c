// What follows from an answer of the store, for whoever asked and for others; and the HTTP requests
// that are questions to the store.
#include "core/relay/hub.hpp"

namespace culver::relay {
namespace {

template <class T>
Result<T> take(Answer&& answer) {
  if (auto* typed = std::get_if<Result<T>>(&answer)) return std::move(*typed);
  return fail(Fault::store_failed);
}

}  // namespace

void Hub::on(Answered&& event, const Env& env, Effects& effects) {
  const auto purpose = questions_.answered(event.number);
  if (!purpose) return;
  std::visit([&](const auto& asked) { answered(asked, std::move(event.answer), env, effects); },
             *purpose);
}

// ---- sessions -----------------------------------------------------------------------------------

void Hub::answered(const ForEvent& asked, Answer&& answer, const Env& env, Effects& effects) {
  using Told = tl::expected<Appended, AppendRefused>;
  auto* typed = std::get_if<Told>(&answer);
  const auto told =
      typed ? std::move(*typed) : Told(tl::unexpected(AppendRefused{Fault::store_failed, {}}));
  const auto& [id, user, device, event, device_seq, bytes] = asked;
  if (!told) {
    const device_session::EventRefused refused{event, device_seq, bytes, told.error()};
    return step_device(id, refused, env, effects);
  }
  ++(told->is_duplicate ? counters_.events_duplicate : counters_.events_stored);
  step_device(id, device_session::EventStored{event, device_seq, bytes}, env, effects);
  if (!told->is_duplicate) deliver(asked, told->event, env, effects);
}

void Hub::answered(const ForEcho& asked, Answer&& answer, const Env& env, Effects& effects) {
  const auto& [id, event, device_seq, bytes] = asked;
  const device_session::EchoAnswered echo{event, device_seq, bytes,
                                          take<EventFound>(std::move(answer))};
  step_device(id, echo, env, effects);
}

/// To every other device of the account that is connected now, the sender being there or not.
void Hub::deliver(const ForEvent& asked, const wire::gateway::StoredEvent& event, const Env& env,
                  Effects& effects) {
  const auto& sessions = devices_.sessions_of(asked.user);
  if (sessions.empty() || (sessions.size() == 1 && sessions.front().device == asked.device)) return;
  const auto frame = wire::gateway::print_event(event);
  const device_session::Delivery delivery{event.cursor, asked.device_seq, frame};
  // Nobody leaves because of a delivery, so the list stays as it is.
  for (const auto& [device, socket] : sessions)
    if (device != asked.device) step_device(socket, delivery, env, effects);
}

void Hub::answered(const ForPage& asked, Answer&& answer, const Env& env, Effects& effects) {
  step_device(asked.socket, device_session::PageCame{take<Page>(std::move(answer))}, env, effects);
}

void Hub::answered(const ForConnection& asked, Answer&& answer, const Env& env, Effects& effects) {
  auto admission = take<Admission>(std::move(answer));
  if (!admission && asked.let_in_by) {
    const auto why =
        admission.error() == Fault::store_failed ? Fault::directory_failed : admission.error();
    const wire::gateway::PairingWithdrawn news{asked.let_in_by->id, why};
    effects.push_back(SendToSocket{asked.let_in_by->asked, print(news)});
  }
  auto* socket = find(asked.socket);
  if (!socket || !socket->device()) {
    // The device has gone, and is in its new account all the same.
    if (!admission) return;
    const auto frame = print(wire::gateway::DevicePaired{asked.device, env.wall});
    for (const auto& session : devices_.sessions_of(asked.to))
      effects.push_back(SendToSocket{session.socket, frame});
    return;
  }
  step_device(asked.socket, device_session::LinkAnswered{std::move(admission)}, env, effects);
  for (auto& text : socket->device()->waiting.take()) {
    if (device_session::wants_input(socket->device()->session))
      take_device(asked.socket, std::move(text), env, effects);
    else if (!socket->device()->waiting.push(std::move(text), limits_))
      return close(asked.socket, Fault::queue_full, env, effects);
  }
}

// ---- rendezvous ---------------------------------------------------------------------------------

/// The drops are there in any case, as long as this process is; whether they outlive it is what the
/// answer says.
void Hub::answered(const ForDrops& asked, Answer&& answer, const Env&, Effects& effects) {
  const auto kept = take<DropsKept>(std::move(answer));
  const auto refusal = [&] {
    return print(wire::signaling::Error{std::string(info(kept.error()).wire)});
  };
  effects.push_back(SendToSocket{asked.socket, kept ? asked.answer : refusal()});
}

// ---- administration -----------------------------------------------------------------------------

void Hub::on(HttpRequest&& event, const Env& env, Effects& effects) {
  const auto id = event.socket;
  auto* socket = find(id);
  const auto* state = socket ? socket->signaling() : nullptr;
  if (!state || !std::holds_alternative<session::Connecting>(*state)) return;
  learn_address(*socket, std::move(event.address), env.now);
  if (draining_) return refuse_request(id, Fault::shutting_down, effects);
  if (socket->over_limit) return refuse_request(id, Fault::too_many_connections, effects);
  if (!addresses_.take_admin_request(socket->address, env.now))
    return refuse_request(id, Fault::rate_limited, effects);
  const auto& [key, identity] = gateway_.identity();
  auto request = admin::read(event, identity, limits_, env.wall);
  if (!request) {
    auto refused = refusal(id, request.error());
    if (!admin::is_method(event.method)) refused.status = admin::method_not_allowed;
    if (const auto asked = admin::digest_of(event, identity))
      refused = admin::prove(std::move(refused), *asked, key, env.wall);
    return effects.push_back(std::move(refused));
  }
  // It has the rest of the time that a connection has for its beginning.
  const FindDevice question{request->authorization.device};
  socket->place = std::make_unique<admin::Request>(std::move(*request));
  if (questions_.full(limits_))
    return answer_request(refusal(id, Fault::directory_failed), env, effects);
  effects.push_back(questions_.ask(question, ForSigner{id}));
}

void Hub::answered(const ForSigner& asked, Answer&& answer, const Env& env, Effects& effects) {
  auto* socket = find(asked.socket);
  const auto* request = socket ? socket->request() : nullptr;
  if (!request) return;
  const auto signer = take<DeviceRecord>(std::move(answer));
  const auto verified = admin::verify(*request, signer);
  if (!verified) return answer_request(refusal(asked.socket, verified.error()), env, effects);
  if (!request->action)
    return answer_request(refusal(asked.socket, request->action.error()), env, effects);
  const SpendNonce question{signer->device, request->authorization.nonce,
                            limits_.nonces_per_device};
  effects.push_back(questions_.ask(question, ForNonce{asked.socket}));
}

void Hub::answered(const ForNonce& asked, Answer&& answer, const Env& env, Effects& effects) {
  auto* socket = find(asked.socket);
  const auto* request = socket ? socket->request() : nullptr;
  if (!request) return;
  const auto signer = take<DeviceRecord>(std::move(answer));
  if (!signer) return answer_request(refusal(asked.socket, signer.error()), env, effects);
  ++counters_.requests;
  auto [question, purpose] =
      admin::question_of(*request->action, asked.socket, signer->user, env.wall);
  effects.push_back(questions_.ask(std::move(question), std::move(purpose)));
}

void Hub::answered(const ForDeviceList& asked, Answer&& answer, const Env& env, Effects& effects) {
  const auto records = take<std::vector<DeviceRecord>>(std::move(answer));
  if (!find(asked.socket)) return;
  if (!records) return answer_request(refusal(asked.socket, records.error()), env, effects);
  answer_request(admin::respond(asked.socket, *records, devices_), env, effects);
}

void Hub::answered(const ForRename& asked, Answer&& answer, const Env& env, Effects& effects) {
  const auto record = take<DeviceRecord>(std::move(answer));
  if (record)
    if (const auto session = devices_.socket_of(asked.device))
      step_device(*session, device_session::Renamed{record->name}, env, effects);
  if (!find(asked.socket)) return;
  if (!record) return answer_request(refusal(asked.socket, record.error()), env, effects);
  answer_request(admin::respond(asked.socket, *record, devices_), env, effects);
}

void Hub::answered(const ForRevocation& asked, Answer&& answer, const Env& env, Effects& effects) {
  const auto record = take<DeviceRecord>(std::move(answer));
  if (record) {
    ++counters_.devices_revoked;
    if (const auto session = devices_.socket_of(asked.device))
      step_device(*session, device_session::Revoked{}, env, effects);
  }
  if (!find(asked.socket)) return;
  if (!record) return answer_request(refusal(asked.socket, record.error()), env, effects);
  answer_request(admin::respond(asked.socket, *record, devices_), env, effects);
}

/// Before anything of it is read.
void Hub::refuse_request(SocketId id, Fault fault, Effects& effects) {
  effects.push_back(refusal(id, fault));
}

Respond Hub::refusal(SocketId id, Fault fault) {
  counters_.requests_refused.add(fault);
  return admin::refuse(id, fault);
}

/// To who has made the request that this socket waits for.
void Hub::answer_request(Respond answer, const Env& env, Effects& effects) {
  auto* socket = find(answer.socket);
  if (const auto* request = socket ? socket->request() : nullptr)
    answer = admin::prove(std::move(answer), request->digest, gateway_.identity().key, env.wall);
  effects.push_back(std::move(answer));
}

}  // namespace culver::relay
