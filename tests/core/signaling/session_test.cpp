#include "core/signaling/session.hpp"

#include <gtest/gtest.h>

#include "core/signaling/backoff.hpp"
#include "tests/core/signaling/signaling_support.hpp"

namespace culver::signaling {
namespace {

using namespace std::chrono_literals;
using namespace testing;
namespace sig = wire::signaling;

class SessionTest : public ::testing::Test {
 protected:
  SessionEffects step(SessionEvent event) {
    SessionContext context{Env{now, random.rng()}, config};
    SessionEffects effects;
    state = fsm::step<Session>(std::move(state), std::move(event), context, effects);
    return effects;
  }
  SessionEffects frame(sig::ServerMessage message) { return step(Frame{std::move(message)}); }
  SessionEffects tick_at_deadline() {
    now = fsm::deadline_of(state).value();
    return step(Tick{});
  }
  template <class S>
  S& in() {
    EXPECT_TRUE(std::holds_alternative<S>(state)) << "in " << fsm::name_of(state);
    return std::get<S>(state);
  }

  void go_registering() {
    step(Start{});
    step(SocketOpened{});
  }
  PairingCode go_ready() {
    go_registering();
    const auto own = in<Registering>().place.code;
    frame(sig::Registered{own, "server"});
    return own;
  }
  /// From Backoff to Ready again.
  void come_back() {
    tick_at_deadline();
    step(SocketOpened{});
    frame(sig::Registered{in<Registering>().place.code, "server"});
  }

  static std::vector<sig::ClientMessage> sent(const SessionEffects& effects) {
    std::vector<sig::ClientMessage> messages;
    for (const auto& one : all<SendFrame>(effects))
      messages.push_back(sig::parse_client(one.text).value());
    return messages;
  }
  template <class Notice>
  static std::vector<Notice> announced(const SessionEffects& effects) {
    std::vector<Notice> found;
    for (const auto& one : all<Announce>(effects))
      if (const auto* notice = std::get_if<Notice>(&one.notice)) found.push_back(*notice);
    return found;
  }
  static void expect_offline(const SessionEffects& effects, Fault fault, bool retrying) {
    const auto notices = announced<WentOffline>(effects);
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_EQ(notices[0].fault, fault);
    EXPECT_EQ(notices[0].retrying, retrying);
  }
  static bool hangs_up(const SessionEffects& effects) { return all<Hangup>(effects).size() == 1; }

