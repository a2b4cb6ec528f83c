#include "core/wire/url.hpp"

#include <random>

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace culver::wire {
namespace {

TEST(WsUrl, TakesNameAndDefaults) {
  const auto plain = WsUrl::parse("ws://Example.ORG").value();
  EXPECT_EQ(plain, (WsUrl{false, "example.org", 80, "/"}));
  EXPECT_EQ(plain.authority(), "example.org");
  const auto secure = WsUrl::parse("WSS://example.org/ws?x=1&y=%20").value();
  EXPECT_EQ(secure, (WsUrl{true, "example.org", 443, "/ws?x=1&y=%20"}));
}

TEST(WsUrl, TakesPortsAndAddresses) {
  EXPECT_EQ(WsUrl::parse("ws://127.0.0.1:9000").value(), (WsUrl{false, "127.0.0.1", 9000, "/"}));
  const auto six = WsUrl::parse("wss://[2001:DB8::1]:65535?q").value();
  EXPECT_EQ(six, (WsUrl{true, "2001:db8::1", 65535, "/?q"}));
  EXPECT_EQ(six.authority(), "[2001:db8::1]:65535");
  EXPECT_EQ(WsUrl::parse("ws://[::1]").value().authority(), "[::1]");
  EXPECT_EQ(WsUrl::parse("wss://host:80").value().authority(), "host:80");
  EXPECT_EQ(WsUrl::parse("wss://my_server-1/").value().host, "my_server-1");
}

TEST(WsUrl, RefusesEverythingElse) {
  const std::string long_label(64, 'a');
  const std::string long_path(WsUrl::max_length, 'a');
  for (const std::string& text : {std::string(),
                                  std::string("example.org"),
                                  std::string("http://example.org"),
                                  std::string("https://example.org"),
                                  std::string("ws:/example.org"),
                                  std::string("ws://"),
                                  std::string("ws:///path"),
                                  std::string("ws://:80"),
                                  std::string("ws://host:"),
                                  std::string("ws://host:0"),
                                  std::string("ws://host:65536"),
                                  std::string("ws://host:080"),
                                  std::string("ws://host:+80"),
                                  std::string("ws://host:80a"),
                                  std::string("ws://a:b:80"),
                                  std::string("ws://user@host"),
                                  std::string("ws://user:pw@host/"),
                                  std::string("ws://host/#part"),
                                  std::string("ws://host#part"),
                                  std::string("ws://ho st"),
                                  std::string("ws://host/a b"),
                                  std::string("ws://host/%2"),
                                  std::string("ws://host/%zz"),
                                  std::string("ws://host/\"x\""),
                                  std::string("ws://host/\r\nX: y"),
                                  std::string("ws://h\xc3\xb6st"),
                                  std::string("ws://host\0", 10),
                                  std::string("ws://.host"),
                                  std::string("ws://host."),
                                  std::string("ws://a..b"),
                                  std::string("ws://-a"),
                                  std::string("ws://a-"),
                                  std::string("ws://1.2.3"),
                                  std::string("ws://1.2.3.4.5"),
                                  std::string("ws://256.1.1.1"),
                                  std::string("ws://01.2.3.4"),
                                  std::string("ws://[::1"),
                                  std::string("ws://::1"),
                                  std::string("ws://[1.2.3.4]"),
                                  std::string("ws://[::1]x"),
                                  std::string("ws://[::1]:"),
                                  std::string("ws://[fe80::1%25]"),
                                  std::string("ws://[fe80::1%]"),
                                  std::string("ws://[fe80::1%25a%2Fb]"),
                                  std::string("ws://[fe80::1%25averylongnameofone]"),
                                  std::string("ws://[%25eth0]"),
                                  std::string("ws://fe80::1%25eth0"),
                                  std::string("ws://[]"),
                                  std::string(" ws://host"),
                                  "ws://" + long_label,
                                  "ws://host/" + long_path}) {
    const auto url = WsUrl::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error(), Fault::bad_config);
  }
}

TEST(WsUrl, KnowsLoopback) {
  for (const auto* text : {"ws://localhost", "ws://LOCALHOST:1", "ws://127.0.0.1",
                           "ws://127.255.3.4", "ws://[::1]", "ws://[0:0:0:0:0:0:0:1]"})
    EXPECT_TRUE(WsUrl::parse(text).value().loopback()) << text;
  for (const auto* text : {"ws://localhost.example.org", "ws://127.example.org", "ws://128.0.0.1",
                           "ws://10.0.0.1", "ws://[::]", "ws://[::2]", "ws://[fe80::1]"})
    EXPECT_FALSE(WsUrl::parse(text).value().loopback()) << text;
}

TEST(Addresses, KnownForms) {
  for (const auto* text : {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1::8", "::ffff:1.2.3.4",
                           "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8"})
    EXPECT_TRUE(is_ipv6(text)) << text;
  for (const auto* text : {"", ":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4::5:6:7:8", "12345::", "1.2.3.4::", "::1.2.3", "g::"})
    EXPECT_FALSE(is_ipv6(text)) << text;
}

TEST(Addresses, FourNumbers) {
  EXPECT_TRUE(is_ipv4("1.2.3.4"));
  for (const auto* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "a"})
    EXPECT_FALSE(is_ipv4(text)) << text;
  EXPECT_FALSE(is_ipv4(std::string("1.2.3.4\0x", 9)));
}

TEST(WsUrl, HasOneOriginHoweverItIsSpelled) {
  for (const auto* text : {"wss://Example.org", "wss://example.org:443/", "WSS://EXAMPLE.ORG/ws?x"})
    EXPECT_EQ(WsUrl::parse(text)->origin(), "wss://example.org:443") << text;
  EXPECT_EQ(WsUrl::parse("ws://[::1]/a")->origin(), "ws://[::1]:80");
}

TEST(WsUrl, AZoneIsThisMachinesAffair) {
  for (const char* text :
       {"ws://[fe80::1%25eth0]:9000", "ws://[FE80::1%eth0]:9000", "ws://[fe80::1%25%65th0]:9000"}) {
    const auto url = WsUrl::parse(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->host, "fe80::1%eth0");
    EXPECT_EQ(url->authority(), "[fe80::1]:9000") << "nobody else knows our interfaces";
    EXPECT_EQ(url->origin(), "ws://[fe80::1%25eth0]:9000");
    EXPECT_EQ(WsUrl::parse(url->origin())->host, url->host);
    EXPECT_FALSE(url->loopback());
  }
  EXPECT_EQ(WsUrl::parse("ws://[fe80::1%25Wlan+0]")->origin(), "ws://[fe80::1%25Wlan%2B0]:80");
  EXPECT_TRUE(WsUrl::parse("ws://[::1%25lo]")->loopback());
}

}  // namespace
}  // namespace culver::wire
