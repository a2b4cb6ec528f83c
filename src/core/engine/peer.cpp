#include "core/engine/peer.hpp"

#include <utility>

namespace culver::engine::peer {
namespace {

Refused reject(Rejected&& why, bool was_connected, Effects& out) {
  out.emplace_back(EndConnection{why.fault});
  return {was_connected, why.namesake};
}

AwaitingName ask(NameTaken&& taken, std::optional<Sending> sending, TimePoint now, Effects& out) {
  out.emplace_back(PauseReading{true});
  out.emplace_back(AskWhoseName{taken.namesake});
  return {{std::move(taken.proven), std::move(sending)}, taken.namesake, now + name_patience};
}

AwaitingPeerBook write(Waiting waiting, std::optional<PublicKey> instead_of, TimePoint now,
                       Effects& out) {
  out.emplace_back(WriteDown{waiting.proven.is_culver, instead_of});
  return {std::move(waiting), instead_of, now + book_patience};
}

AwaitingPeerBook let_in(Welcomed&& welcomed, std::optional<Sending> sending, TimePoint now,
                        Effects& out) {
  out.emplace_back(PauseReading{true});
  return write({std::move(welcomed.proven), std::move(sending)}, welcomed.instead_of, now, out);
}

}  // namespace

// ---- Establishing -------------------------------------------------------------------------------

OneOf<Claimed> Establishing::on(Claim&& claim, Context&, Effects&) && {
  return Claimed{{claim.largest_message, {}}};
}
OneOf<AwaitingName> Establishing::on(NameTaken&& taken, Context& context, Effects& out) && {
  return ask(std::move(taken), std::nullopt, context.now, out);
}
OneOf<AwaitingPeerBook> Establishing::on(Welcomed&& welcomed, Context& context, Effects& out) && {
  return let_in(std::move(welcomed), std::nullopt, context.now, out);
}
OneOf<Refused> Establishing::on(Rejected&& why, Context&, Effects& out) && {
  return reject(std::move(why), false, out);
}
OneOf<Ended> Establishing::on(EndTold&&, Context&, Effects&) && { return Ended{false}; }

// ---- Claimed ------------------------------------------------------------------------------------

OneOf<Claimed> Claimed::on(Claim&& claim, Context&, Effects&) && {
  sending.largest_message = claim.largest_message;
  return std::move(*this);
}
OneOf<AwaitingName> Claimed::on(NameTaken&& taken, Context& context, Effects& out) && {
  return ask(std::move(taken), std::move(sending), context.now, out);
}
OneOf<AwaitingPeerBook> Claimed::on(Welcomed&& welcomed, Context& context, Effects& out) && {
  return let_in(std::move(welcomed), std::move(sending), context.now, out);
}
OneOf<Refused> Claimed::on(Rejected&& why, Context&, Effects& out) && {
  return reject(std::move(why), false, out);
}
OneOf<Ended> Claimed::on(EndTold&&, Context&, Effects&) && { return Ended{false}; }

// ---- waiting ------------------------------------------------------------------------------------

OneOf<AwaitingPeerBook> AwaitingName::on(ToldApart&&, Context& context, Effects& out) && {
  return write(std::move(waiting), std::nullopt, context.now, out);
}
OneOf<Refused> AwaitingName::on(Rejected&& why, Context&, Effects& out) && {
  return reject(std::move(why), false, out);
}

OneOf<Connected> AwaitingPeerBook::on(Written&&, Context&, Effects& out) && {
  auto& [proven, before, kept] = waiting;
  auto texts = before ? std::move(before->texts) : std::vector<TextId>();
  out.emplace_back(PauseReading{false});
  out.emplace_back(GiveKept{std::move(kept)});
  return Connected{{proven.largest_message, std::move(texts)}, proven.is_culver};
}
OneOf<Refused> AwaitingPeerBook::on(Rejected&& why, Context&, Effects& out) && {
  return reject(std::move(why), false, out);
}

// ---- told ---------------------------------------------------------------------------------------

OneOf<Refused> Connected::on(Rejected&& why, Context&, Effects& out) && {
  return reject(std::move(why), true, out);
}
OneOf<Ended> Connected::on(EndTold&&, Context&, Effects&) && { return Ended{true}; }

OneOf<Ended> Refused::on(EndTold&&, Context&, Effects&) && { return Ended{was_connected}; }

// ---- questions ----------------------------------------------------------------------------------

Waiting* waiting(Machine::State& state) {
  if (auto* name = std::get_if<AwaitingName>(&state)) return &name->waiting;
  if (auto* book = std::get_if<AwaitingPeerBook>(&state)) return &book->waiting;
  return nullptr;
}

bool is_waiting(const Machine::State& state) {
  return std::holds_alternative<AwaitingName>(state) ||
         std::holds_alternative<AwaitingPeerBook>(state);
}

Sending* sending(Machine::State& state) {
  if (auto* claimed = std::get_if<Claimed>(&state)) return &claimed->sending;
  if (auto* connected = std::get_if<Connected>(&state)) return &connected->sending;
  auto* waits = waiting(state);
  return waits && waits->sending ? &*waits->sending : nullptr;
}

bool is_sending(const Machine::State& state) {
  return is_claimed(state) || std::holds_alternative<Connected>(state);
}

bool is_claimed(const Machine::State& state) {
  if (const auto* name = std::get_if<AwaitingName>(&state))
    return name->waiting.sending.has_value();
  if (const auto* book = std::get_if<AwaitingPeerBook>(&state))
    return book->waiting.sending.has_value();
  return std::holds_alternative<Claimed>(state);
}

bool was_connected(const Machine::State& state) {
  if (const auto* refused = std::get_if<Refused>(&state)) return refused->was_connected;
  if (const auto* ended = std::get_if<Ended>(&state)) return ended->was_connected;
  return std::holds_alternative<Connected>(state);
}

}  // namespace culver::engine::peer
