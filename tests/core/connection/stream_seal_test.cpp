// The seal of the second form of files: what opens, and that nothing else does.
#include "core/connection/stream_seal.hpp"

#include <gtest/gtest.h>

#include "core/base/ids.hpp"
#include "core/wire/stream.hpp"
#include "tests/core/connection/connection_support.hpp"

namespace culver::connection {
namespace {

Party party(int fill) {
  Party party;
  party.identity.data.fill(static_cast<std::byte>(fill));
  party.ephemeral.data.fill(static_cast<std::byte>(fill + 1));
  return party;
}

StreamSeal seal_of(int ours, int theirs) {
  return StreamSeal(*stream_keys(key_of(7), party(ours), party(theirs)));
}

struct Pair {
  StreamSeal alice = seal_of(10, 20);
  StreamSeal bob = seal_of(20, 10);
};

ByteVector frame(wire::stream::Number number) { return print(wire::stream::Checked{number}); }

TEST(StreamSeal, CarriesBothDirections) {
  Pair pair;
  for (wire::stream::Number n = 0; n < 300; ++n) {
    auto there = frame(n);
    pair.alice.seal(there);
    EXPECT_EQ(there.front(), wire::stream::form);
    ASSERT_TRUE(pair.bob.open(there));
    EXPECT_EQ(std::get<wire::stream::Checked>(*wire::stream::parse(there)).transfer, n);
    auto back = frame(n + 1);
    pair.bob.seal(back);
    ASSERT_TRUE(pair.alice.open(back));
  }
}

TEST(StreamSeal, NeverSealsTheSameTwice) {
  Pair pair;
  auto first = frame(1);
  pair.alice.seal(first);
  auto second = frame(1);
  pair.alice.seal(second);
  EXPECT_NE(first, second) << "a nonce of its own";
  EXPECT_EQ(first.size(), 1 + 5 + 16u);
}

/// Made by another implementation (Python's cryptography): HKDF and AES-256-GCM as
/// docs/protocol/files.md has them, of the first two frames.
TEST(StreamSeal, IsWhatTheProtocolSays) {
  Pair pair;
  for (const std::string_view expected : {"0251e9a5e22143a62dd4815bfdae24065685d217aa25",
                                          "023a2667120d06e6241cee1de7d250fe5339da06dddf"}) {
    auto made = frame(1);
    pair.alice.seal(made);
    std::string hex;
    for (const auto byte : made) {
      constexpr std::string_view digits = "0123456789abcdef";
      hex += digits[std::to_integer<std::size_t>(byte >> 4)];
      hex += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
    }
    EXPECT_EQ(hex, expected);
  }
}

TEST(StreamSeal, RefusesWhatWasChanged) {
  for (std::size_t i = 0; i < frame(1).size() * 8; ++i) {
    Pair pair;
    auto sent = frame(1);
    pair.alice.seal(sent);
    sent[i / 8] ^= static_cast<std::byte>(1 << i % 8);
    EXPECT_EQ(pair.bob.open(sent).error(), Fault::not_authentic) << "bit " << i;
  }
}

TEST(StreamSeal, RefusesWhatIsNotNext) {
  const auto sealed = [](StreamSeal& seal, wire::stream::Number n) {
    auto made = frame(n);
    seal.seal(made);
    return made;
  };
  {
    Pair pair;
    const auto sent = sealed(pair.alice, 1);
    auto once = sent;
    auto twice = sent;
    EXPECT_TRUE(pair.bob.open(once));
    EXPECT_FALSE(pair.bob.open(twice)) << "a replay";
  }
  {
    Pair pair;
    (void)sealed(pair.alice, 1);
    auto second = sealed(pair.alice, 2);
    EXPECT_FALSE(pair.bob.open(second)) << "a loss";
  }
  {
    Pair pair;
    auto sent = sealed(pair.alice, 1);
    EXPECT_FALSE(pair.alice.open(sent)) << "a reflection";
  }
  {
    Pair pair;
    auto cut = sealed(pair.alice, 1);
    cut.resize(16);
    EXPECT_FALSE(pair.bob.open(cut)) << "too short";
    ByteVector empty;
    EXPECT_FALSE(pair.bob.open(empty));
  }
}

TEST(StreamKeys, DifferByDirectionSessionAndParty) {
  const auto hex = [](const SessionKey& key) { return print_hex(key.expose()); };
  const auto here = *stream_keys(key_of(7), party(10), party(20));
  const auto there = *stream_keys(key_of(7), party(20), party(10));
  EXPECT_EQ(hex(here.outgoing), hex(there.incoming));
  EXPECT_EQ(hex(here.incoming), hex(there.outgoing));
  EXPECT_NE(hex(here.outgoing), hex(here.incoming));
  EXPECT_NE(hex(here.outgoing), hex(key_of(7))) << "never the key of texts";
  EXPECT_NE(hex(here.outgoing), hex(stream_keys(key_of(8), party(10), party(20))->outgoing));
  auto other = party(20);
  other.ephemeral.data[3] ^= std::byte{1};
  EXPECT_NE(hex(here.outgoing), hex(stream_keys(key_of(7), party(10), other)->outgoing));
}

TEST(StreamKeys, AreNotMadeForOneselfAlone) {
  EXPECT_EQ(stream_keys(key_of(7), party(10), party(10)).error(), Fault::reflected);
}

}  // namespace
}  // namespace culver::connection
