#include "core/wire/close_reason.hpp"

#include <gtest/gtest.h>

namespace culver::wire {
namespace {

TEST(CloseReason, IsReadBackIntoItsFault) {
  for (auto i = static_cast<std::size_t>(Fault::handshake_required);
       i <= static_cast<std::size_t>(Fault::session_expired); ++i) {
    const auto fault = static_cast<Fault>(i);
    EXPECT_EQ(read_close_reason(info(fault).wire), fault) << info(fault).name;
  }
}

TEST(CloseReason, OfAServerWithoutDevicesThatHasANewerConnectionIsItsDevices) {
  EXPECT_EQ(read_close_reason(info(Fault::replaced).wire), Fault::device_replaced);
}

/// The words may be anybody's: it is the code that says not to come back.
TEST(CloseReason, TheCodeOfAReplacedConnectionCountsWhateverIsSaid) {
  for (const std::string_view reason : {"", "replaced", "Handshake timeout"})
    EXPECT_EQ(read_close(4001, reason), Fault::device_replaced) << reason;
  EXPECT_EQ(read_close(1008, "Handshake timeout"), Fault::gateway_timeout);
  EXPECT_EQ(read_close(1008, "replaced"), std::nullopt);
}

TEST(CloseReason, SaysWhenToComeAgain) {
  const auto reason = print_close_reason(Fault::too_many_handshakes, 12);
  EXPECT_EQ(read_close_reason(reason), Fault::too_many_handshakes);
  EXPECT_EQ(read_retry_after(reason), 12u);
  EXPECT_EQ(print_close_reason(Fault::too_many_handshakes, 0),
            info(Fault::too_many_handshakes).wire);
  EXPECT_EQ(read_retry_after(print_close_reason(Fault::too_many_handshakes, 4'000'000)), 3'600u);
  for (const std::string_view none : {"", "x", "x (retry after  s)", "x (retry after -1 s)",
                                      "x (retry after 1x s)", "x (retry after 99999999999 s)"})
    EXPECT_EQ(read_retry_after(none), 0u) << none;
  for (auto i = std::size_t{0}; i < fault_count; ++i)
    EXPECT_LE(print_close_reason(static_cast<Fault>(i), 3'600).size(), 123u) << "RFC 6455 5.5";
}

TEST(CloseReason, OfAnyOtherKindMeansNothing) {
  for (const std::string_view reason :
       {"", "bye", "Key mismatch", "Device has been revoked.", "Heartbeat timeout"})
    EXPECT_EQ(read_close_reason(reason), std::nullopt) << reason;
}

}  // namespace
}  // namespace culver::wire
