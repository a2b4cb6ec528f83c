// Administration by signed requests: only a device of the account, only once, only now.
#include "core/relay/admin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/relay/door_support.hpp"
#include "tests/core/relay/gateway_fixture_support.hpp"
#include "tests/core/relay/hub_invariants.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace gateway = wire::gateway;

class Admin : public testing::Test {
 protected:
  void SetUp() override {
    gateway.connect(ana);
    gateway.connect(stranger);
    target = "/api/devices/" + print_uuid(ana.id().view());
  }
  void TearDown() override { EXPECT_EQ(broken(gateway.hub), ""); }
  Respond get() { return gateway.request(gateway.signed_request(ana, "GET", "/api/devices")); }

  GatewayFixture gateway;
  Phone ana{1, 2}, stranger{9, 2};
  std::string target;
};

TEST_F(Admin, ListsTheDevicesOfTheAccount) {
  const auto answer = get();
  EXPECT_EQ(answer.status, 200u);
  const auto devices = gateway::parse_devices(answer.json);
  ASSERT_TRUE(devices);
  ASSERT_EQ(devices->size(), 1u);
  EXPECT_EQ(devices->front().device, ana.id());
  EXPECT_EQ(devices->front().name, Plaintext("phone 1"));
  EXPECT_EQ(devices->front().type, gateway::DeviceType::mobile);
  EXPECT_TRUE(devices->front().is_online);
  EXPECT_FALSE(devices->front().is_revoked);
}

TEST_F(Admin, WhatFollowsAQuestionMarkIsIgnoredAndSigned) {
  EXPECT_EQ(gateway.request(gateway.signed_request(ana, "GET", "/api/devices?x=1")).status, 200u);
  auto request = gateway.signed_request(ana, "GET", "/api/devices");
  request.target += "?x=1";
  EXPECT_EQ(gateway.request(request).status, 401u);
}

TEST_F(Admin, TellsWhoIsAwayAsAway_B14) {
  gateway.hang_up(ana);
  const auto devices = gateway::parse_devices(get().json);
  ASSERT_TRUE(devices);
  EXPECT_FALSE(devices->front().is_online);
}

TEST_F(Admin, RenamesADevice) {
  const auto body = gateway::print_rename(Plaintext("laptop"));
  const auto answer =
      gateway.request(gateway.signed_request(ana, "POST", target + "/rename", body));
  EXPECT_EQ(answer.status, 200u);
  EXPECT_THAT(answer.json, HasSubstr("laptop"));
  EXPECT_EQ(gateway.store.devices.at(ana.id()).record.name, Plaintext("laptop"));
  const auto* data = device_session::data_of(*gateway.hub.session_of(*ana.socket));
  EXPECT_EQ(data->name, Plaintext("laptop")) << "also for who is told of its presence";
}

TEST_F(Admin, NamesAreChecked_B10) {
  for (const std::string body : {"", "{}", R"({"name":1})", R"({"name":""})"}) {
    const auto answer =
        gateway.request(gateway.signed_request(ana, "POST", target + "/rename", body));
    EXPECT_EQ(answer.status, 400u) << body;
  }
  const auto longest = gateway::print_rename(Plaintext(std::string(50, 'x')));
  const auto longer = gateway::print_rename(Plaintext(std::string(51, 'x')));
  EXPECT_EQ(
      gateway.request(gateway.signed_request(ana, "POST", target + "/rename", longest)).status,
      200u);
  EXPECT_EQ(gateway.request(gateway.signed_request(ana, "POST", target + "/rename", longer)).status,
            400u);
}

TEST_F(Admin, AForeignDeviceIsUnknown) {
  EXPECT_EQ(gateway.request(gateway.signed_request(stranger, "DELETE", target)).status, 404u);
  EXPECT_FALSE(ana.closed);
}

TEST_F(Admin, RevokesItself) {
  EXPECT_EQ(gateway.request(gateway.signed_request(ana, "DELETE", target)).status, 200u);
  EXPECT_EQ(ana.closed->fault, Fault::device_revoked);
  const auto answer = get();
  EXPECT_EQ(answer.status, 403u);
  EXPECT_THAT(answer.json, HasSubstr(R"("error":"device_revoked")"));
  EXPECT_EQ(gateway::parse_refusal(answer.json), Fault::device_revoked);
}

