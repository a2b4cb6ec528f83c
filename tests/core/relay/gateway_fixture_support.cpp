#include "tests/core/relay/gateway_fixture_support.hpp"

#include <gtest/gtest.h>

#include "tests/core/relay/door_support.hpp"

namespace culver::relay {
namespace {

namespace client = handshake::client;
namespace gateway = wire::gateway;

client::Account account_of(int number) {
  crypto::SigningSeed seed;
  for (auto& byte : seed.expose_to_fill()) byte = static_cast<std::byte>(number);
  crypto::SigningKey key(seed);
  const UserId user{key.verify_key().data};
  DeviceId device;
  device.data.fill(static_cast<std::byte>(number));
  device.data[6] = std::byte{0x40};
  device.data[8] = std::byte{0x80};
  return {std::move(key), user, device, Plaintext("phone " + std::to_string(number)),
          gateway::DeviceType::mobile};
}

}  // namespace

// ---- Phone --------------------------------------------------------------------------------------

Phone::Phone(int number, unsigned speaks) : account(account_of(number)), version(speaks) {}

void Phone::say(const std::string& text) {
  auto* early = shaking ? std::get_if<client::AwaitingEstablished>(&*shaking) : nullptr;
  auto& keys = early ? early->records : records;
  outgoing.push_back(keys ? keys->out.seal(text) : text);
}

gateway::NewEvent Phone::make_event(std::string stream) {
  EventId id;
  ++last_device_seq;
  for (int i = 0; i < 5; ++i)
    id.data[static_cast<std::size_t>(i)] = static_cast<std::byte>(last_device_seq >> (8 * i));
  id.data[6] = std::byte{0x70};
  id.data[8] = std::byte{0x80};
  id.data[15] = account.device.data[0];
  const auto user = session && session->user ? *session->user : account.user;
  return {id,     user, account.device, last_device_seq, std::move(stream), "test",
          "AAAA", 3,    std::nullopt};
}

std::vector<boost::json::object> Phone::take(std::string_view type) {
  std::vector<boost::json::object> taken;
  std::erase_if(heard, [&](const std::string& text) {
    auto value = boost::json::parse(text).as_object();
    if (std::string_view(value.at("type").as_string()) != type) return false;
    taken.push_back(std::move(value));
    return true;
  });
  return taken;
}

std::string Phone::error() {
  const auto errors = take("error");
  if (errors.size() != 1) return std::to_string(errors.size()) + " errors";
  return std::string(errors[0].at("payload").as_object().at("code").as_string());
}

// ---- GatewayFixture
// --------------------------------------------------------------------------------------

GatewayFixture::GatewayFixture(Limits limits, bool handshake_required)
    : hub({"ed25519:test", "ws://here", std::nullopt}, limits, test_door(handshake_required)) {}

WallTime GatewayFixture::wall() const {
  return 1'700'000'000'000 + set_by +
         std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
}

SocketId GatewayFixture::accept(Address address) {
  const SocketId id{++last_id_};
  deliver(Accepted{id, std::move(address)});
  return id;
}

SocketId GatewayFixture::open(Address address) {
  const auto id = accept(address);
  deliver(SocketOpened{id, std::move(address)});
  return id;
}

void GatewayFixture::dial(Phone& phone) {
  if (std::find(phones.begin(), phones.end(), &phone) == phones.end()) phones.push_back(&phone);
  phone.outgoing.clear();
  phone.incoming.clear();
  phone.records.reset();
  phone.session.reset();
  phone.rejected.reset();
  phone.closed.reset();
  phone.is_in = false;
  phone.socket = open(phone.address);
  Env env{now, random.rng(), wall()};
  client::Context context{env, phone.account, phone.pin, phone.version};
  auto begun = client::begin(now, context);
  phone.shaking = std::move(begun.state);
  phone.outgoing.push_back(std::move(begun.frame));
}

void GatewayFixture::connect(Phone& phone) {
  dial(phone);
  settle();
}

void GatewayFixture::say(Phone& phone, const std::string& text) {
  phone.say(text);
  settle();
}

gateway::NewEvent GatewayFixture::publish(Phone& phone, std::string stream) {
  auto event = phone.make_event(std::move(stream));
  say(phone, gateway::print(event));
  return event;
}

void GatewayFixture::hang_up(Phone& phone, bool goodbye) {
  const auto socket = std::exchange(phone.socket, std::nullopt);
  phone.is_in = false;
  phone.outgoing.clear();
  phone.incoming.clear();
  if (socket) deliver(SocketClosed{*socket, goodbye});
}

void GatewayFixture::revoke(const DeviceId& device, Phone& by) {
  const auto target = "/api/devices/" + print_uuid(device.view());
  EXPECT_EQ(request(signed_request(by, "DELETE", target)).status, 200u);
}

void GatewayFixture::to_server(Phone& phone) {
  auto frame = std::move(phone.outgoing.front());
  phone.outgoing.pop_front();
  deliver(Frame{*phone.socket, std::move(frame)});
}

void GatewayFixture::to_phone(Phone& phone) {
  auto sent = std::move(phone.incoming.front());
  phone.incoming.pop_front();
  if (phone.is_in) {
    EXPECT_EQ(sent.binary, phone.records.has_value());
    auto text = phone.records ? phone.records->in.open(sent.text) : Result<std::string>(sent.text);
    if (!text) {
      ADD_FAILURE() << "a record does not open";
      return;
    }
    phone.heard.push_back(std::move(*text));
    return;
  }
  if (!phone.shaking) return;
  Env env{now, random.rng(), wall()};
  client::Context context{env, phone.account, phone.pin, phone.version};
  auto event = client::read(*phone.shaking, std::move(sent.text));
  client::Effects effects;
  phone.shaking =
      fsm::step<client::Machine>(std::move(*phone.shaking), std::move(event), context, effects);
  for (auto& effect : effects) phone.outgoing.push_back(std::get<client::SendFrame>(effect).frame);
  if (const auto* rejected = std::get_if<client::Rejected>(&*phone.shaking))
    phone.rejected = rejected->fault;
  if (auto* established = std::get_if<client::Established>(&*phone.shaking)) {
    phone.is_in = true;
    phone.session = established->session;
    phone.records = std::move(established->records);
    phone.shaking.reset();
  }
}

void GatewayFixture::answer() {
  if (auto answered = store.answer()) deliver(std::move(*answered));
}

void GatewayFixture::settle() {
  for (bool quiet = false; !quiet;) {
    quiet = true;
    for (auto* phone : phones) {
      if (phone->socket && !phone->outgoing.empty()) {
        to_server(*phone);
        quiet = false;
      }
      if (!phone->incoming.empty()) {
        to_phone(*phone);
        quiet = false;
      }
    }
    if (!holds_answers && !store.idle()) {
      answer();
      quiet = false;
    }
  }
}

Phone* GatewayFixture::owner_of(SocketId socket) {
  for (auto* phone : phones)
    if (phone->socket == socket) return phone;
  return nullptr;
}

void GatewayFixture::deliver(Event event) {
  std::vector<SocketId> pinged, ended;
  const auto effects = hub.step(std::move(event), Env{now, random.rng(), wall()});
  for (const auto& effect : effects) {
    if (const auto* send = std::get_if<SendToSocket>(&effect)) {
      EXPECT_FALSE(closes.contains(send->socket)) << "sent after the close";
      if (auto* phone = owner_of(send->socket))
        phone->incoming.push_back(*send);
      else
        sent_[send->socket].push_back(send->text);
    } else if (const auto* ping = std::get_if<Ping>(&effect)) {
      pinged.push_back(ping->socket);
    } else if (const auto* limit = std::get_if<LimitFrames>(&effect)) {
      frame_limits[limit->socket].push_back(limit->bytes);
    } else if (const auto* close = std::get_if<Close>(&effect)) {
      EXPECT_TRUE(closes.emplace(close->socket, *close).second) << "closed twice";
      if (auto* phone = owner_of(close->socket)) phone->closed = *close;
    } else if (const auto* ask = std::get_if<Ask>(&effect)) {
      store.ask(*ask);
    } else if (const auto* step = std::get_if<ClockStepped>(&effect)) {
      stepped.push_back(step->by);
    } else if (const auto* respond = std::get_if<Respond>(&effect)) {
      EXPECT_TRUE(responds_.emplace(respond->socket, *respond).second) << "answered twice";
    }
  }
  if (answers_pings)
    for (const auto socket : pinged) deliver(Alive{socket});
}

void GatewayFixture::pass(Duration time) {
  const auto end = now + time;
  for (auto due = hub.deadline(); due && *due <= end; due = hub.deadline()) {
    now = std::max(now, *due);
    deliver(Tick{});
    settle();
  }
  now = end;
}

std::optional<Respond> GatewayFixture::responded(SocketId socket) const {
  const auto found = responds_.find(socket);
  if (found == responds_.end()) return std::nullopt;
  return found->second;
}

HttpRequest GatewayFixture::signed_request(const Phone& phone, std::string method,
                                           std::string target, std::string body) {
  const gateway::RequestNonce nonce{random.rng().bytes<16>()};
  const auto identity = test_door().identity.text;
  const auto digest =
      gateway::digest_of({identity, method, target, phone.id(), wall(), nonce, body});
  const auto signature = phone.account.key.sign(digest.view());
  const auto header = gateway::print(gateway::Authorization{phone.id(), wall(), nonce, signature});
  return {SocketId{}, phone.address, std::move(method), std::move(target), header, std::move(body)};
}

Respond GatewayFixture::request(HttpRequest request) {
  request.socket = accept(request.address);
  const auto socket = request.socket;
  deliver(std::move(request));
  settle();
  const auto answer = responded(socket);
  deliver(SocketClosed{socket, true});
  return answer.value_or(Respond{socket, 0, "no answer"});
}

std::vector<std::string> GatewayFixture::sent(SocketId socket) const {
  const auto found = sent_.find(socket);
  return found == sent_.end() ? std::vector<std::string>{} : found->second;
}

}  // namespace culver::relay
