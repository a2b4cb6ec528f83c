#include "shell/host/dial.hpp"

#include <functional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "shell/host/dial_text.hpp"
#include "shell/host/file_descriptor.hpp"
#include "tests/shell/host/stuck_look_up.hpp"

namespace culver::host {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

const auto loopback = asio::ip::address_v4::loopback();

/// A listener whose queue is full: who connects hears nothing, as behind a firewall that drops.
class BlackHole {
 public:
  explicit BlackHole(asio::io_context& io) : listener_(io, tcp::v4()) {
    listener_.bind({loopback, 0});
    listener_.listen(0);
    for (int i = 0; i < 2; ++i) {
      auto& waiting = waiting_.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      const auto to = listener_.local_endpoint();
      ::connect(waiting.get(), to.data(), static_cast<socklen_t>(to.size()));
    }
  }
  tcp::endpoint endpoint() const { return listener_.local_endpoint(); }

 private:
  tcp::acceptor listener_;
  std::vector<FileDescriptor> waiting_;
};

class DialTest : public testing::Test {
 protected:
  Dialer::Dialled dial(Endpoints found, std::chrono::milliseconds time = 20s) {
    return dial_by(
        [found = std::move(found)](const std::string&, std::uint16_t) -> Found { return found; },
        time);
  }
  Dialer::Dialled dial_by(LookUp look_up, std::chrono::milliseconds time = 20s,
                          std::string host = "server.test") {
    Dialer dialer(io, std::move(look_up));
    std::optional<Dialer::Dialled> result;
    const auto run = [](Dialer* by, std::string name, std::chrono::milliseconds within,
                        std::optional<Dialer::Dialled>* to) -> asio::awaitable<void> {
      auto dialled = co_await by->connect(std::move(name), 9, within);
      to->emplace(std::move(dialled));
    };
    asio::co_spawn(io, run(&dialer, std::move(host), time, &result), asio::detached);
    io.restart();
    while (!result && io.run_one_for(30s) > 0) continue;
    io.restart();
    io.run_for(20s);  // nothing may be left to wait for
    EXPECT_TRUE(io.stopped());
    return result ? std::move(*result) : tl::unexpected(DialFailure{"no result", 0, {}, {}});
  }
  tcp::endpoint closed() {
    tcp::acceptor acceptor(io, {loopback, 0});
    return acceptor.local_endpoint();
  }

  asio::io_context io;
};

TEST_F(DialTest, TheNextAddressIsTriedAfterAQuarterOfASecond) {
  const BlackHole hole(io);
  tcp::acceptor good(io, {loopback, 0});
  const auto begun = Clock::now();
  const auto socket = dial({hole.endpoint(), hole.endpoint(), good.local_endpoint()});
  const auto took = Clock::now() - begun;
  ASSERT_TRUE(socket) << sentence(socket.error().cause);
  EXPECT_EQ(socket->remote_endpoint(), good.local_endpoint());
  EXPECT_GE(took, 2 * attempt_delay);
  EXPECT_LT(took, 10s) << "no attempt waits for the end of the one before";
}

TEST_F(DialTest, ARefusedAddressIsNotWaitedFor) {
  tcp::acceptor good(io, {loopback, 0});
  Endpoints many(10, closed());
  many.push_back(good.local_endpoint());
  EXPECT_TRUE(dial(many));
}

TEST_F(DialTest, OneDeadlineBoundsAllAddresses) {
  const BlackHole hole(io);
  const auto begun = Clock::now();
  const auto failed = dial({hole.endpoint(), hole.endpoint(), hole.endpoint()}, 600ms);
  ASSERT_FALSE(failed);
  EXPECT_LT(Clock::now() - begun, 10s);
  EXPECT_EQ(name_of(failed.error().cause).text(), "timed_out");
  EXPECT_EQ(failed.error().tried.size(), 3u);
  EXPECT_EQ(fault_of(failed.error().cause), Fault::server_unreachable);
}

TEST_F(DialTest, TheCauseThatSaysMostIsTold) {
  const BlackHole hole(io);
  const auto refused = dial({hole.endpoint(), closed()}, 600ms);
  ASSERT_FALSE(refused);
  EXPECT_EQ(name_of(refused.error().cause).text(), "connection_refused");
  const auto nowhere = dial({{asio::ip::make_address("255.255.255.255"), 9}});
  ASSERT_FALSE(nowhere);
  EXPECT_FALSE(sentence(nowhere.error().cause).empty());
}

TEST_F(DialTest, ANameThatIsNoneAndOneThatIsNotAnswered) {
  const auto with = [this](error_code error) {
    const auto failed = dial_by([error](auto&, auto) -> Found { return tl::unexpected(error); });
    return std::string(name_of(failed.error().cause).text());
  };
  EXPECT_EQ(with(asio::error::host_not_found), "no_such_name");
  EXPECT_EQ(with(asio::error::no_data), "no_such_name");
  EXPECT_EQ(with(asio::error::host_not_found_try_again), "name_unanswered");
  StuckLookUp stuck;
  const auto failed = dial_by(stuck.look_up(), 100ms);
  EXPECT_EQ(name_of(failed.error().cause).text(), "name_unanswered");
}

TEST_F(DialTest, OurOwnLackOfDescriptorsIsNotTheServers) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer opens a pipe to look at an object, and finds none";
#endif
  tcp::acceptor good(io, {loopback, 0});
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<FileDescriptor> all;
  const rlimit few{64, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  // The loop's own come first.
  asio::post(io, [&] {
    for (FileDescriptor one(dup(0)); one; one = FileDescriptor(dup(0)))
      all.push_back(std::move(one));
  });
  const auto failed = dial({good.local_endpoint()});
  all.clear();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(failed);
  EXPECT_EQ(fault_of(failed.error().cause), Fault::out_of_descriptors);
}

TEST(DialOrder, TheFamiliesTakeTurns) {
  const auto at = [](const char* address) {
    return tcp::endpoint(asio::ip::make_address(address), 1);
  };
  const Endpoints found{at("2001:db8::1"), at("2001:db8::2"), at("2001:db8::3"), at("192.0.2.1"),
                        at("192.0.2.2")};
  EXPECT_EQ(in_turn(found), (Endpoints{at("2001:db8::1"), at("192.0.2.1"), at("2001:db8::2"),
                                       at("192.0.2.2"), at("2001:db8::3")}));
  EXPECT_EQ(in_turn(Endpoints(40, at("192.0.2.1"))).size(), DialFailure::most_tried);
  Endpoints many(40, at("2001:db8::1"));
  many.push_back(at("192.0.2.1"));
  EXPECT_EQ(in_turn(many)[1], at("192.0.2.1")) << "one of the other family is never cut off";
}

}  // namespace
}  // namespace culver::host
