#include "core/wire/report.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/crypto/keys.hpp"
#include "core/wire/utf8.hpp"

namespace culver::wire::report {
namespace {

// The key of 32 zero bytes: its SHA-256 is a published constant.
const PublicKey zero_key{};
const std::string zero_fingerprint =
    "6668 7AAD F862 BD77 6C8F C18B 8E9F 8E20 0897 1485 6EE2 33B3 902A 591D 0D5F 2925";
const std::string zero_digest = "0000000000000000000000000000000000000000000000000000000000000000";

Peer ana() { return {Plaintext("Ana"), zero_key}; }
File report_pdf() { return {ana(), Plaintext("report.pdf"), 1000, std::nullopt, false}; }
File saved_pdf() {
  auto file = report_pdf();
  file.path = Plaintext("/home/ben/report.pdf");
  return file;
}

/// Whom every line about a peer is about.
const std::string of_ana =
    R"("peer":"Ana","fingerprint":")" + zero_fingerprint + R"(","verified":false)";

TEST(Report, PrintsEachEventInOneStableLine) {
  EXPECT_EQ(print(Code{*PairingCode::parse("K7MW2Q")}), R"({"event":"code","code":"K7MW2Q"})");
  EXPECT_EQ(print(PairRequest{ana()}),
            R"({"event":"pair_request","name":"Ana","fingerprint":")" + zero_fingerprint + R"("})");
  EXPECT_EQ(
      print(Connected{ana(), false, 31, {}, true}),
      R"({"event":"connected",)" + of_ana + R"(,"path":"direct","setup_ms":31,"culver":true})");
  EXPECT_EQ(print(Connected{ana(), true}), R"({"event":"connected",)" + of_ana +
                                               R"(,"path":"relayed","setup_ms":0,"culver":false})");
  EXPECT_EQ(print(Text{ana(), Plaintext("hello")}),
            R"({"event":"text",)" + of_ana + R"(,"text":"hello"})");
  EXPECT_EQ(print(FileStarted{report_pdf()}),
            R"({"event":"file_started",)" + of_ana + R"(,"name":"report.pdf","size":1000})");
  EXPECT_EQ(
      print(FileStarted{report_pdf(), 512}),
      R"({"event":"file_started",)" + of_ana + R"(,"name":"report.pdf","size":1000,"from":512})");
  EXPECT_EQ(
      print(FileProgress{report_pdf(), 500}),
      R"({"event":"file_progress",)" + of_ana + R"(,"name":"report.pdf","size":1000,"bytes":500})");
  EXPECT_EQ(print(FileReceived{saved_pdf(), Digest{}}),
            R"({"event":"file_received",)" + of_ana +
                R"(,"name":"report.pdf","size":1000,)"
                R"("path":"/home/ben/report.pdf","sha256":")" +
                zero_digest + R"("})");
  EXPECT_EQ(print(FileSent{saved_pdf(), Digest{}, true}),
            R"({"event":"file_sent",)" + of_ana +
                R"(,"name":"report.pdf","size":1000,)"
                R"("path":"/home/ben/report.pdf","sha256":")" +
                zero_digest + R"(","confirmed":true})");
  EXPECT_EQ(
      print(Failed{Fault::pair_refused, {}}),
      R"({"event":"failed","reason":"pair_refused","message":"The peer does not let us in."})");
  EXPECT_EQ(print(Failed{Fault::file_refused, Plaintext("report.pdf")}),
            R"({"event":"failed","reason":"file_refused",)"
            R"("message":"report.pdf: The peer refused the file.","file":"report.pdf"})");
  EXPECT_EQ(print(Closed{ana()}), R"({"event":"closed",)" + of_ana + R"(})");
}

TEST(Report, NamesWhomAKeyIsAbout) {
  EXPECT_EQ(print(PairRequest{ana(), zero_key}),
            R"({"event":"pair_request","name":"Ana","fingerprint":")" + zero_fingerprint +
                R"(","namesake":")" + zero_fingerprint + R"("})");
  EXPECT_EQ(print(Failed{Fault::peer_blocked, {}, ana()}),
            R"({"event":"failed","reason":"peer_blocked","message":"Ana: The peer is blocked.",)"
            R"()" +
                of_ana + R"(})");
  EXPECT_EQ(print(Lock{true, Plaintext("/d/key")}), R"({"locked":true,"key_file":"/d/key"})");
}

TEST(Report, CallsANamelessPeerByAShortFingerprint) {
  EXPECT_EQ(print(Closed{{std::nullopt, zero_key}}),
            R"({"event":"closed","peer":"6668 7AAD F862 BD77","fingerprint":")" + zero_fingerprint +
                R"(","verified":false})");
  EXPECT_EQ(print(Closed{{Plaintext(""), zero_key}}),
            R"({"event":"closed","peer":"6668 7AAD F862 BD77","fingerprint":")" + zero_fingerprint +
                R"(","verified":false})");
  EXPECT_EQ(print(PairRequest{{std::nullopt, zero_key}}),
            R"({"event":"pair_request","name":null,"fingerprint":")" + zero_fingerprint + R"("})");
}