  SeededRng random{7};
  SessionConfig config{key_of(9)};
  TimePoint now{1'000s};
  Session::State state = Offline{};
};

// ---- Offline ------------------------------------------------------------------------------------

TEST_F(SessionTest, StartDialsForLongerThanTheShell) {
  const auto effects = step(Start{});
  EXPECT_EQ(all<Dial>(effects).size(), 1U);
  EXPECT_EQ(effects.size(), 1U);
  EXPECT_EQ(in<Dialing>().deadline, now + 12s);
}

TEST_F(SessionTest, EveryStartDrawsAnotherCode) {
  step(Start{});
  const auto first = in<Dialing>().place.code;
  state = Offline{};
  step(Start{});
  EXPECT_NE(in<Dialing>().place.code, first);
}

TEST_F(SessionTest, StopBeforeStartCloses) {
  EXPECT_TRUE(step(Stop{}).empty());
  in<Closed>();
}

// ---- Dialing ------------------------------------------------------------------------------------

TEST_F(SessionTest, OpenedRegistersWithCodeAndKey) {
  step(Start{});
  const auto own = in<Dialing>().place.code;
  const auto messages = sent(step(SocketOpened{}));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(std::get<sig::Register>(messages[0]), (sig::Register{own, config.key}));
  EXPECT_EQ(in<Registering>().deadline, now + 10s);
}

TEST_F(SessionTest, FirstDialFailureIsFinal) {
  step(Start{});
  expect_offline(step(SocketLost{Fault::server_untrusted}), Fault::server_untrusted, false);
  in<Closed>();
}

TEST_F(SessionTest, FirstDialTimeoutIsFinal) {
  step(Start{});
  const auto effects = tick_at_deadline();
  EXPECT_TRUE(hangs_up(effects));
  expect_offline(effects, Fault::server_unreachable, false);
  in<Closed>();
}

TEST_F(SessionTest, EarlyTickChangesNothing) {
  step(Start{});
  now += 9s;
  EXPECT_TRUE(step(Tick{}).empty());
  in<Dialing>();
}

TEST_F(SessionTest, StopHangsUpWithoutANotice) {
  step(Start{});
  const auto effects = step(Stop{});
  EXPECT_TRUE(hangs_up(effects));
  EXPECT_EQ(effects.size(), 1U);
  in<Closed>();
}

// ---- Registering --------------------------------------------------------------------------------

TEST_F(SessionTest, RegisteredIsOnline) {
  go_registering();
  const auto own = in<Registering>().place.code;
  const auto online = announced<WentOnline>(frame(sig::Registered{own, "server"}));
  ASSERT_EQ(online.size(), 1U);
  EXPECT_EQ(online[0].code, own);
  EXPECT_EQ(in<Ready>().deadline, now + 30s);
}

TEST_F(SessionTest, WhatComesBeforeRegisteredIsNotTheReply) {
  go_registering();
  EXPECT_TRUE(frame(sig::ServerInfo{"id", "ws://x", std::nullopt}).empty());
  EXPECT_TRUE(frame(sig::Ignored{}).empty());
  EXPECT_TRUE(frame(sig::Pong{}).empty());
  EXPECT_TRUE(frame(sig::PairMatched{code("ABC234"), key_of(1), true}).empty());
  in<Registering>();
}

TEST_F(SessionTest, RegisteredUnderAnotherCodeIsNotTheReply) {
  go_registering();
  const auto other = code(in<Registering>().place.code == code("ABC234") ? "ABC235" : "ABC234");
  EXPECT_TRUE(frame(sig::Registered{other, "server"}).empty());
  in<Registering>();
}

TEST_F(SessionTest, CollisionTakesANewCode) {
  go_registering();
  const auto first = in<Registering>().place.code;
  const auto messages = sent(frame(sig::CodeCollision{}));
  ASSERT_EQ(messages.size(), 1U);
  const auto second = std::get<sig::Register>(messages[0]).code;
  EXPECT_NE(second, first);
  EXPECT_EQ(in<Registering>().place.code, second);
}

TEST_F(SessionTest, TheNinthCollisionInARowFails) {
  go_registering();
  for (int i = 0; i < 8; ++i) ASSERT_EQ(sent(frame(sig::CodeCollision{})).size(), 1U);
  const auto effects = frame(sig::CodeCollision{});
  EXPECT_TRUE(hangs_up(effects));
  expect_offline(effects, Fault::registration_failed, false);
  in<Closed>();
}

TEST_F(SessionTest, ErrorWhileRegisteringFails) {
  go_registering();
  const auto effects = frame(sig::Error{"Invalid public key format"});
  EXPECT_TRUE(hangs_up(effects));
  expect_offline(effects, Fault::registration_failed, false);
  in<Closed>();
}

TEST_F(SessionTest, NoReplyIsAFailureAndNotSuccess) {  // L-02
  go_registering();
  const auto effects = tick_at_deadline();
  EXPECT_TRUE(hangs_up(effects));
  expect_offline(effects, Fault::server_silent, false);
  in<Closed>();
}

TEST_F(SessionTest, LossWhileRegisteringForTheFirstTimeIsFinal) {
  go_registering();
  expect_offline(step(SocketLost{Fault::server_lost}), Fault::server_lost, false);
  in<Closed>();
}

TEST_F(SessionTest, BadFramesWhileRegisteringAreDroppedUpToTwenty) {
  go_registering();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(step(BadFrame{Fault::malformed}).empty());
  const auto effects = step(BadFrame{Fault::malformed});
  EXPECT_TRUE(hangs_up(effects));
  expect_offline(effects, Fault::malformed, false);
}

TEST_F(SessionTest, StopWhileRegisteringHangsUp) {
  go_registering();
  EXPECT_TRUE(hangs_up(step(Stop{})));
  in<Closed>();
}

// ---- Ready --------------------------------------------------------------------------------------

TEST_F(SessionTest, PairingRelayAndErrorsAreHandedOn) {
  go_ready();
  const std::vector<sig::ServerMessage> messages{
      sig::PairIncoming{code("ABC234"), key_of(1), 120'000, std::nullopt},
      sig::PairExpiring{code("ABC234"), 30},
      sig::PairMatched{code("ABC234"), key_of(1), true},
      sig::PairRejected{code("ABC234")},
      sig::PairTimeout{code("ABC234")},
      sig::PairError{"x"},
      sig::PeerLeft{code("ABC234")},
      sig::RelayedDescription{code("ABC234"), {sig::Description::Kind::offer, "v=0"}},
      sig::RelayedCandidate{code("ABC234"), {"candidate:1", "0"}},
      sig::RelayedCall{sig::RelayKind::call_offer, code("ABC234")},
      sig::Error{"x"}};
  for (const auto& message : messages) {
    const auto received = announced<Received>(frame(message));
    ASSERT_EQ(received.size(), 1U);
    EXPECT_EQ(received[0].message, message);
  }
}

TEST_F(SessionTest, ItsOwnBusinessIsConsumed) {
  const auto own = go_ready();
  EXPECT_TRUE(frame(sig::ServerInfo{"id", "ws://x", std::nullopt}).empty());
  EXPECT_TRUE(frame(sig::Registered{own, "server"}).empty());
  EXPECT_TRUE(frame(sig::CodeCollision{}).empty());
  EXPECT_TRUE(frame(sig::Pong{}).empty());
  EXPECT_TRUE(frame(sig::Ignored{}).empty());
  in<Ready>();
}

TEST_F(SessionTest, SendPrintsTheMessage) {
  go_ready();
  const sig::PairRequest request{code("ABC234"), std::nullopt};
  const auto messages = sent(step(SendMessage{request}));
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(std::get<sig::PairRequest>(messages[0]), request);
}

TEST_F(SessionTest, SendElsewhereIsGivenBack) {
  const sig::ClientMessage message = sig::PairRequest{code("ABC234"), std::nullopt};
  const auto expect_given_back = [&] {
    const auto effects = step(SendMessage{message});
    ASSERT_EQ(effects.size(), 1U) << fsm::name_of(state);
    EXPECT_EQ(std::get<NotSent>(effects[0]).message, message);
  };
  expect_given_back();  // Offline
  step(Start{});
  expect_given_back();  // Dialing
  step(SocketOpened{});
  expect_given_back();  // Registering
  frame(sig::Registered{in<Registering>().place.code, "server"});
  step(SocketLost{Fault::server_lost});
  expect_given_back();  // Backoff
  step(Stop{});
  expect_given_back();  // Closed
  in<Closed>();
}

TEST_F(SessionTest, PingsEveryThirtySeconds) {
  go_ready();
  for (int i = 0; i < 5; ++i) {
    const auto before = now;
    const auto messages = sent(tick_at_deadline());
    EXPECT_EQ(now - before, 30s);
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<sig::Ping>(messages[0]));
    frame(sig::Pong{});
  }
}

TEST_F(SessionTest, TwoMissedPongsAreALoss) {  // L-06
  go_ready();
  EXPECT_EQ(sent(tick_at_deadline()).size(), 1U);
  EXPECT_EQ(sent(tick_at_deadline()).size(), 1U);
  const auto effects = tick_at_deadline();
  EXPECT_TRUE(hangs_up(effects));
  expect_offline(effects, Fault::server_silent, true);
  in<Backoff>();
}

TEST_F(SessionTest, AnyFrameIsALifeSignEvenABadOne) {
  go_ready();
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(sent(tick_at_deadline()).size(), 1U);
    ASSERT_EQ(sent(tick_at_deadline()).size(), 1U);
    if (i % 2)
      frame(sig::Error{"Rate limit exceeded. Please slow down."});
    else
      step(BadFrame{Fault::malformed});
  }
  in<Ready>();
}

TEST_F(SessionTest, ALateTickDoesNotMakePingsCatchUp) {  // the machine slept
  go_ready();
  now += 3h;
  EXPECT_EQ(sent(step(Tick{})).size(), 1U);
  EXPECT_EQ(in<Ready>().deadline, now + 30s);
}

TEST_F(SessionTest, BadFramesInARowAreALossButNotWithGoodOnesBetween) {
  go_ready();
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 20; ++k) ASSERT_TRUE(step(BadFrame{Fault::malformed}).empty());
    frame(sig::Pong{});
  }
  for (int k = 0; k < 20; ++k) step(BadFrame{Fault::malformed});
  const auto effects = step(BadFrame{Fault::wrong_type});
  EXPECT_TRUE(hangs_up(effects));
  expect_offline(effects, Fault::wrong_type, true);
}

