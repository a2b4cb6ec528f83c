#include "shell/host/name_lookup.hpp"

#include <cstdlib>
#include <memory>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "tests/shell/host/stuck_look_up.hpp"

namespace culver::host {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> note(NameLookup& lookup, std::string host, std::chrono::milliseconds time,
                           std::optional<Found>& found) {
  auto came = co_await lookup.find(std::move(host), 80, time);
  found = std::move(came);
}

struct NameLookupTest : testing::Test {
  void ask(NameLookup& lookup, std::string host, std::chrono::milliseconds time = 20s) {
    asio::co_spawn(io, note(lookup, std::move(host), time, found), asio::detached);
  }
  boost::system::error_code error() const {
    return found && !*found ? found->error() : boost::system::error_code();
  }
  void expect_idle() {
    io.restart();
    io.poll();
    EXPECT_TRUE(io.stopped()) << "the loop waits for the look-up";
  }
  asio::io_context io;
  std::optional<Found> found;
};

TEST_F(NameLookupTest, AnAddressIsItsOwnAnswer) {
  NameLookup lookup(io, [](const std::string&, std::uint16_t) -> Found { std::abort(); });
  for (const auto* host : {"192.0.2.1", "2001:db8::1"}) {
    found.reset();
    ask(lookup, host);
    io.restart();
    io.poll();
    ASSERT_TRUE(found && *found) << host;
    EXPECT_EQ(**found, (Endpoints{{asio::ip::make_address(host), 80}}));
  }
}

TEST_F(NameLookupTest, SaysWhatTheLookUpSays) {
  const asio::ip::tcp::endpoint known(asio::ip::make_address("192.0.2.1"), 80);
  NameLookup lookup(io, [=](const std::string& host, std::uint16_t) -> Found {
    if (host == "known.test") return Endpoints{known};
    return tl::unexpected(boost::system::error_code(asio::error::host_not_found));
  });
  ask(lookup, "known.test");
  io.run_for(20s);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(**found, Endpoints{known});
  ask(lookup, "unknown.test");
  io.restart();
  io.run_for(20s);
  EXPECT_EQ(error(), asio::error::host_not_found);
}

TEST_F(NameLookupTest, WaitsNoLongerThanItShould) {
  StuckLookUp stuck;
  NameLookup lookup(io, stuck.look_up());
  ask(lookup, "stuck.test", 20ms);
  io.run_for(20s);
  EXPECT_EQ(error(), asio::error::timed_out);
  expect_idle();
}

TEST_F(NameLookupTest, IsCancelledAtOnce) {
  StuckLookUp stuck;
  NameLookup lookup(io, stuck.look_up());
  ask(lookup, "stuck.test");
  io.poll();
  stuck.wait_for(1);
  lookup.cancel();
  expect_idle();
  EXPECT_EQ(error(), asio::error::operation_aborted);
}

TEST_F(NameLookupTest, AnAnswerThatComesAfterTheLoopIsNobodys) {
  auto stuck = std::make_unique<StuckLookUp>();
  {
    auto loop = std::make_unique<asio::io_context>();
    NameLookup lookup(*loop, stuck->look_up());
    asio::co_spawn(*loop, note(lookup, "stuck.test", 20s, found), asio::detached);
    loop->poll();
    stuck->wait_for(1);
    lookup.cancel();
    loop.reset();
  }
  stuck.reset();
  EXPECT_FALSE(found);
}

/// A thread that was joined on the way out would hold it up for ever.
TEST(NameLookupDeathTest, TheProcessEndsWhileALookUpHangs) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto end_while_it_hangs = [] {
    static StuckLookUp* const stuck = new StuckLookUp;  // it hangs beyond the end
    asio::io_context io;
    NameLookup lookup(io, stuck->look_up());
    std::optional<Found> found;
    asio::co_spawn(io, note(lookup, "stuck.test", 20s, found), asio::detached);
    io.poll();
    stuck->wait_for(1);
    lookup.cancel();
    io.poll();
    std::exit(found ? 7 : 1);
  };
  EXPECT_EXIT(end_while_it_hangs(), testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace culver::host
