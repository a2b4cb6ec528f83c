#include "tests/core/relay/hub_fixture_support.hpp"

#include "core/wire/base64.hpp"
#include "tests/core/relay/door_support.hpp"

namespace culver::relay {
namespace {

void no_randomness(void*, std::span<std::byte> out) {
  for (auto& byte : out) byte = std::byte{0};
}

}  // namespace

PublicKey key(int number) {
  PublicKey made;
  made.data.fill(static_cast<std::byte>(number));
  return made;
}

HubFixture::HubFixture(Limits limits)
    : hub({"ed25519:test", "ws://here", std::nullopt}, limits, test_door()),
      rng_(&no_randomness, nullptr) {}

SocketId HubFixture::accept(Address address) {
  const SocketId id{++last_id_};
  deliver(Accepted{id, std::move(address)});
  return id;
}

SocketId HubFixture::connect(Address address) {
  const auto id = accept(address);
  deliver(SocketOpened{id, std::move(address)});
  read(id);
  return id;
}

SocketId HubFixture::join(std::string_view code_text, int key_number, Address address) {
  const auto id = connect(std::move(address));
  enroll(id, code_text, key_number);
  read(id);
  return id;
}

void HubFixture::enroll(SocketId socket, std::string_view code_text, int key_number) {
  say(socket, R"({"type":"register","pairingCode":")" + std::string(code_text) +
                  R"(","publicKey":")" + wire::base64::print(key(key_number)) + R"("})");
}

void HubFixture::pair(SocketId a, std::string_view a_code, SocketId b, std::string_view b_code) {
  ask(a, b_code);
  answer(b, a_code, true);
  read(a);
  read(b);
}

void HubFixture::say(SocketId socket, std::string frame) {
  deliver(Frame{socket, std::move(frame)});
}

void HubFixture::ask(SocketId socket, std::string_view target) {
  say(socket, R"({"type":"pair_request","targetCode":")" + std::string(target) + R"("})");
}

void HubFixture::answer(SocketId socket, std::string_view requester, bool accepted) {
  say(socket, R"({"type":"pair_response","targetCode":")" + std::string(requester) +
                  R"(","accepted":)" + (accepted ? "true" : "false") + "}");
}

void HubFixture::offer(SocketId socket, std::string_view target) {
  say(socket,
      R"({"type":"offer","target":")" + std::string(target) + R"(","payload":{"sdp":"x"}})");
}

void HubFixture::hang_up(SocketId socket, bool goodbye) { deliver(SocketClosed{socket, goodbye}); }

void HubFixture::deliver(Event event) {
  last = hub.step(std::move(event), Env{now, rng_});
  for (const auto& effect : last) {
    if (const auto* send = std::get_if<SendToSocket>(&effect))
      inbox_[send->socket] += send->text + "\n";
    if (const auto* ping = std::get_if<Ping>(&effect)) ++pings_[ping->socket];
    if (const auto* ask = std::get_if<Ask>(&effect)) store.ask(*ask);
    if (const auto* close = std::get_if<Close>(&effect)) closes_.emplace(close->socket, *close);
  }
  const auto effects = last;
  if (!holds_answers) let_answer();
  last = effects;
  if (!answers_pings) return;
  std::vector<SocketId> pinged;
  for (const auto& effect : last)
    if (const auto* ping = std::get_if<Ping>(&effect)) pinged.push_back(ping->socket);
  for (const auto socket : pinged) deliver(Alive{socket});
  last = effects;
}

void HubFixture::let_answer() {
  while (!store.idle())
    if (auto answered = store.answer()) deliver(std::move(*answered));
}

void HubFixture::pass(Duration time) {
  const auto end = now + time;
  for (auto due = hub.deadline(); due && *due <= end; due = hub.deadline()) {
    now = *due;
    deliver(Tick{});
  }
  now = end;
}

std::string HubFixture::read(SocketId socket) {
  auto text = std::move(inbox_[socket]);
  inbox_[socket].clear();
  return text;
}

std::optional<Close> HubFixture::closed(SocketId socket) const {
  const auto found = closes_.find(socket);
  if (found == closes_.end()) return std::nullopt;
  return found->second;
}

std::size_t HubFixture::pings(SocketId socket) const {
  const auto found = pings_.find(socket);
  return found == pings_.end() ? 0 : found->second;
}

}  // namespace culver::relay
