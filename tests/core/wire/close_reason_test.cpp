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

TEST(CloseReason, OfAnyOtherKindMeansNothing) {
  for (const std::string_view reason :
       {"", "bye", "Key mismatch", "Device has been revoked.", "Heartbeat timeout"})
    EXPECT_EQ(read_close_reason(reason), std::nullopt) << reason;
}

}  // namespace
}  // namespace culver::wire
