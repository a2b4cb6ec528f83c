// Codes: fair, unique, bounded, spent once, gone in time.
#include "core/relay/link_codes.hpp"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/core/relay/parts_support.hpp"
#include "tests/support/seeded.hpp"

namespace culver::relay {
namespace {

using namespace std::chrono_literals;

LinkCodes::Offer offer_of(int number) {
  LinkCodes::Offer offer{};
  offer.user.data[0] = static_cast<std::byte>(number);
  offer.user.data[1] = static_cast<std::byte>(number >> 8);
  offer.device.data[0] = static_cast<std::byte>(number);
  return offer;
}

/// Always the same draw.
void stuck(void*, std::span<std::byte> out) {
  for (auto& byte : out) byte = std::byte{0};
}

TEST(LinkCodes, AreSixDigitsAndOpenOneAccountOnce) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(1);
  const auto code = codes.offer(offer_of(1), LinkCodes::Form::digits, start, random.rng());
  ASSERT_TRUE(code);
  EXPECT_EQ(code->text().size(), 6u);
  EXPECT_EQ(code->text().find_first_not_of("0123456789"), std::string_view::npos);
  const auto taken = codes.take(*code, start).opened;
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->user, offer_of(1).user);
  EXPECT_FALSE(codes.take(*code, start).opened);
  EXPECT_EQ(codes.deadline(), std::nullopt);
}

TEST(LinkCodes, ACollisionNeverOverwrites_S7) {
  LinkCodes codes{Limits{}};
  Rng rng(&stuck, nullptr);
  const auto first = codes.offer(offer_of(1), LinkCodes::Form::digits, start, rng);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->text(), "000000");
  EXPECT_EQ(codes.offer(offer_of(2), LinkCodes::Form::digits, start, rng).error(),
            Fault::too_many_link_codes);
  EXPECT_EQ(codes.take(*first, start).opened->user, offer_of(1).user);
}

TEST(LinkCodes, AreBoundedByAccountAndInAll) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(2);
  std::set<LinkCode> all;
  for (int i = 0; i < 3; ++i)
    all.insert(*codes.offer(offer_of(0), LinkCodes::Form::digits, start, random.rng()));
  EXPECT_EQ(codes.offer(offer_of(0), LinkCodes::Form::digits, start, random.rng()).error(),
            Fault::too_many_link_codes);
  for (int i = 3; i < 1'000; ++i)
    all.insert(*codes.offer(offer_of(i), LinkCodes::Form::digits, start, random.rng()));
  EXPECT_EQ(all.size(), 1'000u);
  EXPECT_EQ(codes.offer(offer_of(5'000), LinkCodes::Form::digits, start, random.rng()).error(),
            Fault::too_many_link_codes);
  codes.sweep(start + 300s);
  EXPECT_EQ(codes.size(), 0u);
}

TEST(LinkCodes, WhoHasNoRoomIsToldWhenThereWillBe) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(4);
  const auto mine = offer_of(1);
  EXPECT_EQ(codes.wait_for_room(mine, start), 0s);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(codes.offer(offer_of(1), LinkCodes::Form::whole, start + i * 10s, random.rng()));
  EXPECT_EQ(codes.wait_for_room(mine, start + 20s), 280s);
  EXPECT_EQ(codes.wait_for_room(offer_of(2), start + 20s), 0s);
  codes.sweep(start + 300s);
  EXPECT_EQ(codes.wait_for_room(mine, start + 300s), 0s);
  for (int i = 2; codes.size() < 1'000; ++i)
    ASSERT_TRUE(codes.offer(offer_of(i), LinkCodes::Form::whole, start + 300s, random.rng()));
  EXPECT_EQ(codes.wait_for_room(mine, start + 300s), 10s) << "the oldest of all";
}

/// New accounts cost nothing; addresses do.
TEST(LinkCodes, AreBoundedByAddressWhateverTheAccounts) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(8);
  const auto offer = [&](int account, const Address& address, TimePoint now) {
    auto from = offer_of(account);
    from.address = address;
    return codes.offer(from, LinkCodes::Form::whole, now, random.rng());
  };
  std::vector<LinkCode> mine;
  for (int i = 1; i <= 30; ++i) mine.push_back(*offer(i, "one", start + i * 1s));
  EXPECT_EQ(offer(40, "one", start + 31s).error(), Fault::too_many_link_codes);
  auto next = offer_of(40);
  next.address = "one";
  EXPECT_EQ(codes.wait_for_room(next, start + 31s), 270s) << "until the oldest of the address";
  next.address = "other";
  EXPECT_EQ(codes.wait_for_room(next, start + 31s), 0s);
  EXPECT_TRUE(offer(40, "other", start + 31s));

  const auto opened = codes.take(mine.front(), start + 32s).opened;
  ASSERT_TRUE(opened);
  const auto request = codes.request(*opened, SocketId{1}, SocketId{2});
  EXPECT_FALSE(offer(41, "one", start + 32s)) << "whoever waits counts as the code";
  ASSERT_TRUE(codes.answered(request.id, SocketId{1}));
  EXPECT_TRUE(offer(41, "one", start + 32s));
}

TEST(LinkCodes, LiveForFiveMinutes) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(3);
  const auto code = *codes.offer(offer_of(1), LinkCodes::Form::digits, start, random.rng());
  EXPECT_EQ(codes.deadline(), start + 300s);
  EXPECT_FALSE(codes.take(code, start + 300s).opened);
  const auto other = *codes.offer(offer_of(1), LinkCodes::Form::digits, start, random.rng());
  EXPECT_TRUE(codes.take(other, start + 300s - 1ns).opened);
}

TEST(LinkCodes, GoWithTheDeviceThatOfferedThem) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(4);
  const auto mine = *codes.offer(offer_of(1), LinkCodes::Form::digits, start, random.rng());
  const auto other = *codes.offer(offer_of(2), LinkCodes::Form::digits, start, random.rng());
  codes.withdraw(offer_of(1).device);
  EXPECT_FALSE(codes.take(mine, start).opened);
  EXPECT_TRUE(codes.take(other, start).opened);
}

