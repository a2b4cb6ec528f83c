#include "shell/cli/output/json_output.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/crypto/keys.hpp"
#include "core/wire/utf8.hpp"
#include "tests/shell/cli/output/fingerprint_support.hpp"

namespace culver::cli {
namespace {

using namespace report;

const PublicKey zero_key{};
const std::string zero_digest = "0000000000000000000000000000000000000000000000000000000000000000";

Peer peer_ana() { return {Plaintext("Ana"), zero_key}; }
File report_pdf() { return {peer_ana(), Plaintext("report.pdf"), 1000, std::nullopt, false}; }
File saved_pdf() {
  auto file = report_pdf();
  file.path = Plaintext("/home/ben/report.pdf");
  return file;
}

/// Whom every line about a peer is about.
const std::string of_ana =
    R"("peer":"Ana","fingerprint":")" + zero_digits + R"(","isVerified":false)";
const std::string of_pdf = of_ana + R"(,"name":"report.pdf","size":1000)";
const std::string path_and_digest =
    R"(,"path":"/home/ben/report.pdf","sha256":")" + zero_digest + '"';

std::string line(const std::string& type, const std::string& data) {
  return R"({"v":1,"type":")" + type + R"(","data":{)" + data + "}}";
}

TEST(JsonOutput, PrintsEachEventInOneStableLine) {
  EXPECT_EQ(json_of(Code{*PairingCode::parse("K7MW2Q")}), line("online", R"("code":"K7MW2Q")"));
  EXPECT_EQ(json_of(PairRequest{peer_ana()}),
            line("pairRequested", R"("name":"Ana","fingerprint":")" + zero_digits + '"'));
  EXPECT_EQ(json_of(Connected{peer_ana(), false, 31, {}, true}),
            line("peerConnected", of_ana + R"(,"path":"direct","setupMs":31,"isCulver":true)"));
  EXPECT_EQ(json_of(Connected{peer_ana(), true}),
            line("peerConnected", of_ana + R"(,"path":"relayed","setupMs":0,"isCulver":false)"));
  EXPECT_EQ(json_of(Unproven{peer_ana(), true}),
            line("peerUnproven", of_ana + R"(,"path":"relayed")"));
  EXPECT_EQ(json_of(Waiting{peer_ana(), 60}), line("waiting", of_ana + R"(,"waitMs":60000)"));
  EXPECT_EQ(json_of(Text{peer_ana(), Plaintext("hello")}),
            line("textReceived", of_ana + R"(,"text":"hello")"));
  EXPECT_EQ(json_of(Text{peer_ana(), Plaintext("hello"), OfLetter{"5-1", 1'700'000'000'123, true}}),
            line("textReceived",
                 of_ana + R"(,"text":"hello","message":"5-1","writtenMs":1700000000123)"));
  EXPECT_EQ(json_of(TextSent{peer_ana(), true}),
            line("textDelivered", of_ana + R"(,"isConfirmed":true)"));
  EXPECT_EQ(json_of(LetterKept{peer_ana(), 7}), line("textQueued", of_ana + R"(,"message":7)"));
  EXPECT_EQ(json_of(LetterDelivered{peer_ana(), 7, true}),
            line("textDelivered", of_ana + R"(,"message":7,"isConfirmed":true)"));
  EXPECT_EQ(json_of(Closed{peer_ana()}), line("peerDisconnected", of_ana));
}

TEST(JsonOutput, PrintsWhatBecomesOfAFile) {
  EXPECT_EQ(json_of(FileQuestion{report_pdf(), 2, 3000, 5}),
            line("fileOffered", of_pdf + R"(,"files":2,"totalBytes":3000,"question":5)"));
  EXPECT_EQ(json_of(FileRefused{report_pdf()}), line("fileRefused", of_pdf));
  EXPECT_EQ(json_of(FileStarted{report_pdf()}),
            line("transferState", of_pdf + R"(,"state":"started")"));
  EXPECT_EQ(json_of(FileStarted{report_pdf(), 512}),
            line("transferState", of_pdf + R"(,"state":"started","fromBytes":512)"));
  EXPECT_EQ(json_of(FileChecking{report_pdf(), 512, 100}),
            line("transferState", of_pdf + R"(,"state":"checking","ofBytes":512,"bytes":100)"));
  EXPECT_EQ(json_of(FileProgress{report_pdf(), 500}),
            line("transferProgress", of_pdf + R"(,"bytes":500)"));
  EXPECT_EQ(json_of(FileReceived{saved_pdf(), Digest{}}),
            line("fileReceived", of_pdf + path_and_digest));
  EXPECT_EQ(json_of(FileSent{saved_pdf(), Digest{}, true}),
            line("fileSent", of_pdf + path_and_digest + R"(,"isConfirmed":true)"));
  EXPECT_EQ(json_of(Failed{Fault::file_refused, Plaintext("report.pdf")}),
            line("transferFailed",
                 R"("code":"file_refused","message":"report.pdf: The peer refused the file.",)"
                 R"("name":"report.pdf")"));
}

TEST(JsonOutput, PrintsWhyThingsFail) {
  EXPECT_EQ(json_of(Failed{Fault::pair_refused, {}}),
            line("failed", R"("code":"pair_refused","message":"The peer does not let us in.")"));
  EXPECT_EQ(
      json_of(Failed{Fault::peer_blocked, {}, peer_ana()}),
      line("failed", R"("code":"peer_blocked","message":"Ana: The peer is blocked.",)" + of_ana));
  const DialFailure refused{"example.org", 443, dial::Refused{}, {}};
  EXPECT_EQ(json_of(RelayFailed{"turn.org", 3478, refused}),
            line("relayFailed",
                 R"("host":"turn.org","port":3478,"code":"server_unreachable","message":)"
                 R"("example.org port 443: The connection was refused: nothing listens on that )"
                 R"(port.","cause":"connection_refused")"));
}

TEST(JsonOutput, NamesWhomAKeyIsAbout) {
  EXPECT_EQ(json_of(PairRequest{peer_ana(), zero_key, 3}),
            line("pairRequested", R"("name":"Ana","fingerprint":")" + zero_digits +
                                      R"(","namesake":")" + zero_digits + R"(","question":3)"));
  EXPECT_EQ(json_of(NameQuestion{peer_ana(), zero_key, 3}),
            line("nameConflict", of_ana + R"(,"namesake":")" + zero_digits + R"(","question":3)"));
  EXPECT_EQ(json_of(Connected{
                {Plaintext("Ana"), zero_key}, false, 7, zero_key, false, Plaintext("Anna")}),
            line("peerConnected",
                 of_ana + R"(,"path":"direct","setupMs":7,"isCulver":false,"insteadOf":")" +
                     zero_digits + R"(","calledBefore":"Anna")"));
}

TEST(JsonOutput, PrintsWhatLinkingTells) {
  const std::string nobody = "00000000-0000-0000-0000-000000000000";
  const std::string account = R"("account":")" + std::string(64, '0') + '"';
  EXPECT_EQ(json_of(LinkRequest{{}, Plaintext("Lap"), {}, 4}),
            line("linkRequested",
                 R"("device":")" + nobody + R"(","name":"Lap",)" + account + R"(,"question":4)"));
  EXPECT_EQ(json_of(LinkedDevice{{}, std::nullopt}),
            line("deviceLinked", R"("device":")" + nobody + R"(","name":null)"));
  EXPECT_EQ(json_of(LinkedAccount{{}, {}}),
            line("accountJoined", account + R"(,"device":")" + nobody + '"'));
}

TEST(JsonOutput, CallsANamelessPeerByAShortFingerprint) {
  const auto nameless =
      R"("peer":"6668 7AAD F862 BD77","fingerprint":")" + zero_digits + R"(","isVerified":false)";
  EXPECT_EQ(json_of(Closed{{std::nullopt, zero_key}}), line("peerDisconnected", nameless));
  EXPECT_EQ(json_of(Closed{{Plaintext(""), zero_key}}), line("peerDisconnected", nameless));
  EXPECT_EQ(json_of(PairRequest{{std::nullopt, zero_key}}),
            line("pairRequested", R"("name":null,"fingerprint":")" + zero_digits + '"'));
}

TEST(JsonOutput, WritesNothingThatDrivesATerminal) {
  EXPECT_EQ(
      json_of(
          Text{peer_ana(), Plaintext("a\x1b[2J\x07\"\\\n\xC2\x9B\xE2\x80\xAE\xF3\xA0\x81\x81")}),
      line("textReceived", of_ana + R"(,"text":"a\u001b[2J\u0007\"\\\n\u009b\u202e\udb40\udc41")"));
  EXPECT_EQ(json_of(Text{peer_ana(), Plaintext("\xFFok")}),
            line("textReceived", of_ana + R"(,"text":"\ufffdok")"));
}

TEST(JsonOutput, ReadsTheAnswersOfPrograms) {
  const auto answer = parse_answer(R"({"question":7,"isAccepted":true,"more":1})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->question, 7u);
  EXPECT_TRUE(answer->is_accepted);
  for (const auto* wrong : {"", "yes", R"({"question":7})", R"({"question":-1,"isAccepted":true})",
                            R"({"question":7,"isAccepted":"true"})"})
    EXPECT_FALSE(parse_answer(wrong)) << wrong;
}

TEST(JsonOutput, PrintsPeersAsAnArray) {
  EXPECT_EQ(json_of(std::span<const KnownPeer>{}), "[]");
  const std::vector<KnownPeer> peers{
      {peer_ana(),
       Plaintext("Sister"),
       "Sister@6668",
       "12345",
       1'000,
       2'000,
       true,
       true,
       true,
       {zero_key, zero_key}},
      {{std::nullopt, zero_key}, std::nullopt, "66687AAD", "1", 0, 3'000}};
  const std::string key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  const std::string first = R"({"peer":"Sister","handle":"Sister@6668","name":"Ana",)"
                            R"("alias":"Sister","publicKey":")" +
                            key + R"(","fingerprint":")" + zero_digits +
                            R"(","safetyNumber":"12345","firstSeenMs":1000,"lastSeenMs":2000,)"
                            R"("isVerified":true,"isBlocked":true,"isCulver":true,"offered":[")" +
                            zero_digits + R"(",")" + zero_digits + R"("]})";
  const std::string second = R"({"peer":"6668 7AAD F862 BD77","handle":"66687AAD","name":null,)"
                             R"("alias":null,"publicKey":")" +
                             key + R"(","fingerprint":")" + zero_digits +
                             R"(","safetyNumber":"1","firstSeenMs":0,"lastSeenMs":3000,)"
                             R"("isVerified":false,"isBlocked":false,"isCulver":false,)"
                             R"("offered":[]})";
  EXPECT_EQ(json_of(peers[0]), first);
  EXPECT_EQ(json_of(peers), "[" + first + "," + second + "]");
}

