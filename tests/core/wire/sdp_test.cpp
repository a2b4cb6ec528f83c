#include "core/wire/sdp.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/wire/limits.hpp"
#include "tests/core/wire/generators_support.hpp"

namespace culver::wire::sdp {
namespace {

constexpr std::string_view digest =
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:"
    "ff";

/// As Chromium 120 offers it, candidates included.
std::string chromium() {
  return "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
         "a=group:BUNDLE 0\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n"
         "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
         "a=candidate:1 1 udp 2113937151 0b0a6b1f.local 50000 typ host generation 0\r\n"
         "a=candidate:2 1 udp 1677729535 192.0.2.7 50000 typ srflx raddr 0.0.0.0 rport 0\r\n"
         "a=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlBE\r\na=ice-options:trickle\r\n"
         "a=fingerprint:sha-256 " +
         std::string(digest) +
         "\r\na=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n";
}

/// As aiortc 1.4 offers it: everything gathered, hashes of three kinds, the old media line.
std::string aiortc() {
  return "v=0\r\no=- 3900000000 3900000000 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
         "a=group:BUNDLE 0\r\na=msid-semantic:WMS *\r\n"
         "m=application 40001 DTLS/SCTP 5000\r\nc=IN IP4 192.0.2.7\r\na=mid:0\r\n"
         "a=sctpmap:5000 webrtc-datachannel 65535\r\na=max-message-size:65536\r\n"
         "a=candidate:abc 1 udp 2130706431 192.0.2.7 40001 typ host\r\na=end-of-candidates\r\n"
         "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
         "a=fingerprint:sha-512 AB:CD\r\na=fingerprint:SHA-256 " +
         std::string(digest) + "\r\na=setup:actpass\r\n";
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(Sdp, ReadsChromium) {
  const auto description = parse(chromium());
  ASSERT_TRUE(description);
  EXPECT_EQ(description->ice, (IceCredentials{"4ZcD", "2/1muCWoOi3uLifh0NuRHlBE"}));
  EXPECT_EQ(description->setup, Setup::actpass);
  EXPECT_EQ(description->mid, "0");
  EXPECT_EQ(description->sctp_port, 5000);
  EXPECT_EQ(description->max_message_size, 262'144u);
  EXPECT_FALSE(description->legacy);
  EXPECT_FALSE(description->end_of_candidates);
  ASSERT_EQ(description->candidates.size(), 1u);  // the name is skipped
  EXPECT_EQ(description->candidates[0].address, "192.0.2.7");
  EXPECT_EQ(description->fingerprint.sha256.at(0).data[31], std::byte{0xff});
}

TEST(Sdp, ReadsTheOldFormOfAiortc) {
  const auto description = parse(aiortc());
  ASSERT_TRUE(description);
  EXPECT_TRUE(description->legacy);
  EXPECT_EQ(description->sctp_port, 5000);
  EXPECT_TRUE(description->end_of_candidates);
  EXPECT_EQ(description->candidates.size(), 1u);
}

TEST(Sdp, ReadsBareLineFeedsAndEitherProtocolName) {
  std::string text = chromium();
  std::erase(text, '\r');
  EXPECT_EQ(parse(text), parse(chromium()));
  EXPECT_TRUE(parse(replaced(chromium(), "UDP/DTLS/SCTP", "TCP/DTLS/SCTP")));
}

TEST(Sdp, TakesAttributesOfTheSessionUnlessTheSectionHasItsOwn) {
  const std::string session =
      "a=ice-ufrag:SESS\r\na=ice-pwd:sessionsessionsessions\r\na=setup:active\r\n";
  std::string text = replaced(chromium(), "a=group", session + "a=group");
  EXPECT_EQ(parse(text)->ice.ufrag, "4ZcD");
  EXPECT_EQ(parse(text)->setup, Setup::actpass);
  text = replaced(replaced(text, "a=ice-ufrag:4ZcD\r\n", ""), "a=setup:actpass\r\n", "");
  EXPECT_EQ(parse(text)->ice.ufrag, "SESS");
  EXPECT_EQ(parse(text)->setup, Setup::active);
}

TEST(Sdp, ReadsOnlyTheFirstApplicationSection) {
  const std::string audio =
      "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:audio\r\na=ice-ufrag:audi\r\n";
  const std::string second =
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:second\r\na=setup:passive\r\n";
  const std::string text = replaced(chromium(), "m=application", audio + "m=application") + second;
  EXPECT_EQ(parse(text), parse(chromium()));
}

TEST(Sdp, HasDefaults) {
  std::string text = replaced(chromium(), "a=mid:0\r\n", "");
  text = replaced(text, "a=sctp-port:5000\r\n", "");
  text = replaced(text, "a=max-message-size:262144\r\n", "");
  const auto description = parse(text);
  ASSERT_TRUE(description);
  EXPECT_EQ(description->mid, "0");
  EXPECT_EQ(description->sctp_port, 5000);
  EXPECT_EQ(description->max_message_size, 65'536u);
  text = replaced(chromium(), "size:262144", "size:0");
  EXPECT_EQ(parse(text)->max_message_size, 0u);
  text = replaced(chromium(), "size:262144", "size:99999999999");
  EXPECT_EQ(parse(text)->max_message_size, 4'294'967'295u);
}

std::string digest_of(std::size_t bytes, std::string_view pair = "AB") {
  std::string text(pair);
  for (std::size_t i = 1; i < bytes; ++i) text.append(":").append(pair);
  return text;
}

PeerCertificate certificate(int sha256, int sha384 = 0, int sha512 = 0) {
  PeerCertificate made;
  made.sha256.data.fill(static_cast<std::byte>(sha256));
  made.sha384.data.fill(static_cast<std::byte>(sha384));
  made.sha512.data.fill(static_cast<std::byte>(sha512));
  return made;
}

bool is_of(const Result<SessionDescription>& description, const PeerCertificate& shown) {
  return description && description->fingerprint.share_one_with(Fingerprints(shown));
}

// RFC 8122 section 5: any hash function that we know, by any case of its name.
TEST(Sdp, TakesACertificateByAnyHashFunction) {
  const auto with = [](const std::string& line) {
    return parse(replaced(chromium(), "sha-256 " + std::string(digest), line));
  };
  EXPECT_TRUE(is_of(with("sha-512 " + digest_of(64)), certificate(1, 1, 0xab)));
  EXPECT_FALSE(is_of(with("sha-512 " + digest_of(64)), certificate(0xab, 0xab, 1)));
  EXPECT_TRUE(is_of(with("SHA-384 " + digest_of(48, "ab")), certificate(1, 0xab, 1)));
  EXPECT_TRUE(is_of(with("Sha-256 " + digest_of(32)), certificate(0xab)));
  EXPECT_FALSE(with("sha-512 " + digest_of(63)));
  EXPECT_FALSE(with("sha-384 " + digest_of(32)));
}

TEST(Sdp, TakesEachOfSeveralCertificates) {
  const auto lines = "sha-256 " + digest_of(32, "01") + "\r\na=fingerprint:sha-256 " +
                     digest_of(32, "02") + "\r\na=fingerprint:sha-512 " + digest_of(64, "03");
  const auto description = parse(replaced(chromium(), "sha-256 " + std::string(digest), lines));
  EXPECT_TRUE(is_of(description, certificate(1, 9, 9)));
  EXPECT_TRUE(is_of(description, certificate(2, 9, 9)));
  EXPECT_FALSE(is_of(description, certificate(9, 9, 3))) << "one hash function decides";
  EXPECT_FALSE(is_of(description, certificate(9, 9, 9)));
}

TEST(Sdp, ASectionsOwnCertificatesReplaceThoseOfTheSession) {
  const auto text = replaced(chromium(), "a=group",
                             "a=fingerprint:sha-256 " + digest_of(32, "07") + "\r\na=group");
  EXPECT_FALSE(is_of(parse(text), certificate(7)));
  EXPECT_TRUE(
      is_of(parse(replaced(text, "a=fingerprint:sha-256 " + std::string(digest) + "\r\n", "")),
            certificate(7)));
}

// RFC 4145 section 4 has a default, RFC 5234 has literals of any case.
TEST(Sdp, RolesMayBeUnstatedAndOfAnyCase) {
  EXPECT_EQ(parse(replaced(chromium(), "a=setup:actpass\r\n", ""))->setup, Setup::unstated);
  EXPECT_EQ(parse(replaced(chromium(), "setup:actpass", "setup:ACTIVE"))->setup, Setup::active);
}

// RFC 8843 section 6: it is not refused, and the section that speaks for the bundle has the rest.
TEST(Sdp, ASectionMayLiveByItsBundleOnly) {
  auto text = replaced(chromium(), "application 9 ", "application 0 ");
  EXPECT_FALSE(parse(text));
  text = replaced(text, "a=mid:0", "a=bundle-only\r\na=mid:0");
  EXPECT_EQ(parse(text), parse(chromium()));

  const std::string bundled =
      "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a d\r\n"
      "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:a\r\na=ice-ufrag:audi\r\n"
      "a=ice-pwd:audioaudioaudioaudioau\r\na=setup:actpass\r\na=fingerprint:sha-256 " +
      digest_of(32, "05") +
      "\r\na=candidate:2 1 udp 1677729535 192.0.2.7 50000 typ host\r\n"
      "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\na=bundle-only\r\n"
      "a=sctp-port:5000\r\n";
  const auto description = parse(bundled);
  ASSERT_TRUE(description);
  EXPECT_EQ(description->ice.ufrag, "audi");
  EXPECT_EQ(description->mid, "d");
  EXPECT_EQ(description->candidates.size(), 1u);
  EXPECT_TRUE(is_of(description, certificate(5)));
  EXPECT_FALSE(parse(replaced(bundled, "BUNDLE a d", "BUNDLE a"))) << "no bundle of its own";
}

TEST(Sdp, WhatIsNoDataChannelIsPassedOver) {
  const std::string whiteboard = "m=application 9 UDP/BFCP *\r\na=mid:w\r\na=setup:holdconn\r\n";
  const std::string refused = "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:r\r\n";
  EXPECT_EQ(parse(replaced(chromium(), "m=application", whiteboard + refused + "m=application")),
            parse(chromium()));
}

TEST(Sdp, UnknownAttributesAndOtherTextsOfTheCandidateLineChangeNothing) {
  const auto text =
      replaced(chromium(), "a=ice-ufrag", "a=quite:unknown\r\na=flag\r\nb=AS:30\r\na=ice-ufrag");
  EXPECT_EQ(parse(text), parse(chromium()));
  const auto candidate = parse_candidate("candidate:1 1 UDP 7 192.0.2.1 5 TYP Host");
  ASSERT_TRUE(candidate && !candidate->skipped);
  EXPECT_EQ(candidate->candidate.type, CandidateType::host);
}

TEST(Sdp, IsRefusedIfBroken) {
  const std::string good = chromium();
  const std::pair<std::string_view, std::string_view> changes[] = {
      {"v=0", "v=1"},
      {"v=0\r\n", ""},
      {"m=application", "m=audio"},
      {"application 9 ", "application 0 "},
      {"application 9 ", "application x "},
      {"UDP/DTLS/SCTP", "UDP/TLS/RTP/SAVPF"},
      {"webrtc-datachannel", "5000"},
      {"a=ice-ufrag:4ZcD\r\n", ""},
      {"4ZcD", "4Zc"},
      {"4ZcD", "4Zc?"},
      {"a=ice-pwd:2/1muCWoOi3uLifh0NuRHlBE\r\n", ""},
      {"2/1muCWoOi3uLifh0NuRHlBE", "short"},
      {"sha-256 00", "sha-384 00"},
      {"sha-256 00", "sha-1 00"},
      {"4ZcD", "4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD4ZcD5"},
      {"sha-256 00:", "sha-256 "},
      {"sha-256 00:", "sha-256 00:00:"},
      {"sha-256 00:", "sha-256 0g:"},
      {"sha-256 00:", "sha-256 00-"},
      {"setup:actpass", "setup:holdconn"},
      {"setup:actpass", "setup:"},
      {"a=mid:0", "a=mid:"},
      {"a=mid:0", "a=mid:a b"},
      {"sctp-port:5000", "sctp-port:0"},
      {"sctp-port:5000", "sctp-port:65536"},
      {"sctp-port:5000", "sctp-port:"},
      {"size:262144", "size:many"},
  };
  for (const auto& [what, with] : changes)
    EXPECT_EQ(parse(replaced(good, what, with)).error(), Fault::bad_description)
        << what << " -> " << with;
  EXPECT_EQ(parse("").error(), Fault::bad_description);
  EXPECT_EQ(parse(replaced(aiortc(), "DTLS/SCTP 5000", "DTLS/SCTP x")).error(),
            Fault::bad_description);
}

TEST(Sdp, IsBounded) {
  EXPECT_EQ(parse(std::string(limits::sdp + 1, 'v')).error(), Fault::too_large);
  std::string lines = chromium();
  for (std::size_t i = 0; i < limits::sdp_lines; ++i) lines += "a=x\n";
  EXPECT_EQ(parse(lines).error(), Fault::too_large);
  std::string candidates = chromium();
  for (std::size_t i = 0; i < 2 * limits::candidates; ++i)
    candidates += "a=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n";
  EXPECT_EQ(parse(candidates)->candidates.size(), limits::candidates);
}

TEST(Sdp, SkipsBrokenCandidates) {
  EXPECT_EQ(parse(chromium() + "a=candidate:rubbish\r\na=candidate\r\n"), parse(chromium()));
}

TEST(Sdp, IsPrintedAsBrowsersAcceptIt) {
  SessionDescription description = *parse(chromium());
  description.setup = Setup::active;
  description.end_of_candidates = true;
  description.max_message_size = 65'536;
  EXPECT_EQ(print(description),
            "v=0\r\no=- 18838586676582 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
            "a=group:BUNDLE 0\r\na=msid-semantic: WMS\r\n"
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
            "a=sctp-port:5000\r\na=max-message-size:65536\r\na=setup:active\r\n"
            "a=fingerprint:sha-256 "
            "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:"
            "CC:DD:EE:FF\r\n"
            "a=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlBE\r\na=ice-options:trickle\r\n"
            "a=candidate:2 1 udp 1677729535 192.0.2.7 50000 typ srflx raddr 0.0.0.0 rport 0\r\n"
            "a=end-of-candidates\r\n");
}

RC_GTEST_PROP(Sdp, IsReadAsPrinted, ()) {
  SessionDescription description;
  description.ice.ufrag = *culver::testing::text_of(culver::testing::ice_chars, 4, longest_ufrag);
  description.ice.pwd = *culver::testing::text_of(culver::testing::ice_chars, 22, 256);
  description.fingerprint = *culver::testing::fixed_bytes<Fingerprint>();
  if (*rc::gen::arbitrary<bool>())
    description.fingerprint.sha512.push_back(*culver::testing::fixed_bytes<Fingerprint512>());
  description.setup = static_cast<Setup>(*rc::gen::inRange(0, 4));
  description.mid = *culver::testing::text_of("aZ09-_.!{}", 1, 100);
  description.sctp_port = *rc::gen::inRange<std::uint16_t>(1, 65535);
  description.max_message_size = *rc::gen::arbitrary<std::uint32_t>();
  description.candidates = *rc::gen::resize(
      limits::candidates, rc::gen::container<std::vector<Candidate>>(culver::testing::candidate()));
  description.end_of_candidates = *rc::gen::arbitrary<bool>();
  description.legacy = *rc::gen::arbitrary<bool>();
  const auto back = parse(print(description));
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == description);
}

}  // namespace
}  // namespace culver::wire::sdp
