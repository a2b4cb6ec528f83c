#include "tests/ice/turn_server.hpp"

#include <algorithm>

namespace culver::ice::test {

namespace stun = wire::stun;
using namespace std::chrono_literals;

namespace {

constexpr Duration permission_time = 300s, channel_time = 600s;
constexpr std::uint32_t lifetime = 600;
constexpr std::string_view nonce = "a nonce";

stun::Message answer_to(const stun::Message& request, std::uint16_t error = 0) {
  stun::Message answer{};
  answer.kind = error ? stun::Class::error : stun::Class::success;
  answer.method = request.method;
  answer.id = request.id;
  if (error) answer.error = stun::ErrorCode{error, "no"};
  return answer;
}

stun::Key key() {
  return stun::Key::long_term(TurnServer::user, TurnServer::realm, TurnServer::password);
}

}  // namespace

bool TurnServer::Allocation::permits(const Endpoint& peer, TimePoint now) const {
  const auto at = permissions.find(peer.with_port(0));
  return at != permissions.end() && now < at->second;
}

TurnServer::Allocation* TurnServer::find(const Endpoint& client, TimePoint now) {
  const auto at = allocations_.find(client);
  if (at == allocations_.end()) return nullptr;
  if (now < at->second.until) return &at->second;
  allocations_.erase(at);
  return nullptr;
}

std::size_t TurnServer::allocations(TimePoint now) {
  std::erase_if(allocations_, [&](const auto& one) { return now >= one.second.until; });
  return allocations_.size();
}

std::vector<TurnServer::Out> TurnServer::from_client(const Endpoint& client, ByteView bytes,
                                                     TimePoint now) {
  if (stun::kind_of(bytes) == stun::Kind::channel_data) {
    const auto data = stun::parse_channel_data(bytes);
    auto* allocation = find(client, now);
    if (!data || !allocation) return {};
    const auto channel = allocation->channels.find(data->channel);
    if (channel == allocation->channels.end() || now >= channel->second.until) return {};
    return {{std::nullopt, allocation->port, channel->second.peer,
             ByteVector(data->payload.begin(), data->payload.end())}};
  }
  const auto received = stun::parse(bytes);
  if (!received) return {};
  const auto& message = received->message;
  if (message.kind == stun::Class::indication) return relay(client, message, now);
  if (message.kind != stun::Class::request) return {};
  if (message.method == stun::Method::binding) {
    auto answer = answer_to(message);
    answer.mapped = client;
    return {{client, 0, {}, print(answer, nullptr)}};
  }
  const auto secret = key();
  if (!authentic(*received, secret)) {
    auto challenge = answer_to(message, stun::unauthenticated);
    challenge.realm = realm;
    challenge.nonce = nonce;
    return {{client, 0, {}, print(challenge, nullptr)}};
  }
  return {{client, 0, {}, print(serve(client, message, now), &secret)}};
}

stun::Message TurnServer::serve(const Endpoint& client, const stun::Message& request,
                                TimePoint now) {
  auto answer = answer_to(request);
  auto* allocation = find(client, now);
  if (request.method == stun::Method::allocate) {
    if (!allocation)
      allocation =
          &allocations_.emplace(client, Allocation{++last_port_, now + 600s, {}, {}}).first->second;
    answer.relayed = address_.with_port(allocation->port);
    answer.mapped = client;
    answer.lifetime = lifetime;
    return answer;
  }
  if (!allocation) return answer_to(request, stun::allocation_mismatch);
  if (request.method == stun::Method::refresh) {
    answer.lifetime = request.lifetime.value_or(lifetime);
    allocation->until = now + std::chrono::seconds(*answer.lifetime);
  } else if (request.method == stun::Method::create_permission) {
    if (!request.peer) return answer_to(request, 400);
    allocation->permissions[request.peer->with_port(0)] = now + permission_time;
  } else if (request.method == stun::Method::channel_bind) {
    if (!bind(*allocation, request, now)) return answer_to(request, 400);
  }
  return answer;
}

/// A number belongs to one peer and a peer has one number, RFC 8656 section 12.2.
bool TurnServer::bind(Allocation& allocation, const stun::Message& request, TimePoint now) {
  if (!request.channel || !request.peer) return false;
  for (const auto& [number, channel] : allocation.channels)
    if (now < channel.until && (number == *request.channel) != (channel.peer == *request.peer))
      return false;
  allocation.channels[*request.channel] = {*request.peer, now + channel_time};
  allocation.permissions[request.peer->with_port(0)] = now + permission_time;
  return true;
}

std::vector<TurnServer::Out> TurnServer::relay(const Endpoint& client,
                                               const stun::Message& indication, TimePoint now) {
  auto* allocation = find(client, now);
  if (indication.method != stun::Method::send || !indication.peer || !indication.data) return {};
  if (!allocation || !allocation->permits(*indication.peer, now)) return {};
  return {{std::nullopt, allocation->port, *indication.peer, *indication.data}};
}

std::vector<TurnServer::Out> TurnServer::from_peer(std::uint16_t port, const Endpoint& peer,
                                                   ByteView bytes, TimePoint now) {
  for (const auto& [client, allocation] : allocations_) {
    if (allocation.port != port || now >= allocation.until) continue;
    if (!allocation.permits(peer, now)) return {};
    for (const auto& [number, channel] : allocation.channels) {
      if (channel.peer != peer || now >= channel.until) continue;
      const auto header =
          stun::print_channel_header(number, static_cast<std::uint16_t>(bytes.size()));
      ByteVector whole(header.begin(), header.end());
      whole.insert(whole.end(), bytes.begin(), bytes.end());
      return {{client, 0, {}, std::move(whole)}};
    }
    stun::Message indication{};
    indication.kind = stun::Class::indication;
    indication.method = stun::Method::data;
    indication.peer = peer;
    indication.data.emplace(bytes.begin(), bytes.end());
    return {{client, 0, {}, print(indication, nullptr)}};
  }
  return {};
}

}  // namespace culver::ice::test
