#include "core/ice/candidates.hpp"

#include <gtest/gtest.h>

#include "tests/core/ice/endpoint_support.hpp"

namespace culver::ice {
namespace {

using wire::sdp::Candidate;
using wire::sdp::CandidateType;

Candidate candidate(CandidateType type, std::string_view address, std::uint16_t port = 1000) {
  return {"1", 77, std::string(address), port, type, {}, 0};
}

TEST(LocalCandidates, AHostIsItsOwnBase) {
  LocalCandidates local;
  const auto* base = local.add_host(WireId{1}, at("192.0.2.1"));
  ASSERT_TRUE(base);
  ASSERT_EQ(local.announced().size(), 1U);
  const auto& told = local.announced()[0].candidate;
  EXPECT_EQ(told.address, "192.0.2.1");
  EXPECT_EQ(told.port, 1000);
  EXPECT_EQ(told.type, CandidateType::host);
  EXPECT_EQ(told.priority, base->priority);
  EXPECT_EQ(local.host_of(WireId{1}), base);
}

TEST(LocalCandidates, AnAddressOrAWireCountsOnce) {
  LocalCandidates local;
  ASSERT_TRUE(local.add_host(WireId{1}, at("192.0.2.1")));
  EXPECT_FALSE(local.add_host(WireId{2}, at("192.0.2.1")));
  EXPECT_FALSE(local.add_host(WireId{1}, at("192.0.2.2")));
  EXPECT_TRUE(local.add_host(WireId{3}, at("192.0.2.1", 1001)));
}

TEST(LocalCandidates, WhatAServerSawIsToldUnlessItIsRedundant) {
  LocalCandidates local;
  const auto base = local.add_host(WireId{1}, at("10.0.0.1"))->id;
  const auto server = at("198.51.100.1", 3478);
  EXPECT_FALSE(local.add_reflexive(base, at("10.0.0.1"), server)) << "the base itself";
  EXPECT_TRUE(local.add_reflexive(base, at("203.0.113.1"), server));
  EXPECT_FALSE(local.add_reflexive(base, at("203.0.113.1"), at("198.51.100.2", 3478)));
  EXPECT_FALSE(local.add_reflexive(base, at("2001:db8::1"), server)) << "another family";
  EXPECT_FALSE(local.add_reflexive(base, at("203.0.113.1", 0), server));
  EXPECT_FALSE(local.add_reflexive(base, at("0.0.0.0"), server));
  const auto& told = local.announced().back().candidate;
  EXPECT_EQ(told.related_address, "10.0.0.1");
  EXPECT_EQ(told.related_port, 1000);
}

TEST(LocalCandidates, FoundationsTellTypeBaseAndServer) {
  LocalCandidates local;
  const auto first = local.add_host(WireId{1}, at("10.0.0.1", 1))->id;
  const auto second = local.add_host(WireId{2}, at("10.0.0.1", 2))->id;
  const auto third = local.add_host(WireId{3}, at("10.0.0.2", 1))->id;
  const auto foundation = [&](BaseId id) { return local.find(id)->foundation; };
  EXPECT_EQ(foundation(first), foundation(second)) << "the port does not matter";
  EXPECT_NE(foundation(first), foundation(third));
  local.add_reflexive(first, at("203.0.113.1", 1), at("198.51.100.1"));
  const auto one = local.announced().back().candidate.foundation;
  local.add_reflexive(first, at("203.0.113.1", 2), at("198.51.100.2"));
  const auto other = local.announced().back().candidate.foundation;
  EXPECT_NE(one, foundation(first));
  EXPECT_NE(one, other);
}

TEST(LocalCandidates, GoWithTheirBase) {
  LocalCandidates local;
  const auto base = local.add_host(WireId{1}, at("10.0.0.1"))->id;
  local.add_reflexive(base, at("203.0.113.1"), at("198.51.100.1"));
  local.remove(base);
  EXPECT_TRUE(local.announced().empty());
  EXPECT_FALSE(local.find(base));
}

TEST(LocalCandidates, AreBounded) {
  LocalCandidates local;
  for (std::uint16_t i = 0; i < 200; ++i) local.add_host(WireId{i}, at("10.0.0.1", 1000 + i));
  EXPECT_EQ(local.bases().size(), LocalCandidates::most_bases);
  for (std::uint16_t i = 0; i < 200; ++i)
    local.add_reflexive(local.bases()[0].id, at("203.0.113.1", 1000 + i), at("198.51.100.1"));
  EXPECT_EQ(local.announced().size(), LocalCandidates::most_before_reflexive);
}

TEST(RemoteCandidates, APeerReflexiveOneLearnsItsName) {
  RemoteCandidates remotes;
  ASSERT_TRUE(remotes.add_reflexive(at("203.0.113.1"), 55));
  EXPECT_EQ(remotes.find(at("203.0.113.1"))->type, CandidateType::peer_reflexive);
  EXPECT_EQ(remotes.add(candidate(CandidateType::relayed, "203.0.113.1"), at("203.0.113.1")),
            News::known_now);
  EXPECT_EQ(remotes.find(at("203.0.113.1"))->type, CandidateType::relayed);
  EXPECT_EQ(remotes.find(at("203.0.113.1"))->priority, 77U);
  EXPECT_EQ(remotes.add(candidate(CandidateType::host, "203.0.113.1"), at("203.0.113.1")),
            News::none);
  EXPECT_EQ(remotes.all().size(), 1U);
}

TEST(RemoteCandidates, AreBounded) {
  RemoteCandidates remotes;
  for (std::uint16_t i = 1; i <= 300; ++i) remotes.add_reflexive(at("203.0.113.1", i), 55);
  EXPECT_EQ(remotes.all().size(), RemoteCandidates::most_reflexive);
  for (std::uint16_t i = 1; i <= 300; ++i)
    remotes.add(candidate(CandidateType::host, "203.0.113.2", i), at("203.0.113.2", i));
  EXPECT_EQ(remotes.all().size(), RemoteCandidates::most_reflexive + wire::limits::candidates);
}

TEST(LocalCandidates, WhatServersSawLeavesRoomForBases) {
  LocalCandidates local;
  const auto base = local.add_host(WireId{1}, at("10.0.0.1"))->id;
  for (std::uint16_t port = 1; port <= 500; ++port)
    local.add_reflexive(base, at("203.0.113.1", port), at("198.51.100.1", 3478));
  EXPECT_TRUE(local.add_relayed(WireId{1}, RelayId{1}, at("198.51.100.9"), at("198.51.100.1")));
  EXPECT_TRUE(local.add_host(WireId{2}, at("10.0.0.2")));
}

/// Whatever the order in which a peer names them.
TEST(RemoteCandidates, KindsAndFamiliesShareTheRoom) {
  RemoteCandidates remotes;
  for (std::uint16_t port = 1; port <= 300; ++port) {
    const auto address = at("192.0.2.9", port);
    remotes.add(candidate(CandidateType::host, "192.0.2.9", port), address);
  }
  EXPECT_EQ(remotes.all().size(), wire::limits::candidates);
  EXPECT_EQ(remotes.add(candidate(CandidateType::host, "2001:db8::9"), at("2001:db8::9")),
            News::added);
  EXPECT_EQ(remotes.add(candidate(CandidateType::relayed, "198.51.100.9"), at("198.51.100.9")),
            News::added);
  EXPECT_EQ(remotes.add(candidate(CandidateType::host, "192.0.2.9", 999), at("192.0.2.9", 999)),
            News::none);
  EXPECT_EQ(remotes.all().size(), wire::limits::candidates);
  EXPECT_TRUE(remotes.find(at("192.0.2.9", 1)));
}

TEST(RemoteCandidates, WhatNoMachineHasIsNotAdded) {
  RemoteCandidates remotes;
  for (const char* text : {"224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1", "::"}) {
    EXPECT_EQ(remotes.add(candidate(CandidateType::host, text), at(text)), News::none) << text;
    EXPECT_FALSE(remotes.add_reflexive(at(text), 1)) << text;
  }
}

}  // namespace
}  // namespace culver::ice
