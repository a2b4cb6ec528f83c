#include "core/wire/ice_url.hpp"

#include <gtest/gtest.h>

namespace culver::wire {
namespace {

using Kind = IceUrl::Kind;

TEST(IceUrl, TakesWhatTheRfcsWrite) {
  EXPECT_EQ(IceUrl::parse("stun:stun.example.org"), (IceUrl{Kind::stun, "stun.example.org", 3478}));
  EXPECT_EQ(IceUrl::parse("turn:192.0.2.1:3479"), (IceUrl{Kind::turn_udp, "192.0.2.1", 3479}));
  EXPECT_EQ(IceUrl::parse("turn:h?transport=udp"), (IceUrl{Kind::turn_udp, "h", 3478}));
  EXPECT_EQ(IceUrl::parse("turn:h:1?transport=tcp"), (IceUrl{Kind::turn_tcp, "h", 1}));
  EXPECT_EQ(IceUrl::parse("turns:[2001:db8::1]"), (IceUrl{Kind::turn_tls, "2001:db8::1", 5349}));
  EXPECT_EQ(IceUrl::parse("turns:[::1]:443?transport=tcp"), (IceUrl{Kind::turn_tls, "::1", 443}));
}

TEST(IceUrl, TakesNothingElse) {
  for (const auto* text : {"",
                           "stun",
                           "stun:",
                           "http:h",
                           "STUN:h",
                           "turn:user@h",
                           "turn:u:p@h",
                           "turn:h:0",
                           "turn:h:70000",
                           "turn:h:",
                           "turn:h:1x",
                           "turn:[h]",
                           "turn:[::1",
                           "turn:::1",
                           "turn:h\"",
                           "turn:h?transport=",
                           "turn:h?transport=sctp",
                           "stun:h?transport=udp",
                           "turn:h?x=1",
                           "turns:h?transport=udp",
                           "turn://h",
                           "turn:h/p"})
    EXPECT_FALSE(IceUrl::parse(text)) << text;
  EXPECT_FALSE(IceUrl::parse("stun:" + std::string(IceUrl::max_length, 'a')));
}

}  // namespace
}  // namespace culver::wire
