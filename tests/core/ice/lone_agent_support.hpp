// One agent, and a test that is its peer: it makes the peer's messages byte by byte.
#pragma once

#include <boost/crc.hpp>
#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include "core/ice/agent.hpp"
#include "core/wire/stun.hpp"
#include "tests/core/ice/endpoint_support.hpp"
#include "tests/support/seeded.hpp"

namespace culver::ice {

using namespace std::chrono_literals;
namespace stun = wire::stun;
using wire::sdp::CandidateType;

struct LoneAgent : testing::Test {
  test::SeededRng random{1};
  Env env{TimePoint{} + 1h, random.rng()};
  const wire::sdp::IceCredentials ours{"ours", "ours-ours-ours-ours-ours"};
  const wire::sdp::IceCredentials theirs{"them", "them-them-them-them-them"};
  const WireId wire{1};
  const Endpoint here = at("192.0.2.1"), there = at("192.0.2.2", 2000);
  const stun::Key our_key = stun::Key::short_term(ours.pwd);
  const stun::Key their_key = stun::Key::short_term(theirs.pwd);
  std::optional<Agent> agent;
  Effects effects;  ///< of the last step

  void begin(bool controlling) {
    agent.emplace(Config{controlling, ours}, env);
    step(WireOpened{wire, here});
    step(WiresDone{});
    step(ServersDone{});
  }
  void meet() {
    step(RemoteCredentials{theirs});
    step(RemoteCandidate{candidate(there)});
  }
  Effects& step(Event event) {
    effects.clear();
    agent->step(std::move(event), env, effects);
    return effects;
  }
  /// To the next deadline.
  Effects& tick() {
    env.now = std::max(env.now, agent->deadline().value());
    return step(Tick{});
  }
  static wire::sdp::Candidate candidate(const Endpoint& address,
                                        CandidateType type = CandidateType::host) {
    return {"1", 2130706175, address.address_text(), address.port(), type, {}, 0};
  }

  template <class E>
  std::optional<E> effect() const {
    for (const auto& each : effects)
      if (const auto* found = std::get_if<E>(&each)) return *found;
    return std::nullopt;
  }
  std::vector<stun::Message> said(stun::Class kind) const {
    std::vector<stun::Message> all;
    for (const auto& each : effects)
      if (const auto* transmit = std::get_if<Transmit>(&each))
        if (auto parsed = stun::parse(transmit->bytes).value(); parsed.message.kind == kind)
          all.push_back(parsed.message);
    return all;
  }
  std::optional<stun::Message> asked() const { return first(said(stun::Class::request)); }
  std::optional<stun::Message> answered() const { return first(said(stun::Class::success)); }
  std::optional<stun::Message> refused() const { return first(said(stun::Class::error)); }
  static std::optional<stun::Message> first(std::vector<stun::Message> all) {
    if (all.empty()) return std::nullopt;
    return all.front();
  }

  // ---- the peer ---------------------------------------------------------------------------------

  stun::Message request(bool peer_controls, bool use_candidate = false,
                        std::uint64_t tie_breaker = 1) {
    stun::Message message{};
    message.kind = stun::Class::request;
    message.method = stun::Method::binding;
    message.id.data = env.rng.bytes<12>();
    message.username = "ours:them";
    message.priority = 1862270975;
    (peer_controls ? message.controlling : message.controlled) = tie_breaker;
    message.use_candidate = use_candidate;
    return message;
  }
  stun::Message success(const stun::Message& asked) const {
    stun::Message message{};
    message.kind = stun::Class::success;
    message.method = stun::Method::binding;
    message.id = asked.id;
    message.mapped = here;
    return message;
  }
  stun::Message error(const stun::Message& asked, std::uint16_t code) const {
    auto message = success(asked);
    message.kind = stun::Class::error;
    message.mapped.reset();
    message.error = stun::ErrorCode{code, "no"};
    return message;
  }
  Effects& hear(const stun::Message& message, const stun::Key* key,
                std::optional<Endpoint> from = {}) {
    return hear_bytes(stun::print(message, key), from);
  }
  Effects& hear_bytes(const ByteVector& bytes, std::optional<Endpoint> from = {}) {
    return step(Received{wire, from.value_or(there), bytes, {}});
  }
  /// A plain message with attribute 0x7F00 more, signed with our key.
  ByteVector with_unknown_attribute(ByteVector bytes) const {
    const auto add = [&](std::initializer_list<unsigned> some) {
      for (const auto byte : some) bytes.push_back(static_cast<std::byte>(byte));
    };
    const auto announce = [&](std::size_t more) {
      const auto length = bytes.size() - 20 + more;
      bytes[2] = static_cast<std::byte>(length >> 8);
      bytes[3] = static_cast<std::byte>(length);
    };
    bytes = without_fingerprint(std::move(bytes));
    add({0x7F, 0, 0, 0});
    announce(24);
    std::array<unsigned char, 20> mac{};
    HMAC(EVP_sha1(), ours.pwd.data(), static_cast<int>(ours.pwd.size()),
         reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), mac.data(), nullptr);
    add({0, 8, 0, 20});
    for (const auto byte : mac) add({byte});
    announce(8);
    boost::crc_32_type crc;
    crc.process_bytes(bytes.data(), bytes.size());
    const auto check = crc.checksum() ^ 0x5354554E;
    add({0x80, 0x28, 0, 4, check >> 24, check >> 16 & 255, check >> 8 & 255, check & 255});
    return bytes;
  }
  /// A message with its FINGERPRINT, the last 8 bytes, taken away.
  static ByteVector without_fingerprint(ByteVector bytes) {
    bytes.resize(bytes.size() - 8);
    const auto length = bytes.size() - 20;
    bytes[2] = static_cast<std::byte>(length >> 8);
    bytes[3] = static_cast<std::byte>(length);
    return bytes;
  }
};

}  // namespace culver::ice