TEST(Report, WritesNothingThatDrivesATerminal) {
  EXPECT_EQ(print(Text{ana(), Plaintext("a\x1b[2J\x07\"\\\n\xC2\x9B\xE2\x80\xAE\xF3\xA0\x81\x81")}),
            R"({"event":"text",)" + of_ana +
                R"(,)"
                R"("text":"a\u001b[2J\u0007\"\\\n\u009b\u202e\udb40\udc41"})");
  EXPECT_EQ(print(Text{ana(), Plaintext("\xFFok")}),
            R"({"event":"text",)" + of_ana + R"(,"text":"\ufffdok"})");
}

TEST(Report, PrintsPeersAsAnArray) {
  EXPECT_EQ(print(std::span<const KnownPeer>{}), "[]");
  const std::vector<KnownPeer> peers{
      {ana(),
       Plaintext("Sister"),
       "Sister@6668",
       "12345",
       "2025-01-01T00:00:00Z",
       "2025-02-01T00:00:00Z",
       true,
       true,
       true,
       {zero_key, zero_key}},
      {{std::nullopt, zero_key}, std::nullopt, "66687AAD", "1", "1", "2"}};
  const std::string key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const std::string first = R"({"peer":"Sister","handle":"Sister@6668","name":"Ana",)"
                            R"("alias":"Sister","public_key":")" +
                            key + R"(","fingerprint":")" + zero_fingerprint +
                            R"(","safety_number":"12345","first_seen":"2025-01-01T00:00:00Z",)"
                            R"("last_seen":"2025-02-01T00:00:00Z","verified":true,"blocked":true,)"
                            R"("culver":true,"offered":[")" +
                            zero_fingerprint + R"(",")" + zero_fingerprint + R"("]})";
  const std::string second = R"({"peer":"6668 7AAD F862 BD77","handle":"66687AAD","name":null,)"
                             R"("alias":null,"public_key":")" +
                             key + R"(","fingerprint":")" + zero_fingerprint +
                             R"(","safety_number":"1","first_seen":"1","last_seen":"2",)"
                             R"("verified":false,"blocked":false,"culver":false,"offered":[]})";
  EXPECT_EQ(print(peers[0]), first);
  EXPECT_EQ(print(peers), "[" + first + "," + second + "]");
}

TEST(Report, SaysWhoseKeyANewOneReplaced) {
  EXPECT_EQ(print(Connected{{Plaintext("Ana"), zero_key}, false, 7, zero_key}),
            R"({"event":"connected",)" + of_ana +
                R"(,"path":"direct","setup_ms":7,"culver":false,"instead_of":")" +
                zero_fingerprint + R"("})");
}

TEST(Report, PrintsIdentityAndVersion) {
  EXPECT_EQ(print(Identity{zero_key, {}, {}}),
            R"({"public_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","fingerprint":")" +
                zero_fingerprint + R"(","account":")" + std::string(64, '0') +
                R"(","device":"00000000-0000-0000-0000-000000000000"})");
  EXPECT_EQ(print_version("1.2.3"), R"({"version":"1.2.3"})");
}

TEST(Report, PrintsAServerWithWhatWasKnownOfIt) {
  crypto::VerifyKey identity;
  identity.data.fill(std::byte{1});
  const auto hex = print_hex(identity.data), zeros = std::string(64, '0');
  EXPECT_EQ(print(Server{"ws://h:80", identity, 2, {}, {}, true}),
            R"({"server":"ws://h:80","identity":")" + hex + R"(","version":2,"trusted":true})");
  EXPECT_EQ(print(Server{"ws://h:80", identity, 2, crypto::VerifyKey{}, 1, false}),
            R"({"server":"ws://h:80","identity":")" + hex + R"(","version":2,"known_identity":")" +
                zeros + R"(","known_version":1,"trusted":false})");
}

TEST(Report, PrintsDevices) {
  const std::vector<Device> devices{
      {{}, Plaintext("La\"p"), "desktop", "1", "2", true, true, false},
      {{}, std::nullopt, "", "1", "2", false, false, true}};
  const std::string first =
      R"({"device":"00000000-0000-0000-0000-000000000000","name":"La\"p","type":"desktop",)"
      R"("registered":"1","last_seen":"2","this":true,"online":true,"revoked":false})";
  const std::string second =
      R"({"device":"00000000-0000-0000-0000-000000000000","name":null,"registered":"1",)"
      R"("last_seen":"2","this":false,"online":false,"revoked":true})";
  EXPECT_EQ(print(devices[0]), first);
  EXPECT_EQ(print(devices), "[" + first + "," + second + "]");
  EXPECT_EQ(print(std::vector<Device>{}), "[]");
}

RC_GTEST_PROP(Report, IsAlwaysOneLineOfJsonThatKeepsValidText, (const std::string& text)) {
  const auto line = print(Text{ana(), Plaintext(text)});
  RC_ASSERT(line.find('\n') == std::string::npos);
  const auto parsed = boost::json::parse(line);
  const auto& back = parsed.at("text").as_string();
  if (utf8::is_valid(text)) RC_ASSERT(std::string_view(back.data(), back.size()) == text);
}

}  // namespace
}  // namespace culver::wire::report
