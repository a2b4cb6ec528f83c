#include "core/engine/only_place.hpp"

#include <gtest/gtest.h>

namespace culver::engine {
namespace {

const PublicKey first_guest{{std::byte{1}}}, second_guest{{std::byte{2}}};

TEST(OnlyPlace, WithoutALimitEverybodyHasOne) {
  OnlyPlace place(false);
  place.promise(first_guest);
  EXPECT_FALSE(place.take(first_guest));
  EXPECT_TRUE(place.is_free_for(second_guest));
  EXPECT_FALSE(place.is_taken());
  EXPECT_FALSE(place.give_up(first_guest));
}

TEST(OnlyPlace, IsKeptForWhoHasProvenItself) {
  OnlyPlace place(true);
  place.promise(first_guest);
  EXPECT_TRUE(place.is_free_for(first_guest));
  EXPECT_FALSE(place.is_free_for(second_guest));
  EXPECT_FALSE(place.is_taken()) << "it may still come to nothing";
  EXPECT_FALSE(place.give_up(second_guest));
  EXPECT_FALSE(place.give_up(first_guest)) << "it was not taken";
  EXPECT_TRUE(place.is_free_for(second_guest));
}

TEST(OnlyPlace, IsTakenOnce) {
  OnlyPlace place(true);
  EXPECT_TRUE(place.take(first_guest));
  EXPECT_FALSE(place.take(first_guest)) << "that is no news";
  place.promise(second_guest);
  EXPECT_FALSE(place.is_free_for(second_guest));
  EXPECT_TRUE(place.give_up(first_guest));
  EXPECT_FALSE(place.is_taken());
}

}  // namespace
}  // namespace culver::engine