TEST_F(SessionTest, AMachineThatMovedAsksAtOnceAndDoesNotWaitLong) {
  const auto own = go_ready();
  EXPECT_EQ(sent(step(NetworkChanged{})).size(), 1U) << "a ping";
  EXPECT_EQ(in<Ready>().deadline, now + 3s);
  EXPECT_TRUE(step(NetworkChanged{}).empty()) << "one is enough";
  frame(sig::Pong{});
  tick_at_deadline();
  in<Ready>();
  step(NetworkChanged{});
  EXPECT_TRUE(hangs_up(tick_at_deadline()));
  in<Backoff>();
  EXPECT_EQ(all<Dial>(step(NetworkChanged{})).size(), 1U);
  const auto again = step(NetworkChanged{});
  EXPECT_TRUE(hangs_up(again) && all<Dial>(again).size() == 1);
  step(SocketOpened{});
  EXPECT_EQ(in<Registering>().place.code, own);
}

TEST_F(SessionTest, StopWhenReadyHangsUpWithoutANotice) {
  go_ready();
  const auto effects = step(Stop{});
  EXPECT_TRUE(hangs_up(effects));
  EXPECT_EQ(effects.size(), 1U);
}

// ---- Backoff and the way back -------------------------------------------------------------------

TEST_F(SessionTest, LossIsAnnouncedOnceAndRetriedForEver) {
  go_ready();
  expect_offline(step(SocketLost{Fault::server_lost}), Fault::server_lost, true);
  for (int i = 0; i < 200; ++i) {
    ASSERT_LE(in<Backoff>().deadline - now, 60s);
    ASSERT_EQ(all<Dial>(tick_at_deadline()).size(), 1U);
    ASSERT_TRUE(step(SocketLost{Fault::server_unreachable}).empty());
  }
  in<Backoff>();
}

