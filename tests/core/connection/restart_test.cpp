// A path that is replaced under a connection that lives on: the machine state by state.
#include "core/connection/restart.hpp"

#include <gtest/gtest.h>

#include "tests/core/connection/connection_support.hpp"
#include "tests/support/seeded.hpp"

namespace culver::connection {
namespace {

using Kind = wire::signaling::Description::Kind;
using Role = wire::sdp::Setup;

struct RestartTest : testing::Test {
  test::SeededRng random{1};
  Env env{TimePoint{}, random.rng()};
  Terms terms{true, DtlsRole::client, "7", {fingerprint_of(9), 5000, 0}, true};
  Restart::State state = Restart::Settled{Candidates::Ended{1}};
  Effects effects;  ///< of the last event

  void feed(Restart::Event event) {
    effects.clear();
    RestartContext context{env, terms};
    state = fsm::step<Restart>(std::move(state), std::move(event), context, effects);
  }
  void doubt() { feed(PathDoubted{env.now}); }
  void prepared(std::string_view ufrag) {
    feed(LocalDescription{{std::string(ufrag), "passwordOf22Characters"}, fingerprint_of(1)});
  }
  void remote(Kind kind, Role setup = Role::actpass, int fingerprint = 9) {
    wire::sdp::SessionDescription sdp;
    sdp.ice = {"theirs", "passwordOf22Characters"};
    sdp.fingerprint = fingerprint_of(fingerprint);
    sdp.setup = setup;
    sdp.mid = "5";
    feed(RemoteDescription{kind, std::move(sdp)});
  }
  template <class S>
  bool is() const {
    return std::holds_alternative<S>(state);
  }
  template <class E>
  const E* effect() const {
    for (const auto& e : effects)
      if (const auto* transport = std::get_if<TransportEffect>(&e))
        if (const auto* found = std::get_if<E>(transport)) return found;
    return nullptr;
  }
  std::optional<Fault> dropped() const {
    for (const auto& e : effects)
      if (const auto* found = std::get_if<Dropped>(&e)) return found->fault;
    return std::nullopt;
  }
  /// What we said, if we said something.
  std::optional<wire::sdp::SessionDescription> said(Kind kind) const {
    for (const auto& e : effects)
      if (const auto* out = std::get_if<SignalOut>(&e))
        if (const auto* d = std::get_if<wire::signaling::Description>(&out->signal))
          if (d->kind == kind) return *wire::sdp::parse(d->sdp);
    return std::nullopt;
  }
  /// RestartIce, then the peer's credentials, in that order.
  bool began_anew() const {
    std::size_t step = 0;
    for (const auto& e : effects) {
      const auto* transport = std::get_if<TransportEffect>(&e);
      if (!transport) continue;
      if (step == 0 && std::holds_alternative<RestartIce>(*transport)) step = 1;
      if (step == 1 && std::holds_alternative<SetRemoteIce>(*transport)) step = 2;
    }
    return step == 2;
  }
};

TEST_F(RestartTest, ADoubtedPathIsOfferedAnewAndBeginsAnewWithTheAnswer) {
  doubt();
  ASSERT_TRUE(is<Restart::Preparing>());
  EXPECT_NE(effect<PrepareRestart>(), nullptr);
  prepared("fresh");
  ASSERT_TRUE(is<Restart::Offered>());
  const auto offer = said(Kind::offer);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->ice.ufrag, "fresh");
  EXPECT_EQ(offer->setup, Role::actpass);
  EXPECT_EQ(offer->mid, "7");
  EXPECT_EQ(effect<RestartIce>(), nullptr) << "the answer may never come";
  remote(Kind::answer, Role::passive);
  ASSERT_TRUE(is<Restart::Settled>());
  EXPECT_TRUE(began_anew());
  EXPECT_EQ(effect<SetRemoteIce>()->ice.ufrag, "theirs");
}

TEST_F(RestartTest, OnlyCulversAreOfferedTo) {
  terms.culver = false;
  doubt();
  EXPECT_TRUE(is<Restart::Settled>());
  EXPECT_TRUE(effects.empty());
}

TEST_F(RestartTest, AnOfferOfAnybodyIsAnsweredWithTheRoleThatDtlsHas) {
  for (const auto role : {DtlsRole::client, DtlsRole::server}) {
    terms.culver = false;
    terms.role = role;
    state = Restart::Settled{Candidates::Ended{1}};
    remote(Kind::offer);
    ASSERT_TRUE(is<Restart::Answering>());
    EXPECT_NE(effect<PrepareRestart>(), nullptr);
    feed(RemoteCandidate{candidate(3)});
    EXPECT_TRUE(effects.empty()) << "held until ICE has begun anew";
    prepared("fresh");
    ASSERT_TRUE(is<Restart::Settled>());
    const auto answer = said(Kind::answer);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->ice.ufrag, "fresh");
    EXPECT_EQ(answer->mid, "5");
    EXPECT_EQ(answer->setup, role == DtlsRole::client ? Role::active : Role::passive);
    EXPECT_TRUE(began_anew());
    ASSERT_NE(effect<AddCandidate>(), nullptr);
    EXPECT_EQ(effect<AddCandidate>()->candidate.port, 3);
  }
}