TEST_F(Admin, ARevocationHoldsThoughTheRequesterHasGone_S8) {
  auto request = gateway.signed_request(ana, "DELETE", target);
  request.socket = gateway.accept();
  const auto socket = request.socket;
  gateway.holds_answers = true;
  gateway.deliver(request);
  gateway.answer();  // who has signed
  gateway.answer();  // that it is new
  gateway.deliver(SocketClosed{socket, false});
  gateway.holds_answers = false;
  gateway.settle();
  ASSERT_TRUE(ana.closed);
  EXPECT_EQ(ana.closed->fault, Fault::device_revoked);
}

TEST_F(Admin, ASignatureCoversEverything_S5) {
  const auto refused = [&](HttpRequest request) {
    const auto answer = gateway.request(std::move(request));
    EXPECT_EQ(answer.status, 401u);
    EXPECT_EQ(gateway::parse_refusal(answer.json), Fault::bad_request_signature);
  };
  const auto good = [&] {
    return gateway.signed_request(ana, "POST", target + "/rename",
                                  gateway::print_rename(Plaintext("laptop")));
  };
  auto request = good();
  request.body = gateway::print_rename(Plaintext("other"));
  refused(request);
  request = good();
  request.target = "/api/devices/" + print_uuid(stranger.id().view()) + "/rename";
  refused(request);
  request = good();
  request.method = "GET";
  request.target = "/api/devices";
  refused(request);
  request = good();
  auto authorization = *gateway::parse_authorization(request.authorization);
  authorization.device = stranger.id();
  request.authorization = gateway::print(authorization);
  refused(request);
  authorization = *gateway::parse_authorization(good().authorization);
  authorization.time += 1;
  request.authorization = gateway::print(authorization);
  refused(request);
  request.authorization.clear();
  refused(request);
  request.authorization = "Culver device=x";
  refused(request);
  EXPECT_EQ(gateway.store.devices.at(ana.id()).record.name, Plaintext("phone 1"));
}

TEST_F(Admin, ADeviceThatIsNotKnownLooksLikeABadSignature) {
  Phone nobody(7, 2);
  const auto answer = gateway.request(gateway.signed_request(nobody, "GET", "/api/devices"));
  EXPECT_EQ(answer.status, 401u);
  EXPECT_EQ(gateway::parse_refusal(answer.json), Fault::bad_request_signature);
}

TEST_F(Admin, ARequestIsTakenOnceAndOnlyNearItsTime) {
  const auto request = gateway.signed_request(ana, "GET", "/api/devices");
  EXPECT_EQ(gateway.request(request).status, 200u);
  const auto again = gateway.request(request);
  EXPECT_EQ(again.status, 401u);
  EXPECT_EQ(gateway::parse_refusal(again.json), Fault::stale_request);
  const auto late = gateway.signed_request(ana, "GET", "/api/devices");
  gateway.pass(60s);
  EXPECT_EQ(gateway.request(request).status, 401u);
  EXPECT_EQ(gateway.request(late).status, 200u);
  const auto later = gateway.signed_request(ana, "GET", "/api/devices");
  gateway.pass(60s + 1ms);
  EXPECT_EQ(gateway::parse_refusal(gateway.request(later).json), Fault::stale_request);
}

