// Letting a handshake begin, stepping it, asking the store about the device.
#include "core/relay/gateway.hpp"

#include <algorithm>
#include <chrono>

namespace culver::relay {
namespace {

namespace server = handshake::server;

void refuse(Fault fault, Gateway::Context& context, Effects& effects) {
  context.counters.handshakes_refused.add(fault);
  const bool waits = fault == Fault::too_many_handshakes;
  const auto wait = context.addresses.handshake_wait(context.address, context.env.now);
  effects.push_back(Close{context.socket, close_code(fault), fault,
                          waits ? std::max(whole_seconds(wait), 1U) : 0});
}

Result<server::DeviceAnswer::Admitted> judge(const Result<Admission>& admission,
                                             const Devices& devices,
                                             const Gateway::Context& context) {
  if (!admission) {
    const auto fault = admission.error();
    return fail(fault == Fault::store_failed ? Fault::directory_failed : fault);
  }
  const auto& [device, last_device_seq, cursor, head] = *admission;
  if (device.revoked) return fail(Fault::device_revoked);
  if (!devices.has_room(device.user, device.device)) return fail(Fault::too_many_sessions);
  const auto life =
      std::chrono::duration_cast<std::chrono::milliseconds>(context.limits.session_life);
  return server::DeviceAnswer::Admitted{device.user, last_device_seq, cursor,
                                        context.env.wall + life.count()};
}

}  // namespace

void Gateway::take(Handshaking& shaking, std::string frame, Context& context, Effects& effects) {
  if (!server::wants_input(shaking.state)) {
    ++context.counters.frames_waited;
    if (shaking.waiting.push(std::move(frame), context.limits)) return;
    // Whoever does not see its session_established says everything again.
    if (server::forgives(shaking.state))
      ++context.counters.frames_ignored;
    else
      refuse(Fault::queue_full, context, effects);
    return;
  }
  if (shaking.is_counted)
    return step(shaking, server::read(shaking.state, std::move(frame)), context, effects);
  // Only a frame that is no good is read twice, to see whether it was meant for us at all.
  auto event = server::read(shaking.state, frame);
  const bool is_bad = std::holds_alternative<server::BadFrame>(event);
  const bool is_ours = !is_bad || wire::gateway::is_handshake(frame);
  const auto admitted = is_ours ? admit(context) : fail(Fault::handshake_required);
  if (!admitted) return refuse(admitted.error(), context, effects);
  shaking.is_counted = true;
  ++context.counters.handshakes;
  ++context.counters.handshakes_under_way;
  step(shaking, std::move(event), context, effects);
}

void Gateway::overlook(Handshaking& shaking, Context& context, Effects& effects) {
  if (server::wants_input(shaking.state))
    step(shaking, server::BadFrame{Fault::too_large}, context, effects);
}

void Gateway::answer(Handshaking& shaking, const Result<Admission>& admission,
                     const Devices& devices, Context& context, Effects& effects) {
  step(shaking, server::DeviceAnswer{judge(admission, devices, context)}, context, effects);
}

void Gateway::tick(Handshaking& shaking, Context& context, Effects& effects) {
  step(shaking, server::Tick{}, context, effects);
}

void Gateway::end(Handshaking& shaking, Counters& counters) {
  if (!std::exchange(shaking.is_counted, false)) return;
  --counters.handshakes_under_way;
}

Result<void> Gateway::admit(Context& context) {
  const bool is_full = context.counters.handshakes_under_way >= context.limits.handshakes;
  if (is_full || !context.addresses.take_handshake(context.address, context.env.now))
    return fail(Fault::too_many_handshakes);
  return {};
}

void Gateway::step(Handshaking& shaking, server::Event event, Context& context, Effects& effects) {
  Env env = context.env;
  server::Context handshake{env, door_.identity};
  server::Effects said;
  shaking.state =
      fsm::step<server::Machine>(std::move(shaking.state), std::move(event), handshake, said);
  bool store_is_full = false;
  for (auto& effect : said) {
    if (auto* send = std::get_if<server::SendFrame>(&effect)) {
      effects.push_back(SendToSocket{context.socket, std::move(send->frame)});
      continue;
    }
    auto& [key, device, name, type] = std::get<server::AskDirectory>(effect);
    store_is_full = context.questions.full(context.limits);
    if (store_is_full) continue;
    AdmitDevice question{key,  device,   std::move(name),
                         type, env.wall, context.limits.devices_per_user};
    effects.push_back(context.questions.ask(std::move(question), ForHandshake{context.socket}));
  }
  if (store_is_full)
    return step(shaking, server::DeviceAnswer{fail(Fault::directory_failed)}, context, effects);
  if (const auto* rejected = std::get_if<server::Rejected>(&shaking.state))
    refuse(rejected->fault, context, effects);
}

}  // namespace culver::relay
