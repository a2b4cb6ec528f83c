#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/wire/limits.hpp"
#include "core/wire/sdp.hpp"
#include "tests/core/wire/generators_support.hpp"

namespace culver::wire::sdp {
namespace {

Candidate read(std::string_view line) {
  const auto parsed = parse_candidate(line);
  EXPECT_TRUE(parsed && !parsed->skipped) << line;
  return parsed ? parsed->candidate : Candidate{};
}

TEST(Candidate, IsReadAsBrowsersAndLibrariesWriteIt) {
  const Candidate host{"1", 2122260223, "127.0.0.1", 50000, CandidateType::host, {}, 0};
  for (const auto line : {"candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host generation 0 "
                          "ufrag abcd network-id 1",
                          "a=candidate:1 1 UDP 2122260223 127.0.0.1 50000 typ host",
                          "candidate:1 1 udp  2122260223 127.0.0.1 50000 typ host odd"})
    EXPECT_EQ(read(line), host) << line;
  EXPECT_EQ(read("candidate:842163049 1 udp 1677729535 2001:db8::1 46154 typ srflx "
                 "raddr 10.0.0.17 rport 46154 generation 0 network-cost 999"),
            (Candidate{"842163049", 1677729535, "2001:db8::1", 46154,
                       CandidateType::server_reflexive, "10.0.0.17", 46154}));
  EXPECT_EQ(read("candidate:a+/Z 1 udp 1 192.0.2.1 1 typ relay raddr x.local rport 7").related_port,
            0);
}

TEST(Candidate, ThatCannotBeUsedIsSkipped) {
  for (const auto line :
       {"candidate:1 1 udp 2113937151 0b0a6b1f-0c5e-4d0c-9a42-1a2b3c4d5e6f.local 5353 typ host",
        "candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
        "candidate:1 1 tcp 1518280447 192.0.2.1 0 typ host tcptype active",
        "candidate:1 2 udp 2113937151 192.0.2.1 5353 typ host",
        "candidate:1 1 udp 2113937151 turn.example.org 5353 typ relay",
        "candidate:1 1 udp 2113937151 192.0.2.1 5353 typ future",
        "candidate:1 1 ssltcp 2113937151 192.0.2.1 443 typ relay"}) {
    const auto parsed = parse_candidate(line);
    EXPECT_TRUE(parsed && parsed->skipped) << line;
  }
}

TEST(Candidate, IsRefusedIfBroken) {
  const std::string good = "candidate:1 1 udp 2113937151 192.0.2.1 5353 typ host";
  for (const std::string& line :
       {std::string(),
        std::string("candidate:"),
        std::string("candidate"),
        "x" + good,
        "a=a=" + good,
        std::string("candidate:1"),
        good.substr(0, good.size() - 5),
        std::string("candidate: 1 udp 1 192.0.2.1 1 typ host"),
        std::string("candidate:a*b 1 udp 1 192.0.2.1 1 typ host"),
        "candidate:" + std::string(33, 'f') + " 1 udp 1 192.0.2.1 1 typ host",
        std::string("candidate:1 0 udp 1 192.0.2.1 1 typ host"),
        std::string("candidate:1 257 udp 1 192.0.2.1 1 typ host"),
        std::string("candidate:1 x udp 1 192.0.2.1 1 typ host"),
        std::string("candidate:1 1 udp -1 192.0.2.1 1 typ host"),
        std::string("candidate:1 1 udp 4294967296 192.0.2.1 1 typ host"),
        std::string("candidate:1 1 udp 1 192.0.2.1 65536 typ host"),
        std::string("candidate:1 1 udp 1 192.0.2.1 0 typ host"),
        std::string("candidate:1 1 udp 1 192.0.2.1 1 type host"),
        std::string("candidate:1 1 udp 1 fe80::1%eth0 1 typ host"),
        std::string("candidate:1 1 udp 1 2001:::1 1 typ host"),
        std::string("candidate:1 1 udp 1 [::1] 1 typ host"),
        "candidate:1 1 udp 1 192.0.2.1" + std::string(1, '\0') + ".evil 1 typ host",
        good + " " + std::string(limits::candidate, 'x')})
    EXPECT_EQ(parse_candidate(line).error(), Fault::bad_candidate) << line;
}

RC_GTEST_PROP(Candidate, IsReadAsPrinted, ()) {
  const auto candidate = *culver::testing::candidate();
  const auto parsed = parse_candidate(print(candidate));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(!parsed->skipped);
  RC_ASSERT(parsed->candidate == candidate);
}

}  // namespace
}  // namespace culver::wire::sdp
