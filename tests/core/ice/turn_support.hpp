// A small TURN server that reads and prints real STUN, and a client beside it whose time the test
// moves.
#pragma once

#include <algorithm>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "core/ice/turn.hpp"
#include "tests/core/ice/endpoint_support.hpp"

namespace culver::ice::turn::test {

namespace stun = wire::stun;

inline constexpr std::string_view user = "alice", password = "a secret", realm = "relay.example";

inline const Endpoint relay_v4 = at("198.51.100.1", 50000);
inline const Endpoint relay_v6 = at("2001:db8::1", 50000);
inline const Endpoint seen_as = at("203.0.113.7", 1234);

inline stun::Key key_of(std::string_view secret = password) {
  return stun::Key::long_term(user, realm, secret);
}

/// The bytes and what was read from them, which points into them.
struct Heard {
  ByteVector bytes;
  stun::Message message;
  bool has_integrity, authentic;
};
inline Heard heard(const ByteVector& bytes) {
  const auto received = stun::parse(bytes);
  EXPECT_TRUE(received);
  return {bytes, received->message, received->integrity_at.has_value(),
          authentic(*received, key_of())};
}

inline stun::Message answer_to(const stun::Message& request, stun::Class kind) {
  stun::Message answer{};
  answer.kind = kind;
  answer.method = request.method;
  answer.id = request.id;
  return answer;
}
inline stun::Message error_to(const stun::Message& request, std::uint16_t code) {
  auto answer = answer_to(request, stun::Class::error);
  answer.error = stun::ErrorCode{code, "no"};
  return answer;
}

/// Who it is and how it is in a bad mood; and the bookkeeping of RFC 8656 that a client can notice.
struct Server {
  std::string nonce = "first nonce";
  std::optional<std::uint32_t> lifetime = 600;
  Endpoint relay = relay_v4;
  bool silent = false;
  std::optional<std::uint16_t> refuses;                      ///< this error to any good request
  std::vector<Endpoint> forbidden;                           ///< 403 for these addresses
  std::vector<std::pair<std::uint16_t, Endpoint>> channels;  ///< as bound
  std::vector<Heard> log{};                                  ///< what came, silent or not

  std::optional<ByteVector> take(const ByteVector& bytes) {
    log.push_back(heard(bytes));
    const auto& request = log.back();
    if (silent || request.message.kind != stun::Class::request) return std::nullopt;
    if (!request.has_integrity) return challenge(request.message, stun::unauthenticated);
    if (request.message.nonce != nonce) return challenge(request.message, stun::stale_nonce);
    if (!request.authentic) return challenge(request.message, stun::unauthenticated);
    const auto key = key_of();
    return print(serve(request.message), &key);
  }
  ByteVector challenge(const stun::Message& request, std::uint16_t code) const {
    auto answer = error_to(request, code);
    answer.realm = realm;
    answer.nonce = nonce;
    return print(answer, nullptr);
  }
  stun::Message serve(const stun::Message& request) {
    if (refuses) return error_to(request, *refuses);
    if (request.peer && is_forbidden(*request.peer)) return error_to(request, stun::forbidden);
    auto answer = answer_to(request, stun::Class::success);
    if (request.method == stun::Method::allocate) {
      EXPECT_EQ(request.requested_transport, 17);
      answer.relayed = relay;
      answer.mapped = seen_as;
      answer.lifetime = lifetime;
    }
    if (request.method == stun::Method::refresh)
      answer.lifetime = request.lifetime ? request.lifetime : lifetime;
    if (request.method == stun::Method::channel_bind)
      return bind(request) ? answer : error_to(request, 400);
    return answer;
  }
  bool is_forbidden(const Endpoint& peer) const {
    return std::any_of(forbidden.begin(), forbidden.end(),
                       [&](const Endpoint& one) { return one.same_address(peer); });
  }
  /// A number belongs to one peer and a peer has one number, RFC 8656 section 12.2.
  bool bind(const stun::Message& request) {
    const std::pair wanted(*request.channel, *request.peer);
    for (const auto& bound : channels) {
      if (bound == wanted) return true;
      if (bound.first == wanted.first || bound.second == wanted.second) return false;
    }
    channels.push_back(wanted);
    return true;
  }
  std::vector<stun::Message> requests(stun::Method method) const {
    std::vector<stun::Message> found;
    for (const auto& one : log)
      if (one.message.method == method) found.push_back(one.message);
    return found;
  }
};

template <class E>
std::vector<E> all(const Effects& effects) {
  std::vector<E> found;
  for (const auto& effect : effects)
    if (const auto* one = std::get_if<E>(&effect)) found.push_back(*one);
  return found;
}

inline Params params(bool stream = false, Endpoint::Family family = Endpoint::Family::v4,
                     std::string_view secret = password) {
  return {std::string(user), SecretBytes(as_bytes(secret)), stream, family};
}

/// A client and its server, with nothing in between that the test does not do.
struct Bench {
  explicit Bench(Params with = params()) : client(Client::start(std::move(with), env, told)) {
    collect(0);
  }
  Bench(const Bench&) = delete;

