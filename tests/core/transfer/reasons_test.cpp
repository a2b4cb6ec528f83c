#include "core/transfer/reasons.hpp"

#include <gtest/gtest.h>

namespace culver::transfer {
namespace {

TEST(Reasons, WhatOneSideSaysTheOtherUnderstands) {
  EXPECT_EQ(fault_of(reason_of(Fault::no_space)), Fault::peer_no_space);
  EXPECT_EQ(fault_of(reason_of(Fault::file_refused_by_us)), Fault::file_refused);
  EXPECT_EQ(fault_of(reason_of(Fault::file_too_large)), Fault::file_too_large);
  EXPECT_EQ(fault_of(reason_of(Fault::file_damaged)), Fault::file_damaged);
  EXPECT_EQ(fault_of(reason_of(Fault::file_unwritable)), Fault::peer_cannot_store);
  EXPECT_EQ(fault_of(reason_of(Fault::folder_read_only)), Fault::peer_cannot_store);
  EXPECT_EQ(fault_of(reason_of(Fault::file_too_large_here)), Fault::file_too_large);
  EXPECT_EQ(fault_of(reason_of(Fault::internal)), Fault::peer_file_failed);
  EXPECT_EQ(fault_of(cancelled_by_timeout), Fault::file_stalled);
  EXPECT_EQ(fault_of(cancelled_by_user), Fault::peer_file_failed);
}

TEST(Reasons, KnowsTheWordsOfOthers) {
  EXPECT_EQ(fault_of("File too large"), Fault::file_too_large);
  EXPECT_EQ(fault_of("NO_SPACE"), Fault::peer_file_failed) << "exactly, or not at all";
  EXPECT_EQ(fault_of(""), Fault::peer_file_failed);
}

TEST(Reasons, FitTheirFieldAndAreNeverEmpty) {
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto reason = reason_of(static_cast<Fault>(i));
    EXPECT_FALSE(reason.empty());
    EXPECT_LE(reason.size(), 100u);
  }
}

TEST(Reasons, OfTheSecondFormComeBackAsTheOtherSideMeansThem) {
  using wire::stream::Reason;
  EXPECT_EQ(fault_of(stream_reason_of(Fault::no_space)), Fault::peer_no_space);
  EXPECT_EQ(fault_of(stream_reason_of(Fault::file_refused_by_us)), Fault::file_refused);
  EXPECT_EQ(fault_of(stream_reason_of(Fault::cancelled)), Fault::peer_cancelled);
  EXPECT_EQ(fault_of(stream_reason_of(Fault::file_too_large_here)), Fault::file_too_large);
  EXPECT_EQ(fault_of(stream_reason_of(Fault::disk_stalled)), Fault::file_stalled);
  for (const auto folder : {Fault::folder_missing, Fault::folder_not_folder, Fault::folder_unfit,
                            Fault::folder_read_only, Fault::file_unwritable})
    EXPECT_EQ(fault_of(stream_reason_of(folder)), Fault::peer_cannot_store);
  for (const auto same :
       {Fault::file_damaged, Fault::file_stalled, Fault::file_changed, Fault::file_too_large})
    EXPECT_EQ(fault_of(stream_reason_of(same)), same);
  EXPECT_EQ(stream_reason_of(Fault::internal), Reason::other);
  EXPECT_EQ(fault_of(Reason::other), Fault::peer_file_failed);
}

TEST(Reasons, WhatThePeerSaidIsNotToldBack) {
  EXPECT_TRUE(told_by_peer(fault_of("no_space")));
  EXPECT_TRUE(told_by_peer(fault_of("anything")));
  EXPECT_FALSE(told_by_peer(Fault::not_authentic));
  EXPECT_FALSE(told_by_peer(Fault::no_space));
}

}  // namespace
}  // namespace culver::transfer