TEST(LinkCodes, AWholeOneHasElevenCharacters) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(5);
  const auto code = *codes.offer(offer_of(1), LinkCodes::Form::whole, start, random.rng());
  EXPECT_EQ(code.text().size(), 11u);
  EXPECT_FALSE(code.is_digits());
  EXPECT_EQ(codes.take(code, start).opened->user, offer_of(1).user);
  EXPECT_FALSE(codes.take(code, start).opened);
}

/// Somebody who comes close to a code, and somebody who tries everything, spoil it for nobody.
TEST(LinkCodes, AreNotVoidedByWrongTriesIfTheyAreWhole) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(6);
  const auto whole = *codes.offer(offer_of(1), LinkCodes::Form::whole, start, random.rng());
  for (std::size_t i = 0; i < LinkCode::length; ++i) {
    auto text = std::string(whole.text());
    text[i] = text[i] == 'A' ? 'B' : 'A';
    const auto tried = codes.take(*LinkCode::parse(text), start);
    EXPECT_FALSE(tried.opened);
    EXPECT_TRUE(tried.burnt.empty());
  }
  const std::string_view alphabet = PairingCode::alphabet;
  for (std::size_t i = 0; i < 32 * 32 * 32; ++i) {  // each beginning once
    auto text = std::string{alphabet[i / 1'024], alphabet[i / 32 % 32], alphabet[i % 32]};
    EXPECT_FALSE(codes.take(*LinkCode::parse(text + "AAAAAAAA"), start).opened);
  }
  EXPECT_EQ(codes.take(whole, start).opened->user, offer_of(1).user);
}

TEST(LinkCodes, WrongWholeOnesAreLimitedOverAllByAWait) {
  Limits limits;
  limits.wrong_link_tries = {4, 60s};
  LinkCodes codes{limits};
  test::SeededRng random(7);
  const auto whole = *codes.offer(offer_of(1), LinkCodes::Form::whole, start, random.rng());
  const auto other = *codes.offer(offer_of(2), LinkCodes::Form::whole, start, random.rng());
  const auto digits = *codes.offer(offer_of(3), LinkCodes::Form::digits, start, random.rng());
  EXPECT_TRUE(codes.take(other, start).opened) << "a right one counts for nothing";
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(codes.wait(whole, start), 0s);
    codes.take(other, start);
  }
  EXPECT_EQ(codes.wait(whole, start), 15s);
  EXPECT_EQ(codes.wait(digits, start), 0s);
  EXPECT_EQ(codes.wait(whole, start + 15s), 0s);
  EXPECT_TRUE(codes.take(whole, start + 15s).opened);
  EXPECT_TRUE(codes.take(digits, start + 15s).opened);
}

TEST(LinkCodes, OfDigitsAreVoidAfterAFewWrongTriesWhoeverMakesThem) {
  LinkCodes codes{Limits{}};
  test::SeededRng random(6);
  const auto whole = *codes.offer(offer_of(1), LinkCodes::Form::whole, start, random.rng());
  const auto digits = *codes.offer(offer_of(3), LinkCodes::Form::digits, start, random.rng());
  const auto guess = *LinkCode::parse(digits.text() == "000000" ? "000001" : "000000");
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(codes.take(guess, start).burnt.empty());
  const auto tried = codes.take(guess, start);
  ASSERT_EQ(tried.burnt.size(), 1u);
  EXPECT_EQ(tried.burnt[0].device, offer_of(3).device);
  EXPECT_FALSE(codes.take(digits, start).opened);
  EXPECT_EQ(codes.size(), 1u);
  EXPECT_TRUE(codes.take(whole, start).opened) << "nobody has tried that one";
  EXPECT_EQ(codes.deadline(), std::nullopt);
}

}  // namespace
}  // namespace culver::relay