TEST_F(RestartTest, OfTwoOffersTheInitiatorsCounts) {
  doubt();
  prepared("fresh");
  remote(Kind::offer);
  EXPECT_TRUE(is<Restart::Offered>());
  EXPECT_EQ(said(Kind::offer)->ice.ufrag, "fresh") << "once more: the first may be lost";
  EXPECT_EQ(effect<RestartIce>(), nullptr);

  terms.initiator = false;
  remote(Kind::offer);
  EXPECT_TRUE(is<Restart::Settled>());
  EXPECT_EQ(said(Kind::answer)->ice.ufrag, "fresh") << "those of the offer that nobody answers";
  EXPECT_TRUE(began_anew());
}

TEST_F(RestartTest, AnOfferThatHasNotLeftGivesWay) {
  doubt();
  remote(Kind::offer);
  ASSERT_TRUE(is<Restart::Answering>());
  EXPECT_EQ(effect<PrepareRestart>(), nullptr) << "one is on its way";
  prepared("fresh");
  EXPECT_FALSE(said(Kind::offer));
  EXPECT_TRUE(said(Kind::answer));
}

TEST_F(RestartTest, WhosePathIsWellAgainInsistsNoMore) {
  doubt();
  prepared("fresh");
  feed(PathReady{PathKind::direct});
  ASSERT_TRUE(is<Restart::Offered>()) << "the answer may still come";
  remote(Kind::offer);
  EXPECT_TRUE(is<Restart::Settled>());
  EXPECT_TRUE(said(Kind::answer));
}

TEST_F(RestartTest, AnOfferThatWasLostIsMadeAgainByTheNextDoubt) {
  doubt();
  prepared("fresh");
  feed(PathReady{PathKind::direct});
  doubt();
  EXPECT_TRUE(is<Restart::Preparing>());
  prepared("fresher");
  EXPECT_EQ(said(Kind::offer)->ice.ufrag, "fresher");
}

TEST_F(RestartTest, WhatWasOfferedInVainIsOfferedAgainWhenTheServerIsBack) {
  feed(SignalingBack{});
  EXPECT_TRUE(is<Restart::Settled>());
  doubt();
  prepared("fresh");
  feed(SignalingBack{});
  EXPECT_TRUE(is<Restart::Preparing>());
  prepared("fresher");
  feed(PathReady{PathKind::direct});
  feed(SignalingBack{});
  EXPECT_TRUE(is<Restart::Offered>()) << "there is no need any more";
}

TEST_F(RestartTest, AnOfferThatIsRepeatedIsAnsweredOnce) {
  remote(Kind::offer);
  prepared("fresh");
  ASSERT_TRUE(is<Restart::Settled>());
  remote(Kind::offer);
  EXPECT_TRUE(is<Restart::Settled>());
  EXPECT_TRUE(effects.empty());
}

TEST_F(RestartTest, TheNewestOfTwoOffersIsAnswered) {
  remote(Kind::offer);
  feed(RemoteCandidate{candidate(3)});
  remote(Kind::offer);
  prepared("fresh");
  EXPECT_TRUE(said(Kind::answer));
  EXPECT_EQ(effect<AddCandidate>(), nullptr) << "it was of the first";
}

TEST_F(RestartTest, AnotherCertificateIsNotThisConnection) {
  remote(Kind::offer, Role::actpass, 8);
  EXPECT_TRUE(is<Restart::Settled>());
  EXPECT_EQ(dropped(), Fault::fingerprint_mismatch);
  doubt();
  prepared("fresh");
  remote(Kind::answer, Role::passive, 8);
  EXPECT_TRUE(is<Restart::Offered>());
  EXPECT_EQ(dropped(), Fault::fingerprint_mismatch);
}

TEST_F(RestartTest, AnAnswerThatNobodyAskedForIsDropped) {
  remote(Kind::answer, Role::passive);
  EXPECT_TRUE(is<Restart::Settled>());
  EXPECT_EQ(dropped(), Fault::out_of_order);
}

TEST_F(RestartTest, CandidatesOfTheOldPathStillCountWhileTheOfferIsOut) {
  for (int step = 0; step < 3; ++step) {
    feed(RemoteCandidate{candidate(static_cast<std::uint16_t>(step + 1))});
    ASSERT_NE(effect<AddCandidate>(), nullptr) << step;
    EXPECT_EQ(effect<AddCandidate>()->candidate.port, step + 1);
    if (step == 0) doubt();
    if (step == 1) prepared("fresh");
  }
}

}  // namespace
}  // namespace culver::connection
