// Being asked before a device comes in by a code: every way in which it ends, told to both sides.
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/relay/device_session.hpp"
#include "tests/core/relay/gateway_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
namespace gateway = wire::gateway;
using boost::json::object;

const object& told(const object& message) { return message.at("payload").as_object(); }
std::string word(const object& fields, const char* key) {
  return std::string(fields.at(key).as_string());
}

/// The version is that of the device that comes.
class LinkConsent : public testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override {
    for (auto* phone : {&ana, &bea}) gateway.connect(*phone);
  }
  void TearDown() override { EXPECT_EQ(broken(gateway.hub), ""); }

  std::string offer(Phone& phone) {
    gateway.say(phone, print(gateway::InitiatePairing{true}));
    const auto offers = phone.take("pairing_initiated");
    for (const auto& one : offers)
      EXPECT_EQ(told(one).contains("asks"), phone.version == 2) << "it says whether it asks";
    return offers.size() == 1 ? word(told(offers[0]), "code") : "none";
  }
  void enter(Phone& phone, const std::string& code) {
    gateway.say(phone, print(gateway::CompletePairing{code}));
  }
  void answer(Phone& phone, std::uint64_t id, bool accepted) {
    gateway.say(phone, print(gateway::AnswerPairing{id, accepted}));
  }
  /// The id of the only question that came.
  std::uint64_t question(Phone& phone) {
    const auto asked = phone.take("pairing_requested");
    EXPECT_EQ(asked.size(), 1u);
    return asked.empty() ? 0 : number(told(asked[0]), "id");
  }
  /// Bea waits for ana.
  std::uint64_t knock() {
    enter(bea, offer(ana));
    EXPECT_EQ(state(bea), "AwaitingConsent");
    return question(ana);
  }
  std::string only_code(Phone& phone, std::string_view type) {
    const auto all = phone.take(type);
    return all.size() == 1 ? word(told(all[0]), "code") : std::to_string(all.size());
  }
  std::string failure(Phone& phone) { return only_code(phone, "pairing_failed"); }
  std::string withdrawn(Phone& phone) { return only_code(phone, "pairing_withdrawn"); }
  std::string_view state(const Phone& phone) {
    return fsm::name_of(*gateway.hub.session_of(*phone.socket));
  }
  void expect_not_in(Phone& phone) {
    EXPECT_EQ(gateway.hub.devices().sessions_of(ana.account.user).size(), ana.is_in ? 1u : 0u);
    EXPECT_TRUE(gateway.hub.link_codes().requests().empty());
    const auto* there = phone.socket ? gateway.hub.session_of(*phone.socket) : nullptr;
    if (there) {
      EXPECT_EQ(fsm::name_of(*there), "Live");
    }
  }

  GatewayFixture gateway;
  Phone ana{1, 2}, bea{2, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Version, LinkConsent, testing::Values(1u, 2u));

