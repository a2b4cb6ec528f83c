// Linking, state by state, with what the server's printers say.
#include "core/engine/linking.hpp"

#include <gtest/gtest.h>

#include "core/wire/gateway.hpp"
#include "tests/support/handshake.hpp"

namespace culver::engine::linking {
namespace {

using namespace std::chrono_literals;
namespace gateway = wire::gateway;

class Linking : public ::testing::Test {
 protected:
  void begin_offer(Consent consent = Consent::given) { begin(offer(consent, world.env())); }
  void begin_spend() { begin(spend(*LinkCode::parse("012345"), world.env())); }
  void begin(Begun begun) {
    state = std::move(begun.state);
    said = std::move(begun.frame);
  }
  Effects step(Event event) {
    Env env = world.env();
    Context context{env};
    Effects effects;
    state = fsm::step<Machine>(std::move(state), std::move(event), context, effects);
    return effects;
  }
  template <class Message>
  Effects hear(const Message& message) {
    auto event = read(print(message));
    EXPECT_TRUE(event);
    return event ? step(std::move(*event)) : Effects{};
  }
  Effects tick_at_deadline() {
    const auto deadline = fsm::deadline_of(state).value();
    world.now = deadline - 1ns;
    EXPECT_TRUE(step(Tick{}).empty());
    world.now = deadline;
    return step(Tick{});
  }
  std::string name() const { return std::string(fsm::name_of(state)); }
  template <class E>
  E only(const Effects& effects) const {
    EXPECT_EQ(effects.size(), 1U);
    const auto* one = effects.empty() ? nullptr : std::get_if<E>(&effects[0]);
    if (one == nullptr) throw std::logic_error("not the effect that was awaited");
    return *one;
  }
  void expect_failure(const Effects& effects, Fault fault) {
    EXPECT_EQ(name(), "Over");
    const auto failed = only<Failed>(effects);
    EXPECT_EQ(failed.fault, fault) << info(failed.fault).name;
  }

