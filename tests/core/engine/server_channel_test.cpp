// The server channel, state by state. The server at the other end is the real machine of its side.
#include "core/engine/server_channel.hpp"

#include <gtest/gtest.h>

#include "core/wire/limits.hpp"
#include "core/wire/signaling.hpp"
#include "tests/support/handshake.hpp"

namespace culver::engine::server_channel {
namespace {

using namespace std::chrono_literals;

std::string server_info(unsigned gateway) {
  return wire::signaling::print(wire::signaling::ServerInfo{"id", "ws://x", std::nullopt, gateway});
}

class ServerChannel : public ::testing::TestWithParam<unsigned> {
 protected:
  ServerChannel() { begin_anew(GetParam()); }

  Effects step(Event event) {
    Env env = world.env();
    Context context{env, account, pin};
    Effects effects;
    state = fsm::step<Machine>(std::move(state), std::move(event), context, effects);
    return effects;
  }
  Effects frame(std::string bytes) { return step(Frame{std::move(bytes)}); }
  Effects tick_at_deadline() {
    world.now = fsm::deadline_of(state).value();
    return step(Tick{});
  }
  std::string name() const { return std::string(fsm::name_of(state)); }
  template <class E>
  static std::vector<E> all(const Effects& effects) {
    std::vector<E> found;
    for (const auto& effect : effects)
      if (const auto* one = std::get_if<E>(&effect)) found.push_back(*one);
    return found;
  }
  template <class E>
  static E only(const Effects& effects) {
    EXPECT_EQ(effects.size(), 1U);
    const auto found = all<E>(effects);
    EXPECT_EQ(found.size(), 1U);
    return found.at(0);
  }
  void expect_end(const Effects& effects, Fault fault, bool hang_up) {
    EXPECT_EQ(name(), "Closed");
    const auto ended = only<Ended>(effects);
    EXPECT_EQ(ended.fault, fault) << info(ended.fault).name;
    EXPECT_EQ(ended.hang_up, hang_up);
  }

  /// No socket, and a server that speaks this version.
  void begin_anew(unsigned version) {
    state = Closed{};
    server.emplace(world, identity, version);
  }
  void know_server() { pin = {identity.key.verify_key(), GetParam()}; }
  /// Up to a client_hello that the server has answered.
  void go_shaking() {
    const auto first = step(Opened{});
    auto said = pin.identity ? first : frame(server_info(2));
    server->hear(all<Transmit>(said).at(0).frame);
  }
  /// The frame with client_auth.
  Transmit hear_server_hello() { return only<Transmit>(frame(server->sent.at(0))); }
  Effects go_established() {
    go_shaking();
    server->hear(hear_server_hello().frame);
    server->admit();
    return frame(server->greet());
  }
  std::string from_server(const std::string& text) {
    auto& records = server->in<test::server::Established>()->records;
    return records ? records->out.seal(text) : text;
  }

