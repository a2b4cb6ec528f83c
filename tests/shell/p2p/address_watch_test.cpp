#include "shell/p2p/address_watch.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "shell/p2p/local_addresses.hpp"
#include "tests/shell/p2p/own_network_support.hpp"

namespace culver::p2p {
namespace {

using test::in_own_network;
using test::ip;

/// Until `done`; false after a generous time.
bool run_until(boost::asio::io_context& io, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done() && std::chrono::steady_clock::now() < end) {
    io.restart();
    io.run_one_for(std::chrono::milliseconds(100));
  }
  return done();
}

TEST(AddressWatch, TellsOfEachAddressThatComesOrGoes) {
  const bool allowed = in_own_network([] {
    boost::asio::io_context io;
    AddressWatch watch(io);
    int told = 0;
    watch.add([&] { ++told; });
    ip("address add 192.0.2.1/32 dev lo");
    ASSERT_TRUE(run_until(io, [&] { return told == 1; }));
    EXPECT_TRUE(is_there(interface_addresses(), *Endpoint::parse("192.0.2.1", 4000)));
    ip("address del 192.0.2.1/32 dev lo");
    ASSERT_TRUE(run_until(io, [&] { return told == 2; }));
    EXPECT_FALSE(is_there(interface_addresses(), *Endpoint::parse("192.0.2.1", 4000)));
    EXPECT_TRUE(is_there(interface_addresses(), *Endpoint::parse("127.0.0.2", 4000)));
  });
  if (!allowed) GTEST_SKIP() << "this user may not make network namespaces";
}

TEST(AddressWatch, WhoIsToldMayRemoveItselfAndOthers) {
  const bool allowed = in_own_network([] {
    boost::asio::io_context io;
    AddressWatch watch(io);
    int first = 0, second = 0, third = 0;
    AddressWatch::Id ids[3];
    ids[0] = watch.add([&] {
      ++first;
      watch.remove(ids[0]);
      watch.remove(ids[1]);
    });
    ids[1] = watch.add([&] { ++second; });
    ids[2] = watch.add([&] { ++third; });
    ip("address add 192.0.2.1/32 dev lo");
    ASSERT_TRUE(run_until(io, [&] { return third == 1; }));
    ip("address del 192.0.2.1/32 dev lo");
    ASSERT_TRUE(run_until(io, [&] { return third == 2; }));
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 0);
  });
  if (!allowed) GTEST_SKIP() << "this user may not make network namespaces";
}

}  // namespace
}  // namespace culver::p2p
