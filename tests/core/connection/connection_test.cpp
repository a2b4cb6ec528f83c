// The connection machine state by state: what each takes, what it refuses, and that every way out
// of establishment leaves nothing but its fault.
#include "core/connection/connection.hpp"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "core/connection/session_keys.hpp"
#include "core/crypto/hash.hpp"
#include "core/wire/base64.hpp"
#include "core/wire/peer.hpp"
#include "tests/core/connection/connection_support.hpp"
#include "tests/support/seeded.hpp"

namespace culver::connection {
namespace {

using namespace std::chrono_literals;
using test::SeededRng;
using Kind = wire::signaling::Description::Kind;

constexpr ChannelId messages{0};
constexpr ChannelId files{2};

wire::sdp::SessionDescription description(wire::sdp::Setup setup) {
  wire::sdp::SessionDescription sdp;
  sdp.ice = {"ufrag", "passwordOf22Characters"};
  sdp.fingerprint = fingerprint_of(9);
  sdp.setup = setup;
  sdp.max_message_size = wire::limits::channel_frame_in;
  return sdp;
}

/// One connection and the peer's keys, driven by hand.
struct Scene {
  explicit Scene(bool initiator, Demand of = Demand::any)
      : random(7),
        demand(of),
        identity(crypto::KeyPair::generate(random.rng())),
        peer(crypto::KeyPair::generate(random.rng())),
        peer_ephemeral(crypto::KeyPair::generate(random.rng())),
        state(begin(initiator)) {}

  Machine::State begin(bool initiator) {
    auto context = make_context();
    return start(initiator, peer.shared, demand, context, effects);
  }
  Context make_context() { return {Env{now, random.rng()}, self, timeouts, seen}; }

  void feed(Machine::Event event) {
    effects.clear();
    auto context = make_context();
    state = fsm::step<Machine>(std::move(state), std::move(event), context, effects);
  }
  void feed_frame(ChannelId channel, std::string_view text) {
    const auto bytes = as_bytes(text);
    feed(ChannelData{channel, {bytes.begin(), bytes.end()}});
  }
  template <class E>
  const E* effect() const {
    for (const auto& e : effects)
      if (const auto* found = std::get_if<E>(&e)) return found;
    return nullptr;
  }
  template <class E>
  const E* transport_effect() const {
    for (const auto& e : effects)
      if (const auto* transport = std::get_if<TransportEffect>(&e))
        if (const auto* found = std::get_if<E>(transport)) return found;
    return nullptr;
  }
  template <class S>
  bool is() const {
    return std::holds_alternative<S>(state);
  }
  std::optional<Fault> fault() const { return std::get<Closed>(state).fault; }

  void to_connecting(bool initiator) {
    const LocalDescription local{{"local", "passwordOf22Characters"}, fingerprint_of(1)};
    if (initiator) {
      feed(local);
      auto answer = description(wire::sdp::Setup::active);
      answer.max_message_size = peer_takes;
      feed(RemoteDescription{Kind::answer, std::move(answer)});
    } else {
      feed(RemoteDescription{Kind::offer, description(wire::sdp::Setup::actpass)});
      feed(local);
    }
  }
  void to_opening(bool initiator) {
    to_connecting(initiator);
    feed(PathReady{PathKind::direct});
    feed(DtlsUp{fingerprint_of(9)});
  }
  void to_proving(bool initiator) {
    to_opening(initiator);
    feed(SctpUp{});
    feed(ChannelOpen{messages, "messages"});
    const auto* sent = transport_effect<SendOn>();
    ASSERT_NE(sent, nullptr);
    const auto frame = wire::peer::parse_messages_frame(as_text(sent->bytes));
    ours = std::get<wire::peer::Handshake>(*frame);
    feed(ChannelOpen{files, "files"});
  }
  wire::peer::Handshake handshake(bool v2) const {
    wire::peer::Handshake theirs;
    theirs.key = peer.shared;
    if (v2) theirs.ephemeral = peer_ephemeral.shared;
    return theirs;
  }
  SealedChannel peer_channel(bool v2) {
    const auto key =
        v2 ? session_key_v2(peer.secret, identity.shared, peer_ephemeral.secret, *ours->ephemeral)
           : session_key_v1(peer.secret, identity.shared);
    return SealedChannel(*key, random.rng());
  }
  void to_unproven(bool v2) {
    to_proving(true);
    feed_frame(messages, wire::peer::print(handshake(v2)));
  }
  void to_secured(bool v2) {
    to_unproven(v2);
    feed_frame(messages, *peer_channel(v2).seal(as_bytes("it is me")));
  }

