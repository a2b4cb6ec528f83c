// Signed requests and their bodies: printed, parsed, and refused.
#include "core/wire/gateway_admin.hpp"

#include <gtest/gtest.h>

namespace culver::wire::gateway {
namespace {

Authorization authorization() {
  Authorization made{};
  made.device = *parse_device_id("550e8400-e29b-41d4-a716-446655440000");
  made.time = 1'700'000'000'000;
  made.nonce.data.fill(std::byte{0xab});
  made.signature.data.fill(std::byte{0x12});
  return made;
}

TEST(GatewayAdmin, TheHeaderIsReadAsItWasPrinted) {
  const auto text = print(authorization());
  EXPECT_EQ(text.substr(0, 44), "Culver device=550e8400-e29b-41d4-a716-446655");
  EXPECT_EQ(*parse_authorization(text), authorization());
}

TEST(GatewayAdmin, AnyOtherHeaderIsRefused) {
  const auto good = print(authorization());
  for (const std::string& bad : std::vector<std::string>{
           std::string(), good.substr(1), good + ",", good + "0", good + ",x=1", "Culver " + good,
           good.substr(0, good.size() - 1), "Bearer " + good.substr(7),
           std::string("Culver device=,time=,nonce=,signature="),
           "Culver " + std::string(10'000, 'a')}) {
    const auto parsed = parse_authorization(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error(), Fault::bad_request_signature);
  }
  auto negative = authorization();
  negative.time = -1;
  EXPECT_FALSE(parse_authorization(print(negative)));
}

TEST(GatewayAdmin, TheDigestCoversEveryPartAndItsLength) {
  const SignedRequest request{"id", "GET", "/api/devices", authorization().device, 1, {}, "body"};
  const auto digest = digest_of(request);
  auto other = request;
  other.server_identity = "idG";
  other.method = "ET";
  EXPECT_NE(digest_of(other), digest) << "parts do not run into one another";
  for (auto change :
       {+[](SignedRequest& r) { r.server_identity = "x"; },
        +[](SignedRequest& r) { r.method = "x"; }, +[](SignedRequest& r) { r.target = "x"; },
        +[](SignedRequest& r) { r.device.data[0] = std::byte{1}; },
        +[](SignedRequest& r) { r.time = 2; },
        +[](SignedRequest& r) { r.nonce.data[0] = std::byte{1}; },
        +[](SignedRequest& r) { r.body = "x"; }}) {
    other = request;
    change(other);
    EXPECT_NE(digest_of(other), digest);
  }
  // Made with a script of a few lines: hashlib and struct.
  EXPECT_EQ(print_hex(digest.view()),
            "17afb004757cde69abc73c84580ea761ee37148b996441f9fee93fe13b07d185");
}

TEST(GatewayAdmin, TheProofOfAnAnswerIsReadAsItWasPrinted) {
  const AnswerProof proof{1'700'000'000'000, authorization().signature};
  const auto text = print(proof);
  EXPECT_EQ(text.substr(0, 33), "time=1700000000000,signature=1212");
  EXPECT_EQ(*parse_answer_proof(text), proof);
  for (const std::string& bad : std::vector<std::string>{
           "", text.substr(1), text + ",", text + "0", text + ",x=1",
           text.substr(0, text.size() - 1),
           "time=,signature=", print(AnswerProof{-1, proof.signature}), std::string(10'000, 'a')}) {
    const auto parsed = parse_answer_proof(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error(), Fault::answer_not_signed);
  }
}

TEST(GatewayAdmin, TheDigestOfAnAnswerCoversEveryPart) {
  Digest request;
  request.data.fill(std::byte{7});
  const SignedAnswer answer{request, 200, 1'700'000'000'000, "body"};
  const auto digest = digest_of(answer);
  for (auto change :
       {+[](SignedAnswer& a) { a.request.data[0] = std::byte{1}; },
        +[](SignedAnswer& a) { a.status = 201; }, +[](SignedAnswer& a) { a.time = 2; },
        +[](SignedAnswer& a) { a.body = "x"; }}) {
    auto other = answer;
    change(other);
    EXPECT_NE(digest_of(other), digest);
  }
  // Made with a script of a few lines: hashlib and struct.
  EXPECT_EQ(print_hex(digest.view()),
            "07e5701b57d295d747968e8a07b807dd522c6f6eb601be1967da3f54106f5870");
}

TEST(GatewayAdmin, DevicesAreReadAsTheyWerePrinted) {
  const auto device = authorization().device;
  const std::vector<ListedDevice> devices{
      {device, Plaintext("my \"phone\""), DeviceType::mobile, 1, 2, false, true},
      {device, std::nullopt, std::nullopt, 3, 4, true, false}};
  EXPECT_EQ(*parse_devices(print_devices(devices)), devices);
  EXPECT_EQ(*parse_devices(R"({"devices":[]})"), std::vector<ListedDevice>{});
  EXPECT_EQ(parse_devices(R"({"devices":1})").error(), Fault::wrong_type);
  EXPECT_EQ(parse_devices(R"({"devices":[1]})").error(), Fault::wrong_type);
  EXPECT_EQ(parse_devices(R"({"devices":[{}]})").error(), Fault::bad_device_id);
}

TEST(GatewayAdmin, NamesHaveFiftyCharactersNotBytes) {
  std::string wide;
  for (int i = 0; i < 50; ++i) wide += "\xC3\xA9";
  EXPECT_EQ(*parse_rename(print_rename(Plaintext(wide))), Plaintext(wide));
  EXPECT_EQ(parse_rename(print_rename(Plaintext(wide + "e"))).error(), Fault::device_name_refused);
  EXPECT_EQ(parse_rename(print_rename(Plaintext())).error(), Fault::device_name_refused);
  EXPECT_EQ(parse_rename("{}").error(), Fault::missing_field);
}

TEST(GatewayAdmin, RefusalsAreReadByName) {
  EXPECT_EQ(parse_refusal(print_refusal(Fault::stale_request)), Fault::stale_request);
  EXPECT_EQ(parse_refusal("{}"), Fault::server_refused);
  EXPECT_EQ(parse_refusal("nonsense"), Fault::server_refused);
}

}  // namespace
}  // namespace culver::wire::gateway
