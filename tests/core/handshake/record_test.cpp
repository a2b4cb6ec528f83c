// Records: each is opened once, in its place, by the side that it was made for, or not at all.
#include "core/handshake/record.hpp"

#include <gtest/gtest.h>

#include "core/crypto/aead.hpp"
#include "tests/support/seeded.hpp"

namespace culver::handshake {
namespace {

Secret<32> key(int number) {
  Secret<32> key;
  key.expose_to_fill()[0] = static_cast<std::byte>(number);
  return key;
}

class Record : public testing::Test {
 protected:
  RecordSealer sealer{key(1)};
  RecordOpener opener{key(1)};
};

TEST_F(Record, OpensWhatWasSealedInOrder) {
  for (const std::string text : {"one", "", "three"})
    EXPECT_EQ(opener.open(sealer.seal(text)), text);
}

TEST_F(Record, BeginsWithItsCounter) {
  sealer.seal("zero");
  const std::string record = sealer.seal("one");
  EXPECT_EQ(record.size(), 3 + record_overhead);
  EXPECT_EQ(record.substr(0, 8), std::string("\0\0\0\0\0\0\0\1", 8));
}

TEST_F(Record, IsSealedAsTheProtocolSays) {
  crypto::Aead cipher(crypto::AeadAlgorithm::chacha20_poly1305, key(1).expose());
  for (std::uint8_t counter = 0; counter < 3; ++counter) {
    const std::string record = sealer.seal("text");
    Nonce nonce{};
    nonce.data.back() = static_cast<std::byte>(counter);
    std::string text(4, ' ');
    ASSERT_TRUE(cipher.open(nonce, as_bytes(record).first(8), as_bytes(record).subspan(8),
                            std::as_writable_bytes(std::span(text))))
        << "counter " << int{counter};
    EXPECT_EQ(text, "text");
  }
}

TEST_F(Record, RefusesOneThatCameBefore) {
  const std::string record = sealer.seal("once");
  ASSERT_TRUE(opener.open(record));
  EXPECT_EQ(opener.open(record).error(), Fault::replayed);
}

TEST_F(Record, RefusesOneThatComesTooEarly) {
  const std::string first = sealer.seal("first");
  const std::string second = sealer.seal("second");
  EXPECT_EQ(opener.open(second).error(), Fault::replayed);
  // After a fault nothing has changed.
  EXPECT_EQ(opener.open(first), "first");
  EXPECT_EQ(opener.open(second), "second");
}

TEST_F(Record, RefusesAnotherCounterOnTheSameText) {
  sealer.seal("zero");
  std::string record = sealer.seal("one");
  record[7] = 0;  // claims to be the first
  EXPECT_EQ(opener.open(record).error(), Fault::not_authentic);
}

TEST_F(Record, RefusesOneOfTheOtherDirection) {
  RecordLayer ours{RecordSealer(key(1)), RecordOpener(key(2))};
  EXPECT_EQ(ours.in.open(ours.out.seal("mirror")).error(), Fault::not_authentic);
}

TEST_F(Record, RefusesEveryTruncation) {
  const std::string record = sealer.seal("some text");
  for (std::size_t size = 0; size < record.size(); ++size)
    EXPECT_EQ(opener.open(record.substr(0, size)).error(),
              size < record_overhead ? Fault::malformed : Fault::not_authentic);
  EXPECT_EQ(opener.open(record + '\0').error(), Fault::not_authentic);
  EXPECT_TRUE(opener.open(record));
}

TEST_F(Record, WhatIsInTheClearIsNotTakenForOneThatCameTwice) {
  for (const std::string frame : {"{}", R"({"type":"event","payload":{"device_seq":1}})", " {}"})
    EXPECT_EQ(opener.open(frame).error(), Fault::not_authentic) << frame;
}

TEST_F(Record, RefusesEveryFlippedBit) {
  const std::string record = sealer.seal("text");
  for (std::size_t bit = 0; bit < 8 * record.size(); ++bit) {
    std::string flipped = record;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const bool is_other_counter = bit >= 8 && bit < 64;
    EXPECT_EQ(opener.open(flipped).error(),
              is_other_counter ? Fault::replayed : Fault::not_authentic);
  }
  EXPECT_TRUE(opener.open(record));
}

}  // namespace
}  // namespace culver::handshake