TEST(JsonOutput, PrintsTextsThatWait) {
  const std::vector<Waits> texts{{peer_ana(), 3, 1'500, 5, Plaintext("hello")},
                                 {peer_ana(), 4, 1'600, std::nullopt}};
  const auto of = R"("peer":"Ana","fingerprint":")" + zero_digits + R"(",)";
  EXPECT_EQ(json_of(texts),
            R"([{"message":3,)" + of + R"("writtenMs":1500,"characters":5,"text":"hello"},)" +
                R"({"message":4,)" + of + R"("writtenMs":1600,"characters":null}])");
}

TEST(JsonOutput, PrintsIdentityAndVersion) {
  EXPECT_EQ(json_of(Identity{zero_key, {}, {}}),
            R"({"publicKey":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","fingerprint":")" +
                zero_digits + R"(","account":")" + std::string(64, '0') +
                R"(","device":"00000000-0000-0000-0000-000000000000"})");
  EXPECT_EQ(json_of_version("1.2.3"), R"({"version":"1.2.3"})");
  EXPECT_EQ(json_of(Lock{true, Plaintext("/d/key")}), R"({"isLocked":true,"keyFile":"/d/key"})");
  EXPECT_EQ(json_of(OwnName{Plaintext("Ana"), true}), R"({"name":"Ana","isChosen":true})");
}

TEST(JsonOutput, PrintsAServerWithWhatWasKnownOfIt) {
  crypto::VerifyKey identity;
  identity.data.fill(std::byte{1});
  const auto hex = print_hex(identity.data), zeros = std::string(64, '0');
  EXPECT_EQ(json_of(Server{"ws://h:80", identity, 2, {}, {}, true}),
            R"({"server":"ws://h:80","identity":")" + hex + R"(","version":2,"isTrusted":true})");
  EXPECT_EQ(json_of(Server{"ws://h:80", identity, 2, crypto::VerifyKey{}, 1, false}),
            R"({"server":"ws://h:80","identity":")" + hex + R"(","version":2,"knownIdentity":")" +
                zeros + R"(","knownVersion":1,"isTrusted":false})");
}

TEST(JsonOutput, PrintsDevices) {
  const std::vector<Device> devices{{{}, Plaintext("La\"p"), "desktop", 1, 2, true, true, false},
                                    {{}, std::nullopt, "", 1, 2, false, false, true}};
  const std::string first =
      R"({"device":"00000000-0000-0000-0000-000000000000","name":"La\"p","type":"desktop",)"
      R"("registeredMs":1,"lastSeenMs":2,"isThis":true,"isOnline":true,"isRevoked":false})";
  const std::string second =
      R"({"device":"00000000-0000-0000-0000-000000000000","name":null,"registeredMs":1,)"
      R"("lastSeenMs":2,"isThis":false,"isOnline":false,"isRevoked":true})";
  EXPECT_EQ(json_of(devices[0]), first);
  EXPECT_EQ(json_of(devices), "[" + first + "," + second + "]");
  EXPECT_EQ(json_of(std::vector<Device>{}), "[]");
}

RC_GTEST_PROP(JsonOutput, IsAlwaysOneLineOfJsonThatKeepsValidText, (const std::string& text)) {
  const auto line = json_of(Text{peer_ana(), Plaintext(text)});
  RC_ASSERT(line.find('\n') == std::string::npos);
  const auto parsed = boost::json::parse(line);
  const auto& back = parsed.at("data").at("text").as_string();
  if (wire::utf8::is_valid(text)) RC_ASSERT(std::string_view(back.data(), back.size()) == text);
}

}  // namespace
}  // namespace culver::cli