  test::World world{1};
  const DeviceId device = test::client_account(3).device;
  const UserId account = test::client_account(4).user;
  Machine::State state{Over{}};
  std::string said;
};

TEST_F(Linking, ACodeIsAskedForShownAndUsed) {
  begin_offer();
  EXPECT_EQ(gateway::parse_session(said).value(),
            gateway::SessionMessage(gateway::InitiatePairing{}));
  const auto offered = only<Offered>(hear(gateway::PairingInitiated{"654321", 300'000}));
  EXPECT_EQ(offered.code.text(), "654321");
  EXPECT_EQ(offered.time, 300s);
  EXPECT_EQ(only<Joined>(hear(gateway::DevicePaired{device, 5})).device, device);
  EXPECT_EQ(name(), "Over");
  EXPECT_EQ(fsm::deadline_of(state), std::nullopt);
}

TEST_F(Linking, ACodeIsSpentAndTheAccountComes) {
  begin_spend();
  EXPECT_EQ(gateway::parse_session(said).value(),
            gateway::SessionMessage(gateway::CompletePairing{"012345"}));
  EXPECT_EQ(only<Entered>(hear(gateway::PairingCompleted{account})).account, account);
  EXPECT_EQ(name(), "Over");
}

TEST_F(Linking, ARefusalEndsWhatWaitsForAnAnswer) {
  begin_offer();
  expect_failure(hear(gateway::PairingFailed{Fault::too_many_link_codes}),
                 Fault::too_many_link_codes);
  begin_spend();
  expect_failure(hear(gateway::PairingFailed{Fault::link_code_unknown}), Fault::link_code_unknown);
  begin_spend();
  expect_failure(hear(gateway::Error{Fault::rate_limited, 5, {}, {}}), Fault::rate_limited);
}

TEST_F(Linking, ACodeThatIsVoidIsNotShownAnyLonger) {
  begin_offer();
  hear(gateway::PairingInitiated{"K7MW2QPABCD", 300'000, true});
  hear(gateway::Error{Fault::rate_limited, 5, {}, {}});
  EXPECT_EQ(name(), "Offering");
  expect_failure(hear(gateway::PairingFailed{Fault::link_code_burnt}), Fault::link_code_burnt);
}

TEST_F(Linking, NothingIsWaitedForForEver) {
  begin_offer();
  expect_failure(tick_at_deadline(), Fault::server_silent);
  begin_spend();
  expect_failure(tick_at_deadline(), Fault::server_silent);
  begin_offer();
  hear(gateway::PairingInitiated{"654321", 300'000});
  expect_failure(tick_at_deadline(), Fault::link_code_unused);
}

TEST_F(Linking, AServerDoesNotMakeItWaitLongerThanItWants) {
  begin_offer();
  const auto offered = only<Offered>(hear(gateway::PairingInitiated{"654321", (1ULL << 53) - 1}));
  EXPECT_EQ(offered.time, longest_offer);
  EXPECT_EQ(fsm::deadline_of(state), world.now + longest_offer);
}

TEST_F(Linking, WhatWasNotAskedForPassesBy) {
  begin_offer();
  EXPECT_TRUE(hear(gateway::PairingCompleted{account}).empty());
  EXPECT_TRUE(hear(gateway::DevicePaired{device, 5}).empty()) << "by another code, before ours";
  EXPECT_EQ(name(), "Asking");
  hear(gateway::PairingInitiated{"654321", 300'000});
  EXPECT_TRUE(hear(gateway::PairingInitiated{"111111", 300'000}).empty());
  EXPECT_TRUE(hear(gateway::Error{Fault::rate_limited, 5, {}, {}}).empty());
  EXPECT_EQ(name(), "Offering");
  begin_spend();
  EXPECT_TRUE(hear(gateway::DevicePaired{device, 5}).empty());
  EXPECT_TRUE(hear(gateway::PairingInitiated{"654321", 300'000}).empty());
  EXPECT_EQ(name(), "Spending");
}

/// The person is asked.
class LinkingByConsent : public Linking {
 protected:
  void begin_question() {
    begin_offer(Consent::asked);
    hear(gateway::PairingInitiated{"K7MW2QPABCD", 300'000, true});
    hear(question(7));
    EXPECT_EQ(name(), "Deciding");
  }
  gateway::PairingRequested question(std::uint64_t id, std::uint64_t time = 60'000) const {
    return {id, device, account, Plaintext("Phone"), std::nullopt, time};
  }
  void expect_answer(const Effect& effect, bool accepted) {
    const auto* said_now = std::get_if<Say>(&effect);
    ASSERT_TRUE(said_now);
    EXPECT_EQ(gateway::parse_session(said_now->frame).value(),
              gateway::SessionMessage(gateway::AnswerPairing{7, accepted}));
  }
  void begin_admission() {
    begin_question();
    const auto effects = step(Decided{true});
    ASSERT_EQ(effects.size(), 1U);
    expect_answer(effects[0], true);
    EXPECT_EQ(name(), "Admitting");
  }
  const DeviceId another = test::client_account(5).device;
};

TEST_F(LinkingByConsent, WhoIsLetInComes) {
  begin_offer(Consent::asked);
  EXPECT_EQ(gateway::parse_session(said).value(),
            gateway::SessionMessage(gateway::InitiatePairing{true}));
  const auto offered = only<Offered>(hear(gateway::PairingInitiated{"K7MW2QPABCD", 300'000, true}));
  EXPECT_EQ(offered.consent, Consent::asked);
  const auto requested = only<Requested>(hear(question(7)));
  EXPECT_EQ(requested.device, device);
  EXPECT_EQ(requested.device_key, account);
  EXPECT_EQ(requested.device_name, Plaintext("Phone"));
  EXPECT_EQ(fsm::deadline_of(state), world.now + 60s);
  expect_answer(step(Decided{true}).at(0), true);
  EXPECT_EQ(only<Joined>(hear(gateway::DevicePaired{device, 5})).device, device);
  EXPECT_EQ(name(), "Over");
}

TEST_F(LinkingByConsent, AServerThatCannotAskIsKnown) {
  begin_offer(Consent::asked);
  EXPECT_EQ(only<Offered>(hear(gateway::PairingInitiated{"K7MW2QPABCD", 300'000})).consent,
            Consent::given);
}

TEST_F(LinkingByConsent, WhoIsRefusedIsNotWaitedFor) {
  begin_question();
  const auto effects = step(Decided{false});
  ASSERT_EQ(effects.size(), 2U);
  expect_answer(effects[0], false);
  expect_failure({effects[1]}, Fault::link_refused_by_us);
}

TEST_F(LinkingByConsent, WhoLeavesOrIsNotTakenByTheServerIsToldWithTheCause) {
  begin_question();
  EXPECT_TRUE(hear(gateway::PairingWithdrawn{8, Fault::link_withdrawn}).empty())
      << "of another code";
  EXPECT_EQ(name(), "Deciding");
  expect_failure(hear(gateway::PairingWithdrawn{7, Fault::link_withdrawn}), Fault::link_withdrawn);
  begin_admission();
  EXPECT_TRUE(hear(gateway::PairingWithdrawn{8, Fault::link_withdrawn}).empty());
  expect_failure(hear(gateway::PairingWithdrawn{7, Fault::directory_failed}),
                 Fault::directory_failed);
  begin_admission();
  expect_failure(hear(gateway::Error{Fault::rate_limited, 5, {}, {}}), Fault::rate_limited);
}

TEST_F(LinkingByConsent, OthersThatComeByOtherCodesAreNotTheOneThatWaits) {
  begin_question();
  EXPECT_TRUE(hear(gateway::DevicePaired{another, 5}).empty());
  EXPECT_TRUE(hear(gateway::DevicePaired{device, 5}).empty()) << "nobody has let it in";
  EXPECT_TRUE(hear(question(8)).empty());
  EXPECT_EQ(name(), "Deciding");
  begin_admission();
  EXPECT_TRUE(hear(gateway::DevicePaired{another, 5}).empty());
  EXPECT_EQ(name(), "Admitting");
}

TEST_F(LinkingByConsent, NobodyIsWaitedForLongerThanItWants) {
  begin_question();
  expect_failure(tick_at_deadline(), Fault::link_withdrawn);
  begin_admission();
  expect_failure(tick_at_deadline(), Fault::server_silent);
  begin_offer(Consent::asked);
  hear(gateway::PairingInitiated{"K7MW2QPABCD", 300'000, true});
  hear(question(7, (1ULL << 53) - 1));
  EXPECT_EQ(fsm::deadline_of(state), world.now + longest_question);
}

TEST_F(LinkingByConsent, WhoJoinsWaitsAsLongAsTheOtherIsAsked) {
  const auto begin_waiting = [this](std::uint64_t time) {
    begin_spend();
    only<Held>(hear(gateway::PairingPending{time}));
    EXPECT_EQ(name(), "AwaitingConsent");
  };
  begin_waiting(60'000);
  EXPECT_EQ(fsm::deadline_of(state), world.now + 60s + answer_time);
  EXPECT_EQ(only<Entered>(hear(gateway::PairingCompleted{account})).account, account);
  begin_waiting(60'000);
  expect_failure(hear(gateway::PairingFailed{Fault::link_refused}), Fault::link_refused);
  begin_waiting((1ULL << 53) - 1);
  EXPECT_EQ(fsm::deadline_of(state), world.now + longest_question + answer_time);
  expect_failure(tick_at_deadline(), Fault::server_silent);
}

TEST_F(LinkingByConsent, NobodyIsDecidedAboutWhoDoesNotWait) {
  begin_offer(Consent::asked);
  EXPECT_TRUE(hear(question(7)).empty()) << "before the code";
  EXPECT_TRUE(step(Decided{true}).empty());
  hear(gateway::PairingInitiated{"K7MW2QPABCD", 300'000, true});
  EXPECT_TRUE(step(Decided{true}).empty());
  EXPECT_TRUE(hear(gateway::PairingWithdrawn{7, Fault::link_withdrawn}).empty());
  EXPECT_EQ(name(), "Offering");
}

TEST_F(Linking, OtherFramesAreNothing) {
  for (const auto& frame : {print(gateway::Pong{5}), std::string("x"), std::string()})
    EXPECT_FALSE(read(frame)) << frame;
}

}  // namespace
}  // namespace culver::engine::linking