/// By the server, for this request and this answer.
TEST_F(Admin, WhatAnswersASignedRequestIsSigned) {
  const auto door = test_door();
  const auto expect_signed = [&](HttpRequest request, unsigned status) {
    const auto asked = admin::digest_of(request, door.identity.text).value();
    const auto answer = gateway.request(std::move(request));
    EXPECT_EQ(answer.status, status);
    const auto proof = gateway::parse_answer_proof(answer.proof);
    ASSERT_TRUE(proof) << status << ": " << answer.proof;
    EXPECT_EQ(proof->time, gateway.wall());
    const auto digest = gateway::digest_of({asked, status, proof->time, answer.json});
    EXPECT_TRUE(crypto::verify(door.identity.key.verify_key(), digest.view(), proof->signature));
  };
  const auto list = [&] { return gateway.signed_request(ana, "GET", "/api/devices"); };
  const auto once = list();
  expect_signed(once, 200);
  expect_signed(once, 401);
  Phone nobody(7, 2);
  expect_signed(gateway.signed_request(nobody, "GET", "/api/devices"), 401);
  expect_signed(gateway.signed_request(ana, "GET", "/api/devicesx"), 404);
  for (const auto* method : {"PUT", "PATCH", "BREW"})
    expect_signed(gateway.signed_request(ana, method, target, "{}"), 405);
  expect_signed(gateway.signed_request(stranger, "DELETE", target), 404);
  const auto late = list();
  gateway.pass(61s);
  expect_signed(late, 401);
  gateway.store.is_failing = true;
  expect_signed(list(), 503);
  gateway.store.is_failing = false;
  const auto body = gateway::print_rename(Plaintext("laptop"));
  expect_signed(gateway.signed_request(ana, "POST", target + "/rename", body), 200);
  expect_signed(gateway.signed_request(ana, "DELETE", target), 200);
  expect_signed(list(), 403);
}

TEST_F(Admin, NothingIsSignedForWhoHasSignedNothing) {
  auto request = gateway.signed_request(ana, "GET", "/api/devices");
  request.authorization = "Culver x";
  const auto answer = gateway.request(request);
  EXPECT_EQ(answer.status, 401u);
  EXPECT_EQ(answer.proof, "");
}

TEST_F(Admin, WhoHasNotSignedHearsNothingOfDevicesOrBodies) {
  for (const std::string path : {"/api/devices/x", "/api/devices/x/rename"}) {
    const auto* method = path.ends_with("rename") ? "POST" : "DELETE";
    auto request = gateway.signed_request(ana, method, path, "{");
    EXPECT_NE(gateway.request(request).status, 401u) << path;
    request = gateway.signed_request(ana, method, path, "{");
    request.body = "{}";
    EXPECT_EQ(gateway.request(request).status, 401u) << path << " is not what was signed";
    request.authorization.clear();
    EXPECT_EQ(gateway.request(request).status, 401u) << path;
  }
}

TEST_F(Admin, WhatIsNotThereIs404) {
  for (const std::string path :
       {"/", "/api", "/api/devices/", "/api/devices/x", "/api/devicesx", "/api/devicesx?x"})
    EXPECT_EQ(gateway.request(gateway.signed_request(ana, "GET", path)).status, 404u) << path;
  EXPECT_EQ(gateway.request(gateway.signed_request(ana, "DELETE", "/api/devices/x")).status, 404u);
}

TEST_F(Admin, AStoreThatIsTooFarBehindIsToldBySignature) {
  auto limits = gateway.hub.limits();
  limits.questions = 0;
  gateway.hub.reconfigure({"ed25519:test", "ws://here", std::nullopt}, limits, false);
  const auto answer = get();
  EXPECT_EQ(answer.status, 503u);
  EXPECT_NE(answer.proof, "");
}

TEST_F(Admin, AStoreThatFailsAnswersNobody) {
  gateway.store.is_failing = true;
  const auto answer = get();
  EXPECT_EQ(answer.status, 503u);
  EXPECT_EQ(gateway::parse_refusal(answer.json), Fault::directory_failed);
}

TEST_F(Admin, ASlowStoreIsNotWaitedForForEver) {
  gateway.holds_answers = true;
  auto request = gateway.signed_request(ana, "GET", "/api/devices");
  request.socket = gateway.accept();
  const auto socket = request.socket;
  gateway.deliver(request);
  gateway.pass(10s);
  ASSERT_TRUE(gateway.responded(socket));
  EXPECT_EQ(gateway.responded(socket)->status, 503u);
  EXPECT_NE(gateway.responded(socket)->proof, "") << "it was read";
  gateway.holds_answers = false;
  gateway.settle();
}

TEST_F(Admin, RequestsOfAnAddressAreLimitedBeforeTheirSignature) {
  for (int i = 0; i < 60; ++i) EXPECT_EQ(get().status, 200u);
  const auto answer = get();
  EXPECT_EQ(answer.status, 429u);
  EXPECT_EQ(gateway.hub.counters().requests, 60u);
  EXPECT_EQ(gateway.hub.counters().requests_refused.of(Fault::rate_limited), 1u);
}

}  // namespace
}  // namespace culver::relay