TEST_F(SessionTest, ALossThatIsFinalIsNotRetriedWhereverItComes) {
  const SocketLost final{Fault::server_identity_changed, true};
  go_ready();
  expect_offline(step(final), Fault::server_identity_changed, false);
  in<Closed>();

  state = Offline{};
  go_ready();
  step(SocketLost{Fault::server_lost});
  tick_at_deadline();
  in<Dialing>();
  expect_offline(step(final), Fault::server_identity_changed, false);
  in<Closed>();

  state = Offline{};
  go_ready();
  step(SocketLost{Fault::server_lost});
  tick_at_deadline();
  step(SocketOpened{});
  in<Registering>();
  expect_offline(step(final), Fault::server_identity_changed, false);
  in<Closed>();
}

TEST_F(SessionTest, RetriesAlsoAfterADialTimeoutASilentServerAndARefusal) {
  go_ready();
  step(SocketLost{Fault::server_lost});
  tick_at_deadline();
  EXPECT_TRUE(hangs_up(tick_at_deadline()));  // dial
  tick_at_deadline();
  step(SocketOpened{});
  EXPECT_TRUE(hangs_up(tick_at_deadline()));  // register
  tick_at_deadline();
  step(SocketOpened{});
  const auto effects = frame(sig::Error{"Rate limit exceeded. Please slow down."});
  EXPECT_TRUE(hangs_up(effects));
  EXPECT_TRUE(all<Announce>(effects).empty());
  in<Backoff>();
}