  /// What is sent waits in `sent`; the rest is in `told` and returned.
  Effects say(Event event) {
    const auto before = told.size();
    client.on(std::move(event), env, told);
    return collect(before);
  }
  /// `bytes` outlive the step only.
  Effects hear(const ByteVector& bytes) {
    auto received = stun::parse(bytes);
    EXPECT_TRUE(received);
    return say(FromServer{std::move(*received)});
  }
  Effects hear(const stun::Message& message, std::string_view signed_with = password) {
    const auto key = key_of(signed_with);
    return hear(print(message, &key));
  }
  Effects hear_unsigned(const stun::Message& message) { return hear(print(message, nullptr)); }

  /// Carries everything back and forth until there is no more.
  Effects exchange() {
    Effects now;
    while (!sent.empty()) {
      const auto bytes = sent.front();
      sent.erase(sent.begin());
      if (const auto answer = server.take(bytes)) {
        const auto some = hear(*answer);
        now.insert(now.end(), some.begin(), some.end());
      }
    }
    return now;
  }
  /// Moves the time from deadline to deadline, ticking and exchanging.
  Effects pass(Duration time) {
    Effects now;
    const auto end = env.now + time;
    for (int steps = 0; steps < 10000; ++steps) {
      const auto next = client.deadline();
      if (!next || *next > end) break;
      env.now = std::max(env.now, *next);
      auto some = say(Tick{});
      const auto more = exchange();
      some.insert(some.end(), more.begin(), more.end());
      now.insert(now.end(), some.begin(), some.end());
    }
    env.now = end;
    return now;
  }
  stun::Message last_sent() const { return heard(sent.back()).message; }

  std::mt19937 generator{7};
  Rng rng{[](void* self, std::span<std::byte> out) {
            for (auto& byte : out)
              byte = static_cast<std::byte>(static_cast<Bench*>(self)->generator());
          },
          this};
  Env env{TimePoint{} + std::chrono::hours(1), rng};
  Effects told;
  std::vector<ByteVector> sent;
  Server server;
  Client client;

 private:
  Effects collect(std::size_t from) {
    Effects now;
    for (std::size_t i = from; i < told.size(); ++i)
      if (const auto* out = std::get_if<ToServer>(&told[i]))
        sent.push_back(out->bytes);
      else
        now.push_back(told[i]);
    return now;
  }
};

/// One that has its allocation.
struct Allocation : Bench {
  explicit Allocation(Params with = params()) : Bench(std::move(with)) {
    exchange();
    EXPECT_EQ(client.state(), "Allocated");
  }
  Effects permit(const Endpoint& peer) {
    auto now = say(Permit{peer});
    const auto more = exchange();
    now.insert(now.end(), more.begin(), more.end());
    return now;
  }
  Effects bind(const Endpoint& peer) {
    auto now = say(Bind{peer});
    const auto more = exchange();
    now.insert(now.end(), more.begin(), more.end());
    return now;
  }
};

inline void expect_lost(const Effects& effects, const Client& client, Fault fault) {
  const auto ends = all<Lost>(effects);
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_EQ(ends[0].fault, fault);
  EXPECT_TRUE(client.ended());
  EXPECT_FALSE(client.deadline());
}

}  // namespace culver::ice::turn::test
