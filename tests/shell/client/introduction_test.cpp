// What a server's introduction ends with, against the real machine of its side over a real socket.
#include "shell/client/introduction.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "core/wire/signaling.hpp"
#include "shell/host/clock.hpp"
#include "tests/shell/client/server_info_support.hpp"
#include "tests/shell/net/ws_server_support.hpp"
#include "tests/support/handshake.hpp"

namespace culver::client {
namespace {

using namespace std::chrono_literals;
using net::testing::Answer;
using net::testing::Seen;
using net::testing::TestServer;
using Frames = std::vector<std::string>;

class IntroductionTest : public ::testing::Test {
 protected:
  /// A server of this version, which answers the hello with these of its frames.
  Answer serve(unsigned version, std::function<Frames(std::string hello)> said) {
    world.now = host::now();
    server.emplace(world, identity, version);
    return [this, said = std::move(said)](const std::string& frame) -> std::optional<Frames> {
      server->hear(frame);
      return said(server->sent.at(0));
    };
  }
  static Frames once(const std::string& hello) { return {hello}; }

  void meet(std::uint16_t port, handshake::client::Pin known = {}) {
    net::WsClientConfig config;
    config.url = {false, "127.0.0.1", port, "/"};
    introduction.emplace(io, std::move(config), known, [this](Result<ServerProof> told) {
      EXPECT_FALSE(result) << "told twice";
      result = std::move(told);
    });
  }
  void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!done() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(1s);
    }
    EXPECT_TRUE(done()) << "waited in vain";
  }
  /// What it comes to with such a server; afterwards nothing is left to do.
  Result<ServerProof> introduce(Answer answer, handshake::client::Pin known = {},
                                Frames first = {server_info(2)}) {
    TestServer listening(io, net::testing::converse(seen, std::move(first), std::move(answer)));
    meet(listening.port(), known);
    run_until([&] { return result && seen.ended; });
    listening.stop();
    io.restart();
    io.run_for(20s);
    EXPECT_TRUE(io.stopped()) << "something still runs";
    return result.value_or(fail(Fault::internal));
  }
  void expect_fault(const Result<ServerProof>& proof, Fault fault) {
    ASSERT_FALSE(proof);
    EXPECT_EQ(proof.error(), fault) << info(proof.error()).name;
  }

  boost::asio::io_context io;
  test::World world{1};
  const test::server::Identity identity = test::server_identity(1);
  std::optional<test::ServerEnd> server;
  Seen seen;
  std::optional<Result<ServerProof>> result;
  std::optional<Introduction> introduction;
};

TEST_F(IntroductionTest, EndsWithTheProofAndLeavesBeforeSayingWhoWeAre) {
  for (const unsigned version : {1U, 2U}) {
    seen = {};
    result.reset();
    const auto proof = introduce(serve(version, once));
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->identity, identity.key.verify_key());
    EXPECT_EQ(proof->version, version);
    ASSERT_EQ(seen.frames.size(), 1U) << "client_hello and nothing else";
    EXPECT_EQ(seen.frames[0].find("client_auth"), std::string::npos);
    EXPECT_EQ(seen.close_code, 1000);
  }
}

TEST_F(IntroductionTest, TakesTheServerThatIsKnown) {
  const auto proof = introduce(serve(2, once), {identity.key.verify_key(), 2});
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->version, 2U);
}

TEST_F(IntroductionTest, TakesNoOtherThanTheServerThatIsKnown) {
  const auto another = test::signing_key(9).verify_key();
  expect_fault(introduce(serve(2, once), {another, 1}), Fault::server_identity_changed);
}

TEST_F(IntroductionTest, TakesNoOlderVersionThanIsKnown) {
  expect_fault(introduce(serve(1, once), {identity.key.verify_key(), 2}), Fault::server_downgraded);
}

TEST_F(IntroductionTest, PassesOverWhatIsNotSignedButNotForEver) {
  const auto spoiled = [](std::string hello) {
    return test::changed<wire::gateway::ServerHello>(
        hello, [](auto& message) { message.signature.data[0] ^= std::byte{1}; });
  };
  const auto proof = introduce(serve(2, [&](const std::string& hello) {
    return Frames{spoiled(hello), "garbage", hello};
  }));
  EXPECT_TRUE(proof);
  result.reset();
  seen = {};
  expect_fault(
      introduce(serve(2, [&](const std::string& hello) { return Frames(5, spoiled(hello)); })),
      Fault::server_not_authentic);
}

TEST_F(IntroductionTest, AServerThatLeavesIsLost) {
  const auto leave = [](const std::string&) { return std::nullopt; };
  expect_fault(introduce(leave), Fault::server_lost);
}

TEST_F(IntroductionTest, AServerWithoutAnIdentityIsNotAuthentic) {
  const auto leave = [](const std::string&) { return std::nullopt; };
  expect_fault(introduce(leave, {}, {server_info(0)}), Fault::server_not_authentic);
}

TEST_F(IntroductionTest, AProofCountsWhateverTheServerInfoSays) {
  EXPECT_TRUE(introduce(serve(2, once), {}, {server_info(0)}));
}

TEST_F(IntroductionTest, AServerThatIsNotThereIsUnreachable) {
  meet(net::testing::refused_port(io));
  run_until([&] { return result.has_value(); });
  expect_fault(*result, Fault::server_unreachable);
}

TEST_F(IntroductionTest, MayBeGivenUp) {
  const auto wait = [](const std::string&) { return Frames{}; };
  TestServer listening(io, net::testing::converse(seen, {server_info(2)}, wait));
  meet(listening.port());
  run_until([&] { return seen.frames.size() == 1; });
  introduction.reset();
  run_until([&] { return seen.ended; });
  EXPECT_FALSE(result);
}

}  // namespace
}  // namespace culver::client
