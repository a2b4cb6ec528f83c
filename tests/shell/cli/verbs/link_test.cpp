#include "shell/cli/verbs/link.hpp"

#include <gtest/gtest.h>

#include "tests/shell/cli/scene.hpp"
#include "tests/support/handshake.hpp"

namespace culver::cli {
namespace {

using namespace std::chrono_literals;
namespace linking = engine::linking;

class LinkDevices : public testing::Test {
 protected:
  LinkContext context(Output output) {
    return {scene_.screen(), output,
            [this](int code) {
              EXPECT_FALSE(exit_) << "done twice";
              exit_ = code;
            },
            [] { return WallTime{1'000'000'000}; }};
  }
  OfferLink& offer(Output output, std::string server = "",
                   OfferLink::Consent consent = OfferLink::Consent::asked) {
    const auto decide = [this](bool accepted) { decided_.push_back(accepted); };
    return offer_.emplace(std::move(server), consent, OfferLink::Acts{[this] { ++asked_; }, decide},
                          scene_.console(), context(output));
  }
  JoinAccount& join(Output output) {
    return join_.emplace(
        device_, account_, [this](const LinkCode& code) { spent_.push_back(code); },
        scene_.console(), context(output));
  }
  client::DevicesAnswer devices(const char* name) const {
    wire::gateway::ListedDevice other{other_, Plaintext("DataFolder"), {}, 0, 0, false, true};
    wire::gateway::ListedDevice mine{device_, Plaintext(name), {}, 0, 0, false, true};
    return std::vector{other, mine};
  }
  void expect_out(const std::string& text) const {
    EXPECT_NE(scene_.out().find(text), std::string::npos) << scene_.out();
  }

  Scene scene_{Scene::Person::present};
  const DeviceId device_ = test::client_account(3).device, other_ = test::client_account(4).device;
  const UserId account_ = test::client_account(4).user;
  const LinkCode code_ = *LinkCode::parse("012345");
  std::optional<OfferLink> offer_;
  std::optional<JoinAccount> join_;
  std::vector<LinkCode> spent_;
  std::vector<bool> decided_;
  int asked_ = 0;
  std::optional<int> exit_;
};

TEST_F(LinkDevices, ShowsTheCodeAndHowToUseIt) {
  offer(Output::text, "ws://h:1").on(linking::Offered{code_, 300s, linking::Consent::asked});
  expect_out("    012345\n");
  expect_out("within 5 minutes");
  expect_out("culver --server ws://h:1 link\n");
  EXPECT_NE(scene_.err().find("Waiting"), std::string::npos);
  EXPECT_FALSE(exit_);
}

TEST_F(LinkDevices, NamesTheDeviceThatCame) {
  auto& verb = offer(Output::text);
  verb.on(linking::Offered{code_, 300s, linking::Consent::asked});
  verb.on(linking::Joined{device_});
  EXPECT_EQ(asked_, 1);
  EXPECT_FALSE(exit_);
  verb.on(devices("Phone\x1b"));
  expect_out("Linked: Phone\\x1b\n  " + print_uuid(device_.data));
  EXPECT_EQ(exit_, 0);
}

TEST_F(LinkDevices, ADeviceThatCannotBeAskedAboutCameAllTheSame) {
  auto& verb = offer(Output::json);
  verb.on(linking::Offered{code_, 300s, linking::Consent::asked});
  verb.on(linking::Joined{device_});
  verb.on(client::DevicesAnswer(fail(Fault::server_lost)));
  EXPECT_EQ(
      scene_.out(),
      R"({"v":1,"type":"linkOffered","data":{"code":"012345","expiresMs":1000300000,"isAsked":true}})"
      "\n"
      R"({"v":1,"type":"deviceLinked","data":{"device":")" +
          print_uuid(device_.data) + "\",\"name\":null}}\n");
  EXPECT_EQ(exit_, 0);
}

TEST_F(LinkDevices, ThePersonIsAskedWhoComesIn) {
  auto& verb = offer(Output::text);
  verb.on(linking::Offered{code_, 300s, linking::Consent::asked});
  EXPECT_NE(scene_.err().find("You will be asked"), std::string::npos);
  verb.on(linking::Requested{device_, account_, Plaintext("Phone\x1b")});
  scene_.settle();
  EXPECT_NE(scene_.err().find("The device " + print_uuid(device_.data) + ", account " +
                              print_hex(account_.data).substr(0, 16) +
                              " ..., asks to join this account. The other device shows the same "
                              "two. It calls itself \"Phone\\x1b\". Let it in? [y/N] "),
            std::string::npos)
      << scene_.err();
  scene_.type("y\n");
  EXPECT_EQ(decided_, std::vector{true});
  EXPECT_FALSE(exit_);
  verb.on(linking::Joined{device_});
  verb.on(devices("Phone"));
  EXPECT_EQ(exit_, 0);
}

TEST_F(LinkDevices, ANoAndNobodyThereKeepItOut) {
  auto& verb = offer(Output::text);
  verb.on(linking::Requested{device_, account_, std::nullopt});
  scene_.settle();
  EXPECT_NE(scene_.err().find("It has no name. Let it in?"), std::string::npos);
  scene_.type("n\n");
  EXPECT_EQ(decided_, std::vector{false});
  verb.on(linking::Failed{Fault::link_refused_by_us});
  EXPECT_EQ(exit_, 1);
  exit_.reset();
  auto& another = offer(Output::text);
  another.on(linking::Requested{device_, account_, std::nullopt});
  scene_.leave();
  EXPECT_EQ(decided_, (std::vector{false, false}));
  EXPECT_NE(scene_.err().find("--yes"), std::string::npos);
}

TEST_F(LinkDevices, AProgramIsAskedByAnEvent) {
  auto& verb = offer(Output::json);
  verb.on(linking::Requested{device_, account_, Plaintext("Phone")});
  EXPECT_EQ(scene_.out(), R"({"v":1,"type":"linkRequested","data":{"device":")" +
                              print_uuid(device_.data) + R"(","name":"Phone","account":")" +
                              print_hex(account_.data) + "\",\"question\":1}}\n");
}

TEST_F(LinkDevices, AQuestionAboutADeviceThatHasGoneIsOver) {
  auto& verb = offer(Output::text);
  verb.on(linking::Requested{device_, account_, Plaintext("Phone")});
  scene_.settle();
  verb.on(linking::Failed{Fault::link_withdrawn});
  scene_.settle();
  EXPECT_EQ(exit_, 7);
  EXPECT_TRUE(decided_.empty());
  EXPECT_NE(scene_.err().find("has gone"), std::string::npos);
}

TEST_F(LinkDevices, WithoutAQuestionItIsSaidThatTheCodeIsAllItTakes) {
  offer(Output::text, "", linking::Consent::given)
      .on(linking::Offered{code_, 300s, linking::Consent::given});
  EXPECT_EQ(scene_.err().find("too old"), std::string::npos);
  EXPECT_NE(scene_.err().find("Whoever has the code gets into your account."), std::string::npos);
}

TEST_F(LinkDevices, AServerThatCannotAskIsTold) {
  offer(Output::text).on(linking::Offered{code_, 300s, linking::Consent::given});
  EXPECT_EQ(scene_.err().find("You will be asked"), std::string::npos);
  EXPECT_NE(scene_.err().find("too old to ask you first.\nWhoever has the code gets in"),
            std::string::npos)
      << scene_.err();
}

TEST_F(LinkDevices, WhoWaitsForTheOtherDeviceIsToldSo) {
  auto& verb = join(Output::text);
  verb.start(code_);
  verb.on(linking::Held{});
  EXPECT_EQ(scene_.err(), "Waiting until the other device lets this one in.\n  Device  " +
                              print_uuid(device_.data) + "\n  Account " +
                              print_hex(account_.data).substr(0, 16) + " ...\n");
  EXPECT_FALSE(exit_);
  verb.on(linking::Failed{Fault::link_refused});
  EXPECT_NE(scene_.err().find("did not let this one in"), std::string::npos);
  EXPECT_EQ(exit_, 10);
}

TEST_F(LinkDevices, AnOfferEndsOnce) {
  auto& verb = offer(Output::json);
  verb.on(linking::Joined{device_});
  verb.stop(Fault::interrupted);
  verb.on(devices("Phone"));
  EXPECT_EQ(exit_, 130);
  expect_out(R"("code":"interrupted")");
}

TEST_F(LinkDevices, NobodyCame) {
  offer(Output::text).on(linking::Failed{Fault::link_code_unused});
  EXPECT_EQ(scene_.err(),
            "culver: Nobody used the code in time. Show a new one here: culver devices link.\n");
  EXPECT_EQ(exit_, 7);
}

TEST_F(LinkDevices, ACodeThatIsGivenIsUsedAtOnce) {
  auto& verb = join(Output::json);
  verb.start(code_);
  EXPECT_EQ(spent_, std::vector{code_});
  verb.on(linking::Entered{account_});
  EXPECT_EQ(scene_.out(), R"({"v":1,"type":"accountJoined","data":{"account":")" +
                              print_hex(account_.data) + R"(","device":")" +
                              print_uuid(device_.data) + "\"}}\n");
  EXPECT_EQ(exit_, 0);
}

TEST_F(LinkDevices, ACodeIsAskedForThreeTimes) {
  auto& verb = join(Output::text);
  verb.start(std::nullopt);
  scene_.settle();
  EXPECT_NE(scene_.err().find("Link code: "), std::string::npos);
  scene_.type("K7MW2Q\n");
  scene_.type("1\n");
  EXPECT_TRUE(spent_.empty());
  scene_.type("012 345\n");
  EXPECT_EQ(spent_, std::vector{code_});
  verb.on(linking::Entered{account_});
  expect_out(print_hex(account_.data));
  EXPECT_EQ(exit_, 0);
}

TEST_F(LinkDevices, ThreeWrongCodesAreEnough) {
  join(Output::text).start(std::nullopt);
  scene_.settle();
  for (int i = 0; i < JoinAccount::max_tries; ++i) scene_.type("12345\n");
  EXPECT_TRUE(spent_.empty());
  EXPECT_EQ(exit_, 8);
}

TEST_F(LinkDevices, WithoutAPersonTheCodeMustBeGiven) {
  join(Output::json).start(std::nullopt);
  scene_.leave();
  EXPECT_EQ(exit_, 1);
  EXPECT_NE(scene_.err().find("--code-file"), std::string::npos);
}

TEST_F(LinkDevices, AFailureIsSaidInBothWays) {
  auto& verb = join(Output::json);
  verb.start(code_);
  verb.on(linking::Failed{Fault::device_already_linked});
  verb.stop(Fault::interrupted);
  expect_out(R"("code":"device_already_linked")");
  EXPECT_NE(scene_.err().find("--data-dir"), std::string::npos);
  EXPECT_EQ(exit_, 1);
}

}  // namespace
}  // namespace culver::cli