  test::World world{1};
  const test::server::Identity identity = test::server_identity(1);
  const handshake::client::Account account = test::client_account(2);
  Pin pin;
  std::optional<test::ServerEnd> server;
  Machine::State state = Closed{};
};
class ServerChannelOfVersion : public ServerChannel {};

INSTANTIATE_TEST_SUITE_P(Version, ServerChannelOfVersion, ::testing::Values(1U, 2U));
INSTANTIATE_TEST_SUITE_P(Version, ServerChannel, ::testing::Values(2U));

// ---- Closed -------------------------------------------------------------------------------------

TEST_P(ServerChannel, OfAnUnknownServerWaitsForItsGreeting) {
  EXPECT_TRUE(step(Opened{}).empty());
  EXPECT_EQ(name(), "AwaitingGreeting");
  EXPECT_EQ(fsm::deadline_of(state), world.now + greeting_time);
  EXPECT_TRUE(is_opening(state));
}

TEST_P(ServerChannel, OfAKnownServerBeginsAtOnce) {
  know_server();
  const auto hello = only<Transmit>(step(Opened{}));
  EXPECT_EQ(name(), "Handshaking");
  EXPECT_FALSE(hello.binary);
  EXPECT_TRUE(wire::gateway::is_handshake(hello.frame));
  EXPECT_EQ(fsm::deadline_of(state), world.now + handshake::client::handshake_time);
}

TEST_P(ServerChannel, PassesOnThatNobodyCouldBeReached) {
  expect_end(step(Lost{Fault::server_unreachable}), Fault::server_unreachable, false);
}

TEST_P(ServerChannel, WithoutASocketIsDeafAndDumb) {
  for (auto& event : {Event(Frame{"{}"}), Event(Say{"{}"}), Event(HungUp{}), Event(Tick{})}) {
    EXPECT_TRUE(step(event).empty());
    EXPECT_EQ(name(), "Closed");
  }
}

// ---- AwaitingGreeting ---------------------------------------------------------------------------

TEST_P(ServerChannel, OfAServerWithoutHandshakeIsOpen) {
  step(Opened{});
  const auto effects = frame(server_info(0));
  EXPECT_EQ(name(), "Open");
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<Ready>(effects[0]));
  EXPECT_EQ(std::get<Deliver>(effects[1]).text, server_info(0));
}

TEST_P(ServerChannel, TakesAnyOtherFirstFrameForOpenSignaling) {
  for (const std::string first : {"{\"type\":\"pong\"}", "nonsense"}) {
    state = Closed{};
    step(Opened{});
    EXPECT_EQ(all<Deliver>(frame(first)).at(0).text, first);
    EXPECT_EQ(name(), "Open");
  }
}

TEST_P(ServerChannel, OfASilentServerIsOpenInTheEnd) {
  step(Opened{});
  EXPECT_TRUE(step(Tick{}).empty());
  EXPECT_EQ(name(), "AwaitingGreeting");
  only<Ready>(tick_at_deadline());
  EXPECT_EQ(name(), "Open");
}

TEST_P(ServerChannel, CountsTheTimeOfTheHandshakeFromTheConnection) {
  step(Opened{});
  const auto opened = world.now;
  world.now += 3s;
  EXPECT_EQ(all<Transmit>(frame(server_info(1))).size(), 1U);
  EXPECT_EQ(name(), "Handshaking");
  EXPECT_EQ(fsm::deadline_of(state), opened + handshake::client::handshake_time);
}

TEST_P(ServerChannel, EndsWithTheSocketWhereverItIs) {
  const auto at_each_state = [&](auto&& check) {
    state = Closed{}, pin = {}, step(Opened{}), check("AwaitingGreeting");
    state = Closed{}, step(Opened{}), frame(server_info(0)), check("Open");
    state = Closed{}, step(Opened{}), frame(server_info(2)), check("Handshaking");
    begin_anew(2), go_established();
    check("Sealed");
    state = Plain{}, check("Plain");
  };
  at_each_state([&](const std::string& where) {
    EXPECT_EQ(name(), where);
    expect_end(step(Lost{Fault::server_lost}), Fault::server_lost, false);
  });
  at_each_state([&](const std::string& where) {
    EXPECT_EQ(name(), where);
    EXPECT_TRUE(step(HungUp{}).empty());
    EXPECT_EQ(name(), "Closed");
  });
}

// ---- Handshaking
// ------------------------------------------------------------------------------------

TEST_P(ServerChannelOfVersion, OpensOnceTheServerHasProvenItself) {
  const auto effects = go_established();
  EXPECT_EQ(name(), GetParam() == 2 ? "Sealed" : "Plain");
  EXPECT_FALSE(is_opening(state));
  ASSERT_EQ(effects.size(), 3U);
  EXPECT_EQ(std::get<Authenticated>(effects[0]).identity, identity.key.verify_key());
  EXPECT_EQ(std::get<Authenticated>(effects[0]).version, GetParam());
  EXPECT_EQ(std::get<Authenticated>(effects[0]).account, account.user);
  EXPECT_TRUE(std::holds_alternative<Ready>(effects[1]));
  EXPECT_EQ(std::get<Deliver>(effects[2]).text, server_info(2)) << "what came before is handed on";
}

TEST_P(ServerChannelOfVersion, OfAKnownServerOpensWithoutAGreetingToo) {
  know_server();
  const auto effects = go_established();
  EXPECT_EQ(effects.size(), 2U);
  EXPECT_EQ(all<Ready>(effects).size(), 1U);
}

TEST_P(ServerChannel, KeepsAGreetingThatComesInTheHandshake) {
  know_server();
  go_shaking();
  EXPECT_TRUE(frame(server_info(2)).empty());
  server->hear(hear_server_hello().frame);
  server->admit();
  EXPECT_EQ(all<Deliver>(frame(server->greet())).at(0).text, server_info(2));
}

TEST_P(ServerChannel, SaysNothingToAServerThatIsAnother) {
  pin = {test::signing_key(9).verify_key(), 2};
  go_shaking();
  expect_end(frame(server->sent.at(0)), Fault::server_identity_changed, true);
}

TEST_P(ServerChannel, TakesNothingLessFromAServerThanBefore) {
  know_server();
  begin_anew(1);
  go_shaking();
  expect_end(frame(server->sent.at(0)), Fault::server_downgraded, true);
}

TEST_P(ServerChannel, OfAKnownServerNeverFallsBackToOpenSignaling) {
  know_server();
  step(Opened{});
  EXPECT_TRUE(frame(server_info(0)).empty());
  EXPECT_EQ(name(), "Handshaking");
  EXPECT_TRUE(step(Say{"{}"}).empty());
  EXPECT_TRUE(frame("{\"type\":\"error\",\"message\":\"Unknown\"}").empty());
  EXPECT_EQ(fsm::deadline_of(state), world.now + greeting_time) << "it may still come to itself";
  expect_end(tick_at_deadline(), Fault::server_downgraded, true);
}

TEST_P(ServerChannel, ALieThatAServerHasNoHandshakeHarmsNothing) {
  know_server();
  go_shaking();
  frame(server_info(0));
  server->hear(hear_server_hello().frame);
  EXPECT_EQ(fsm::deadline_of(state), world.now + handshake::client::handshake_time);
  server->admit();
  EXPECT_EQ(all<Ready>(frame(server->greet())).size(), 1U);
}

TEST_P(ServerChannel, NamesTheLossOfAKnownServerThatLostItsHandshake) {
  know_server();
  step(Opened{});
  frame(server_info(0));
  expect_end(step(Lost{Fault::server_lost}), Fault::server_downgraded, false);
}

TEST_P(ServerChannel, TellsWhyTheServerClosed) {
  know_server();
  go_shaking();
  expect_end(step(Lost{Fault::device_revoked}), Fault::device_revoked, false);
}

TEST_P(ServerChannelOfVersion, GivesUpInTime) {
  go_shaking();
  EXPECT_TRUE(step(Tick{}).empty());
  expect_end(tick_at_deadline(), Fault::gateway_timeout, true);
  begin_anew(GetParam());
  go_shaking();
  hear_server_hello();
  expect_end(tick_at_deadline(), Fault::gateway_timeout, true);
}

// ---- Open, Plain, Sealed ------------------------------------------------------------------------

TEST_P(ServerChannel, OpenPassesEverythingAsItIs) {
  state = Open{};
  EXPECT_EQ(only<Deliver>(frame("{a}")).text, "{a}");
  const auto said = only<Transmit>(step(Say{"{b}"}));
  EXPECT_EQ(said.frame, "{b}");
  EXPECT_FALSE(said.binary);
}

TEST_P(ServerChannelOfVersion, CarriesBothDirections) {
  go_established();
  for (const std::string text : {"{\"a\":1}", "{\"a\":2}"}) {
    EXPECT_EQ(only<Deliver>(frame(from_server(text))).text, text);
    const auto said = only<Transmit>(step(Say{text}));
    EXPECT_EQ(said.binary, GetParam() == 2);
    auto& records = server->in<test::server::Established>()->records;
    EXPECT_EQ(records ? records->in.open(said.frame).value() : said.frame, text);
    EXPECT_EQ(said.frame.find(text) == std::string::npos, GetParam() == 2);
  }
}

TEST_P(ServerChannelOfVersion, KeepsTheEventsOfOtherDevicesOut) {
  go_established();
  const std::string huge(wire::limits::signaling_frame_in + 1, ' ');
  EXPECT_EQ(only<Ignored>(frame(from_server(huge))).fault, Fault::too_large);
  EXPECT_EQ(name(), GetParam() == 2 ? "Sealed" : "Plain");
}

TEST_P(ServerChannel, SealedTakesNothingInTheClearAndNothingTwice) {
  go_established();
  const auto record = from_server("{}");
  frame(record);
  expect_end(frame(record), Fault::replayed, true);

  begin_anew(2);
  go_established();
  auto changed = from_server("{}");
  changed.back() = static_cast<char>(changed.back() ^ 1);
  expect_end(frame(changed), Fault::not_authentic, true);

  begin_anew(2);
  go_established();
  expect_end(frame("{\"type\":\"pong\"}"), Fault::not_authentic, true);
}

TEST(ServerChannelFaults, OfWhoIsWhoAreFinal) {
  for (const auto fault :
       {Fault::server_not_authentic, Fault::server_identity_changed, Fault::server_downgraded,
        Fault::device_revoked, Fault::device_of_another}) {
    EXPECT_TRUE(is_final(fault));
  }
  for (const auto fault : {Fault::server_lost, Fault::gateway_timeout, Fault::shutting_down})
    EXPECT_FALSE(is_final(fault));
}

}  // namespace
}  // namespace culver::engine::server_channel
