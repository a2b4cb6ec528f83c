// Two who ask each other at the same moment, on a server that makes two matches of it, as Zajel's
// does: each side hears of them in either order, and as late as can be.
#include <map>

#include <gtest/gtest.h>

#include "core/wire/signaling.hpp"
#include "tests/support/simulation.hpp"

namespace culver::test {
namespace {

using namespace engine;
namespace sig = wire::signaling;

/// Open signaling without a gateway, for two: every request waits for its answer, and is a match of
/// its own. Of the two matches each side is told one, and the other when the test says so.
struct ZajelServer {
  struct Client {
    Node* node;
    std::optional<PairingCode> code = {};
    PublicKey key = {};
    bool own_first = false;         ///< the match of its own request is told first
    std::size_t frames_before = 0;  ///< this many frames come before the second one
    std::size_t frames = 0;
    std::optional<sig::PairMatched> second = {};
  };

  explicit ZajelServer(Simulation& in, Node& one, Node& two)
      : simulation(in), clients{{&one}, {&two}} {
    simulation.other_server = [this](Node& node, const std::string& frame) {
      auto message = sig::parse_client(frame);
      ASSERT_TRUE(message.has_value()) << frame;
      std::visit([&](auto& m) { on(of(node), m); }, *message);
    };
  }

  Client& of(const Node& node) { return clients[&node == clients[0].node ? 0 : 1]; }
  Client& other(const Client& client) { return clients[&client == &clients[0] ? 1 : 0]; }
  void say(Client& to, std::string text) { simulation.say(*to.node, std::move(text)); }