TEST_F(SessionTest, EarlyTickWaitsOn) {
  go_ready();
  step(SocketLost{Fault::server_lost});
  now = in<Backoff>().deadline - 1ns;
  EXPECT_TRUE(step(Tick{}).empty());
  in<Backoff>();
}

TEST_F(SessionTest, ReconnectTakesTheSameCodeFirst) {
  const auto own = go_ready();
  step(SocketLost{Fault::server_lost});
  tick_at_deadline();
  const auto messages = sent(step(SocketOpened{}));
  EXPECT_EQ(std::get<sig::Register>(messages.at(0)).code, own);
}

TEST_F(SessionTest, AReconnectMayEndUnderANewCode) {
  const auto own = go_ready();
  step(SocketLost{Fault::server_lost});
  tick_at_deadline();
  step(SocketOpened{});
  frame(sig::CodeCollision{});
  const auto fresh = in<Registering>().place.code;
  EXPECT_NE(fresh, own);
  const auto online = announced<WentOnline>(frame(sig::Registered{fresh, "server"}));
  ASSERT_EQ(online.size(), 1U);
  EXPECT_EQ(online[0].code, fresh);
}

TEST_F(SessionTest, BackoffBeginsAnewOnceAPlaceHasLasted) {
  go_ready();
  step(SocketLost{Fault::server_lost});
  for (int i = 0; i < 10; ++i) {
    tick_at_deadline();
    step(SocketLost{Fault::server_unreachable});
  }
  EXPECT_EQ(backoff_ceiling(in<Backoff>().place.failures), 60s);
  come_back();
  step(SocketLost{Fault::server_lost});  // at once: the server takes us and drops us
  EXPECT_EQ(backoff_ceiling(in<Backoff>().place.failures), 60s);
  come_back();
  tick_at_deadline();  // the first ping
  step(SocketLost{Fault::server_lost});
  EXPECT_EQ(in<Backoff>().place.failures, 1U);
  EXPECT_LE(in<Backoff>().deadline - now, 1s);
}

TEST_F(SessionTest, StopEndsTheRetries) {
  go_ready();
  step(SocketLost{Fault::server_lost});
  EXPECT_TRUE(step(Stop{}).empty());
  in<Closed>();
}

TEST_F(SessionTest, LateEventsOfADroppedSocketAreIgnored) {
  go_ready();
  step(SocketLost{Fault::server_lost});
  EXPECT_TRUE(step(SocketOpened{}).empty());
  EXPECT_TRUE(frame(sig::Pong{}).empty());
  EXPECT_TRUE(step(BadFrame{Fault::malformed}).empty());
  EXPECT_TRUE(step(SocketLost{Fault::server_lost}).empty());
  EXPECT_TRUE(step(Start{}).empty());
  in<Backoff>();
}

// ---- any order ----------------------------------------------------------------------------------

