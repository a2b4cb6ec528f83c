#include "core/format/settings.hpp"

#include <gtest/gtest.h>

namespace culver::format::settings {
namespace {

TEST(Settings, AreTheLongOptionsInCamelCase) {
  const auto settings = parse(R"({"dataDir":"/d","server":"wss://s","output":"json","name":"Ana",
                                  "out":"/o","iceServer":["stun:a","stun:b"],"yes":true,
                                  "once":false,"trust":"never","keyFile":"/k"})");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->data_dir, "/d");
  EXPECT_EQ(settings->key_file, "/k");
  EXPECT_EQ(settings->server, "wss://s");
  EXPECT_EQ(settings->output, "json");
  EXPECT_EQ(settings->name, "Ana");
  EXPECT_EQ(settings->out, "/o");
  EXPECT_EQ(settings->ice_server, (std::vector<std::string>{"stun:a", "stun:b"}));
  EXPECT_EQ(settings->yes, true);
  EXPECT_EQ(settings->once, false);
  EXPECT_EQ(settings->trust, "never");
}

TEST(Settings, MayBeEmptyAndHaveOneIceServer) {
  EXPECT_FALSE(parse("{}")->server);
  EXPECT_EQ(parse(R"({"iceServer":"stun:a"})")->ice_server, std::vector<std::string>{"stun:a"});
}

TEST(Settings, RefuseWhatWouldBeIgnored) {
  for (const std::string& bad :
       {std::string(""), std::string("[]"), std::string("{"), std::string("{} x"),
        std::string(R"({"servre":"x"})"), std::string(R"({"data-dir":"x"})"),
        std::string(R"({"server":1})"), std::string(R"({"yes":"true"})"),
        std::string(R"({"iceServer":[1]})"), std::string(R"({"iceServer":{}})"),
        std::string(R"({"a":)") + std::string(100, '['), std::string(file_size + 1, ' ')})
    EXPECT_FALSE(parse(bad)) << bad.substr(0, 40);
}

TEST(Settings, NameTheKeyThatIsWrong) {
  using How = Wrong::How;
  EXPECT_EQ(parse("[]").error().how, How::not_an_object);
  const auto unknown = parse(R"({"yes":true,"servre":"x"})").error();
  EXPECT_EQ(unknown.how, How::unknown_key);
  EXPECT_EQ(unknown.key, "servre");
  const auto type = parse(R"({"iceServer":["a",1]})").error();
  EXPECT_EQ(type.how, How::wrong_type);
  EXPECT_EQ(type.key, "iceServer");
}

}  // namespace
}  // namespace culver::format::settings