  std::uint32_t peer_takes = wire::limits::channel_frame_in;
  SeededRng random;
  Demand demand;
  SeenFrames seen = SeenFrames::none();
  TimePoint now{1h};
  Timeouts timeouts;
  crypto::KeyPair identity;
  crypto::KeyPair peer;
  crypto::KeyPair peer_ephemeral;
  Self self{identity, Plaintext("me")};
  Effects effects;
  Machine::State state;
  std::optional<wire::peer::Handshake> ours;
};

TEST(Connection, TheInitiatorOffersAndTheResponderWaitsForTheOffer) {
  Scene initiator(true);
  EXPECT_TRUE(initiator.is<Gathering>());
  EXPECT_TRUE(initiator.transport_effect<StartIce>()->controlling);
  Scene responder(false);
  EXPECT_TRUE(responder.is<Awaiting>());
  EXPECT_EQ(responder.effects.size(), 0u) << "nothing is allocated before the offer";
}

TEST(Connection, AnActiveAnswerMakesUsTheServerAndAPassiveOneTheClient) {
  for (const bool active : {true, false}) {
    Scene scene(true);
    scene.feed(LocalDescription{{"local", "passwordOf22Characters"}, fingerprint_of(1)});
    const auto setup = active ? wire::sdp::Setup::active : wire::sdp::Setup::passive;
    scene.feed(RemoteDescription{Kind::answer, description(setup)});
    EXPECT_EQ(scene.transport_effect<StartDtls>()->role,
              active ? DtlsRole::server : DtlsRole::client);
  }
}

/// RFC 4145 section 4: what an answer does not say is passive, and in an offer it is active.
TEST(Connection, ARoleThatIsNotStatedHasADefault) {
  Scene offering(true);
  offering.feed(LocalDescription{{"local", "passwordOf22Characters"}, fingerprint_of(1)});
  offering.feed(RemoteDescription{Kind::answer, description(wire::sdp::Setup::unstated)});
  EXPECT_EQ(offering.transport_effect<StartDtls>()->role, DtlsRole::client);
  Scene answering(false);
  answering.feed(RemoteDescription{Kind::offer, description(wire::sdp::Setup::unstated)});
  answering.feed(LocalDescription{{"local", "passwordOf22Characters"}, fingerprint_of(1)});
  EXPECT_EQ(answering.transport_effect<StartDtls>()->role, DtlsRole::server);
}

TEST(Connection, AnAnswerThatDecidesNoRoleIsRefused) {
  Scene scene(true);
  scene.feed(LocalDescription{{"local", "passwordOf22Characters"}, fingerprint_of(1)});
  scene.feed(RemoteDescription{Kind::answer, description(wire::sdp::Setup::actpass)});
  EXPECT_EQ(scene.fault(), Fault::bad_description);
}

TEST(Connection, SignalsOutOfOrderAreDroppedAndChangeNothing) {
  Scene scene(true);
  scene.feed(RemoteDescription{Kind::answer, description(wire::sdp::Setup::active)});
  EXPECT_TRUE(scene.is<Gathering>());
  ASSERT_NE(scene.effect<Dropped>(), nullptr);
  EXPECT_EQ(scene.effect<Dropped>()->kind, FrameKind::description);
  scene.to_connecting(true);
  scene.feed(RemoteDescription{Kind::answer, description(wire::sdp::Setup::passive)});
  EXPECT_TRUE(scene.is<Connecting>());
  EXPECT_NE(scene.effect<Dropped>(), nullptr);
}

TEST(Connection, SctpStartsOnlyOnTheAnnouncedCertificate) {
  Scene good(true);
  good.to_opening(true);
  EXPECT_TRUE(good.is<Opening>());
  EXPECT_NE(good.transport_effect<StartSctp>(), nullptr);

  Scene bad(true);
  bad.to_connecting(true);
  bad.feed(PathReady{PathKind::direct});
  bad.feed(DtlsUp{fingerprint_of(8)});
  EXPECT_EQ(bad.fault(), Fault::fingerprint_mismatch);
  EXPECT_EQ(bad.transport_effect<StartSctp>(), nullptr);
  EXPECT_NE(bad.transport_effect<DropTransport>(), nullptr);
}

TEST(Connection, OurHandshakeLeavesWithAllFiveFieldsWhenMessagesOpens) {
  Scene scene(true);
  scene.to_proving(true);
  ASSERT_TRUE(scene.ours);
  EXPECT_EQ(scene.ours->key, scene.identity.shared);
  EXPECT_TRUE(scene.ours->ephemeral);
  EXPECT_EQ(scene.ours->ratchet_version, 1);
  EXPECT_EQ(scene.ours->username, Plaintext("me"));
  EXPECT_EQ(scene.ours->stable_id, crypto::stable_id(scene.identity.shared));
}

TEST(Connection, AHandshakeWithAnEphemeralKeyMakesV2AndOneWithoutMakesV1) {
  for (const bool v2 : {true, false}) {
    Scene scene(true);
    scene.to_secured(v2);
    ASSERT_TRUE(scene.is<Secured>());
    EXPECT_NE(scene.effect<Established>(), nullptr);
    auto theirs = scene.peer_channel(v2);
    scene.feed_frame(messages, *theirs.seal(as_bytes("hello")));
    EXPECT_EQ(scene.effect<TextArrived>()->text, Plaintext("hello"));
    scene.feed(SendText{Plaintext("grp:back")});
    const auto frame = as_text(scene.transport_effect<SendOn>()->bytes);
    const auto sent = std::string(as_text(theirs.open(frame)->plaintext));
    const auto dialect = v2 ? Dialect::prefixes : Dialect::plain;
    const auto opened = wire::peer::parse_content(sent, dialect);
    EXPECT_EQ(std::get<wire::peer::ChatText>(*opened).text, Plaintext("grp:back"));
  }
}

TEST(Connection, AnotherKeyThanThePairedOneEndsTheConnection) {
  Scene scene(true);
  scene.to_proving(true);
  auto theirs = scene.handshake(true);
  theirs.key.data[5] ^= std::byte{1};
  scene.feed_frame(messages, wire::peer::print(theirs));
  EXPECT_EQ(scene.fault(), Fault::key_mismatch);
}

TEST(Connection, APeerThatNeverSendsItsHandshakeIsKnownByItsFirstFrame) {
  Scene scene(true);
  scene.to_proving(true);
  auto theirs = scene.peer_channel(false);
  scene.feed_frame(messages, *theirs.seal(as_bytes("first")));
  ASSERT_TRUE(scene.is<Secured>());
  EXPECT_EQ(scene.effect<TextArrived>()->text, Plaintext("first"));
  scene.feed_frame(messages, wire::peer::print(scene.handshake(false)));
  EXPECT_TRUE(scene.is<Secured>());
  scene.feed_frame(messages, wire::peer::print(scene.handshake(true)));
  EXPECT_TRUE(scene.is<Secured>()) << "a second handshake changes nothing";
  EXPECT_EQ(scene.effect<Dropped>()->fault, Fault::out_of_order);
  EXPECT_EQ(scene.effect<Dropped>()->kind, FrameKind::handshake);
}

TEST(Connection, APeerThatSpokeV1MayNotAskForV2Afterwards) {
  Scene scene(true);
  scene.to_proving(true);
  auto theirs = scene.peer_channel(false);
  scene.feed_frame(messages, *theirs.seal(as_bytes("first")));
  scene.feed_frame(messages, wire::peer::print(scene.handshake(true)));
  EXPECT_EQ(scene.fault(), Fault::bad_handshake);
}

TEST(Connection, TheWindowOfFilesIsKeptWhenFilesOpensFirst) {
  Scene scene(true);
  scene.to_opening(true);
  scene.feed(SctpUp{});
  scene.feed(ChannelOpen{files, "files"});
  scene.feed(Window{files, 1'000});
  scene.feed(ChannelOpen{messages, "messages"});
  scene.feed_frame(messages, wire::peer::print(scene.handshake(true)));
  ASSERT_NE(scene.effect<FilesWindow>(), nullptr);
  EXPECT_EQ(scene.effect<FilesWindow>()->bytes, 1'000u);
}

TEST(Connection, GarbageBeforeTheProofIsDropped) {
  Scene scene(true);
  scene.to_proving(true);
  scene.feed_frame(messages, "not even base64 !");
  EXPECT_TRUE(scene.is<Proving>());
  EXPECT_NE(scene.effect<Dropped>(), nullptr);
}

TEST(Connection, FileFramesThatOvertakeTheHandshakeWaitAndAreBounded) {
  Scene scene(true);
  scene.to_proving(true);
  const auto id = wire::peer::FileId::from_random(scene.random.rng().bytes<16>());
  scene.feed_frame(files, wire::peer::print(wire::peer::FileStart{id, Plaintext("a"), 1, 1}));
  EXPECT_TRUE(scene.effects.empty());
  scene.feed_frame(messages, wire::peer::print(scene.handshake(true)));
  EXPECT_EQ(scene.effect<FileFrameArrived>(), nullptr) << "a claim lets nothing through";
  scene.feed_frame(messages, *scene.peer_channel(true).seal(as_bytes("it is me")));
  EXPECT_NE(scene.effect<FileFrameArrived>(), nullptr);

  Scene flooded(true);
  flooded.to_proving(true);
  const std::string large(200'000, 'x');
  for (int i = 0; i < 10 && flooded.is<Proving>(); ++i) flooded.feed_frame(files, large);
  EXPECT_EQ(flooded.fault(), Fault::queue_full);
}

// ---- claims and proofs --------------------------------------------------------------------------

TEST(Connection, AHandshakeIsAClaimAndTheFirstFrameThatOpensIsTheProof) {
  for (const bool v2 : {true, false}) {
    Scene scene(true);
    scene.to_unproven(v2);
    ASSERT_TRUE(scene.is<Unproven>());
    EXPECT_EQ(scene.effect<Established>(), nullptr);
    ASSERT_NE(scene.effect<Claimed>(), nullptr);
    EXPECT_EQ(std::holds_alternative<LastingKey>(std::get<Unproven>(scene.state).session.memory),
              !v2);
    scene.feed(SendText{Plaintext("sealed for that key")});
    EXPECT_NE(scene.transport_effect<SendOn>(), nullptr);
    auto stranger = SealedChannel(key_of(3), scene.random.rng());
    scene.feed_frame(messages, *stranger.seal(as_bytes("let me in")));
    EXPECT_TRUE(scene.is<Unproven>());
    const wire::peer::FileId id = wire::peer::FileId::from_random({});
    scene.feed_frame(files, wire::peer::print(wire::peer::FileStart{id, Plaintext("a"), 0, 0}));
    EXPECT_TRUE(scene.effects.empty()) << "an empty file needs no seal, and waits";
    scene.feed_frame(messages, *scene.peer_channel(v2).seal(as_bytes("hello")));
    ASSERT_TRUE(scene.is<Secured>());
    EXPECT_NE(scene.effect<Established>(), nullptr);
    EXPECT_EQ(scene.effect<TextArrived>()->text, Plaintext("hello"));
    EXPECT_NE(scene.effect<FileFrameArrived>(), nullptr);
  }
}

TEST(Connection, AChunkThatOpensIsAProofAndComesAfterItsStart) {
  Scene scene(true);
  scene.to_proving(true);
  scene.now += 3s;
  scene.feed(Tick{});
  ASSERT_TRUE(scene.is<Unproven>()) << "without any handshake";
  const auto id = wire::peer::FileId::from_random(scene.random.rng().bytes<16>());
  scene.feed_frame(files, wire::peer::print(wire::peer::FileStart{id, Plaintext("a"), 3, 1}));
  const auto data =
      *scene.peer_channel(false).seal(as_bytes(wire::base64::encode(as_bytes("abc"))));
  scene.feed_frame(files, wire::peer::print(wire::peer::FileChunk{id, 0, data}));
  ASSERT_TRUE(scene.is<Secured>());
  std::vector<std::size_t> order;
  for (const auto& effect : scene.effects) order.push_back(effect.index());
  const auto at = [&](const Effect& effect) {
    return std::find(order.begin(), order.end(), effect.index()) - order.begin();
  };
  EXPECT_LT(at(Established{}), at(FileFrameArrived{wire::peer::FileIgnored{}}));
  EXPECT_LT(at(FileFrameArrived{wire::peer::FileIgnored{}}), at(ChunkArrived{id, 0, {}}));
  EXPECT_LT(at(ChunkArrived{id, 0, {}}), static_cast<std::ptrdiff_t>(order.size()));
}

TEST(Connection, AKeyThatWasOnceACulversNeverComesWithLess) {
  for (const bool v2 : {true, false})
    for (const bool acks : {true, false}) {
      if (v2 && acks) continue;  // that is the whole handshake
      Scene scene(true, Demand::confirmation);
      scene.to_proving(true);
      auto theirs = scene.handshake(v2);
      theirs.file_acks = acks;
      theirs.stable_id = crypto::stable_id(theirs.key);
      scene.feed_frame(messages, wire::peer::print(theirs));
      EXPECT_EQ(scene.fault(), Fault::peer_downgraded);
      EXPECT_EQ(scene.transport_effect<SendOn>(), nullptr);
    }
  Scene silent(true, Demand::confirmation);
  silent.to_proving(true);
  silent.feed_frame(messages, *silent.peer_channel(false).seal(as_bytes("version 1")));
  EXPECT_TRUE(silent.is<Proving>()) << "not even what opens";
  silent.now += 3s;
  silent.feed(Tick{});
  EXPECT_EQ(silent.fault(), Fault::handshake_timeout);
}

TEST(Connection, AFrameOfVersion1IsTakenOnceInAllConnectionsAndProvesNothingAgain) {
  Scene first(true);
  first.to_secured(false);
  EXPECT_NE(first.effect<FrameTaken>(), nullptr) << "to be kept on the disk";
  const auto said = *first.peer_channel(false).seal(as_bytes("yes, do it now"));
  first.feed_frame(messages, said);
  ASSERT_NE(first.effect<TextArrived>(), nullptr);
  first.feed(SendText{Plaintext("mine")});
  const std::string mine(as_text(first.transport_effect<SendOn>()->bytes));

  Scene second(true);  // the same keys
  second.seen = first.seen;
  second.to_unproven(false);
  second.feed_frame(messages, said);
  EXPECT_TRUE(second.is<Unproven>());
  EXPECT_EQ(second.effect<Dropped>()->fault, Fault::replayed);
  second.feed_frame(messages, mine);
  EXPECT_TRUE(second.is<Unproven>());
  EXPECT_EQ(second.effect<Dropped>()->fault, Fault::reflected);
}

TEST(Connection, NothingOfVersion1IsTakenBeforeItIsKnownWhatWasTaken) {
  Scene scene(true);
  scene.seen = SeenFrames();
  scene.to_unproven(false);
  scene.feed_frame(messages, *scene.peer_channel(false).seal(as_bytes("hello")));
  ASSERT_TRUE(scene.is<Unproven>());
  EXPECT_TRUE(scene.transport_effect<PauseReading>()->paused);
  scene.feed_frame(files, "{}");
  EXPECT_EQ(scene.transport_effect<PauseReading>(), nullptr) << "it is paused";
  scene.seen.know({});
  scene.feed(FramesRead{});
  EXPECT_FALSE(scene.transport_effect<PauseReading>()->paused);
  const auto again = *scene.effect<GiveAgain>();
  ASSERT_EQ(again.frames.size(), 2u) << "in order";
  EXPECT_EQ(again.frames[1].channel, files);
  scene.feed(again.frames[0]);
  EXPECT_TRUE(scene.is<Secured>());
  EXPECT_EQ(scene.effect<TextArrived>()->text, Plaintext("hello"));
}

TEST(Connection, WhatWaitsUntilItIsKnownWhatWasTakenIsBounded) {
  Scene scene(true);
  scene.seen = SeenFrames();
  scene.to_unproven(false);
  std::size_t taken = 0;
  for (; scene.is<Unproven>(); ++taken) scene.feed_frame(files, "{}");
  EXPECT_EQ(scene.fault(), Fault::queue_full);
  EXPECT_GT(taken, 1000u);
}

/// Version 1 was spoken, and cannot be unsaid.
TEST(Connection, AHandshakeOfVersion2BehindFramesThatWaitEndsTheConnection) {
  Scene scene(true);
  scene.seen = SeenFrames();
  scene.to_proving(true);
  scene.now += 3s;
  scene.feed(Tick{});
  scene.feed_frame(messages, *scene.peer_channel(false).seal(as_bytes("hello")));
  ASSERT_TRUE(scene.is<Unproven>());
  scene.feed_frame(messages, wire::peer::print(scene.handshake(true)));
  EXPECT_EQ(scene.fault(), Fault::bad_handshake);
}

TEST(Connection, ARefusalOfAFileCountsBeforeItsSenderIsProven) {
  const auto id = wire::peer::FileId::from_random({});
  for (const auto& no :
       {print(wire::peer::FileError{id, "no"}), print(wire::peer::FileCancel{id, "no"})}) {
    Scene scene(true);
    scene.to_unproven(true);
    scene.feed_frame(files, no);
    EXPECT_TRUE(scene.is<Unproven>());
    EXPECT_NE(scene.effect<FileFrameArrived>(), nullptr);
  }
  Scene scene(true);
  scene.to_unproven(true);
  scene.feed_frame(files, print(wire::peer::FileCompleteAck{id, true, {}}));
  EXPECT_EQ(scene.effect<FileFrameArrived>(), nullptr) << "a yes is one of somebody proven";
}

TEST(Connection, WhatProvesAPeerWhileWeLeaveIsTaken) {
  for (const bool v2 : {true, false}) {
    Scene scene(true);
    scene.to_unproven(v2);
    scene.feed(Goodbye{true});
    ASSERT_TRUE(scene.is<Leaving>());
    auto theirs = scene.peer_channel(v2);
    scene.feed_frame(messages, "not sealed by anybody, and long enough to be taken for a frame");
    EXPECT_EQ(scene.effect<Established>(), nullptr);
    scene.feed_frame(messages, *theirs.seal(as_bytes("a reply")));
    ASSERT_TRUE(scene.is<Leaving>());
    EXPECT_NE(scene.effect<Established>(), nullptr);
    EXPECT_EQ(scene.effect<TextArrived>()->text, Plaintext("a reply"));
    EXPECT_EQ(scene.transport_effect<DropTransport>(), nullptr);
    scene.feed_frame(messages, *theirs.seal(as_bytes("another")));
    EXPECT_EQ(scene.effect<Established>(), nullptr) << "once";
    EXPECT_EQ(scene.effect<TextArrived>()->text, Plaintext("another"));
  }
}

TEST(Connection, AHandshakeThatComesLateIsTakenWhileNothingWasSaid) {
  for (const bool spoken : {false, true}) {
    Scene scene(true);
    scene.to_proving(true);
    scene.now += 3s;
    scene.feed(Tick{});
    ASSERT_TRUE(scene.is<Unproven>());
    if (spoken) scene.feed(SendText{Plaintext("in version 1")});
    auto theirs = scene.handshake(true);
    theirs.file_acks = true;
    scene.feed_frame(messages, wire::peer::print(theirs));
    if (spoken)
      EXPECT_EQ(scene.fault(), Fault::bad_handshake);
    else
      EXPECT_TRUE(scene.is<Confirming>());
  }
}

TEST(Connection, WhatAPageWritesIsShownAsItIs) {
  for (const bool is_page : {true, false}) {
    Scene scene(true);
    scene.to_proving(true);
    auto theirs = scene.handshake(false);
    if (!is_page) theirs.stable_id = crypto::stable_id(theirs.key);
    scene.feed_frame(messages, wire::peer::print(theirs));
    scene.feed_frame(messages, *scene.peer_channel(false).seal(as_bytes("typ:1")));
    EXPECT_EQ(scene.effect<TextArrived>() != nullptr, is_page);
  }
}

// ---- two Culvers --------------------------------------------------------------------------------

/// The peer's side of the confirmation.
struct Culver {
  explicit Culver(Scene& in) : scene(in) {
    scene.to_proving(true);
    theirs = scene.handshake(true);
    theirs.file_acks = true;
  }
  /// Sends the peer's handshake; what we confirm is kept.
  void shake() {
    const auto frame = wire::peer::print(theirs);
    scene.feed_frame(messages, frame);
    channel.emplace(scene.peer_channel(true));
    const auto* sent = scene.transport_effect<SendOn>();
    ASSERT_NE(sent, nullptr) << "we confirm at once";
    confirmation = as_text(sent->bytes);
    const auto opened = channel->open(confirmation);
    ours = *wire::peer::parse_capabilities(as_text(opened->plaintext));
    capabilities = {2, wire::limits::channel_frame_in, seen(crypto::sha256(as_bytes(frame)))};
  }
  Digest seen(const Digest& sent) const {
    const auto received = crypto::sha256(as_bytes(wire::peer::print(*scene.ours)));
    ByteVector both(sent.data.begin(), sent.data.end());
    both.insert(both.end(), received.data.begin(), received.data.end());
    return crypto::sha256(both);
  }
  void confirm() {
    scene.feed_frame(messages, *channel->seal(as_bytes(wire::peer::print(capabilities))));
  }
  StreamSeal seal() const {
    const auto key = session_key_v2(scene.peer.secret, scene.identity.shared,
                                    scene.peer_ephemeral.secret, *scene.ours->ephemeral);
    return StreamSeal(*stream_keys(*key, {scene.peer.shared, scene.peer_ephemeral.shared},
                                   {scene.identity.shared, *scene.ours->ephemeral}));
  }

  Scene& scene;
  wire::peer::Handshake theirs;
  std::optional<SealedChannel> channel;
  std::string confirmation;
  wire::peer::Capabilities ours{};
  wire::peer::Capabilities capabilities{};
};

TEST(Connection, TwoCulversConfirmBeforeTheyAreSecured) {
  Scene scene(true);
  Culver peer(scene);
  peer.shake();
  ASSERT_TRUE(scene.is<Confirming>());
  EXPECT_EQ(scene.effect<Established>(), nullptr);
  EXPECT_EQ(peer.ours.file_form, 2u);
  EXPECT_EQ(peer.ours.largest_frame, wire::limits::channel_frame_in);
  scene.feed(Window{files, 9'000});
  peer.confirm();
  ASSERT_TRUE(scene.is<Secured>());
  EXPECT_EQ(scene.effect<Established>()->stream_frame, wire::limits::channel_frame_out);
  EXPECT_TRUE(scene.effect<Established>()->file_acks);
  EXPECT_EQ(scene.effect<FilesWindow>()->bytes, 9'000u);
  scene.feed_frame(messages, *peer.channel->seal(as_bytes("hello")));
  EXPECT_EQ(scene.effect<TextArrived>()->text, Plaintext("hello"));
}

TEST(Connection, WhereTheSecondFormOfFilesIsAgreedTheFirstIsNotTaken) {
  Scene scene(true);
  Culver peer(scene);
  peer.shake();
  peer.confirm();
  ASSERT_NE(scene.effect<Established>()->stream_frame, 0u);
  const auto id = wire::peer::FileId::from_random(scene.random.rng().bytes<16>());
  const auto start = wire::peer::print(wire::peer::FileStart{id, Plaintext("a"), 3, 1});
  for (int n = 0; n < Session::tolerated_failures; ++n) {
    ASSERT_TRUE(scene.is<Secured>());
    scene.feed_frame(files, start);
    EXPECT_EQ(scene.effect<FileFrameArrived>(), nullptr);
  }
  EXPECT_TRUE(scene.is<Closed>()) << "who goes on with it is left";
}

std::string letter_frame(std::uint64_t place) {
  return wire::peer::print(wire::peer::Letter{{{}, place}, place, 5, Plaintext("hello")});
}

TEST(Connection, LettersAreSpokenWhereBothSayThatTheySpeakThem) {
  Scene scene(true);
  Culver peer(scene);
  peer.shake();
  EXPECT_EQ(peer.ours.letters, 2u);
  peer.capabilities.letters = 1;
  peer.confirm();
  ASSERT_TRUE(scene.effect<Established>()->letters);
  scene.feed_frame(messages, *peer.channel->seal(as_bytes(letter_frame(1))));
  EXPECT_EQ(scene.effect<LetterArrived>()->letter.text, Plaintext("hello"));
  const wire::peer::LettersHad had{{{}, 9}};
  scene.feed_frame(messages, *peer.channel->seal(as_bytes(wire::peer::print(had))));
  EXPECT_EQ(scene.effect<LettersHadArrived>()->had, had);
  for (std::uint64_t place = 1; place <= 2; ++place) {
    scene.feed(SendLetter{wire::peer::Letter{{{}, 7}, 0, 5, Plaintext("out")}});
    const auto opened = peer.channel->open(as_text(scene.transport_effect<SendOn>()->bytes));
    ASSERT_TRUE(opened);
    const auto frame = wire::peer::parse_letter_frame(as_text(opened->plaintext));
    EXPECT_EQ(std::get<wire::peer::Letter>(*frame).place, place) << "counted by the link";
  }
  scene.feed_frame(messages, *peer.channel->seal(as_bytes("still a text")));
  EXPECT_EQ(scene.effect<TextArrived>()->text, Plaintext("still a text"));
}

TEST(Connection, ALetterThatIsBrokenOrOutOfPlaceEndsTheConnection) {
  const auto fault_after = [](const std::string& frame) {
    Scene scene(true);
    Culver peer(scene);
    peer.shake();
    peer.capabilities.letters = 1;
    peer.confirm();
    scene.feed_frame(messages, *peer.channel->seal(as_bytes(frame)));
    return scene.is<Closed>() ? scene.fault() : std::nullopt;
  };
  EXPECT_EQ(fault_after(letter_frame(1)), std::nullopt);
  EXPECT_EQ(fault_after(letter_frame(2)), Fault::out_of_order);
  EXPECT_EQ(fault_after("\xff"), Fault::malformed);
  EXPECT_EQ(fault_after("\xff{\"type\":\"news\"}"), std::nullopt);
}

TEST(Connection, WithoutLettersNoneAreTakenOrSent) {
  Scene scene(true);
  Culver peer(scene);
  peer.shake();
  peer.confirm();
  ASSERT_FALSE(scene.effect<Established>()->letters);
  scene.feed_frame(messages, *peer.channel->seal(as_bytes(letter_frame(1))));
  EXPECT_EQ(scene.effect<LetterArrived>(), nullptr);
  EXPECT_TRUE(scene.is<Secured>());
  scene.feed(SendLetter{wire::peer::LettersHad{{{}, 1}}});
  EXPECT_EQ(scene.transport_effect<SendOn>(), nullptr);
}

const std::string goodbye_frame = wire::peer::print(wire::peer::Goodbye{});

/// Both speak letters, with this newest form of the peer's.
struct Correspondence {
  Scene scene{true};
  Culver peer{scene};
  explicit Correspondence(std::uint64_t letters) {
    peer.shake();
    peer.capabilities.letters = letters;
    peer.confirm();
  }
  void say(const std::string& frame) {
    scene.feed_frame(messages, *peer.channel->seal(as_bytes(frame)));
  }
  /// What was sent with the last event.
  std::optional<std::string> sent() {
    const auto* frame = scene.transport_effect<SendOn>();
    if (frame == nullptr) return std::nullopt;
    return std::string(as_text(peer.channel->open(as_text(frame->bytes))->plaintext));
  }
};

TEST(Connection, AGoodbyeBetweenCulversWaitsForTheOther) {
  Correspondence ours(2);
  ours.scene.feed(Goodbye{true});
  ASSERT_TRUE(ours.scene.is<Parting>());
  EXPECT_EQ(ours.sent(), goodbye_frame);
  EXPECT_EQ(ours.scene.transport_effect<HangUp>(), nullptr);
  ours.say(letter_frame(1));
  EXPECT_NE(ours.scene.effect<LetterArrived>(), nullptr) << "it was on its way";
  const wire::peer::LettersHad had{{{}, 1}};
  ours.scene.feed(SendLetter{had});
  EXPECT_EQ(ours.sent(), wire::peer::print(had)) << "and is acknowledged";
  ours.scene.feed(SendLetter{wire::peer::Letter{{{}, 7}, 0, 5, Plaintext("late")}});
  EXPECT_EQ(ours.sent(), std::nullopt) << "nothing new is said after a goodbye";
  ours.say(letter_frame(2));
  ours.say(goodbye_frame);
  ASSERT_TRUE(ours.scene.is<Parting>()) << "what came last is not acknowledged";
  ours.scene.feed(SendLetter{had});
  ASSERT_TRUE(ours.scene.is<Leaving>());
  EXPECT_NE(ours.scene.transport_effect<HangUp>(), nullptr);

  Correspondence theirs(2);
  theirs.say(goodbye_frame);
  EXPECT_TRUE(theirs.scene.is<Secured>()) << "what we have to say is still said";
  EXPECT_NE(theirs.scene.effect<GoodbyeArrived>(), nullptr);
  theirs.say(goodbye_frame);
  EXPECT_EQ(theirs.scene.effect<GoodbyeArrived>(), nullptr) << "told once";
  theirs.scene.feed(Goodbye{true});
  EXPECT_TRUE(theirs.scene.is<Leaving>());
  EXPECT_EQ(theirs.sent(), goodbye_frame);
}

TEST(Connection, APeerThatIsNotWantedHearsWhy) {
  using wire::peer::Refusal;
  for (const auto& [fault, why] : {std::pair(Fault::store_failed, Refusal::store),
                                   std::pair(Fault::peer_key_changed, Refusal::unwanted),
                                   std::pair(Fault::peer_not_known, Refusal::unwanted),
                                   std::pair(Fault::name_of_another, Refusal::unwanted),
                                   std::pair(Fault::replaced, Refusal::replaced),
                                   std::pair(Fault::peer_blocked, Refusal::unwanted)}) {
    Correspondence ours(2);
    ours.scene.feed(Abandon{fault});
    ASSERT_TRUE(ours.scene.is<Refusing>());
    const auto said = wire::peer::print(wire::peer::Refused{why});
    EXPECT_EQ(ours.sent(), said);
    EXPECT_NE(ours.scene.transport_effect<HangUp>(), nullptr);
    ours.say(letter_frame(1));
    EXPECT_TRUE(ours.scene.effects.empty()) << "nothing is taken any more";
    ours.scene.feed(TransportClosed{});
    ASSERT_TRUE(ours.scene.is<Closed>());
    EXPECT_EQ(ours.scene.fault(), fault);

    Correspondence theirs(2);
    theirs.say(said);
    ASSERT_TRUE(theirs.scene.is<Closed>());
    EXPECT_EQ(theirs.scene.fault(), why == Refusal::store      ? Fault::peer_store_failed
                                    : why == Refusal::replaced ? Fault::peer_replaced
                                                               : Fault::pair_refused);
  }
  Correspondence lost(2);
  lost.scene.feed(Abandon{Fault::peer_gone});
  EXPECT_TRUE(lost.scene.is<Closed>()) << "what is nobody's will is not said";
  Correspondence silent(2);
  silent.scene.feed(Abandon{Fault::store_failed});
  silent.scene.now += silent.scene.timeouts.goodbye;
  silent.scene.feed(Tick{});
  EXPECT_TRUE(silent.scene.is<Closed>()) << "it does not wait for ever";
}

TEST(Connection, WhoDoesNotAnswerAGoodbyeIsLeftAfterThreeSeconds) {
  Correspondence connection(2);
  connection.scene.feed(Goodbye{true});
  EXPECT_EQ(fsm::deadline_of(connection.scene.state), connection.scene.now + 3s);
  connection.scene.feed(Tick{});
  EXPECT_TRUE(connection.scene.is<Leaving>());
  EXPECT_NE(connection.scene.transport_effect<HangUp>(), nullptr);
}

TEST(Connection, WhatComesBehindAGoodbyeIsTakenFromWhoeverIsProven) {
  Correspondence older(1);
  older.scene.feed(Goodbye{true});
  ASSERT_TRUE(older.scene.is<Leaving>()) << "it knows no goodbyes";
  older.say(letter_frame(1));
  EXPECT_NE(older.scene.effect<LetterArrived>(), nullptr);
  older.say("still a text");
  EXPECT_EQ(older.scene.effect<TextArrived>()->text, Plaintext("still a text"));
  older.say(letter_frame(7));
  EXPECT_TRUE(older.scene.is<Leaving>()) << "a broken frame is only dropped";

  Scene page(true);
  page.to_secured(true);
  auto theirs = page.peer_channel(true);
  page.feed(Goodbye{true});
  page.feed_frame(messages, *theirs.seal(as_bytes("bye")));
  EXPECT_EQ(page.effect<TextArrived>()->text, Plaintext("bye"));
  EXPECT_TRUE(page.is<Leaving>());
}

TEST(Connection, AConfirmationThatIsNotOneEndsTheConnection) {
  const auto fault_after = [](auto&& spoil) {
    Scene scene(true);
    Culver peer(scene);
    peer.shake();
    spoil(peer);
    return scene.is<Closed>() ? scene.fault() : std::nullopt;
  };
  EXPECT_EQ(fault_after([](Culver& p) { p.scene.feed_frame(messages, p.confirmation); }),
            Fault::key_mismatch)
      << "our own one";
  EXPECT_EQ(fault_after([](Culver& p) {
              auto v1 = p.scene.peer_channel(false);
              p.scene.feed_frame(messages, *v1.seal(as_bytes(print(p.capabilities))));
            }),
            Fault::key_mismatch)
      << "under another key";
  EXPECT_EQ(fault_after([](Culver& p) {
              p.capabilities.handshakes.data[0] ^= std::byte{1};
              p.confirm();
            }),
            Fault::key_mismatch)
      << "of other handshakes";
  EXPECT_EQ(fault_after([](Culver& p) {
              p.scene.feed_frame(messages, *p.channel->seal(as_bytes("hello")));
            }),
            Fault::bad_handshake)
      << "a text before it";
}

TEST(Connection, AConfirmationThatNeverComesIsATimeout) {
  Scene scene(true);
  Culver peer(scene);
  peer.shake();
  scene.feed_frame(messages, wire::peer::print(peer.theirs));
  scene.feed_frame(messages, R"({"type":"news"})");
  EXPECT_TRUE(scene.is<Confirming>()) << "nothing else counts";
  EXPECT_EQ(fsm::deadline_of(scene.state), scene.now + 30s);
  scene.feed(Tick{});
  EXPECT_EQ(scene.fault(), Fault::handshake_timeout);
}

TEST(Connection, TheFirstFormIsSpokenWhereTheSecondIsNot) {
  const auto stream_frame = [](auto&& change) {
    Scene scene(true);
    Culver peer(scene);
    change(scene, peer);
    peer.shake();
    change(scene, peer);
    peer.confirm();
    return scene.effect<Established>()->stream_frame;
  };
  EXPECT_GT(stream_frame([](Scene&, Culver&) {}), 0u);
  EXPECT_EQ(stream_frame([](Scene&, Culver& p) { p.capabilities.file_form = 1; }), 0u);
  EXPECT_EQ(stream_frame([](Scene&, Culver& p) { p.capabilities.largest_frame = 65'535; }), 0u);
  EXPECT_EQ(stream_frame([](Scene& s, Culver&) { s.self.streams = false; }), 0u);
  EXPECT_GT(stream_frame([](Scene&, Culver& p) { p.capabilities.file_form = 3; }), 0u);
}

TEST(Connection, StreamFramesThatOvertakeTheConfirmationWait) {
  Scene scene(true);
  Culver peer(scene);
  peer.shake();
  auto seal = peer.seal();
  auto frame = print(wire::stream::Checked{5});
  seal.seal(frame);
  scene.feed(ChannelData{files, frame, true});
  EXPECT_TRUE(scene.effects.empty());
  peer.confirm();
  ASSERT_NE(scene.effect<StreamFrameArrived>(), nullptr);
  EXPECT_EQ(std::get<wire::stream::Checked>(scene.effect<StreamFrameArrived>()->frame).transfer,
            5u);

  Scene flooded(true);
  Culver flooding(flooded);
  flooding.shake();
  const std::string large(200'000, 'x');
  for (int i = 0; i < 10 && flooded.is<Confirming>(); ++i) flooded.feed_frame(files, large);
  EXPECT_EQ(flooded.fault(), Fault::queue_full);
}

TEST(Connection, StreamFramesPassSealedBothWaysAndASpoiltOneEndsTheConnection) {
  Scene scene(true);
  Culver peer(scene);
  peer.shake();
  peer.confirm();
  auto seal = peer.seal();
  scene.feed(SendStreamFrame{print(wire::stream::Credit{1, 99})});
  const auto* sent = scene.transport_effect<SendOn>();
  ASSERT_NE(sent, nullptr);
  EXPECT_TRUE(sent->binary);
  EXPECT_EQ(sent->channel, files);
  auto bytes = sent->bytes;
  ASSERT_TRUE(seal.open(bytes));
  EXPECT_EQ(std::get<wire::stream::Credit>(*wire::stream::parse(bytes)).up_to, 99u);

  auto frame = print(wire::stream::Checked{5});
  seal.seal(frame);
  scene.feed(ChannelData{files, frame, true});
  EXPECT_NE(scene.effect<StreamFrameArrived>(), nullptr);
  scene.feed(ChannelData{files, frame, true});
  EXPECT_EQ(scene.fault(), Fault::not_authentic);
}

TEST(Connection, ReplaysAndReflectionsAreDroppedOnce) {
  Scene scene(true);
  scene.to_secured(true);
  auto theirs = scene.peer_channel(true);
  const auto frame = *theirs.seal(as_bytes("once"));
  scene.feed_frame(messages, frame);
  scene.feed_frame(messages, frame);
  EXPECT_EQ(scene.effect<Dropped>()->fault, Fault::replayed);
  EXPECT_EQ(scene.effect<TextArrived>(), nullptr);
  scene.feed(SendText{Plaintext("mine")});
  const std::string mine(as_text(scene.transport_effect<SendOn>()->bytes));
  scene.feed_frame(messages, mine);
  EXPECT_EQ(scene.effect<Dropped>()->fault, Fault::reflected);
  EXPECT_TRUE(scene.is<Secured>());
}

TEST(Connection, FramesThatNeverOpenEndTheConnection) {
  Scene scene(true);
  scene.to_secured(true);
  auto stranger = scene.peer_channel(false);
  for (int i = 1; i < Session::tolerated_failures; ++i) {
    scene.feed_frame(messages, *stranger.seal(as_bytes("?")));
    ASSERT_TRUE(scene.is<Secured>()) << i;
  }
  scene.feed_frame(messages, *stranger.seal(as_bytes("?")));
  EXPECT_EQ(scene.fault(), Fault::not_authentic);
}

TEST(Connection, AChunkMustPassTheSeal) {
  Scene scene(true);
  scene.to_secured(true);
  auto theirs = scene.peer_channel(true);
  const auto id = wire::peer::FileId::from_random(scene.random.rng().bytes<16>());
  const auto inner = wire::base64::encode(as_bytes("abc"));
  auto data = *theirs.seal(as_bytes(inner));
  scene.feed_frame(files, wire::peer::print(wire::peer::FileChunk{id, 0, data}));
  ASSERT_NE(scene.effect<ChunkArrived>(), nullptr);
  EXPECT_EQ(as_text(scene.effect<ChunkArrived>()->bytes), "abc");
  data = *theirs.seal(as_bytes(inner));
  data[30] = data[30] == 'A' ? 'B' : 'A';
  scene.feed_frame(files, wire::peer::print(wire::peer::FileChunk{id, 1, data}));
  EXPECT_NE(scene.effect<FileFrameRefused>(), nullptr);
}

TEST(Connection, AFileFrameThatNamesItsFileOnlyIsAnsweredAndNotWaitedFor) {
  const std::string broken = R"({"type":"file_complete","fileId":"a","sha256":"short"})";
  Scene proven(true);
  proven.to_secured(true);
  proven.feed_frame(files, broken);
  ASSERT_NE(proven.effect<FileFrameRefused>(), nullptr);
  EXPECT_EQ(proven.effect<FileFrameRefused>()->id.text(), "a");
  EXPECT_NE(proven.effect<Dropped>(), nullptr);
  for (const auto* unnamed : {R"({"type":"file_complete","sha256":"short"})", R"({"fileId":)"}) {
    proven.feed_frame(files, unnamed);
    EXPECT_EQ(proven.effect<FileFrameRefused>(), nullptr) << unnamed;
  }
  Scene unproven(true);
  unproven.to_unproven(true);
  unproven.feed_frame(files, broken);
  EXPECT_EQ(unproven.effect<FileFrameRefused>(), nullptr) << "of nobody yet";
  unproven.feed_frame(messages, *unproven.peer_channel(true).seal(as_bytes("it is me")));
  EXPECT_NE(unproven.effect<FileFrameRefused>(), nullptr);
}

TEST(Connection, AGoodbyeIsTheOnlyEndWithoutAFault) {
  Scene ours(true);
  ours.to_secured(true);
  ours.feed(Goodbye{true});
  EXPECT_TRUE(ours.is<Leaving>());
  EXPECT_NE(ours.transport_effect<HangUp>(), nullptr);
  ours.feed(TransportClosed{});
  EXPECT_EQ(ours.fault(), std::nullopt);

  Scene theirs(true);
  theirs.to_secured(true);
  theirs.feed(TransportClosed{});
  EXPECT_EQ(theirs.fault(), std::nullopt);
}

TEST(Connection, APathInDoubtHas15SecondsSinceThePeerWasHeard) {
  for (const bool back : {true, false}) {
    Scene scene(true);
    scene.to_secured(true);
    EXPECT_EQ(fsm::deadline_of(scene.state), std::nullopt);
    const auto heard = scene.now;
    scene.now += 6s;
    scene.feed(PathDoubted{heard});
    EXPECT_TRUE(scene.is<Secured>());
    EXPECT_EQ(fsm::deadline_of(scene.state), heard + 15s);
    scene.feed(Tick{});
    ASSERT_TRUE(scene.is<Secured>()) << "early";
    scene.feed(SendText{Plaintext("in between")});
    EXPECT_NE(scene.transport_effect<SendOn>(), nullptr) << "SCTP keeps it";
    if (back) scene.feed(PathReady{PathKind::relayed});
    scene.now = heard + 15s;
    scene.feed(Tick{});
    if (back) {
      EXPECT_TRUE(scene.is<Secured>());
      EXPECT_EQ(fsm::deadline_of(scene.state), std::nullopt);
    } else {
      EXPECT_EQ(scene.fault(), Fault::peer_gone);
      EXPECT_NE(scene.transport_effect<DropTransport>(), nullptr);
    }
  }
}

TEST(Connection, BetweenTwoCulversADoubtLeadsToAnOfferAndTheSessionStays) {
  Scene scene(true);
  Culver peer(scene);
  peer.shake();
  peer.confirm();
  scene.feed(PathDoubted{scene.now});
  EXPECT_NE(scene.transport_effect<PrepareRestart>(), nullptr);
  scene.feed(LocalDescription{{"fresh", "passwordOf22Characters"}, fingerprint_of(1)});
  EXPECT_NE(scene.effect<SignalOut>(), nullptr);
  scene.feed(RemoteDescription{Kind::answer, description(wire::sdp::Setup::active)});
  EXPECT_NE(scene.transport_effect<RestartIce>(), nullptr);
  EXPECT_EQ(scene.transport_effect<StartDtls>(), nullptr);
  scene.feed(PathReady{PathKind::direct});
  EXPECT_EQ(scene.effect<Established>(), nullptr) << "it has been all the time";
  scene.feed_frame(messages, *peer.channel->seal(as_bytes("hello")));
  EXPECT_EQ(scene.effect<TextArrived>()->text, Plaintext("hello"));
}

TEST(Connection, CandidatesPassInEveryStateThatHasAPath) {
  const wire::sdp::Candidate late{"1", 1, "192.0.2.7", 7, wire::sdp::CandidateType::host, "", 0};
  Scene scene(true);
  const auto expect_both = [&] {
    scene.feed(RemoteCandidate{late});
    EXPECT_NE(scene.transport_effect<AddCandidate>(), nullptr) << fsm::name_of(scene.state);
    scene.feed(LocalCandidate{late});
    EXPECT_NE(scene.effect<SignalOut>(), nullptr) << fsm::name_of(scene.state);
  };
  scene.to_opening(true);
  expect_both();
  Scene culver(true);
  Culver peer(culver);
  for (int step = 0; step < 3; ++step) {
    culver.feed(RemoteCandidate{late});
    EXPECT_NE(culver.transport_effect<AddCandidate>(), nullptr) << fsm::name_of(culver.state);
    culver.feed(LocalCandidate{late});
    EXPECT_NE(culver.effect<SignalOut>(), nullptr) << fsm::name_of(culver.state);
    if (step == 0) peer.shake();
    if (step == 1) peer.confirm();
  }
  EXPECT_TRUE(culver.is<Secured>());
}

TEST(Connection, CommandsReachSecuredOnly) {
  Scene scene(true);
  scene.to_proving(true);
  scene.feed(SendText{Plaintext("too early")});
  EXPECT_TRUE(scene.is<Proving>());
  EXPECT_EQ(scene.transport_effect<SendOn>(), nullptr);
}

/// Brings a fresh connection to each state of establishment in turn.
std::vector<std::function<void(Scene&)>> stages() {
  return {
      [](Scene&) {},
      [](Scene& s) {
        s.feed(LocalDescription{{"local", "passwordOf22Characters"}, fingerprint_of(1)});
      },
      [](Scene& s) { s.to_connecting(true); },
      [](Scene& s) {
        s.to_connecting(true);
        s.feed(PathReady{PathKind::direct});
      },
      [](Scene& s) { s.to_opening(true); },
      [](Scene& s) { s.to_proving(true); },
  };
}

TEST(Connection, EachStepHasItsOwnTimeoutAndDropsTheTransport) {
  const std::vector<Fault> expected{Fault::ice_timeout,     Fault::signal_timeout,
                                    Fault::ice_timeout,     Fault::dtls_timeout,
                                    Fault::channel_timeout, Fault::handshake_timeout};
  const auto steps = stages();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Scene scene(true, Demand::confirmation);
    steps[i](scene);
    ASSERT_TRUE(fsm::deadline_of(scene.state)) << i;
    scene.now = *fsm::deadline_of(scene.state);
    scene.feed(Tick{});
    EXPECT_EQ(scene.fault(), expected[i]) << i;
    EXPECT_NE(scene.transport_effect<DropTransport>(), nullptr) << i;
    EXPECT_EQ(fsm::deadline_of(scene.state), std::nullopt) << i;
  }
}

TEST(Connection, EachStepCanBeAbandonedAndTellsTheFirstCause) {
  for (const auto& step : stages()) {
    Scene scene(true);
    step(scene);
    scene.feed(Abandon{Fault::cancelled});
    EXPECT_EQ(scene.fault(), Fault::cancelled);
    EXPECT_NE(scene.transport_effect<DropTransport>(), nullptr);
    scene.feed(Abandon{Fault::peer_gone});
    EXPECT_EQ(scene.fault(), Fault::cancelled);
  }
}

}  // namespace
}  // namespace culver::connection
