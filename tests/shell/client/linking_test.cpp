// Linking against the real machine of the server's handshake, over a real socket. What is said in
// the session is scripted; in version 1 it travels in the clear.
#include "shell/client/linking.hpp"

#include <deque>

#include <gtest/gtest.h>

#include "core/wire/signaling.hpp"
#include "shell/host/clock.hpp"
#include "tests/shell/client/server_info_support.hpp"
#include "tests/shell/host/temporary_folder.hpp"
#include "tests/shell/net/ws_server_support.hpp"
#include "tests/support/handshake.hpp"

namespace culver::client {
namespace {

using namespace std::chrono_literals;
namespace gateway = wire::gateway;
namespace linking = engine::linking;
using net::testing::Seen;
using net::testing::TestServer;
using Frames = std::vector<std::string>;

class LinkingTest : public ::testing::Test {
 protected:
  /// A server that lets the device into `account`, and answers what it says with `says`, in order.
  void serve(UserId account, std::deque<Frames> says, unsigned gateway = 1) {
    world.now = host::now();
    server.emplace(world, identity, 1);
    listening.emplace(io, net::testing::converse(
                              seen, {server_info(gateway)},
                              [=, this](const std::string& frame) mutable -> std::optional<Frames> {
                                return answer(frame, account, says);
                              }));
    auto found =
        look_up_server("ws://127.0.0.1:" + std::to_string(listening->port()), folder.path());
    ASSERT_TRUE(found) << found.error().sentence;
    book.emplace(std::move(*found));
  }
  Frames answer(const std::string& frame, const UserId& account, std::deque<Frames>& says) {
    if (seen.frames.size() == 1) {
      server->hear(frame);
      return {server->sent.at(0)};
    }
    if (seen.frames.size() == 2) {
      server->hear(frame);
      server->feed(test::server::DeviceAnswer{test::admission_of(account)});
      return {server->greet()};
    }
    if (says.empty()) return {};
    auto said = std::move(says.front());
    says.pop_front();
    return said;
  }
  void begin(Linking::Wish wish, bool is_first = true) {
    link.emplace(io, *book, Linking::Self{test::client_account(1), is_first}, wish,
                 [this](const linking::Effect& report) {
                   noted_before_told = noted();
                   reports.push_back(report);
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
  /// To its last report; then nothing is left to do.
  linking::Effect run() {
    const auto is_over = [this] {
      return !reports.empty() && !std::holds_alternative<linking::Offered>(reports.back()) &&
             !std::holds_alternative<linking::Requested>(reports.back()) &&
             !std::holds_alternative<linking::Held>(reports.back());
    };
    run_until([&] { return is_over() && seen.ended; });
    expect_idle();
    return reports.empty() ? linking::Failed{Fault::internal} : reports.back();
  }
  void expect_idle() {
    listening->stop();
    io.restart();
    io.run_for(20s);
    EXPECT_TRUE(io.stopped()) << "something still runs";
  }
  void expect_fault(Fault fault) {
    const auto last = run();
    const auto* failed = std::get_if<linking::Failed>(&last);
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->fault, fault) << info(failed->fault).name;
    EXPECT_EQ(reports.size(), 1U);
  }
  /// The account that the book names.
  std::optional<UserId> noted() {
    const auto known = book->book.find(book->url());
    return known && *known ? (*known)->account : std::nullopt;
  }

  const TemporaryFolder folder;
  boost::asio::io_context io;
  test::World world{1};
  const test::server::Identity identity = test::server_identity(1);
  const UserId own = test::client_account(1).user, other = test::client_account(2).user;
  const DeviceId device = test::client_account(3).device;
  const LinkCode code = *LinkCode::parse("012345");
  std::optional<test::ServerEnd> server;
  std::optional<TestServer> listening;
  std::optional<KnownServer> book;
  Seen seen;
  std::vector<linking::Effect> reports;
  std::optional<UserId> noted_before_told;
  std::optional<Linking> link;
};

TEST_F(LinkingTest, OffersACodeAndTellsWhoUsedIt) {
  serve(own, {{print(gateway::PairingInitiated{"654321", 300'000}), print(gateway::Pong{5}),
               print(gateway::DevicePaired{device, 5})}});
  begin(Linking::Offer{linking::Consent::given});
  const auto last = run();
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(std::get<linking::Offered>(reports[0]).code.text(), "654321");
  EXPECT_EQ(std::get<linking::Joined>(last).device, device);
  EXPECT_EQ(seen.close_code, 1000);
}

TEST_F(LinkingTest, AsksWhoComesInAndSaysTheAnswer) {
  serve(own, {{print(gateway::PairingInitiated{"K7MW2QPABCD", 300'000}),
               print(gateway::PairingRequested{7, device, other, Plaintext("Phone"), {}, 60'000})},
              {print(gateway::DevicePaired{device, 5})}});
  begin(Linking::Offer{linking::Consent::asked});
  run_until([this] { return reports.size() == 2; });
  EXPECT_EQ(std::get<linking::Requested>(reports.at(1)).device, device);
  link->decide(true);
  EXPECT_EQ(std::get<linking::Joined>(run()).device, device);
  EXPECT_EQ(gateway::parse_session(seen.frames.at(3)).value(),
            gateway::SessionMessage(gateway::AnswerPairing{7, true}));
}

TEST_F(LinkingTest, WaitsWhileTheOtherDeviceIsAsked) {
  serve(own, {{print(gateway::PairingPending{60'000}), print(gateway::PairingCompleted{other})}});
  begin(code);
  EXPECT_EQ(std::get<linking::Entered>(run()).account, other);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<linking::Held>(reports[0]));
  EXPECT_EQ(noted(), other);
}

TEST_F(LinkingTest, EntersAnAccountAndHasNotedItBeforeItTells) {
  serve(own, {{print(gateway::PairingCompleted{other})}});
  begin(code);
  EXPECT_EQ(std::get<linking::Entered>(run()).account, other);
  EXPECT_EQ(noted_before_told, other);
  EXPECT_EQ(gateway::parse_session(seen.frames.at(2)).value(),
            gateway::SessionMessage(gateway::CompletePairing{"012345"}));
}

TEST_F(LinkingTest, ARefusedCodeChangesNothing) {
  serve(own, {{print(gateway::PairingFailed{Fault::link_code_unknown})}});
  begin(code);
  expect_fault(Fault::link_code_unknown);
  EXPECT_EQ(noted(), std::nullopt);
}

TEST_F(LinkingTest, ADeviceThatIsLinkedSpendsNoCodeAndTheBookCatchesUp) {
  serve(other, {});
  begin(code);
  expect_fault(Fault::device_already_linked);
  EXPECT_EQ(seen.frames.size(), 2U) << "no code was said";
  EXPECT_EQ(noted(), other);
}

TEST_F(LinkingTest, ACodeOfItsOwnAccountIsNoNews) {
  serve(own, {{print(gateway::PairingCompleted{own})}});
  begin(code);
  expect_fault(Fault::device_already_linked);
  EXPECT_EQ(noted(), std::nullopt);
}

TEST_F(LinkingTest, ALinkedDeviceOffersTheAccountThatItIsIn) {
  serve(other, {{print(gateway::PairingInitiated{"654321", 300'000}),
                 print(gateway::DevicePaired{device, 5})}});
  begin(Linking::Offer{linking::Consent::given});
  EXPECT_TRUE(std::holds_alternative<linking::Joined>(run()));
  EXPECT_EQ(noted(), other);
}

TEST_F(LinkingTest, ASecondProcessOffersNoAccountThatTheFirstIsNotIn) {
  serve(own, {});
  ASSERT_TRUE(book->remember({identity.key.verify_key(), 1}));
  ASSERT_TRUE(book->belong(other));
  book->known = book->book.find(book->url()).value();
  begin(Linking::Offer{linking::Consent::given}, false);
  expect_fault(Fault::data_folder_in_use);
  EXPECT_EQ(noted(), other) << "it is not the one to know";
}

TEST_F(LinkingTest, AServerWithoutAGatewayHasNoAccounts) {
  serve(own, {}, 0);
  begin(code);
  expect_fault(Fault::server_without_accounts);
  EXPECT_TRUE(seen.frames.empty());
}

TEST_F(LinkingTest, AServerOfAnotherIdentityLearnsNothing) {
  serve(own, {});
  ASSERT_TRUE(book->remember({test::signing_key(9).verify_key(), 1}));
  book->known = book->book.find(book->url()).value();
  begin(code);
  expect_fault(Fault::server_identity_changed);
  EXPECT_EQ(seen.frames.size(), 1U);
}

TEST_F(LinkingTest, ABookThatCannotBeWrittenIsAFailure) {
  serve(own, {{print(gateway::PairingCompleted{other})}});
  begin(code);
  run_until([&] { return seen.frames.size() == 3; });
  // Whoever forgets the server meanwhile takes away what the account would be noted with.
  auto database = store::sqlite::Database::open(folder / "servers.db");
  ASSERT_TRUE(database && database->execute("DELETE FROM server"));
  expect_fault(Fault::store_failed);
}

TEST_F(LinkingTest, IsCancelledWithoutAWord) {
  serve(own, {{print(gateway::PairingInitiated{"654321", 300'000})}});
  begin(Linking::Offer{linking::Consent::given});
  run_until([&] { return !reports.empty(); });
  link->cancel();
  run_until([&] { return seen.ended; });
  expect_idle();
  EXPECT_EQ(reports.size(), 1U);
}

TEST_F(LinkingTest, MayBeDestroyedWhileItWaits) {
  serve(own, {{print(gateway::PairingInitiated{"654321", 300'000})}});
  begin(Linking::Offer{linking::Consent::given});
  run_until([&] { return !reports.empty(); });
  link.reset();
  run_until([&] { return seen.ended; });
  expect_idle();
  EXPECT_EQ(reports.size(), 1U);
}

}  // namespace
}  // namespace culver::client