TEST_P(LinkConsent, WhoIsLetInComesIn) {
  const auto code = offer(ana);
  enter(bea, code);
  const auto asked = ana.take("pairing_requested");
  ASSERT_EQ(asked.size(), 1u);
  const auto& about = told(asked[0]);
  EXPECT_EQ(word(about, "device_id"), print_uuid(bea.id().view()));
  EXPECT_EQ(word(about, "device_key"), print_hex(bea.account.user.view()));
  EXPECT_EQ(number(about, "expiresIn"), 60'000u);
  const auto pending = bea.take("pairing_pending");
  ASSERT_EQ(pending.size(), GetParam() == 1 ? 0u : 1u) << "the original does not know it";
  EXPECT_TRUE(bea.take("pairing_completed").empty());
  EXPECT_EQ(gateway.store.waiting(), 0u) << "nothing is stored yet";
  gateway.pass(59s);
  answer(ana, number(about, "id"), true);
  const auto done = bea.take("pairing_completed");
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(word(told(done[0]), "linkedUserId"), print_hex(ana.account.user.view()));
  EXPECT_EQ(ana.take("device_paired").size(), 1u);
  EXPECT_EQ(withdrawn(ana), "0");
  EXPECT_EQ(gateway.hub.devices().sessions_of(ana.account.user).size(), 2u);
}

TEST_P(LinkConsent, WhoIsRefusedIsToldSoAndStaysWhereItWas) {
  const auto code = offer(ana);
  enter(bea, code);
  answer(ana, question(ana), false);
  EXPECT_EQ(failure(bea), "link_refused");
  expect_not_in(bea);
  enter(bea, code);
  EXPECT_EQ(failure(bea), "link_code_unknown") << "it is spent";
  gateway.publish(bea);
  EXPECT_EQ(bea.take("ack").size(), 1u);
}

TEST_P(LinkConsent, NobodyWaitsLongerThanAMinute) {
  const auto id = knock();
  gateway.pass(60s);
  EXPECT_EQ(failure(bea), "link_refused");
  EXPECT_EQ(withdrawn(ana), "link_withdrawn");
  expect_not_in(bea);
  answer(ana, id, true);
  EXPECT_TRUE(ana.take("pairing_withdrawn").empty()) << "that was told";
  EXPECT_TRUE(bea.take("pairing_completed").empty());
}

TEST_P(LinkConsent, WhoLeavesIsNotAskedAboutAnyLonger) {
  const auto id = knock();
  gateway.hang_up(bea);
  gateway.settle();
  EXPECT_EQ(withdrawn(ana), "link_withdrawn");
  expect_not_in(bea);
  answer(ana, id, true);
  gateway.connect(bea);
  EXPECT_EQ(bea.session->user, bea.account.user);
}

TEST_P(LinkConsent, WhoComesBackMustAskAgain) {
  knock();
  gateway.connect(bea);  // replaces the session that waited
  EXPECT_EQ(withdrawn(ana), "link_withdrawn");
  expect_not_in(bea);
}

TEST_P(LinkConsent, WhoeverIsAskedAndGoesHasRefused) {
  knock();
  gateway.hang_up(ana);
  gateway.settle();
  EXPECT_EQ(failure(bea), "link_refused");
  gateway.connect(ana);
  knock();
  gateway.connect(ana);  // replaces the session that was asked
  EXPECT_EQ(failure(bea), "link_refused");
  expect_not_in(bea);
}

TEST_P(LinkConsent, ARevokedDeviceLetsNobodyIn) {
  const auto id = knock();
  gateway.revoke(ana.id(), ana);
  EXPECT_EQ(failure(bea), "link_refused");
  ASSERT_TRUE(ana.closed);
  ana.is_in = false;
  expect_not_in(bea);
  static_cast<void>(id);
}

TEST_P(LinkConsent, ADeviceThatMovesAwayLetsNobodyInWhereItWas) {
  Phone third(3, 2);
  gateway.connect(third);
  knock();
  gateway.say(third, R"({"type":"initiate_pairing"})");
  enter(ana, word(told(third.take("pairing_initiated").at(0)), "code"));
  EXPECT_EQ(ana.take("pairing_completed").size(), 1u);
  EXPECT_EQ(failure(bea), "link_refused");
  EXPECT_EQ(state(bea), "Live");
  EXPECT_TRUE(gateway.hub.link_codes().requests().empty());
}

TEST_P(LinkConsent, OnlyWhoWasAskedAnswers) {
  const auto id = knock();
  Phone third(3, 2);
  gateway.connect(third);
  answer(third, id, true);
  answer(bea, id, true);
  answer(ana, id + 1, true);
  EXPECT_EQ(state(bea), "AwaitingConsent");
  EXPECT_TRUE(third.take("pairing_withdrawn").empty());
  answer(ana, id, false);
  EXPECT_EQ(failure(bea), "link_refused");
}

TEST_P(LinkConsent, AStoreThatFailsIsToldToBoth) {
  const auto id = knock();
  gateway.store.is_failing = true;
  answer(ana, id, true);
  EXPECT_EQ(failure(bea), "directory_failed");
  EXPECT_EQ(withdrawn(ana), "directory_failed");
  gateway.store.is_failing = false;
  expect_not_in(bea);
}

TEST_P(LinkConsent, WhoLeavesAfterTheYesIsInAllTheSame) {
  const auto id = knock();
  gateway.holds_answers = true;
  answer(ana, id, true);
  gateway.hang_up(bea);
  gateway.holds_answers = false;
  gateway.settle();
  EXPECT_EQ(ana.take("device_paired").size(), 1u);
  EXPECT_EQ(withdrawn(ana), "0");
}

TEST_P(LinkConsent, WhoWaitsIsServedAsBefore) {
  const auto id = knock();
  gateway.publish(bea);
  EXPECT_EQ(bea.take("ack").size(), 1u);
  gateway.say(bea, R"({"type":"ping"})");
  EXPECT_EQ(bea.take("pong").size(), 1u);
  enter(bea, offer(ana));
  EXPECT_EQ(failure(bea), "link_pending");
  gateway.say(bea, print(gateway::ReplayRequest{1, {}, false}));
  EXPECT_EQ(only_code(bea, GetParam() == 1 ? "replay_failed" : "error"), "link_pending");
  EXPECT_TRUE(ana.take("pairing_requested").empty());
  answer(ana, id, true);
  EXPECT_EQ(bea.take("pairing_completed").size(), 1u);
}

TEST_P(LinkConsent, OnesOwnAccountIsAskedNothing) {
  answer(ana, knock(), true);
  enter(bea, offer(ana));
  EXPECT_EQ(bea.take("pairing_completed").size(), 2u);
  EXPECT_TRUE(ana.take("pairing_requested").empty());
}

TEST_P(LinkConsent, WhoWaitsCountsAsTheCodeThatItUsed) {
  const auto id = knock();
  offer(ana);
  offer(ana);
  EXPECT_EQ(offer(ana), "none");
  EXPECT_EQ(failure(ana), "too_many_link_codes");
  answer(ana, id, false);
  EXPECT_NE(offer(ana), "none");
}

TEST_P(LinkConsent, TwoThatAskEachOtherEndInOneAccount) {
  if (GetParam() == 1) return;  // cannot be asked
  const auto of_ana = offer(ana), of_bea = offer(bea);
  enter(bea, of_ana);
  enter(ana, of_bea);
  answer(ana, question(ana), true);
  EXPECT_EQ(bea.take("pairing_completed").size(), 1u);
  EXPECT_EQ(failure(ana), "link_refused") << "bea has left the account that ana wanted into";
  EXPECT_EQ(gateway.hub.devices().sessions_of(ana.account.user).size(), 2u);
}

/// Its clients could not answer.
TEST_P(LinkConsent, Version1IsNotAsked) {
  Phone old(3, 1);
  gateway.connect(old);
  enter(bea, offer(old));
  EXPECT_EQ(bea.take("pairing_completed").size(), 1u);
  EXPECT_EQ(old.take("device_paired").size(), 1u);
  EXPECT_TRUE(old.take("pairing_requested").empty());
}

/// Whatever the order: nobody waits for nobody, and nobody is left waiting.
TEST(LinkConsentSchedule, EveryQuestionEnds) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    test::SeededRng random(seed);
    GatewayFixture gateway;
    std::vector<std::unique_ptr<Phone>> all;
    for (int i = 1; i <= 4; ++i) gateway.connect(*all.emplace_back(std::make_unique<Phone>(i, 2)));
    std::vector<std::string> codes{"AAAAAAAAAAA"};
    for (int step = 0; step < 60; ++step) {
      auto& phone = *all[random.below(4)];
      const auto what = random.below(8);
      if (what == 0) gateway.connect(phone);
      if (what == 1 && phone.socket) gateway.hang_up(phone);
      if (what == 2) gateway.pass(std::chrono::seconds(random.below(70)));
      if (what == 3) gateway.holds_answers = !gateway.holds_answers;
      if (what == 4) gateway.settle();
      if (phone.is_in && !phone.closed && what >= 5) {
        for (const auto& one : phone.take("pairing_initiated"))
          codes.push_back(word(told(one), "code"));
        if (what == 5) gateway.say(phone, print(gateway::InitiatePairing{random.below(4) > 0}));
        if (what == 6)
          gateway.say(phone, print(gateway::CompletePairing{
                                 codes[codes.size() - 1 - random.below(codes.size()) / 2]}));
        for (const auto& asked :
             what == 7 ? phone.take("pairing_requested") : std::vector<object>())
          gateway.say(
              phone, print(gateway::AnswerPairing{number(told(asked), "id"), random.below(3) > 0}));
      }
      ASSERT_EQ(broken(gateway.hub), "") << "seed " << seed << ", step " << step;
    }
    gateway.holds_answers = false;
    gateway.settle();
    gateway.pass(61s);
    EXPECT_TRUE(gateway.hub.link_codes().requests().empty()) << "seed " << seed;
  }
}

TEST_P(LinkConsent, AServerThatEndsTurnsAway) {
  knock();
  gateway.deliver(Drain{});
  gateway.settle();
  EXPECT_TRUE(gateway.hub.link_codes().requests().empty());
}

}  // namespace
}  // namespace culver::relay
