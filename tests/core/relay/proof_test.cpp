// What is unproven never takes what is proven: codes, requests and matches, dead drops. A stranger
// knows somebody's code and public key, and has shaken no hands, or those of another key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/wire/base64.hpp"
#include "tests/core/relay/gateway_fixture_support.hpp"
#include "tests/core/relay/hub_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string enrolling(std::string_view at, int key_number) {
  return R"({"type":"register","pairingCode":")" + std::string(at) + R"(","publicKey":")" +
         wire::base64::print(key(key_number)) + "\"}";
}
std::string asking(std::string_view target) {
  return R"({"type":"pair_request","targetCode":")" + std::string(target) + "\"}";
}
std::string accepting(std::string_view requester) {
  return R"({"type":"pair_response","accepted":true,"targetCode":")" + std::string(requester) +
         "\"}";
}
std::string offering(std::string_view target) {
  return R"({"type":"offer","payload":1,"target":")" + std::string(target) + "\"}";
}
std::string leaving(std::string_view at, std::string_view drop) {
  return R"({"type":"register_rendezvous","peerId":")" + std::string(at) +
         R"(","dailyPoints":["p"],"deadDrop":")" + std::string(drop) + "\"}";
}
std::string looking(std::string_view at) {
  return R"({"type":"register_rendezvous","peerId":")" + std::string(at) +
         R"(","dailyPoints":["p"],"hourlyTokens":["t"]})";
}

class Proof : public testing::TestWithParam<unsigned> {
 protected:
  void TearDown() override { EXPECT_EQ(broken(gateway.hub), ""); }

  void plain(SocketId socket, const std::string& frame) {
    gateway.deliver(Frame{socket, frame});
    gateway.settle();
  }
  /// A socket that has shaken no hands and asks for a code.
  SocketId stranger(std::string_view at, int key_number) {
    const auto socket = gateway.open("elsewhere");
    plain(socket, enrolling(at, key_number));
    return socket;
  }
  std::string last(SocketId socket) {
    const auto sent = gateway.sent(socket);
    return sent.empty() ? "" : sent.back();
  }
  bool is_at(std::string_view at, const Phone& phone) {
    return gateway.hub.registry().socket_of(code(at)) == phone.socket;
  }
  /// What somebody who looks at the point finds there.
  std::string found() {
    const auto looker = stranger("LLLLLL", 99);
    plain(looker, looking("LLLLLL"));
    const auto answer = last(looker);
    gateway.deliver(SocketClosed{looker, true});
    return answer;
  }
  /// In, and at the code AAAAAA under the first key.
  void come(Phone& phone) {
    gateway.connect(phone);
    gateway.say(phone, enrolling("AAAAAA", 1));
  }

