// How large datagrams become over real sockets, whose device says what it carries.
#include "core/ice/path_mtu.hpp"

#include <gtest/gtest.h>

#include "shell/p2p/ice_path.hpp"
#include "tests/shell/p2p/own_network_support.hpp"
#include "tests/shell/p2p/pair_support.hpp"

namespace culver::p2p {
namespace {

using test::in_own_network;
using test::ip;
using test::Pair;

/// What the paths of both ends have said.
struct Sizes {
  std::vector<std::size_t> told;

  StackConfig watched() {
    StackConfig config;
    config.make_path = [this, make = ice_paths()](boost::asio::io_context& io,
                                                  const PathConfig& path, PathSink sink) {
      auto watching = sink;
      watching.on_event = [this, sink](PathEvent event) {
        if (const auto* carries = std::get_if<PathCarries>(&event)) told.push_back(carries->bytes);
        sink.on_event(std::move(event));
      };
      return make(io, path, std::move(watching));
    };
    return config;
  }
  bool both_at(std::size_t size) const { return std::count(told.begin(), told.end(), size) == 2; }
};

bool moves(Pair& pair, std::size_t bytes) {
  const auto channel = pair.a.channel("messages");
  const auto before = pair.b.received();
  for (std::size_t sent = 0; sent < bytes; sent += 65'536) pair.a.send(channel, 65'536);
  return pair.until([&] { return pair.b.received() >= before + bytes; });
}

TEST(PathMtu, LoopbackCarriesTheLargest) {
  Sizes sizes;
  Pair pair(sizes.watched());
  ASSERT_TRUE(pair.open());
  EXPECT_TRUE(pair.until([&] { return sizes.both_at(ice::path_mtu::largest); }));
  EXPECT_TRUE(moves(pair, 8 << 20));
}

TEST(PathMtu, EthernetsFramesAreFilled) {
  const bool allowed = in_own_network([] {
    ip("link set lo mtu 1500");
    Sizes sizes;
    Pair pair(sizes.watched());
    ASSERT_TRUE(pair.open());
    EXPECT_TRUE(pair.until([&] { return sizes.both_at(1'452); }));
    EXPECT_TRUE(moves(pair, 8 << 20));
    EXPECT_LE(*std::max_element(sizes.told.begin(), sizes.told.end()), 1'452u);
  });
  if (!allowed) GTEST_SKIP() << "this user may not make network namespaces";
}

// The system fragments what was cut for the larger one.
TEST(PathMtu, ADeviceThatShrinksLosesNothing) {
  const bool allowed = in_own_network([] {
    Sizes sizes;
    Pair pair(sizes.watched());
    ASSERT_TRUE(pair.open());
    ASSERT_TRUE(pair.until([&] { return sizes.both_at(ice::path_mtu::largest); }));
    ip("link set lo mtu 1500");
    EXPECT_TRUE(moves(pair, 8 << 20));
  });
  if (!allowed) GTEST_SKIP() << "this user may not make network namespaces";
}

}  // namespace
}  // namespace culver::p2p
