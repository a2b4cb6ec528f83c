// Our ICE against libnice's, each in either role, with everything above them.
#include <gtest/gtest.h>

#include "core/base/text.hpp"
#include "tests/shell/p2p/nice_support.hpp"
#include "tests/shell/p2p/pair_support.hpp"

namespace culver::p2p {
namespace {

using test::Pair;

struct Roles {
  const char* name;
  bool nice_controls;
  bool every_interface;
};

StackConfig config_of(bool nice, bool every_interface) {
  StackConfig config;
  if (!every_interface) config.addresses = {"127.0.0.1"};
  if (nice) config.make_path = test::nice_paths();
  return config;
}

struct Oracle : testing::TestWithParam<Roles> {
  Pair pair{config_of(GetParam().nice_controls, GetParam().every_interface),
            config_of(!GetParam().nice_controls, GetParam().every_interface)};
};

struct OracleOnLoopback : Oracle {};

TEST_P(Oracle, ConnectsAndCarriesBothWays) {
  ASSERT_TRUE(pair.open());
  EXPECT_EQ(pair.a.path, connection::PathKind::direct);
  EXPECT_EQ(pair.b.path, connection::PathKind::direct);
  const auto channel = pair.a.channel("messages");
  for (auto* end : {&pair.a, &pair.b})
    for (int i = 0; i < 12; ++i) end->send(channel, 65'536, 'F');
  ASSERT_TRUE(pair.until([&] { return pair.a.data.size() == 12 && pair.b.data.size() == 12; }));
  EXPECT_EQ(pair.a.data[11], ByteVector(65'536, std::byte{'F'}));
  EXPECT_TRUE(pair.until([&] { return pair.a.saw("AllSent") && pair.b.saw("AllSent"); }));
}

TEST_P(Oracle, HearsTheOthersGoodbye) {
  ASSERT_TRUE(pair.open());
  pair.a.perform(connection::HangUp{});
  EXPECT_TRUE(
      pair.until([&] { return pair.a.saw("TransportClosed") && pair.b.saw("TransportClosed"); }));
}

// The peer's candidates are told, its own never: it is found by its checks (RFC 8445 7.3.1.3).
TEST_P(OracleOnLoopback, FindsAPeerWhoseCandidatesNeverArrive) {
  pair.a.tells_candidates = false;
  EXPECT_TRUE(pair.open());
}

std::string name_of(const testing::TestParamInfo<Roles>& instance) { return instance.param.name; }

constexpr Roles nice_controls{"nice_controls", true, false};
constexpr Roles ours_controls{"ours_controls", false, false};
constexpr Roles nice_controls_everywhere{"nice_controls_everywhere", true, true};
constexpr Roles ours_controls_everywhere{"ours_controls_everywhere", false, true};

INSTANTIATE_TEST_SUITE_P(Roles, Oracle,
                         testing::Values(nice_controls, ours_controls, nice_controls_everywhere,
                                         ours_controls_everywhere),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Roles, OracleOnLoopback, testing::Values(nice_controls, ours_controls),
                         name_of);

}  // namespace
}  // namespace culver::p2p
