#include "shell/library/known_peers.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/keys.hpp"

namespace culver::library {
namespace {

using test::key;

class LookedFor : public testing::Test {
 protected:
  std::vector<PublicKey> asked() { return std::exchange(asked_, {}); }
  KnownPeers peers(std::vector<engine::Known> book) {
    return KnownPeers(book, [this](const engine::Command& command) {
      asked_.push_back(std::get<engine::LookFor>(command).key);
    });
  }
  static engine::Known known(int number, bool is_blocked = false) {
    engine::Known peer{key(number), std::nullopt, std::nullopt};
    peer.is_blocked = is_blocked;
    return peer;
  }
  static engine::Connected connected(int number) {
    engine::Connected notice{};
    notice.key = key(number);
    return notice;
  }
  std::vector<PublicKey> asked_;
};

TEST_F(LookedFor, AreThoseOfTheBookWhoAreNotBlocked) {
  auto known_peers = peers({known(1), known(2, true)});
  EXPECT_TRUE(known_peers.has(key(2)));
  EXPECT_FALSE(known_peers.has(key(3)));
  EXPECT_TRUE(asked().empty()) << "not before it goes online";
  known_peers.go_online();
  EXPECT_EQ(asked(), (std::vector{key(1)}));
}

TEST_F(LookedFor, AreThoseWhoWereLetIn) {
  auto known_peers = peers({});
  known_peers.on(connected(3));
  EXPECT_TRUE(known_peers.has(key(3)));
  EXPECT_EQ(asked(), (std::vector{key(3)}));
  known_peers.go_online();
  EXPECT_EQ(asked(), (std::vector{key(3)}));
}

TEST_F(LookedFor, FollowTheBook) {
  auto known_peers = peers({known(1)});
  known_peers.on(engine::PeerBookChanged{key(1), false});
  known_peers.go_online();
  EXPECT_TRUE(asked().empty());
  known_peers.on(engine::PeerBookChanged{key(2), true});
  EXPECT_EQ(asked(), (std::vector{key(2)}));
}

}  // namespace
}  // namespace culver::library
