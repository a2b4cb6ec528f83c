#include "core/crypto/scrypt.hpp"

#include <gtest/gtest.h>

#include "core/base/ids.hpp"

namespace culver::crypto {
namespace {

std::string key(std::string_view passphrase, std::string_view salt, ScryptCost cost) {
  const auto made = scrypt(as_bytes(passphrase), as_bytes(salt), cost);
  EXPECT_TRUE(made);
  return made ? print_hex(made->expose()) : "";
}

// RFC 7914 section 12, the first half of each answer.
TEST(Scrypt, AnswersAsRfc7914) {
  EXPECT_EQ(key("", "", {4, 1, 1}),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442");
  EXPECT_EQ(key("password", "NaCl", {10, 8, 16}),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162");
  EXPECT_EQ(key("pleaseletmein", "SodiumChloride", {14, 8, 1}),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}

TEST(Scrypt, IsRefusedWhatItMayNotSpend) {
  for (const ScryptCost cost : {ScryptCost{21, 8, 1},
                                {24, 8, 1},
                                {63, 8, 1},
                                {255, 1, 1},
                                {10, 8, 17},
                                {0, 8, 1},
                                {10, 0, 1},
                                {10, 8, 0}})
    EXPECT_EQ(scrypt(as_bytes("x"), as_bytes("y"), cost).error(), Fault::usage) << +cost.log_n;
}

}  // namespace
}  // namespace culver::crypto
