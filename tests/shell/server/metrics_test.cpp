#include "shell/server/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shell/server/store_counters.hpp"

namespace culver::server {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, AreWhatPrometheusReads) {
  relay::Counters relay;
  relay.sessions = 3;
  relay.established[1] = 7;
  relay.handshakes_refused.add(Fault::bad_signature);
  relay.events_stored = std::uint64_t{1} << 53;
  relay.dead_drops = 17;
  relay.live_matches = 19;
  net_::WsCounters sockets;
  sockets.slow_readers = 2;
  const auto text = print_metrics({relay, sockets, 5, 11, 13, 1, true, 23});
  EXPECT_THAT(text, HasSubstr("# TYPE culver_sessions gauge\nculver_sessions 3\n"));
  EXPECT_THAT(text, HasSubstr("culver_connections 5\n"));
  EXPECT_THAT(text, HasSubstr("culver_slow_readers_total 2\n"));
  EXPECT_THAT(text, HasSubstr("culver_events_stored_total 9007199254740992\n"));
  EXPECT_THAT(text, HasSubstr("culver_handshakes_ended_total{outcome=\"established_v2\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("culver_handshakes_ended_total{outcome=\"bad_signature\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("bad_user_id"))) << "only what has occurred";
  EXPECT_THAT(text, HasSubstr("culver_dead_drops 17\n"));
  EXPECT_THAT(text, HasSubstr("culver_live_matches_total 19\n"));
  EXPECT_THAT(text, HasSubstr("culver_store_batches_total 11\n"));
  EXPECT_THAT(text, HasSubstr("culver_store_failing 1\n"));
  EXPECT_THAT(text, HasSubstr("culver_stored_bytes 23\n"));
}

TEST(Metrics, AFailureOfTheStoreIsToldFromARefusal) {
  using relay::Answer;
  const auto failed = tl::unexpected(Fault::store_failed);
  const auto refused = tl::unexpected(Fault::device_revoked);
  EXPECT_TRUE(is_store_failure(Answer(Result<relay::Page>(failed))));
  EXPECT_FALSE(is_store_failure(Answer(Result<relay::Admission>(refused))));
  EXPECT_FALSE(is_store_failure(Answer(Result<relay::Page>(relay::Page{}))));
  using Append = tl::expected<relay::Appended, relay::AppendRefused>;
  EXPECT_TRUE(is_store_failure(
      Answer(Append(tl::unexpect, relay::AppendRefused{Fault::store_failed, {}}))));
  EXPECT_FALSE(is_store_failure(
      Answer(Append(tl::unexpect, relay::AppendRefused{Fault::event_expired, {}}))));
}

}  // namespace
}  // namespace culver::server