  GatewayFixture gateway;
  Phone ana{1, GetParam()}, eve{2, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Version, Proof, testing::Values(1u, 2u));

// ---- codes --------------------------------------------------------------------------------------

TEST_P(Proof, WhoNamesAKeyDoesNotReplaceWhoHasProven) {
  come(ana);
  const auto thief = stranger("AAAAAA", 1);
  EXPECT_THAT(last(thief), HasSubstr("code_collision"));
  EXPECT_FALSE(ana.closed);
  EXPECT_TRUE(is_at("AAAAAA", ana));
}

TEST_P(Proof, NorDoesWhoHasProvenAnotherKey) {
  come(ana);
  gateway.connect(eve);
  gateway.say(eve, enrolling("AAAAAA", 1));
  EXPECT_EQ(eve.take("code_collision").size(), 1u);
  EXPECT_FALSE(ana.closed);
  EXPECT_TRUE(is_at("AAAAAA", ana));
}

TEST_P(Proof, ASocketThatMovesToTheCodeDoesNotGetItEither) {
  come(ana);
  const auto thief = stranger("BBBBBB", 1);
  plain(thief, enrolling("AAAAAA", 1));
  EXPECT_THAT(last(thief), HasSubstr("code_collision"));
  EXPECT_EQ(gateway.hub.registry().socket_of(code("BBBBBB")), thief);
  EXPECT_TRUE(is_at("AAAAAA", ana));
}

TEST_P(Proof, WhoProvesReplacesItsOwnEarlierRegistration) {
  come(ana);
  EXPECT_EQ(ana.take("registered").size(), 1u);
  come(ana);  // on a new socket; the old one is half open
  EXPECT_EQ(ana.take("registered").size(), 1u);
  EXPECT_TRUE(is_at("AAAAAA", ana));
}

TEST_P(Proof, ALostNetworkLeavesTheCodeToNobodyForAWhile) {
  come(ana);
  gateway.deliver(SocketClosed{*ana.socket, false});
  const auto thief = stranger("AAAAAA", 1);
  EXPECT_THAT(last(thief), HasSubstr("code_collision"));
  const auto another = stranger("AAAAAA", 7);
  EXPECT_THAT(last(another), HasSubstr("code_collision"));
  come(ana);
  EXPECT_TRUE(is_at("AAAAAA", ana));
  gateway.deliver(SocketClosed{*ana.socket, true});
  EXPECT_THAT(last(stranger("AAAAAA", 7)), HasSubstr("registered")) << "it has said goodbye";
}

TEST_P(Proof, WhoProvesReplacesWhoOnlyNamesTheKey) {
  const auto before = stranger("AAAAAA", 1);
  come(ana);
  EXPECT_EQ(ana.take("registered").size(), 1u);
  EXPECT_EQ(gateway.closes.at(before).fault, Fault::replaced);
  EXPECT_TRUE(is_at("AAAAAA", ana));
}

TEST_P(Proof, ItDoesNotReplaceAnotherKey) {
  const auto other = stranger("AAAAAA", 2);
  come(ana);
  EXPECT_EQ(ana.take("code_collision").size(), 1u);
  EXPECT_EQ(gateway.hub.registry().socket_of(code("AAAAAA")), other);
}

TEST_P(Proof, ACodeThatWaitsForItsDeviceIsNotResumedByAnybodyElse) {
  come(ana);
  const auto bob = stranger("BBBBBB", 3);
  gateway.say(ana, asking("BBBBBB"));
  plain(bob, accepting("AAAAAA"));
  gateway.hang_up(ana);
  const auto thief = stranger("AAAAAA", 1);
  EXPECT_THAT(last(thief), HasSubstr("code_collision"));
  plain(bob, offering("AAAAAA"));
  EXPECT_THAT(gateway.sent(thief), Not(Contains(HasSubstr("offer"))));
  come(ana);
  plain(bob, offering("AAAAAA"));
  EXPECT_EQ(ana.take("pair_matched").size(), 2u) << "the match has waited for its device";
  EXPECT_EQ(ana.take("offer").size(), 2u) << "and so has what was said";
}

// ---- what hangs on a code -----------------------------------------------------------------------

TEST_P(Proof, NobodyAnswersRequestsInTheNameOfWhoHasProven) {
  come(ana);
  const auto bob = stranger("BBBBBB", 3);
  plain(bob, asking("AAAAAA"));
  EXPECT_EQ(ana.take("pair_incoming").size(), 1u);
  const auto thief = stranger("AAAAAA", 1);
  plain(thief, accepting("BBBBBB"));
  EXPECT_THAT(last(thief), HasSubstr("Not registered"));
  EXPECT_THAT(gateway.sent(bob), testing::Not(Contains(HasSubstr("pair_matched"))));
  gateway.say(ana, accepting("BBBBBB"));
  EXPECT_EQ(ana.take("pair_matched").size(), 1u);
}

TEST_P(Proof, WhatAStrangerHasAgreedToBindsNobodyWhoProves) {
  const auto thief = stranger("AAAAAA", 1), friend_of_thief = stranger("BBBBBB", 3),
             asker = stranger("CCCCCC", 4);
  plain(thief, asking("BBBBBB"));
  plain(friend_of_thief, accepting("AAAAAA"));
  plain(asker, asking("AAAAAA"));
  come(ana);
  EXPECT_THAT(gateway.sent(friend_of_thief), Contains(HasSubstr("peer_left")));
  EXPECT_THAT(gateway.sent(asker), Contains(HasSubstr("pair_timeout")));
  plain(friend_of_thief, offering("AAAAAA"));
  EXPECT_THAT(last(friend_of_thief), HasSubstr("Peer not found"));
  EXPECT_THAT(ana.take("offer"), IsEmpty());
  gateway.say(ana, accepting("CCCCCC"));
  EXPECT_THAT(ana.take("pair_matched"), IsEmpty());
}

TEST_P(Proof, AComebackOfTheSameDeviceKeepsRequestsAndMatches) {
  come(ana);
  const auto bob = stranger("BBBBBB", 3), cleo = stranger("CCCCCC", 4);
  gateway.say(ana, asking("BBBBBB"));
  plain(bob, accepting("AAAAAA"));
  plain(cleo, asking("AAAAAA"));
  Phone second{1, GetParam()};  // of the same key: another process on its data folder
  second.account.device.data[0] ^= std::byte{1};
  come(second);
  EXPECT_EQ(second.take("registered").size(), 1u);
  ASSERT_TRUE(ana.closed);
  EXPECT_EQ(ana.closed->fault, Fault::replaced);
  EXPECT_EQ(second.take("pair_matched").size(), 1u) << "nothing was said in it yet";
  plain(bob, offering("AAAAAA"));
  EXPECT_EQ(second.take("offer").size(), 1u);
  gateway.say(second, accepting("CCCCCC"));
  EXPECT_EQ(second.take("pair_matched").size(), 1u);
}

// ---- rendezvous points
// -----------------------------------------------------------------------------

TEST_P(Proof, WhoNamesAKeyReplacesNoDropOfWhoHasProven) {
  come(ana);
  gateway.say(ana, leaving("AAAAAA", "from ana"));
  const auto thief = stranger("BBBBBB", 1);
  plain(thief, leaving("BBBBBB", "from the thief"));
  EXPECT_THAT(found(), HasSubstr("from ana"));
  gateway.connect(eve);
  gateway.say(eve, enrolling("CCCCCC", 1));
  gateway.say(eve, leaving("CCCCCC", "from eve"));
  EXPECT_THAT(found(), HasSubstr("from ana"));
  gateway.say(ana, leaving("AAAAAA", "news of ana"));
  EXPECT_THAT(found(), HasSubstr("news of ana"));
  EXPECT_THAT(found(), testing::Not(HasSubstr("from ana")));
}

TEST_P(Proof, NorUsesUpItsRoom) {
  Limits limits;
  limits.dead_drops.values_per_owner = 1;
  GatewayFixture small(limits);
  const auto thief = small.open("elsewhere");
  small.deliver(Frame{thief, enrolling("BBBBBB", 1)});
  small.deliver(Frame{thief, R"({"type":"register_rendezvous","peerId":"BBBBBB",)"
                             R"("dailyPoints":["q"],"deadDrop":"x"})"});
  small.settle();
  small.connect(ana);
  small.say(ana, enrolling("AAAAAA", 1));
  small.say(ana, leaving("AAAAAA", "from ana"));
  EXPECT_EQ(ana.take("rendezvous_result").size(), 1u);
  EXPECT_THAT(ana.take("error"), IsEmpty());
}

TEST_P(Proof, WhoProvesReplacesTheDropOfWhoOnlyNamesTheKey) {
  const auto before = stranger("AAAAAA", 1);
  plain(before, leaving("AAAAAA", "unproven"));
  come(ana);
  gateway.say(ana, leaving("AAAAAA", "from ana"));
  EXPECT_THAT(found(), HasSubstr("from ana"));
  EXPECT_THAT(found(), testing::Not(HasSubstr("unproven")));
  EXPECT_EQ(gateway.store.drops.size(), 1u);
}

TEST_P(Proof, ADropStaysProvenOverTheLifeOfAProcess) {
  come(ana);
  gateway.say(ana, leaving("AAAAAA", "from ana"));
  std::vector<StoredDrop> left;
  for (const auto& [where, drop] : gateway.store.drops) left.push_back(drop);
  GatewayFixture later;
  later.hub.restore(left, Env{later.now, later.random.rng(), later.wall()});
  const auto thief = later.open("elsewhere");
  later.deliver(Frame{thief, enrolling("BBBBBB", 1)});
  later.deliver(Frame{thief, leaving("BBBBBB", "from the thief")});
  later.settle();
  const auto looker = later.open("elsewhere");
  later.deliver(Frame{looker, enrolling("LLLLLL", 99)});
  later.deliver(Frame{looker, looking("LLLLLL")});
  EXPECT_THAT(later.sent(looker).back(), HasSubstr("from ana"));
}

// ---- who is there -------------------------------------------------------------------------------

TEST_P(Proof, NobodyEndsThePresenceOfWhoHasProven) {
  come(ana);
  gateway.say(ana, looking("AAAAAA"));
  stranger("AAAAAA", 1);
  EXPECT_THAT(found(), HasSubstr(R"("peerId":"AAAAAA","relayId":"","token":"t")"));
  EXPECT_TRUE(ana.take("rendezvous_match").size() == 1);
}

/// Names by which only a device is known mean nothing where no hands were shaken.
TEST_P(Proof, NothingThatADeviceSaysIsTakenFromAnybodyElse) {
  come(ana);
  const auto thief = stranger("BBBBBB", 1);
  const auto sent = gateway.sent(thief).size();
  for (const auto* frame :
       {R"({"type":"initiate_pairing"})", R"({"type":"ack","payload":{"cursor":1}})",
        R"({"type":"replay_request","payload":{"limit":10}})",
        R"({"type":"complete_pairing","payload":{"pairing_code":"000000"}})",
        R"({"type":"scratchpad_sync","payload":{}})"})
    plain(thief, frame);
  for (std::size_t i = sent; i < gateway.sent(thief).size(); ++i)
    EXPECT_THAT(gateway.sent(thief)[i], HasSubstr(R"({"type":"error")"));
  EXPECT_EQ(gateway.sent(thief).size(), sent + 5);
  EXPECT_TRUE(gateway.store.idle());
  EXPECT_EQ(gateway.hub.devices().size(), 1u);
}

}  // namespace
}  // namespace culver::relay
