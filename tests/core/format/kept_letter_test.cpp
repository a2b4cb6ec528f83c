#include "core/format/kept_letter.hpp"

#include <gtest/gtest.h>

#include "tests/support/seeded.hpp"

namespace culver::format::kept_letter {
namespace {

class KeptLetter : public ::testing::Test {
 protected:
  test::SeededRng random_{1};
  Secret<32> key_ = key_of(random_.rng().secret<32>());
  Row row_{Direction::out, {}, {{}, 7}, 1'764'000'000'000};
};

TEST_F(KeptLetter, OpensAsItWas) {
  for (const auto* text : {"", "hello", "\xe2\x82\xac"}) {
    const auto sealed = seal(key_, row_, Plaintext(text), random_.rng());
    EXPECT_EQ(sealed.size(), overhead + std::string_view(text).size());
    EXPECT_EQ(*open(key_, row_, sealed), Plaintext(text));
  }
}

TEST_F(KeptLetter, OpensInItsOwnRowOnly) {
  const auto sealed = seal(key_, row_, Plaintext("hello"), random_.rng());
  const auto fault_of = [&](auto change) {
    auto row = row_;
    change(row);
    return open(key_, row, sealed).error();
  };
  EXPECT_EQ(fault_of([](Row& r) { r.direction = Direction::in; }), Fault::letter_unreadable);
  EXPECT_EQ(fault_of([](Row& r) { r.peer.data[31] = std::byte{1}; }), Fault::letter_unreadable);
  EXPECT_EQ(fault_of([](Row& r) { r.name.series.data[0] = std::byte{1}; }),
            Fault::letter_unreadable);
  EXPECT_EQ(fault_of([](Row& r) { ++r.name.number; }), Fault::letter_unreadable);
  EXPECT_EQ(fault_of([](Row& r) { --r.written; }), Fault::letter_unreadable);
}

TEST_F(KeptLetter, DoesNotOpenIfAnythingOfItIsChanged) {
  const auto sealed = seal(key_, row_, Plaintext("hello"), random_.rng());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] ^= std::byte{1};
    EXPECT_EQ(open(key_, row_, changed).error(), Fault::letter_unreadable) << i;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_EQ(open(key_, row_, ByteView(sealed).first(size)).error(), Fault::letter_unreadable);
}

TEST_F(KeptLetter, DoesNotOpenUnderAnotherIdentity) {
  const auto sealed = seal(key_, row_, Plaintext("hello"), random_.rng());
  const auto other = key_of(random_.rng().secret<32>());
  EXPECT_EQ(open(other, row_, sealed).error(), Fault::letter_unreadable);
}

TEST_F(KeptLetter, IsNeverSealedTheSameWayTwice) {
  EXPECT_NE(seal(key_, row_, Plaintext("hello"), random_.rng()),
            seal(key_, row_, Plaintext("hello"), random_.rng()));
}

}  // namespace
}  // namespace culver::format::kept_letter
