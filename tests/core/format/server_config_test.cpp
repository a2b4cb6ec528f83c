#include "core/format/server_config.hpp"

#include <gtest/gtest.h>

namespace culver::format {
namespace {

TEST(ServerConfig, ReadsEveryKey) {
  const auto config = parse_server_config(
      R"({"listen":"[::1]:0","dataDir":"/d","keyFile":"/k","endpoint":"wss://e","trustedProxy":"10.0.0.1","allowOrigin":["https://a.org","null"],"iceServers":["stun:a","turn:b"],"turnSecretFile":"/s","turnMinutes":5,"metricsListen":"none",)"
      R"("maxConnections":5,"maxConnectionsPerAddress":2,"maxDevicesPerUser":3,"maxStoredBytes":9000000000,"eventDays":7,)"
      R"("requireHandshake":true,"limits":{"handshakesAtOnce":8,"storedBytesPerUser":10000000000}})");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listen, "[::1]:0");
  EXPECT_EQ(config->data_dir, "/d");
  EXPECT_EQ(config->key_file, "/k");
  EXPECT_EQ(config->endpoint, "wss://e");
  EXPECT_EQ(config->trusted_proxies, std::vector<std::string>{"10.0.0.1"});
  EXPECT_EQ(config->allowed_origins, (std::vector<std::string>{"https://a.org", "null"}));
  EXPECT_EQ(config->ice_servers, (std::vector<std::string>{"stun:a", "turn:b"}));
  EXPECT_EQ(config->turn_secret_file, "/s");
  EXPECT_EQ(config->turn_minutes, 5u);
  EXPECT_EQ(config->metrics_listen, "none");
  EXPECT_EQ(config->max_connections, 5u);
  EXPECT_EQ(config->max_connections_per_address, 2u);
  EXPECT_EQ(config->max_devices_per_user, 3u);
  EXPECT_EQ(config->max_stored_bytes, 9'000'000'000u);
  EXPECT_EQ(config->event_days, 7u);
  EXPECT_EQ(config->require_handshake, true);
  EXPECT_EQ(config->limits.handshakes_at_once, 8u);
  EXPECT_EQ(config->limits.stored_bytes_per_user, 10'000'000'000u);
  EXPECT_EQ(config->limits.sessions_per_user, std::nullopt);
}

TEST(ServerConfig, SaysWhatIsWrong) {
  const auto complaint = [](std::string_view text) {
    std::string why;
    EXPECT_EQ(parse_server_config(text, &why).error(), Fault::bad_config) << text;
    return why;
  };
  EXPECT_EQ(complaint("{"), "it is not JSON");
  EXPECT_EQ(complaint("[]"), "it is not a JSON object");
  EXPECT_EQ(complaint(R"({"lisen":"x"})"), "there is no option \"lisen\"");
  EXPECT_EQ(complaint(R"({"limits":{"listen":"x"}})"), "there is no option \"listen\"");
  for (const auto* text : {R"({"listen":1})", R"({"maxConnections":0})", R"({"maxConnections":-1})",
                           R"({"maxConnections":1e3})", R"({"maxConnections":"5"})",
                           R"({"limits":1})", R"({"limits":{"handshakesAtOnce":0}})",
                           R"({"requireHandshake":1})", R"({"eventDays":100000})",
                           R"({"listen":""})", R"({"trustedProxy":[]})", R"({"iceServers":[1]})"})
    EXPECT_NE(complaint(text).find(" takes "), std::string::npos) << text;
  EXPECT_EQ(complaint(R"({"maxConnections":0})"),
            "\"maxConnections\" takes a whole number from 1 to 1000000");
  EXPECT_EQ(complaint(R"({"limits":{"sessionsPerUser":1,"sessionsPerUser":2}})"),
            "\"sessionsPerUser\" is there twice");
  EXPECT_EQ(complaint(R"({"listen":"a:1","listen":"b:2"})"), "\"listen\" is there twice");
  EXPECT_EQ(complaint(std::string(server_config_size + 1, ' ')), "it is too large");
}

TEST(ServerConfig, TakesTheSameFromACommandLine) {
  ServerConfig config;
  const auto take = [&](const char* key, std::vector<std::string> given) {
    return take_option(key, given, config);
  };
  EXPECT_EQ(take("maxConnections", {"5"}), "");
  EXPECT_EQ(take("listen", {"[::1]:0"}), "");
  EXPECT_EQ(take("trustedProxy", {"10.0.0.0/8", "::1"}), "");
  EXPECT_EQ(config.max_connections, 5u);
  EXPECT_EQ(config.listen, "[::1]:0");
  EXPECT_EQ(config.trusted_proxies, (std::vector<std::string>{"10.0.0.0/8", "::1"}));
  for (const auto* text : {"", "0", "-1", "+1", "1.0", "1e3", "0x10", " 5", "5 ", "1000001",
                           "99999999999999999999999", "many"})
    EXPECT_EQ(take("maxConnections", {text}), "takes a whole number from 1 to 1000000") << text;
  EXPECT_EQ(take("eventDays", {"3651"}), "takes a whole number from 1 to 3650");
  EXPECT_EQ(take("listen", {""}), "takes a text that is not empty");
  EXPECT_EQ(take("listen", {"a:1", "b:2"}), "can be given once only");
  EXPECT_EQ(take("trustedProxy", {"10.0.0.1", ""}), "takes a text that is not empty");
}

TEST(ServerConfig, TheFirstWins) {
  ServerConfig flags, file;
  flags.listen = "a:1";
  file.listen = "b:2";
  file.endpoint = "wss://e";
  file.require_handshake = true;
  file.limits.handshakes_at_once = 5;
  const auto both = merge(flags, file);
  EXPECT_EQ(both.listen, "a:1");
  EXPECT_EQ(both.endpoint, "wss://e");
  EXPECT_EQ(both.require_handshake, true);
  EXPECT_EQ(both.limits.handshakes_at_once, 5u);
}

TEST(HostPort, TakesBothFamiliesAndNothingElse) {
  EXPECT_EQ(parse_host_port("127.0.0.1:9000")->port, 9000);
  EXPECT_EQ(parse_host_port("[::1]:0")->host, "::1");
  for (const auto* text :
       {"", ":", "127.0.0.1", "127.0.0.1:", ":9000", "::1:9000", "a:65536", "a:-1", "a:9x", "a: 9"})
    EXPECT_FALSE(parse_host_port(text)) << text;
}

}  // namespace
}  // namespace culver::format
