#include "shell/p2p/server_names.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "tests/shell/host/stuck_look_up.hpp"

namespace culver::p2p {
namespace {

IceServer stun_at(std::string host) {
  return {IceServer::Kind::stun, std::move(host), 3478, {}, {}};
}

struct ServerNamesTest : testing::Test {
  boost::asio::io_context io;
  std::vector<Endpoint> found;
  int done = 0;

  void resolve(ServerNames& names, std::vector<IceServer> servers) {
    names.resolve(
        servers, [this](const IceServer&, const Endpoint& address) { found.push_back(address); },
        [this] { ++done; });
  }
};

TEST_F(ServerNamesTest, LiteralAddressesNeedNoResolver) {
  ServerNames names(io);
  resolve(names, {stun_at("192.0.2.1"), stun_at("2001:db8::1")});
  EXPECT_EQ(done, 1);
  const std::vector<Endpoint> expected{*Endpoint::parse("192.0.2.1", 3478),
                                       *Endpoint::parse("2001:db8::1", 3478)};
  EXPECT_EQ(found, expected);
  io.poll();
  EXPECT_EQ(done, 1);
}

TEST_F(ServerNamesTest, NamesAreResolvedAtMostOneAddressOfEachFamily) {
  ServerNames names(io);
  resolve(names, {stun_at("localhost")});
  io.run_for(std::chrono::seconds(20));
  EXPECT_EQ(done, 1);
  ASSERT_FALSE(found.empty());
  EXPECT_LE(found.size(), 2u);
  for (const auto& address : found) {
    EXPECT_TRUE(address.is_loopback());
    EXPECT_EQ(address.port(), 3478);
  }
}

TEST_F(ServerNamesTest, ANameThatIsNobodysEndsTheWaitToo) {
  ServerNames names(io);
  resolve(names, {stun_at("nobody.invalid"), stun_at("192.0.2.1")});
  io.run_for(std::chrono::seconds(20));
  EXPECT_EQ(done, 1);
  EXPECT_EQ(found.size(), 1u);
}

TEST_F(ServerNamesTest, ANameThatHangsHoldsNoOtherUp) {
  StuckLookUp stuck;
  const auto look_up = [hang = stuck.look_up()](const std::string& host,
                                                std::uint16_t port) -> host::Found {
    if (host == "stuck.test") return hang(host, port);
    return host::Endpoints{{boost::asio::ip::make_address("192.0.2.1"), port}};
  };
  ServerNames names(io, look_up);
  std::vector<IceServer> servers(ice_server_limit - 1, stun_at("stuck.test"));
  servers.push_back(stun_at("found.test"));
  resolve(names, servers);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (found.empty() && std::chrono::steady_clock::now() < end)
    io.run_one_for(std::chrono::seconds(1));
  EXPECT_EQ(found, std::vector<Endpoint>{*Endpoint::parse("192.0.2.1", 3478)});
  EXPECT_EQ(done, 0);
  io.run_for(std::chrono::seconds(20));
  EXPECT_TRUE(io.stopped()) << "the loop waits for the look-ups";
  EXPECT_EQ(done, 1);
}

TEST_F(ServerNamesTest, MayBeDestroyedWhileNamesAreLookedUp) {
  StuckLookUp stuck;
  {
    ServerNames names(io, stuck.look_up());
    resolve(names, {stun_at("one.test"), stun_at("two.test")});
    io.poll();
    stuck.wait_for(2);
  }
  EXPECT_GT(io.poll(), 0u);
  EXPECT_TRUE(io.stopped()) << "the loop waits for the look-ups";
  EXPECT_EQ(done, 0);
}

TEST_F(ServerNamesTest, TheLoopMayEndWithoutRunningAgain) {
  StuckLookUp stuck;
  auto loop = std::make_unique<boost::asio::io_context>();
  {
    ServerNames names(*loop, stuck.look_up());
    resolve(names, {stun_at("one.test")});
    loop->poll();
    stuck.wait_for(1);
  }
  loop.reset();
  EXPECT_EQ(done, 0);
}

TEST_F(ServerNamesTest, NothingIsCalledOnceItIsGone) {
  {
    ServerNames names(io);
    resolve(names, {stun_at("localhost")});
  }
  io.run_for(std::chrono::seconds(20));
  EXPECT_EQ(done, 0);
  EXPECT_TRUE(found.empty());
}

}  // namespace
}  // namespace culver::p2p