  void on(Client& from, const sig::Register& m) {
    from.code = m.code;
    from.key = m.key;
    say(from, sig::print(sig::ServerInfo{"zajel", "ws://simulation", {}, 0}));
    say(from, sig::print(sig::Registered{m.code, "zajel"}));
  }
  /// Both requests are here before either is told: they cross.
  void on(Client& from, const sig::PairRequest&) {
    if (++requests < 2) return;
    for (auto* client : {&other(from), &from}) {
      const auto& asked_by = other(*client);
      say(*client, sig::print(sig::PairIncoming{*asked_by.code, asked_by.key, 120'000, {}}));
    }
  }
  void on(Client& from, const sig::PairResponse& m) {
    if (!m.accepted) return void(++refused);
    if (++responses < 2) return;
    for (auto* client : {&other(from), &from}) {
      const auto& peer = other(*client);
      client->second = sig::PairMatched{*peer.code, peer.key, !client->own_first};
      tell(*client, sig::PairMatched{*peer.code, peer.key, client->own_first});
    }
  }
  std::size_t refused = 0;
  void tell(Client& client, const sig::PairMatched& match) { say(client, sig::print(match)); }
  void tell_second(Client& client) {
    if (client.second) tell(client, *std::exchange(client.second, std::nullopt));
  }
  void on(Client& from, const sig::Relay& m) {
    auto& to = other(from);
    if (to.frames++ == to.frames_before) tell_second(to);
    say(to, sig::print_relayed(m.kind, *from.code, m.payload));
  }
  void on(Client& from, const sig::Ping&) { say(from, sig::print(sig::Pong{})); }
  void on(Client&, const sig::RegisterRendezvous&) {}

  Simulation& simulation;
  Client clients[2];
  int requests = 0, responses = 0;
};

struct Glare {
  explicit Glare(std::uint64_t seed)
      : simulation(seed),
        one(simulation.add("one")),
        two(simulation.add("two")),
        server(simulation, one, two) {}

  void begin() {
    for (auto* node : {&one, &two}) node->command(GoOnline{});
    simulation.pass(std::chrono::seconds(10));
    one.command(Pair{two.last<Online>()->code});
    two.command(Pair{one.last<Online>()->code});
  }
  void expect_one_connection(const std::string& what) {
    for (auto* node : {&one, &two}) {
      EXPECT_EQ(live(*node), 1u) << what << node->name;
      EXPECT_EQ(node->engine->census().connections, 1u) << what << node->name;
      EXPECT_EQ(node->count<Closed>() + node->count<PairFailed>(), 0u) << what << node->name;
      EXPECT_EQ(node->last<Connecting>()->connection, node->last<Connected>()->connection) << what;
    }
    EXPECT_EQ(simulation.live_transports(), 2u) << what;
    EXPECT_EQ(server.refused, 0u) << what;
    one.command(SendText{one.last<Connected>()->connection, TextId{1}, Plaintext("one speaks")});
    two.command(SendText{two.last<Connected>()->connection, TextId{1}, Plaintext("two speaks")});
    simulation.settle();
    EXPECT_EQ(one.texts().size() + two.texts().size(), 2u) << what;
  }

  Simulation simulation;
  Node& one;
  Node& two;
  ZajelServer server;
};

/// One key in two spellings would be two peers, and two fingerprints (RFC 7748, section 5).
TEST(Glare, AKeyInAnotherSpellingIsNobodys) {
  Glare glare(1);
  glare.begin();
  glare.simulation.settle();
  auto& [one, two] = glare.server.clients;
  const auto asked = glare.one.count<PairRequested>();
  auto bytes = two.key;
  bytes.data.back() |= std::byte{0x80};
  const auto stranger = *PairingCode::parse("ZZZZZ9");
  glare.server.say(one, sig::print(sig::PairIncoming{stranger, bytes, 120'000, {}}));
  glare.simulation.settle();
  EXPECT_EQ(glare.one.count<PairRequested>(), asked);
  EXPECT_EQ(glare.server.refused, 1u);
}

/// Every agreement with it is known to everybody (RFC 7748, section 6.1).
TEST(Glare, AKeyOfSmallOrderIsNobodys) {
  for (const auto lowest : {std::byte{0}, std::byte{1}}) {
    Glare glare(1);
    glare.begin();
    glare.simulation.settle();
    auto& [one, two] = glare.server.clients;
    const auto asked = glare.one.count<PairRequested>();
    PublicKey key;
    key.data.front() = lowest;
    const auto stranger = *PairingCode::parse("ZZZZZ9");
    glare.server.say(one, sig::print(sig::PairIncoming{stranger, key, 120'000, {}}));
    glare.simulation.settle();
    EXPECT_EQ(glare.one.count<PairRequested>(), asked);
    EXPECT_EQ(glare.server.refused, 1u);
    glare.one.command(Pair{stranger});
    glare.simulation.settle();
    const auto connections = glare.one.count<Connecting>();
    glare.server.say(one, sig::print(sig::PairMatched{stranger, key, true, {}}));
    glare.simulation.settle();
    EXPECT_EQ(glare.one.count<Connecting>(), connections);
    ASSERT_TRUE(glare.one.last<PairFailed>());
    EXPECT_EQ(glare.one.last<PairFailed>()->fault, Fault::weak_public_key);
  }
}

/// It is a peer's word that the server passes on: nobody is to lose the server by it.
TEST(Glare, WhateverAPeerSaysTheServerIsNotLeftForIt) {
  Glare glare(1);
  glare.begin();
  glare.simulation.settle();
  auto& one = glare.server.clients[0];
  for (int i = 0; i < 50; ++i)
    for (const std::string_view type : {"offer", "ice_candidate", "call_offer"})
      glare.server.say(one, R"({"type":")" + std::string(type) + R"(","from":"?","payload":5})");
  glare.simulation.settle();
  EXPECT_EQ(glare.one.count<Offline>(), 0u);
  for (int i = 0; i < 50; ++i) glare.server.say(one, "{");
  glare.simulation.settle();
  EXPECT_EQ(glare.one.count<Offline>(), 1u) << "of a server that says nothing better";
}

/// The second match comes at once, or after some of the other side's signals, or when all is over.
TEST(Glare, OneConnectionWhicheverMatchComesFirst) {
  for (std::uint64_t seed = 0; seed < 30; ++seed)
    for (const bool one_first : {true, false})
      for (const bool two_first : {true, false})
        for (const std::size_t wait_one : {0u, 1u, 2u, 3u, 1'000u})
          for (const std::size_t wait_two : {0u, 1u, 2u, 3u, 1'000u}) {
            Glare glare(seed);
            auto& clients = glare.server.clients;
            clients[0].own_first = one_first;
            clients[1].own_first = two_first;
            clients[0].frames_before = wait_one;
            clients[1].frames_before = wait_two;
            glare.begin();
            // Whoever follows in both hears nothing that would bring the second match.
            glare.simulation.settle();
            for (auto& client : clients)
              if (live(*client.node) == 0) glare.server.tell_second(client);
            glare.simulation.pass(std::chrono::seconds(1));
            for (auto& client : clients) glare.server.tell_second(client);
            glare.simulation.pass(std::chrono::minutes(3));
            glare.expect_one_connection("seed " + std::to_string(seed) + ", first " +
                                        std::to_string(one_first) + std::to_string(two_first) +
                                        ", wait " + std::to_string(wait_one) + "/" +
                                        std::to_string(wait_two) + ", ");
            if (testing::Test::HasFailure()) return;
            for (auto* node : {&glare.one, &glare.two}) node->command(Leave{});
            glare.simulation.pass(std::chrono::minutes(1));
            EXPECT_EQ(glare.one.engine->census(), Census{});
            EXPECT_EQ(glare.two.engine->census(), Census{});
            EXPECT_EQ(glare.simulation.live_transports(), 0u);
          }
}

}  // namespace
}  // namespace culver::test