/// Notices alternate, what waits has a deadline, and the socket is dialed and hung up in turn.
TEST_F(SessionTest, InvariantsHoldInAnyOrderOfEvents) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 pick(seed);
    state = Offline{};
    bool online = false, socket = false;
    for (int i = 0; i < 300; ++i) {
      SessionEvent event = Tick{};
      const auto* registering = std::get_if<Registering>(&state);
      switch (pick() % 12) {
        case 0:
          event = Start{};
          break;
        case 1:
          if (socket) event = SocketOpened{};
          break;
        case 2:
          if (pick() % 4 == 0 && socket) event = SocketLost{Fault::server_lost};
          break;
        case 3:
          event = Frame{sig::CodeCollision{}};
          break;
        case 4:
          event = Frame{sig::Error{"x"}};
          break;
        case 5:
          event = BadFrame{Fault::malformed};
          break;
        case 6:
          event = SendMessage{sig::Ping{}};
          break;
        case 7:
          if (pick() % 64 == 0) event = Stop{};
          break;
        case 8:
        case 9:
          if (registering) event = Frame{sig::Registered{registering->place.code, "s"}};
          break;
        default:
          now += std::chrono::seconds(pick() % 40);
      }
      if (std::holds_alternative<SocketLost>(event)) socket = false;
      for (const auto& effect : step(event)) {
        if (std::holds_alternative<Dial>(effect)) {
          ASSERT_FALSE(socket) << seed;
          socket = true;
        }
        if (std::holds_alternative<Hangup>(effect)) {
          ASSERT_TRUE(socket) << seed;
          socket = false;
        }
        if (const auto* announce = std::get_if<Announce>(&effect)) {
          if (std::holds_alternative<WentOnline>(announce->notice)) {
            ASSERT_FALSE(online) << seed;
            online = true;
          }
          if (const auto* lost = std::get_if<WentOffline>(&announce->notice)) {
            ASSERT_EQ(online, lost->retrying) << seed;
            online = false;
          }
        }
      }
      const bool waits =
          !std::holds_alternative<Offline>(state) && !std::holds_alternative<Closed>(state);
      ASSERT_EQ(fsm::deadline_of(state).has_value(), waits) << seed;
      ASSERT_EQ(std::holds_alternative<Ready>(state),
                online && !std::holds_alternative<Closed>(state))
          << seed;
    }
  }
}

TEST(SessionTable, NamesTheExits) {
  const auto table = fsm::table<Session>();
  EXPECT_NE(table.find("| Ready | SocketLost | Backoff | Closed |"), std::string::npos) << table;
  EXPECT_NE(table.find("| Dialing | SocketOpened | Registering |"), std::string::npos) << table;
  EXPECT_EQ(table.find("| Closed | "), std::string::npos) << "Closed is the end\n" << table;
}

// ---- what passes with time ----------------------------------------------------------------------

TEST_F(SessionTest, AServerThatIsBusyIsTriedAgainFromTheStart) {
  for (const auto fault : {Fault::too_many_handshakes, Fault::too_many_connections,
                           Fault::rate_limited, Fault::shutting_down}) {
    state = Offline{};
    step(Start{});
    expect_offline(step(SocketLost{fault}), fault, true);
    tick_at_deadline();
    EXPECT_TRUE(step(SocketLost{Fault::server_unreachable}).empty()) << "once it was there";
    tick_at_deadline();
    step(SocketOpened{});
    const auto own = in<Registering>().place.code;
    EXPECT_EQ(announced<WentOnline>(frame(sig::Registered{own, "server"})).size(), 1U);
  }
}

TEST_F(SessionTest, AProxyWhoseServerIsAwayIsTriedAgain) {
  step(Start{});
  const auto away = Failure(DialFailure{"example.org", 443, dial::HttpStatus{502, ""}, {}});
  const auto told = announced<WentOffline>(step(SocketLost{away}));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].retrying);
  ASSERT_TRUE(told[0].fault.why) << "the cause goes along";
  in<Backoff>();
  state = Offline{};
  step(Start{});
  const auto wrong = Failure(DialFailure{"example.org", 443, dial::HttpStatus{404, ""}, {}});
  expect_offline(step(SocketLost{wrong}), Fault::server_refused, false);
}

TEST_F(SessionTest, APlaceThatIsRefusedForThePaceIsAskedForAgain) {
  go_registering();
  const auto effects = frame(sig::Error{"Rate limit exceeded. Please slow down."});
  expect_offline(effects, Fault::rate_limited, true);
  in<Backoff>();
}

}  // namespace
}  // namespace culver::signaling
