#include "shell/cli/verbs/trust_server.hpp"

#include <gtest/gtest.h>

#include "tests/shell/cli/scene.hpp"

namespace culver::cli {
namespace {

crypto::VerifyKey identity(int number) {
  crypto::VerifyKey key;
  key.data.fill(static_cast<std::byte>(number));
  return key;
}

class TrustServerTest : public testing::Test {
 protected:
  TrustServer& begin(TrustServerOptions options, std::optional<store::ServerRecord> known,
                     Output output = Output::text) {
    const auto trust = [this](const client::ServerProof& proof) -> Result<void> {
      if (broken_) return fail(Fault::store_failed);
      trusted_ = proof;
      return {};
    };
    const auto done = [this](int code) {
      EXPECT_FALSE(exit_) << "done twice";
      exit_ = code;
    };
    verb_.emplace(options, TrustServer::Context{"ws://h:80", std::move(known), trust,
                                                scene_.screen(), scene_.console(), output, done});
    return *verb_;
  }
  static store::ServerRecord known(int number, unsigned version = 2) {
    return {identity(number), version, "monday", "tuesday"};
  }
  void expect_said(const std::string& text) const {
    EXPECT_NE(scene_.out().find(text), std::string::npos) << scene_.out();
  }

  Scene scene_{Scene::Person::present};
  std::optional<TrustServer> verb_;
  std::optional<client::ServerProof> trusted_;
  std::optional<int> exit_;
  bool broken_ = false;
};

TEST_F(TrustServerTest, ShowsBothAndAsks) {
  begin({}, known(1)).on(client::ServerProof{identity(2), 2});
  scene_.settle();
  expect_said(print_hex(identity(1).data));
  expect_said(print_hex(identity(2).data));
  expect_said("Known since monday");
  EXPECT_NE(scene_.err().find("Trust it from now on? [y/N]"), std::string::npos);
  EXPECT_FALSE(exit_);
  scene_.type("y\n");
  EXPECT_EQ(exit_, 0);
  ASSERT_TRUE(trusted_);
  EXPECT_EQ(trusted_->identity, identity(2));
}

TEST_F(TrustServerTest, ChangesNothingIfThePersonSaysNo) {
  begin({}, known(1)).on(client::ServerProof{identity(2), 2});
  scene_.settle();
  scene_.type("n\n");
  EXPECT_EQ(exit_, 1);
  EXPECT_FALSE(trusted_);
  EXPECT_NE(scene_.err().find("Nothing was changed."), std::string::npos);
}

TEST_F(TrustServerTest, DoesNotAskForWhatIsKnown) {
  begin({}, known(1)).on(client::ServerProof{identity(1), 2});
  EXPECT_EQ(exit_, 0);
  EXPECT_TRUE(trusted_);
  expect_said("It is the one that is known since monday.");
}

TEST_F(TrustServerTest, AsksWhenTheServerSpeaksAnOlderVersionThanBefore) {
  begin({}, known(1, 2)).on(client::ServerProof{identity(1), 1});
  scene_.settle();
  EXPECT_FALSE(exit_);
  scene_.type("yes\n");
  EXPECT_EQ(exit_, 0);
  EXPECT_EQ(trusted_->version, 1U);
}

TEST_F(TrustServerTest, TakesAYesInAdvance) {
  begin({true, std::nullopt}, std::nullopt).on(client::ServerProof{identity(2), 1});
  EXPECT_EQ(exit_, 0);
  expect_said("It was not known before.");
  expect_said("Trusted.");
}

TEST_F(TrustServerTest, TakesTheIdentityThatWasAskedForAndNoOther) {
  begin({false, identity(2)}, known(1)).on(client::ServerProof{identity(2), 2});
  EXPECT_EQ(exit_, 0);
  exit_.reset(), trusted_.reset();
  begin({true, identity(3)}, known(1)).on(client::ServerProof{identity(2), 2});
  EXPECT_EQ(exit_, 4) << "--yes does not change that";
  EXPECT_FALSE(trusted_);
}

TEST_F(TrustServerTest, SaysWhyThereIsNoProof) {
  begin({true, std::nullopt}, known(1)).on(fail(Fault::server_unreachable));
  EXPECT_EQ(exit_, 3);
  EXPECT_NE(scene_.err().find("The server cannot be reached."), std::string::npos);
}

TEST_F(TrustServerTest, SaysThatTheBookCannotBeWritten) {
  broken_ = true;
  begin({true, std::nullopt}, std::nullopt).on(client::ServerProof{identity(2), 2});
  EXPECT_EQ(exit_, 2);
}

TEST_F(TrustServerTest, EndsWithASignalOnce) {
  auto& verb = begin({}, known(1));
  verb.on(client::ServerProof{identity(2), 2});
  scene_.settle();
  verb.stop(Fault::interrupted);
  verb.stop(Fault::terminated);
  EXPECT_EQ(exit_, 130);
  EXPECT_FALSE(trusted_);
}

TEST_F(TrustServerTest, TellsAProgram) {
  begin({true, std::nullopt}, known(1, 2), Output::json).on(client::ServerProof{identity(2), 1});
  EXPECT_EQ(scene_.out(), R"({"server":"ws://h:80","identity":")" + print_hex(identity(2).data) +
                              R"(","version":1,"knownIdentity":")" + print_hex(identity(1).data) +
                              R"(","knownVersion":2,"isTrusted":true})" + "\n");
}

TEST_F(TrustServerTest, TellsAProgramOfAFailureToo) {
  begin({true, std::nullopt}, {}, Output::json).on(fail(Fault::server_not_authentic));
  EXPECT_EQ(exit_, 4);
  expect_said(R"({"v":1,"type":"failed","data":{"code":"server_not_authentic")");
}

}  // namespace
}  // namespace culver::cli
